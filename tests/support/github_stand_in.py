"""A stand-in for GitHub's API of comments: pages, tokens that may write or not, and who wrote what."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from forge_stand_in import ForgeHandler, serve

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


def github() -> AbstractContextManager[GitHub]:
    """Serve it on this machine."""
    return serve(_Handler, GitHub())


class _Handler(ForgeHandler):
    state: GitHub

    def respond(self, given: Any) -> None:
        state, parts = self.state, urlsplit(self.path)
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if state.broken:
            self.send_response(state.broken)
            self.send_header("Location", f"{state.address}/elsewhere")
            self.end_headers()
        elif token not in (JOB, APP, PERSON, READER):
            self.send_json(401, {"message": "Bad credentials"})
        elif parts.path == "/user":
            self.send_json(
                *((200, {"login": "alice"}) if token == PERSON else (403, {"message": "Resource not accessible"}))
            )
        elif self.command != "GET" and token == READER:
            self.send_json(403, {"message": "Resource not accessible by integration"})
        else:
            self._comments(
                parts.path, {name: int(each[0]) for name, each in parse_qs(parts.query).items()}, given, token
            )

    def _comments(self, path: str, asked: dict[str, int], given: Any, token: str) -> None:
        one = re.fullmatch(r"/repos/o/r/issues/comments/(\d+)", path)
        if self.command == "PATCH" and one:
            comment = self.state.comments[int(one[1]) - 1]
            comment["body"] = given["body"]
            self.send_json(200, comment)
        elif path == "/repos/o/r/issues/7/comments" and self.command == "POST":
            self.send_json(
                201, self.state.add(given["body"], {"login": "alice", "type": "User"} if token == PERSON else BOT)
            )
        elif path == "/repos/o/r/issues/7/comments":
            size = asked.get("per_page", 30)
            begin = (asked.get("page", 1) - 1) * size
            self.send_json(200, self.state.comments[begin : begin + size])
        else:
            self.send_json(404, {"message": "Not Found"})
