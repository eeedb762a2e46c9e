#!/usr/bin/env python3
"""Stands in for hifate-backend and hifate-edge: answers 200 to everything on one port."""

import http.server
import os
import signal
import sys
import threading
import time

name = os.path.basename(sys.argv[0])
address = os.environ["HIFATE_WEB" if name == "hifate-backend" else "HIFATE_EDGE_ADMIN"]
mode = os.environ.get("FAKE_" + name.removeprefix("hifate-").upper(), "good")


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def end_with_stdin():
    sys.stdin.read()
    os._exit(0)


def die():
    time.sleep(0.5)
    os._exit(7)


if mode == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    threading.Thread(target=end_with_stdin, daemon=True).start()
if mode == "dies":
    threading.Thread(target=die, daemon=True).start()
print(f"{name} says hello with {' '.join(sys.argv[1:])}", flush=True)
host, port = address.rsplit(":", 1)
http.server.HTTPServer((host, int(port)), Answer).serve_forever()
