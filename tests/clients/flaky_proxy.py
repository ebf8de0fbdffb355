"""A proxy that misbehaves on purpose, by a fixed script, between an unmodified client and the server."""

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HTML_502 = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass
class Script:
    """Faults in the order in which POSTs meet them; afterwards everything passes."""

    faults: list[str]
    met: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self) -> str:
        """The fault for this request: 500, 429, cut_after_store, html_502 or pass."""
        with self.lock:
            fault = self.faults.pop(0) if self.faults else "pass"
            self.met.append(fault)
            return fault


@contextmanager
def flaky_proxy(target_port: int, faults: list[str]) -> Iterator[tuple[str, Script]]:
    """Yields (url, script) of a proxy on loopback in front of `target_port`."""
    script = Script(list(faults))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._forward(b"")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            fault = script.next()
            if fault == "500":
                self._answer(500, b'{"code":"internal","message":"forced"}', {"Content-Type": "application/json"})
            elif fault == "429":
                self._answer(
                    429,
                    b'{"code":"too_many_requests","message":"forced"}',
                    {"Content-Type": "application/json", "Retry-After": "1"},
                )
            elif fault == "html_502":
                self._answer(502, HTML_502, {"Content-Type": "text/html"})
            elif fault == "cut_after_store":
                self._ask_server(body)  # stored and acknowledged, but the client never hears of it
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
            else:
                self._forward(body)

        def _ask_server(self, body: bytes) -> tuple[int, bytes, str]:
            link = http.client.HTTPConnection("127.0.0.1", target_port, timeout=30)
            kept = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}
            link.request(self.command, self.path, body or None, kept)
            answer = link.getresponse()
            data = answer.read()
            link.close()
            return answer.status, data, answer.headers.get("Content-Type", "application/json")

        def _forward(self, body: bytes) -> None:
            status, data, kind = self._ask_server(body)
            self._answer(status, data, {"Content-Type": kind})

        def _answer(self, status: int, data: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(data))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *arguments: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", script
    finally:
        server.shutdown()
        server.server_close()
