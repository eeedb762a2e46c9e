"""Calls of every kind, from grpcio's client through the edge to grpcio's server.

Usage: calls.py SERVER_PORT PLAIN_PORT TLS_PORT CA_FILE
"""

import concurrent.futures
import sys
import threading
import time

import grpc

LARGE = 16 << 20
OPTIONS = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
cancelled = threading.Event()


def unary(request, context):
    context.send_initial_metadata([("x-initial", "one")])
    context.set_trailing_metadata([("x-trailing", "two"), ("x-trailing-bin", b"\x00\xff")])
    sent = dict(context.invocation_metadata())
    return request + sent.get("x-sent", "").encode() + sent.get("x-sent-bin", b"")


def fail(request, context):
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not so: é%")


def many(request, context):
    for number in range(int(request)):
        yield str(number).encode()


def some_then_fail(request, context):
    yield b"one"
    context.abort(grpc.StatusCode.DATA_LOSS, "half way")


def collect(requests, context):
    return b"".join(requests)


def echo(requests, context):
    for request in requests:
        yield request


def slow(request, context):
    context.add_callback(lambda: None if context.is_active() else cancelled.set())
    for _ in range(100):
        if not context.is_active():
            cancelled.set()
            break
        time.sleep(0.05)
    return b"late"


KINDS = {
    "Unary": grpc.unary_unary_rpc_method_handler(unary),
    "Fail": grpc.unary_unary_rpc_method_handler(fail),
    "Many": grpc.unary_stream_rpc_method_handler(many),
    "SomeThenFail": grpc.unary_stream_rpc_method_handler(some_then_fail),
    "Collect": grpc.stream_unary_rpc_method_handler(collect),
    "Echo": grpc.stream_stream_rpc_method_handler(echo),
    "Slow": grpc.unary_unary_rpc_method_handler(slow),
}


def check(what, found, expected):
    if found != expected:
        raise AssertionError(f"{what}: {found!r} instead of {expected!r}")


def code(call):
    try:
        call()
    except grpc.RpcError as error:
        return error.code(), error.details()
    return None


def unaries(channel):
    call = channel.unary_unary("/test.Calls/Unary")
    sent = [("x-sent", "s"), ("x-sent-bin", b"\x01\xfe")]
    answer, done = call.with_call(b"hello ", metadata=sent, timeout=10)
    check("metadata that is sent", answer, b"hello s\x01\xfe")
    check("initial metadata", dict(done.initial_metadata()).get("x-initial"), "one")
    trailing = dict(done.trailing_metadata())
    check("trailing metadata", trailing.get("x-trailing"), "two")
    check("binary trailing metadata", trailing.get("x-trailing-bin"), b"\x00\xff")
    check("an empty message", call(b"", timeout=10), b"")
    large = bytes(range(256)) * (LARGE // 256)
    check("a message of 16 MiB", call(large, timeout=60) == large, True)
    failing = channel.unary_unary("/test.Calls/Fail")
    refused = (grpc.StatusCode.FAILED_PRECONDITION, "not so: é%")
    check("trailers only", code(lambda: failing(b"", timeout=10)), refused)
    absent = channel.unary_unary("/test.Calls/Absent")
    check("a method that is not there", code(lambda: absent(b"", timeout=10))[0], grpc.StatusCode.UNIMPLEMENTED)
    return 5


def streams(channel):
    many = channel.unary_stream("/test.Calls/Many")
    check("answers", list(many(b"100", timeout=10)), [b"%d" % number for number in range(100)])
    check("no answer", list(many(b"0", timeout=10)), [])
    half = channel.unary_stream("/test.Calls/SomeThenFail")(b"", timeout=10)
    check("an answer", next(half), b"one")
    check("and then a failure", code(lambda: next(half)), (grpc.StatusCode.DATA_LOSS, "half way"))
    collect = channel.stream_unary("/test.Calls/Collect")
    check("requests", collect((b"x" * 1000 for _ in range(100)), timeout=10), b"x" * 100_000)
    turn = threading.Semaphore(1)

    def questions():
        for number in range(20):
            turn.acquire(timeout=10)
            yield b"%d" % number

    # Each is asked only when the one before is answered.
    for number, answer in enumerate(channel.stream_stream("/test.Calls/Echo")(questions(), timeout=10)):
        check("an echo", answer, b"%d" % number)
        turn.release()
    check("how many echoes", number, 19)
    return 5


def ends(channel):
    call = channel.unary_unary("/test.Calls/Slow")
    cancelled.clear()
    check("a deadline", code(lambda: call(b"", timeout=0.3))[0], grpc.StatusCode.DEADLINE_EXCEEDED)
    check("the server learns of it", cancelled.wait(10), True)
    cancelled.clear()
    future = call.future(b"", timeout=10)
    time.sleep(0.3)
    future.cancel()
    check("the client gives up", future.cancelled(), True)
    check("the server learns of it, too", cancelled.wait(10), True)
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        unary = channel.unary_unary("/test.Calls/Unary")
        answers = pool.map(lambda number: unary(b"%d" % number, timeout=20), range(500))
        check("many at once", list(answers), [b"%d" % number for number in range(500)])
    return 3


def main(server_port, plain_port, tls_port, ca):
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(32), options=OPTIONS)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Calls", KINDS),))
    server.add_insecure_port(f"127.0.0.1:{server_port}")
    server.start()
    with open(ca, "rb") as file:
        trust = grpc.ssl_channel_credentials(file.read())
    counts = []
    for channel in (
        grpc.insecure_channel(f"127.0.0.1:{plain_port}", OPTIONS),
        grpc.secure_channel(
            f"127.0.0.1:{tls_port}", trust, [*OPTIONS, ("grpc.ssl_target_name_override", "a.test")]
        ),
    ):
        with channel:
            counts.append(unaries(channel) + streams(channel) + ends(channel))
    server.stop(None)
    print(f"{counts[0]} calls over h2c, {counts[1]} calls over TLS: all is well")


if __name__ == "__main__":
    main(*sys.argv[1:])
