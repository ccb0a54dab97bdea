"""Comments on pull and merge requests: their text, from one gate or several, and the calls that write them.

A comment's first line is a hidden mark with its name, by which the next push finds it. Nothing here fails a
job: if no comment can be written, a line gives the reason.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

SECONDS = 20
MOST_PAGES, PAGE = 100, 100
MAX_BYTES = 50 * 1024**2
MAX_COMMENT = 60_000
"""GitHub accepts 65,536 characters."""
ADDRESS = re.compile(r"https?://[\w.:-]+(/[\w./-]*)?")
VERDICT = re.compile(r"^<!-- howsure verdict: (pass|fail|unclear) -->$", re.MULTILINE)
ORDER = {"error": "without a verdict", "fail": "failed", "unclear": "undecided", "pass": "passed"}
ERROR = "ERROR: the gate gave no verdict. See the run for the reason."


class CommentError(Exception):
    """No comment can be written, with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateComment:
    """A gate's comment, as `howsure gate --comment` wrote it.

    Attributes:
        name: Its heading, in Markdown.
        sentence: Its verdict, in Markdown.
        verdict: "pass", "fail", "unclear" or "error".
        body: All below the heading.
    """

    name: str
    sentence: str
    verdict: str
    body: str


def gate_name() -> str:
    """Return the default name of a gate: the workflow and its job."""
    env = os.environ
    ours = (
        (env.get("GITHUB_WORKFLOW"), env.get("GITHUB_JOB"))
        if "GITHUB_JOB" in env
        else (env.get("CI_JOB_NAME"),)
    )
    return env.get("HOWSURE_NAME") or " · ".join(filter(None, ours)) or "gate"


def with_verdict(text: str, verdict: str) -> str:
    """Add the verdict to a comment, for programs: hidden, in its last line."""
    return f"{text.rstrip()}\n\n<!-- howsure verdict: {verdict} -->\n"


def text_of(files: Sequence[Path], origin: str) -> str:
    """Return the comment of the gates in some files, and where they ran. Several gates make one comment, the
    worst first.
    """
    alone = len(files) == 1
    texts = [_read(file, gate_name() if alone else file.stem) for file in files]
    text = texts[0] if alone else _together(texts)
    return f"{text[:MAX_COMMENT].rstrip()}\n\n{origin}".rstrip() + "\n"


def _read(file: Path, name: str) -> str:
    """Return a gate's comment. For a gate without an answer it reports the error."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return _document(name, ERROR)


def _document(name: str, sentence: str) -> str:
    from howsure.present.comment import mark
    from howsure.present.document import Document, Text
    from howsure.present.render import markdown

    blocks = (Text(text=name[:100], kind="heading"), Text(text=sentence, kind="verdict"))
    return markdown.render(Document(blocks=blocks, mark=mark(name)))


def _together(texts: Iterable[str]) -> str:
    """Return one comment of several: how many passed, a table of verdicts, and each gate below it."""
    gates = sorted(map(_parsed, texts), key=lambda gate: list(ORDER).index(gate.verdict))
    counts = Counter(gate.verdict for gate in gates)
    by_verdict = [f"{counts[verdict]} {word}" for verdict, word in ORDER.items() if counts[verdict]]
    sentence = f"{plural(len(gates), 'gate')}: {listing(by_verdict, len(ORDER))}."
    head = _document(gate_name(), sentence).rstrip()
    rows = "\n".join(f"| {gate.name} | {gate.sentence} |" for gate in gates)
    whole = f"{head}\n\n| gate | verdict |\n| --- | --- |\n{rows}"
    for gate in gates:
        # The blank lines make the name Markdown, in which it is escaped.
        part = f"\n\n<details>\n<summary>\n\n{gate.name}\n\n</summary>\n\n{gate.body}\n\n</details>"
        if len(whole) + len(part) > MAX_COMMENT:
            return f"{whole}\n\n… More is in the job's summary."
        whole += part
    return whole


def _parsed(text: str) -> GateComment:
    """Split a gate's comment into its parts."""
    found = VERDICT.search(text)
    lines = [line for line in VERDICT.sub("", text).splitlines() if not line.startswith("<!--")]
    name = next((line.removeprefix("### ") for line in lines if line.startswith("### ")), "gate")
    sentence = next((line[2:].partition("**")[0] for line in lines if line.startswith("**")), ERROR)
    body = "\n".join(line for line in lines if not line.startswith("### ")).strip()
    return GateComment(name=name, sentence=sentence, verdict=found[1] if found else "error", body=body)


class _Stay(HTTPRedirectHandler):
    """Follows no redirect, which could send the token to another server."""

    def redirect_request(self, *_: Any) -> None:
        """Return no request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forge:
    """A server with pull or merge requests. `name`: as in messages. `headers`: those of every call."""

    name: str
    headers: Mapping[str, str]

    def call(self, method: str, address: str, content: object = None) -> Any:
        """Call its API. CommentError, with its message, if it refuses or isn't reachable."""
        request = Request(  # noqa: S310 - the address was checked
            address,
            method=method,
            data=None if content is None else json.dumps(content).encode(),
            headers={"Content-Type": "application/json", "User-Agent": "howsure", **self.headers},
        )
        try:
            with build_opener(_Stay).open(request, timeout=SECONDS) as answer:
                return json.loads(answer.read(MAX_BYTES))
        except HTTPError as error:
            may = ": the token has no write permission there" if error.code in (401, 403, 404) else ""
            raise CommentError(f"{self.name} returned {error.code}{may}") from None
        except (URLError, HTTPException, OSError, ValueError) as error:
            raise CommentError(f"{self.name} gave no answer ({type(error).__name__})") from None

    def pages(self, address: str) -> Iterator[Any]:
        """Yield everything that an address lists, page by page."""
        joined = "&" if "?" in address else "?"
        for page in range(1, MOST_PAGES + 1):
            listed = self.call("GET", f"{address}{joined}per_page={PAGE}&page={page}")
            if not isinstance(listed, list):
                raise CommentError("its comments can't be read")
            yield from listed
            if len(listed) < PAGE:
                return
