"""The process that reads: one case after another, with limits on time and memory; one that hangs or dies is replaced."""

import multiprocessing
import resource
import shutil
import warnings
from pathlib import Path
from typing import Any

from .case import Case

SECONDS, GIGABYTES = 20, 2
BAD = ("raw exception", "abort", "hang", "over 2 GB")


class Worker:
    """A process that is asked about files in a folder."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        self.context = multiprocessing.get_context("spawn")
        self.start()

    def start(self) -> None:
        self.here, there = self.context.Pipe()
        self.process = self.context.Process(target=work, args=(there,), daemon=True)
        self.process.start()
        there.close()
        self.here.recv()

    def ask(self, case: Case) -> tuple[str, Any]:
        """Write the files of a case, and return how the question ended and what was said."""
        place = self.folder / "case"
        for name, data in case.files.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(data)
        try:
            return self.outcome(case.ask, place / case.named, dict(case.options))
        finally:
            shutil.rmtree(place)

    def outcome(self, ask: str, place: Path, options: dict[str, Any]) -> tuple[str, Any]:
        self.here.send((ask, place, options))
        try:
            if self.here.poll(SECONDS):
                return self.here.recv()
            outcome = "hang", f"more than {SECONDS} s"
        except (EOFError, ConnectionError):
            self.process.join()
            outcome = "abort", f"the process ended with {self.process.exitcode}"
        self.end()
        self.start()
        return outcome

    def end(self) -> None:
        self.process.kill()
        self.process.join()


def work(there: Any) -> None:
    import howsure
    from fuzzing.asking import asked

    warnings.simplefilter("error", RuntimeWarning)  # of arithmetic: nobody should see one

    there.send(None)
    while True:
        ask, place, options = there.recv()
        held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            outcome = "read", asked(ask, place, options)
        except howsure.HowsureError as error:
            outcome = "refused", str(error)
        except BaseException as error:
            outcome = "raw exception", f"{type(error).__name__}: {str(error)[:200]}{origin(error)}"
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if peak > GIGABYTES * 1024**2 and peak > held:
            outcome = "over 2 GB", f"{peak / 1024**2:.1f} GB"
        there.send(outcome)


def origin(error: BaseException) -> str:
    """Name the line of howsure that raised, or called what raised."""
    import traceback

    own = [frame for frame in traceback.extract_tb(error.__traceback__) if "/howsure/" in frame.filename]
    return f" ({own[-1].filename.rsplit('/howsure/', 1)[1]}:{own[-1].lineno})" if own else ""
