"""The function calibrate: nominal and observed coverage of every method in simulated data sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.answers.calibrate import Calibration
from howsure.inference import calibration_record
from howsure.options.table import checked

if TYPE_CHECKING:
    from howsure.verbs.audit import Names


def calibrate(*, methods: Names | None = None) -> Calibration:
    """Return the published simulation results: how often each method's 95% intervals contained the known true
    value.

    The results come from `scripts/calibrate` in the repository, with the scenarios in its folder
    `simulation`.

    Args:
        methods: Only methods whose name contains one of these words. None: all.

    Returns:
        Calibration: One row per scenario and method: coverage, mean width, the required coverage, and whether
            it was achieved.

    Raises:
        OptionError: If no method has a requested word in its name.

    Examples:
        >>> answer = calibrate(methods="adaptive")
        >>> answer.kept, answer.cells.filter(n_clusters=200)["coverage"].min() > 0.9
        (True, True)
    """
    words = checked("calibrate", methods=() if methods is None else methods)["methods"]
    return Calibration(
        cells=calibration_record.methods(calibration_record.worlds(), words),
        level=calibration_record.LEVEL,
        seed=0,
    )
