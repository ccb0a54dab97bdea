"""One comment per gate on a GitHub pull request, updated in place: `python -m howsure.integrations.github
FILE...`.

Each FILE is a comment from `howsure gate --comment`. Several make one comment, for suites and matrix builds.
If a FILE isn't there, its gate ended in an error, and the comment states that.
"""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from howsure.integrations.comments import ADDRESS, CommentError, Forge, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """A pull request, and everything needed to comment on it. `server`: the address of its pages. `commit`:
    the judged one.
    """

    api: str
    server: str
    repository: str
    number: int
    token: str
    commit: str = ""

    @property
    def comments(self) -> str:
        """The address of its comments."""
        return f"{self.api}/repos/{self.repository}/issues/{self.number}/comments"

    @property
    def forge(self) -> Forge:
        """The server, with the token."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/vnd.github+json"}
        return Forge(name="GitHub", headers=headers)


def main(words: list[str]) -> int:
    """Write the comment, or print why there is none. Always returns 0."""
    from howsure.present.render.github import annotation

    try:
        done = publish([Path(word) for word in words])
    except CommentError as error:
        done = f"No comment on a pull request: {error}. The answer is in the job's summary."
    sys.stdout.write(annotation("notice", "howsure gate", done) + "\n")
    return 0


def publish(files: Sequence[Path]) -> str:
    """Write the comment of some gates to the tested pull request, replacing an earlier one, and return a line
    about it.
    """
    pull = _pull_request()
    text = text_of(files, _origin(pull))
    head = text.partition("\n")[0]
    login = _login(pull)
    own = next((each for each in pull.forge.pages(pull.comments) if _is_ours(each, head, login)), None)
    if own is None:
        pull.forge.call("POST", pull.comments, {"body": text})
        return f"Commented on pull request {pull.number}."
    place = f"{pull.api}/repos/{pull.repository}/issues/comments/{int(own['id'])}"
    pull.forge.call("PATCH", place, {"body": text})
    return f"Changed the comment on pull request {pull.number}."


def _pull_request() -> PullRequest:
    """Find out what is tested. CommentError if it isn't a pull request, or something is missing or
    invalid.
    """
    env = os.environ
    try:
        event = json.loads(Path(env["GITHUB_EVENT_PATH"]).read_bytes())
        number, commit = event["pull_request"]["number"], str(event["pull_request"]["head"]["sha"])
    except (KeyError, TypeError, ValueError, OSError):
        raise CommentError("this run doesn't belong to one") from None
    token, repository = env.get("GITHUB_TOKEN", "").strip(), env.get("GITHUB_REPOSITORY", "")
    api, server = (
        env.get("GITHUB_API_URL", "https://api.github.com"),
        env.get("GITHUB_SERVER_URL", "https://github.com"),
    )
    if not token:
        raise CommentError("there is no token")
    if type(number) is not int or not REPOSITORY.fullmatch(repository) or not ADDRESS.fullmatch(api):
        raise CommentError("the environment doesn't name the repository")
    return PullRequest(
        api=api.rstrip("/"),
        server=server.rstrip("/") if ADDRESS.fullmatch(server) else "",
        repository=repository,
        number=number,
        token=token,
        commit=commit if re.fullmatch(r"[0-9a-f]{7,64}", commit) else "",
    )


def _origin(pull: PullRequest) -> str:
    """Link to the run, and name the commit."""
    run = os.environ.get("GITHUB_RUN_ID", "")
    link = (
        f"[the run]({pull.server}/{pull.repository}/actions/runs/{run})"
        if run.isdecimal() and pull.server
        else ""
    )
    return ", ".join(filter(None, (link, f"commit {pull.commit[:7]}" if pull.commit else "")))


def _login(pull: PullRequest) -> str:
    """Return the owner of the token, or "" for that of a job or an app, which isn't allowed to ask."""
    try:
        user = pull.forge.call("GET", f"{pull.api}/user")
    except CommentError:
        return ""
    return str(user.get("login", "")) if isinstance(user, dict) else ""


def _is_ours(comment: Any, head: str, login: str) -> bool:
    """Return whether a comment has the mark and is our own. Others could write the mark, and would then own
    our text.
    """
    if not isinstance(comment, dict) or type(comment.get("id")) is not int:
        return False
    user = comment.get("user")
    user = user if isinstance(user, dict) else {}
    own = user.get("login") == login if login else user.get("type") == "Bot"
    return own and str(comment.get("body")).partition("\n")[0].rstrip("\r") == head


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
