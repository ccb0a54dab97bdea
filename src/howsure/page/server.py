"""The page, served on this machine: it follows its files, and preserves the reader's place.

One loader makes a report from the current files. Whenever they change it runs again, in a thread. If they
can't be read (yet), the page shows the reason and keeps the last results. Only this machine can connect
(127.0.0.1), and only by that name: a page on another site can't reach it through a domain name.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from howsure.errors import HowsureError, OptionError
from howsure.present.render import html

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

    from howsure.answers.report import Report

    Load = Callable[[], Report]

HOST = "127.0.0.1"
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
MOST_FIGURES = 9
PULSE = 15.0
"""Seconds after which an idle connection sends a sign of life, which detects readers that have left."""
PATIENCE_MS = 300
"""Milliseconds without a change after which files are read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedPaths:
    """The named paths, and their folders: a file may be replaced by another of its name."""

    named: tuple[Path, ...]
    folders: frozenset[Path]
    recursive: bool

    @classmethod
    def of(cls, paths: Sequence[str]) -> WatchedPaths:
        """Return the files and folders that paths name."""
        named = tuple(Path(path).resolve() for path in paths)
        folders = frozenset(path if path.is_dir() else path.parent for path in named)
        return cls(named=named, folders=folders, recursive=any(path.is_dir() for path in named))

    def meant(self, _: object, changed: str) -> bool:
        """Return whether a file that changed is a named one, or in a named folder."""
        return any(Path(changed).is_relative_to(path) for path in self.named)

    def places(self) -> tuple[int | None, ...]:
        """Distinguish each folder from a later one with its name, or return None if it doesn't exist."""
        return tuple(map(_inode, self.folders))


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


@dataclass(slots=True)
class Viewer:
    """What is served now: the last report that could be made, and the message about the files."""

    load: Load
    report: Report | None = None
    message: str = ""
    version: int = 0
    closing: bool = False
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def refresh(self) -> None:
        """Make the report again. If that fails, keep the last one with the reason."""
        report: Report | None
        try:
            report, message = await asyncio.to_thread(self.load), ""
        except OptionError:
            if self.report is None:
                raise  # no change of the files will correct this
            return
        except Exception as error:  # noqa: BLE001 - files that are being written may be anything for a moment
            report, message = self.report, f"Not readable yet: {error}"
        same = report is not None and self.report is not None and report.data == self.report.data
        if same and message == self.message:
            return
        async with self.changed:
            self.version += not same
            self.report, self.message = report, message
            self.changed.notify_all()

    async def follow(self, paths: Sequence[str], stop: asyncio.Event) -> None:
        """Refresh whenever the files change, until `stop`. It waits for a removed folder."""
        from watchfiles import awatch

        watched = WatchedPaths.of(paths)
        while not stop.is_set():
            places = watched.places()
            if None in places:
                await _pause(stop)
                if None not in watched.places():
                    await self.refresh()
                continue
            changes = awatch(
                *watched.folders,
                watch_filter=watched.meant,
                recursive=watched.recursive,
                step=PATIENCE_MS,
                stop_event=stop,
            )
            async for _ in changes:
                await self.refresh()
                if watched.places() != places:
                    break

    async def close(self) -> None:
        """End the readers' event streams, so that the server can stop."""
        async with self.changed:
            self.closing = True
            self.changed.notify_all()

    async def events(self) -> AsyncIterator[str]:
        """Yield a server-sent event for everything new."""
        seen = self.version
        yield _event("same", self.message)
        while not self.closing:
            told = self.message
            try:
                async with self.changed:
                    await asyncio.wait_for(self.changed.wait(), PULSE)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            if self.version != seen or self.message != told:
                yield _event("new" if self.version != seen else "same", self.message)
                seen = self.version


async def _pause(stop: asyncio.Event) -> None:
    """Wait a little, or until `stop`."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), PATIENCE_MS / 1000)


def _event(state: str, message: str) -> str:
    return f"data: {json.dumps({'state': state, 'message': message})}\n\n"


def make_app(viewer: Viewer) -> Starlette:
    """Return the application: the page, its data, and its events."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.responses import HTMLResponse, JSONResponse, StreamingResponse
    from starlette.routing import Route

    from howsure.page.page import write_live

    async def page(_: Request) -> Response:
        """Serve the current report, or the reason why there is none yet."""
        if viewer.report is None:
            return HTMLResponse(waiting(viewer.message), headers=HEADERS)
        return HTMLResponse(await asyncio.to_thread(write_live, viewer.report), headers=HEADERS)

    async def data(_: Request) -> Response:
        """Serve the data that an open page needs to show the newest results."""
        if viewer.report is None:
            return JSONResponse({"message": viewer.message}, status_code=503, headers=HEADERS)
        return JSONResponse({"report": viewer.report.data, "boards": viewer.report.boards}, headers=HEADERS)

    async def events(_: Request) -> Response:
        """Send every change to an open page, for as long as it listens."""
        return StreamingResponse(viewer.events(), media_type="text/event-stream", headers=HEADERS)

    async def question(request: Request) -> Response:
        """Serve the models' answers to one question."""
        return await asyncio.to_thread(answered, viewer.report, request.query_params.multi_items())

    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"], www_redirect=False)
    routes = [Route("/", page), Route("/data", data), Route("/events", events), Route("/question", question)]
    return Starlette(routes=routes, middleware=[hosts])


