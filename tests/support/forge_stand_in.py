"""What the stand-ins of GitHub and GitLab share: a server on this machine, and answers in JSON."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def serve(handler: type[ForgeHandler], state: Any, path: str = "") -> Iterator[Any]:
    """Serve a forge, whose `address` is set, and whose handler finds it in `state`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (handler,), {"state": state}))
    state.address = f"http://127.0.0.1:{server.server_port}{path}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


class ForgeHandler(BaseHTTPRequestHandler):
    """Gives all requests to `respond`."""

    state: Any

    def log_message(self, *_: Any) -> None:
        """Write nothing."""

    def do_GET(self) -> None:
        self.state.asked.append(f"{self.command} {self.path}")
        self.respond(json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "null"))

    do_POST = do_PUT = do_PATCH = do_GET

    def respond(self, given: Any) -> None:
        raise NotImplementedError

    def send_json(self, status: int, content: object) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
