"""`howsure`, and `python -m howsure`, are the command line.

A helper process imports this file first, and so nothing else.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading


def run() -> None:
    """Run the command line, and end the process at once.

    Python's own end would take 5% of a short command's time.
    """
    from howsure.commands.main import main

    try:
        main(prog_name="howsure")
    except SystemExit as end:
        if isinstance(end.code, str) or sys.getprofile() is not None or sys.gettrace() is not None:
            raise
        # Two parts of Python's end are needed: the wait for threads, such as those of helper processes, and
        # the functions that others registered.
        threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001
        atexit._run_exitfuncs()  # noqa: SLF001
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except (OSError, ValueError):
            raise end from None  # Python's own end says what is lost
        os._exit(end.code or 0)


if __name__ == "__main__":
    run()
