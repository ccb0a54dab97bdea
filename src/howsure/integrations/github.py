"""One comment per gate on a GitHub pull request, updated in place: `python -m howsure.integrations.github
FILE`.

FILE is the comment from `howsure gate --comment`. Its first line is a hidden mark with the gate's name, which
identifies the comment of the last push. If there is no FILE the gate ended in an error, and the comment
states that. Nothing here fails a job: if no comment can be written, a line gives the reason, and the answer
is in the job's summary.
"""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 20
MOST_PAGES, PAGE = 100, 100
MAX_BYTES = 50 * 1024**2
MAX_COMMENT = 60_000
"""GitHub accepts 65,536 characters."""
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
ADDRESS = re.compile(r"https?://[\w.:-]+(/[\w./-]*)?")


class CommentError(Exception):
    """No comment can be written, with the reason."""


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


def gate_name() -> str:
    """Return the default name of a gate: the workflow and its job."""
    env = os.environ
    return (
        env.get("HOWSURE_NAME")
        or " · ".join(filter(None, (env.get("GITHUB_WORKFLOW"), env.get("GITHUB_JOB"))))
        or "gate"
    )


def main(words: list[str]) -> int:
    """Write the comment, or print why there is none. Always returns 0."""
    from howsure.present.render.github import annotation

    try:
        done = publish(Path(words[0]))
    except CommentError as error:
        done = f"No comment on a pull request: {error}. The answer is in the job's summary."
    sys.stdout.write(annotation("notice", "howsure gate", done) + "\n")
    return 0


def publish(file: Path) -> str:
    """Write the comment in a file to the tested pull request, replacing an earlier one, and return a line
    about it.
    """
    pull = _pull_request()
    text = _text(file, pull)
    head = text.partition("\n")[0]
    login = _login(pull)
    own = next((each for each in _comments(pull) if _is_ours(each, head, login)), None)
    if own is None:
        _call(pull, "POST", pull.comments, {"body": text})
        return f"Commented on pull request {pull.number}."
    _call(
        pull, "PATCH", f"{pull.api}/repos/{pull.repository}/issues/comments/{int(own['id'])}", {"body": text}
    )
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


def _text(file: Path, pull: PullRequest) -> str:
    """Return the comment with a link to the run. For a gate without an answer it reports the error."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError:
        from howsure.present.comment import mark
        from howsure.present.document import Document, Text
        from howsure.present.render import markdown

        name = gate_name()
        told = "ERROR: the gate gave no verdict. See the run for the reason."
        text = markdown.render(
            Document(
                blocks=(Text(text=name[:100], kind="heading"), Text(text=told, kind="verdict")),
                mark=mark(name),
            )
        )
    return f"{text[:MAX_COMMENT].rstrip()}\n\n{_origin(pull)}".rstrip() + "\n"


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
        found = _call(pull, "GET", f"{pull.api}/user")
    except CommentError:
        return ""
    return str(found.get("login", "")) if isinstance(found, dict) else ""


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


def _comments(pull: PullRequest) -> Iterator[Any]:
    """Yield all comments, the oldest first, page by page."""
    for page in range(1, MOST_PAGES + 1):
        found = _call(pull, "GET", f"{pull.comments}?per_page={PAGE}&page={page}")
        if not isinstance(found, list):
            raise CommentError("its comments can't be read")
        yield from found
        if len(found) < PAGE:
            return


class _Stay(HTTPRedirectHandler):
    """Follows no redirect, which could send the token to another server."""

    def redirect_request(self, *_: Any) -> None:
        """Return no request."""


def _call(pull: PullRequest, method: str, address: str, content: object = None) -> Any:
    """Call GitHub. CommentError, with its message, if it refuses or isn't reachable."""
    request = Request(  # noqa: S310 - the address was checked
        address,
        method=method,
        data=None if content is None else json.dumps(content).encode(),
        headers={
            "Authorization": f"Bearer {pull.token}",
            "Accept": "application/vnd.github+json",
            "Content-Type": "application/json",
            "User-Agent": "howsure",
        },
    )
    try:
        with build_opener(_Stay).open(request, timeout=SECONDS) as answer:
            return json.loads(answer.read(MAX_BYTES))
    except HTTPError as error:
        may = ": the token has no write permission there" if error.code in (401, 403, 404) else ""
        raise CommentError(f"GitHub returned {error.code}{may}") from None
    except (URLError, HTTPException, OSError, ValueError) as error:
        raise CommentError(f"GitHub gave no answer ({type(error).__name__})") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
