"""As `probe.py`, by a whole HTTP request over a connection of its own each time; several are under way at once,
and one that takes longer than a quarter of a second is lost."""

import asyncio
import json
import sys
import time

vip, seconds, every, out = sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
PATIENCE = 0.25
results = []


async def ask():
    at = time.time()
    node = None
    writer = None
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(vip, 8080)
            writer.write(b"GET / HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n")
            answer = await reader.read(4096)
            if answer.startswith(b"HTTP/1.1 200"):
                node = answer.rpartition(b"\r\n")[2].decode().strip()[:1]
    except (OSError, TimeoutError):
        pass
    finally:
        if writer:
            writer.close()
    results.append([at, node or None])


async def main():
    begun = time.monotonic()
    tasks = []
    for number in range(int(seconds / every)):
        await asyncio.sleep(begun + number * every - time.monotonic())
        tasks.append(asyncio.create_task(ask()))
    await asyncio.gather(*tasks)


asyncio.run(main())
with open(out, "w", encoding="utf-8") as file:
    json.dump(sorted(results), file)
