"""Write an estimate into an Inspect log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from howsure.errors import OptionError, ReadError
from howsure.present.render.visible import visible
from howsure.writing import replacing

if TYPE_CHECKING:
    from pathlib import Path

    from inspect_ai.log import EvalLog

    from howsure.answers.estimate import Entry


def annotate(
    log: str | Path, *, output: str | Path | None = None, level: float = 0.95, **options: Any
) -> str:
    """Write howsure's estimate into an Inspect log, as additional metrics. Returns the path of the log.

    It adds `howsure_se`, `howsure_low` and `howsure_high` for every scorer, with the method, level and
    clusters as their parameters. `output`: another file. None rewrites the log. Other arguments: those of
    `howsure.estimate`.
    """
    from inspect_ai.log import write_eval_log

    held = _log(log)
    entries = _entries(log, level=level, **options)
    found = 0
    for score in held.results.scores if held.results is not None else ():
        entry = next(
            (entries[name] for name in (f"{score.scorer}/{score.name}", score.name) if name in entries), None
        )
        if entry is not None:
            score.metrics |= _metrics(entry, options.get("cluster"))
            found += 1
    if not found:
        raise OptionError(f"no scorer of the log is among {', '.join(map(visible, entries))}", where=str(log))
    with replacing(output or log) as place:
        write_eval_log(held, str(place))
    return str(output or log)


def _log(log: str | Path) -> EvalLog:
    """Read a log. ReadError if Inspect doesn't recognise it."""
    from inspect_ai.log import read_eval_log

    try:
        return read_eval_log(str(log))
    except FileNotFoundError:
        raise ReadError("no such file", where=str(log)) from None
    except (ValueError, OSError):
        raise ReadError(
            "not a log of Inspect",
            where=str(log),
            remedy=(
                "Give one file that Inspect wrote, .eval or .json. For other results use `howsure estimate`."
            ),
        ) from None


def _entries(log: str | Path, *, level: float, **options: Any) -> dict[str, Entry]:
    """Estimate the scores of every scorer, or of those that `metric` names, by their names in the rows."""
    import howsure

    scores = howsure.read(str(log))
    every = scores.to_frame()["metric"].unique(maintain_order=True).cast(str).to_list()
    asked = {"metric": every, **options}
    return {entry.metric: entry for entry in howsure.estimate(scores, level=level, **asked).entries}


def _metrics(entry: Entry, cluster: Any) -> dict[str, Any]:
    from inspect_ai.log import EvalMetric

    estimate = entry.estimate
    told = {
        "level": estimate.interval.level,
        "method": str(estimate.method),
        "cluster": cluster,
        "n_items": estimate.n_items,
        "n_clusters": estimate.n_clusters,
    }
    values = {"se": estimate.se, "low": estimate.interval.low, "high": estimate.interval.high}
    return {
        f"howsure_{name}": EvalMetric(name=f"howsure_{name}", value=value, params=told)
        for name, value in values.items()
    }
