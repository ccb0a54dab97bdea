"""A stand-in for GitLab's API of notes on merge request 7 of project 42."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from forge_stand_in import ForgeHandler, serve

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


def gitlab() -> AbstractContextManager[GitLab]:
    """Serve it on this machine."""
    return serve(_Handler, GitLab(), "/api/v4")


class _Handler(ForgeHandler):
    state: GitLab

    def respond(self, given: Any) -> None:
        state, parts = self.state, urlsplit(self.path)
        one = re.fullmatch(rf"{NOTES}/(\d+)", parts.path)
        if self.headers.get("PRIVATE-TOKEN") != TOKEN:
            self.send_json(401, {"message": "401 Unauthorized"})
        elif parts.path == "/api/v4/user":
            self.send_json(200, {"id": 99, "username": "project_42_bot"})
        elif self.command == "PUT" and one:
            state.notes[int(one[1]) - 1]["body"] = given["body"]
            self.send_json(200, state.notes[int(one[1]) - 1])
        elif self.command == "POST" and parts.path == NOTES:
            self.send_json(201, state.add(given["body"], 99))
        elif parts.path == NOTES:
            asked = {name: each[0] for name, each in parse_qs(parts.query).items()}
            size = int(asked.get("per_page", 20))
            begin = (int(asked.get("page", 1)) - 1) * size
            self.send_json(200, state.notes[begin : begin + size])
        else:
            self.send_json(404, {"message": "404 Not found"})
