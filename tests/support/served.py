"""A folder served on this machine, whole files only or parts of them as well."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from ssl import SSLContext


@dataclass
class Served:
    """Where a folder is served, and how many bytes of its files were sent in parts."""

    url: str
    folder: Path
    sent: int = 0


@contextmanager
def serving(folder: Path, *, parts: bool = False, context: SSLContext | None = None) -> Iterator[Served]:
    """Serve a folder until the end, with a context by TLS."""
    served = Served(url="", folder=folder)

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *given, **named):
            super().__init__(*given, directory=str(folder), **named)

        def log_message(self, *_):
            """Say nothing."""

        def do_GET(self):
            asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
            path = Path(self.translate_path(self.path))
            if not parts or asked is None or not path.is_file():
                super().do_GET()
                return
            data = path.read_bytes()
            begin = int(asked[1]) if asked[1] else max(len(data) - int(asked[2]), 0)
            part = data[begin : int(asked[2]) + 1 if asked[1] and asked[2] else None]
            served.sent += len(part)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {begin}-{begin + len(part) - 1}/{len(data)}")
            self.send_header("Content-Length", str(len(part)))
            self.end_headers()
            self.wfile.write(part)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    served.url = f"https://localhost:{server.server_port}" if context else f"http://127.0.0.1:{server.server_port}"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def falling_silent(answer: bytes = b"") -> Iterator[str]:
    """Take every connection, send this much of an answer, and nothing more."""
    server = socket.create_server(("127.0.0.1", 0))
    taken: list[socket.socket] = []

    def take() -> None:
        with suppress(OSError):  # closed
            while True:
                connection, _ = server.accept()
                taken.append(connection)
                asked = connection.recv(65_536)
                head = answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
                connection.sendall(answer if not asked.startswith(b"HEAD") else head if answer else b"")

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        for each in (server, *taken):
            each.close()
