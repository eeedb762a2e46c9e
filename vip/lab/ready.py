"""Answers on a port as an edge's admin port does: `/ready` with 200 or 503 by what a file says, over connections
that are kept."""

import http.server
import pathlib
import sys

port, fit = int(sys.argv[1]), pathlib.Path(sys.argv[2])
address = sys.argv[3] if len(sys.argv) > 3 else "127.0.0.1"


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        ready = self.path == "/ready" and fit.read_text().strip() == "1"
        self.send_response(200 if ready else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words):
        pass


http.server.ThreadingHTTPServer((address, port), Answer).serve_forever()
