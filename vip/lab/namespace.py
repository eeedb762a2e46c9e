"""Sockets in the network namespaces of a lab: one that is made inside stays there, wherever it is used."""

import contextlib
import ctypes
import os
import socket

CLONE_NEWNET = 0x40000000
SYSTEM = ctypes.CDLL(None, use_errno=True)


def enter(descriptor):
    if SYSTEM.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


@contextlib.contextmanager
def inside(space):
    """This thread is in the namespace `space` for as long as it lasts."""
    here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{space}", os.O_RDONLY)
    try:
        enter(there)
        yield
    finally:
        enter(here)
        os.close(there)
        os.close(here)


def connect(space, port, patience=5):
    """A connection to a port of the namespace's own."""
    with inside(space):
        connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    connection.settimeout(patience)
    connection.connect(("127.0.0.1", port))
    return connection
