"""A WebSocket server at one port, and clients that reach it through another."""

import asyncio
import sys

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed, InvalidStatus


async def echo(connection):
    if connection.request.path == "/leave":
        await connection.close(4001, "enough")
        return
    async for message in connection:
        # In fragments, as they come.
        half = len(message) // 2
        await connection.send([message[:half], message[half:]])


def refuse(connection, request):
    if request.path == "/refused":
        return connection.respond(403, "no\n")
    return None


async def main(server_port, edge_port):
    edge = f"ws://127.0.0.1:{edge_port}"
    async with serve(echo, "127.0.0.1", server_port, process_request=refuse, max_size=None):
        for compression in ("deflate", None):
            async with connect(f"{edge}/echo", compression=compression, max_size=None) as client:
                extensions = client.response.headers.get("Sec-WebSocket-Extensions", "")
                assert ("permessage-deflate" in extensions) == (compression is not None)
                for message in ("short", "x" * 1_000_000, bytes(range(256)) * 4096, ""):
                    await client.send(message)
                    assert await client.recv() == message
                await client.send(["in ", "three ", "parts"])
                assert await client.recv() == "in three parts"
                await (await client.ping())
        try:
            async with connect(f"{edge}/leave") as client:
                await client.recv()
            raise AssertionError("the server has left")
        except ConnectionClosed as closed:
            assert (closed.rcvd.code, closed.rcvd.reason) == (4001, "enough"), closed
        try:
            await connect(f"{edge}/refused")
            raise AssertionError("it was refused")
        except InvalidStatus as refused:
            assert refused.response.status_code == 403
            assert refused.response.body == b"no\n"
    print("all is well")


asyncio.run(asyncio.wait_for(main(*map(int, sys.argv[1:])), 60))
