"""The verb: what every method promised in worlds whose truth is known, and what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.answers.calibrate import Calibration
from howsure.inference import calibration_record
from howsure.options.table import checked

if TYPE_CHECKING:
    from howsure.verbs.audit import Names


def calibrate(*, methods: Names | None = None) -> Calibration:
    """Return the published record: how often each method's 95% intervals held the truth where it is known.

    The record was drawn by `scripts/calibrate` in the repository, in the worlds of its folder `simulation`.

    Args:
        methods: Only methods whose name contains one of these words. None: all.

    Returns:
        Calibration: One row per world and method: coverage, mean width, the coverage that is promised, and
            whether it was achieved.

    Raises:
        OptionError: If no method has a requested word in its name.

    Examples:
        >>> answer = calibrate(methods="blend")
        >>> answer.kept, answer.cells.filter(n_clusters=200)["coverage"].min() > 0.9
        (True, True)
    """
    words = checked("calibrate", methods=() if methods is None else methods)["methods"]
    return Calibration(
        cells=calibration_record.methods(calibration_record.worlds(), words),
        level=calibration_record.LEVEL,
        seed=0,
    )
