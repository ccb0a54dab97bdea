"""Write an estimate into an Inspect log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from howsure.errors import OptionError
from howsure.present.render.visible import visible
from howsure.writing import replacing

if TYPE_CHECKING:
    from pathlib import Path

    from howsure.answers.estimate import Entry


def annotate(log: str | Path, *, output: str | Path | None = None, level: float = 0.95, **options: Any) -> str:
    """Write howsure's estimate into an Inspect log, as metrics beside Inspect's own; return where it was written.

    `howsure_se`, `howsure_low` and `howsure_high` of every scorer, with the method, level and clusters as their parameters.
    `output`: another file; None rewrites the log. Other arguments: those of `howsure.estimate`.
    """
    from inspect_ai.log import read_eval_log, write_eval_log

    import howsure

    entries = {entry.metric: entry for entry in howsure.estimate(str(log), level=level, **options).entries}
    held = read_eval_log(str(log))
    found = 0
    for score in held.results.scores if held.results is not None else ():
        entry = entries.get(score.name)
        if entry is not None:
            score.metrics |= _metrics(entry, options.get("cluster"))
            found += 1
    if not found:
        raise OptionError(f"no scorer of the log is among {', '.join(map(visible, entries))}", where=str(log))
    with replacing(output or log) as place:
        write_eval_log(held, str(place))
    return str(output or log)


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
