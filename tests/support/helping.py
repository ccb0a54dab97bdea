"""Work for helper processes, which find it by name."""

import os
from multiprocessing import parent_process


def dying(item):
    """Return the item in this process; a helper ends."""
    if parent_process() is not None:
        os._exit(1)
    return item


def done_by_helper(item):
    """Return the item, and whether a helper has it."""
    return item, parent_process() is not None
