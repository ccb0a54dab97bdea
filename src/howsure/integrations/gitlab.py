"""One comment per gate on a GitLab merge request, updated in place: `python -m howsure.integrations.gitlab
FILE...`.

Each FILE is a comment from `howsure gate --comment`. Several make one comment. Needs HOWSURE_GITLAB_TOKEN, a
project access token with the scope `api`, as a job's own token can't write comments.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from howsure.integrations.comments import ADDRESS, CommentError, Forge, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

TOKEN = "HOWSURE_GITLAB_TOKEN"  # noqa: S105 - its name


def main(words: list[str]) -> int:
    """Write the comment, or print why there is none. Always returns 0."""
    from howsure.present.render.visible import visible

    try:
        done = publish([Path(word) for word in words])
    except CommentError as error:
        done = f"No comment on a merge request: {error}. The answer is in the job's log and test report."
    sys.stdout.write(f"howsure: {visible(done)}\n")
    return 0


def publish(files: Sequence[Path]) -> str:
    """Write the comment of some gates to the tested merge request, replacing an earlier one, and return a
    line about it.
    """
    env = os.environ
    number, project, api = (
        env.get(f"CI_{name}", "") for name in ("MERGE_REQUEST_IID", "PROJECT_ID", "API_V4_URL")
    )
    token = env.get(TOKEN, "").strip()
    if not number:
        raise CommentError("this pipeline doesn't belong to one")
    if not token:
        raise CommentError(f"there is no token in {TOKEN}")
    if not (number.isdecimal() and project.isdecimal() and ADDRESS.fullmatch(api)):
        raise CommentError("the environment doesn't name the project")
    notes = f"{api.rstrip('/')}/projects/{project}/merge_requests/{number}/notes"
    forge = Forge(name="GitLab", headers={"PRIVATE-TOKEN": token})
    text = text_of(files, _origin())
    head = text.partition("\n")[0]
    user = forge.call("GET", f"{api.rstrip('/')}/user")
    own_id = user.get("id") if isinstance(user, dict) else None
    own = next((each for each in forge.pages(f"{notes}?sort=asc") if _is_ours(each, head, own_id)), None)
    if own is None:
        forge.call("POST", notes, {"body": text})
        return f"Commented on merge request {number}."
    forge.call("PUT", f"{notes}/{int(own['id'])}", {"body": text})
    return f"Changed the comment on merge request {number}."


def _origin() -> str:
    """Link to the job, and name the commit."""
    env = os.environ
    address, commit = env.get("CI_JOB_URL", ""), env.get("CI_COMMIT_SHORT_SHA", "")
    link = f"[the job]({address})" if ADDRESS.fullmatch(address) else ""
    return ", ".join(
        filter(None, (link, f"commit {commit}" if re.fullmatch("[0-9a-f]{7,64}", commit) else ""))
    )


def _is_ours(note: Any, head: str, own_id: Any) -> bool:
    """Return whether a note has the mark and is our own."""
    if not isinstance(note, dict) or type(note.get("id")) is not int or own_id is None:
        return False
    author = note.get("author")
    own = isinstance(author, dict) and author.get("id") == own_id
    return own and str(note.get("body")).partition("\n")[0].rstrip("\r") == head


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
