"""A stand-in for GitHub's API of comments: pages, tokens that may write or not, and who wrote what."""

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

JOB, APP, PERSON, READER = "job", "app", "person", "reader"
"""Tokens: of a job and of an app, which may not ask who they are; of a person; and one that may only read."""
BOT = {"login": "github-actions[bot]", "type": "Bot"}


@dataclass
class GitHub:
    """Its comments on pull request 7 of o/r, and the requests that it got; `broken`: a status that it answers to everything."""

    comments: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    broken: int = 0
    address: str = ""

    def add(self, body: str, user: dict[str, str]) -> dict[str, Any]:
        self.comments.append({"id": len(self.comments) + 1, "body": body, "user": user})
        return self.comments[-1]

    @property
    def ours(self) -> list[str]:
        return [each["body"] for each in self.comments if each["body"].startswith("<!-- howsure gate: ")]


@contextmanager
def github() -> Iterator[GitHub]:
    """Serve it on this machine."""
    state = GitHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    state.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    state: GitHub

    def log_message(self, *_: Any) -> None:
        """Write nothing."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()

    def _answer(self) -> None:
        state, parts = self.state, urlsplit(self.path)
        state.asked.append(f"{self.command} {self.path}")
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        given = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "null")
        if state.broken:
            self.send_response(state.broken)
            self.send_header("Location", f"{state.address}/elsewhere")
            self.end_headers()
        elif token not in (JOB, APP, PERSON, READER):
            self._say(401, {"message": "Bad credentials"})
        elif parts.path == "/user":
            self._say(
                *((200, {"login": "alice"}) if token == PERSON else (403, {"message": "Resource not accessible"}))
            )
        elif self.command != "GET" and token == READER:
            self._say(403, {"message": "Resource not accessible by integration"})
        else:
            self._comments(
                parts.path, {name: int(each[0]) for name, each in parse_qs(parts.query).items()}, given, token
            )

    def _comments(self, path: str, asked: dict[str, int], given: Any, token: str) -> None:
        one = re.fullmatch(r"/repos/o/r/issues/comments/(\d+)", path)
        if self.command == "PATCH" and one:
            comment = self.state.comments[int(one[1]) - 1]
            comment["body"] = given["body"]
            self._say(200, comment)
        elif path == "/repos/o/r/issues/7/comments" and self.command == "POST":
            self._say(
                201, self.state.add(given["body"], {"login": "alice", "type": "User"} if token == PERSON else BOT)
            )
        elif path == "/repos/o/r/issues/7/comments":
            size = asked.get("per_page", 30)
            begin = (asked.get("page", 1) - 1) * size
            self._say(200, self.state.comments[begin : begin + size])
        else:
            self._say(404, {"message": "Not Found"})

    def _say(self, status: int, content: object) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
