"""A stand-in for GitLab's API of notes on merge request 7 of project 42."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "glpat-ours"
NOTES = "/api/v4/projects/42/merge_requests/7/notes"


@dataclass
class GitLab:
    """Its notes, and the requests that it got."""

    notes: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    address: str = ""

    def add(self, body: str, author: int) -> dict[str, Any]:
        self.notes.append({"id": len(self.notes) + 1, "body": body, "author": {"id": author}})
        return self.notes[-1]


@contextmanager
def gitlab() -> Iterator[GitLab]:
    """Serve it on this machine."""
    state = GitLab()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    state.address = f"http://127.0.0.1:{server.server_port}/api/v4"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    state: GitLab

    def log_message(self, *_: Any) -> None:
        """Write nothing."""

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PUT = do_GET

    def _answer(self) -> None:
        state, parts = self.state, urlsplit(self.path)
        state.asked.append(f"{self.command} {self.path}")
        given = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "null")
        one = re.fullmatch(rf"{NOTES}/(\d+)", parts.path)
        if self.headers.get("PRIVATE-TOKEN") != TOKEN:
            self._say(401, {"message": "401 Unauthorized"})
        elif parts.path == "/api/v4/user":
            self._say(200, {"id": 99, "username": "project_42_bot"})
        elif self.command == "PUT" and one:
            state.notes[int(one[1]) - 1]["body"] = given["body"]
            self._say(200, state.notes[int(one[1]) - 1])
        elif self.command == "POST" and parts.path == NOTES:
            self._say(201, state.add(given["body"], 99))
        elif parts.path == NOTES:
            asked = {name: each[0] for name, each in parse_qs(parts.query).items()}
            size = int(asked.get("per_page", 20))
            begin = (int(asked.get("page", 1)) - 1) * size
            self._say(200, state.notes[begin : begin + size])
        else:
            self._say(404, {"message": "404 Not found"})

    def _say(self, status: int, content: object) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