def answered(report: Report | None, asked: Sequence[tuple[str, str]]) -> Response:
    """Return the models' answers to a question: `data`, `board`, `item` and several `model`, by their indices
    on the page.

    `data` is the fingerprint of the page that asks: indices of other data mean other questions.
    """
    from starlette.responses import JSONResponse, Response

    given, models = dict(asked), [value for name, value in asked if name == "model"]
    if report is None or report.finder is None or given.get("data") != report.data["origin"]["fingerprint"]:
        return JSONResponse({"message": "The results have changed, and the page is updating."}, 409, HEADERS)
    try:
        found = report.finder.of(
            place_of(given["board"]), place_of(given["item"]), list(map(place_of, models))
        )
    except (LookupError, ValueError):
        return JSONResponse({"message": "This question doesn't exist."}, 404, HEADERS)
    except HowsureError as error:
        return JSONResponse({"message": str(error)}, 500, HEADERS)
    return Response(json.dumps(found), 200, HEADERS, "application/json")


def place_of(text: str) -> int:
    """Parse an index: a few digits. ValueError for anything else."""
    if not text.isascii() or not text.isdecimal() or len(text) > MOST_FIGURES:
        raise ValueError(text)
    return int(text)


def waiting(message: str) -> str:
    """Return the page shown while files can't be read: the reason, retried every two seconds."""
    from howsure.page.page import asset, policy

    style = asset("theme.css") + asset("page.css")
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy(style, ())}">
<meta http-equiv="refresh" content="2">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>howsure: waiting for results</title>
<style>{style}</style>
</head>
<body>
<main class="waiting">
<h1>Waiting for results</h1>
<p>{html.escape(message)}</p>
</main>
</body>
</html>
"""


def serve(
    paths: Sequence[str],
    load: Load,
    *,
    port: int,
    tell: Callable[[str], None],
    open: Callable[[str], Any] | None = None,
) -> None:
    """Serve the page until it is interrupted. `tell` is called with the address, and so is `open` once the
    page is available.
    """
    try:
        import uvicorn
        import watchfiles  # noqa: F401 - asked for here, so that the error comes first
        from starlette.applications import Starlette  # noqa: F401
    except ImportError:
        raise HowsureError(
            "serving needs Starlette, uvicorn and watchfiles",
            remedy="Install them with the extra: pip install 'howsure[view]'.",
        ) from None
    listening = _listen(port)
    address = f"http://{HOST}:{listening.getsockname()[1]}/"
    viewer = Viewer(load=load)
    settings = uvicorn.Config(
        make_app(viewer), log_level="warning", timeout_graceful_shutdown=1, lifespan="off"
    )

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            """Disconnect listening readers first, as the server would wait for them forever."""
            await viewer.close()
            await super().shutdown(sockets)

    with listening:
        asyncio.run(
            _run(Server(settings), listening, viewer, paths, lambda: _greet(viewer, address, tell, open))
        )


def _greet(
    viewer: Viewer, address: str, tell: Callable[[str], None], open: Callable[[str], Any] | None
) -> None:
    tell(viewer.message or (viewer.report.sentence if viewer.report else ""))
    tell(f"Serving {address} (press Ctrl-C to stop)")
    if open is not None:
        open(address)


async def _run(
    server: Any, listening: socket.socket, viewer: Viewer, paths: Sequence[str], greet: Callable[[], None]
) -> None:
    """Serve and follow the files together."""
    await viewer.refresh()
    stop = asyncio.Event()
    following = asyncio.create_task(viewer.follow(paths, stop))
    greet()
    try:
        await server.serve(sockets=[listening])
    finally:
        stop.set()
        with contextlib.suppress(asyncio.CancelledError):
            await following


def _listen(port: int) -> socket.socket:
    """Return a socket that only this machine can reach."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except OSError as error:
        listening.close()
        raise OptionError(
            f"port {port} is not available ({error.strerror})", remedy="Choose another with --port, or 0."
        ) from None
    return listening
