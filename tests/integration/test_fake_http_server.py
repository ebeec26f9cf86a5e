"""The server under the fakes leaves nothing open behind it."""

from __future__ import annotations

import gc
import socket

from tests.fakes.http_server import HttpResponse, HttpServer


def test_connections_that_come_while_it_stops_are_closed() -> None:
    for _ in range(20):
        server = HttpServer(lambda request: HttpResponse(200, b"{}"))
        server.start()
        callers = [socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(3)]
        server.stop()
        for caller in callers:
            with caller:
                assert _heard(caller) == b""
    gc.collect()  # what is left open is reported here, and fails the test


def _heard(caller: socket.socket) -> bytes:
    try:
        return caller.recv(1)
    except ConnectionResetError:  # it was never accepted
        return b""
