"""Early stopping for Inspect: a run ends as soon as its question is decided."""

from __future__ import annotations

import math
import random
from logging import getLogger
from typing import TYPE_CHECKING, Any

from inspect_ai.scorer import value_to_float
from inspect_ai.util import EarlyStop

from howsure.errors import OptionError
from howsure.present.render.visible import visible
from howsure.study.notes import REMEDY
from howsure.table.names import is_burden
from howsure.table.scale import FRACTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from inspect_ai.dataset import Sample
    from inspect_ai.log import EvalSpec
    from inspect_ai.scorer import SampleScore

    from howsure.answers.watch import Look
    from howsure.verbs.watch import Monitor

logger = getLogger(__name__)
PATIENCE = 50
"""How many samples that started later may be complete before an incomplete one counts as failed."""


def stop_when_decided(
    baseline: Any = None,
    *,
    model: str | None = None,
    at_least: float | None = None,
    within: float | None = None,
    margin: float | None = None,
    scorer: str | None = None,
    cluster: str | None = None,
    level: float = 0.95,
    bounds: tuple[float, float] | None = (0.0, 1.0),
    shuffled: bool | None = None,
    lower_is_better: bool | None = None,
) -> StopWhenDecided:
    """Return an object for `Task(early_stopping=…)` that ends a run as soon as its question is decided.

    The question may be whether this run's model is better than that of the log `baseline` (in any form that
    `howsure.read` accepts, with `model` if the log has several), or not worse by more than `margin`. It may
    also be whether its score is `at_least` a floor, or its interval ± `within`. Decisions are valid at the
    `level` for any number of looks (see `howsure.Monitor`).

    The samples must be in random order: data that isn't shuffled is refused (use `dataset.shuffle()`, or
    `shuffled=True` if the order is random). Samples count in the order in which they start, so that fast ones
    don't come first. `cluster`: a key of their metadata. A cluster counts once it is complete, so clusters
    must be together (`shuffle_clusters`). With several epochs the first decides. `scorer`: which score, if
    there are several ("scorer/key" for one with several values). `bounds`: of the scores, known before the
    run, or None if there are none, see `Monitor`. Those of the baseline are on the same scale.
    `lower_is_better`: whether smaller scores are better. A scorer called cost, error, wer and the like is
    refused without it, if the direction matters. Samples in progress aren't stopped: with `max_samples` as
    large as the data there is nothing to stop.

    >>> from inspect_ai import Task
    >>> stopping = stop_when_decided(at_least=0.9)
    """
    asked = {"baseline": baseline, "at_least": at_least, "within": within}
    goals = [name for name, value in asked.items() if value is not None]
    if len(goals) != 1:
        raise OptionError(
            f"{'nothing' if not goals else ' and '.join(goals)} to decide",
            remedy="Give one of baseline, at_least, within.",
        )
    return StopWhenDecided(
        baseline=baseline,
        model=model,
        scorer=scorer,
        cluster=cluster,
        shuffled=shuffled,
        lower_is_better=lower_is_better,
        goal={"at_least": at_least, "within": within, "margin": margin, "level": level, "bounds": bounds},
    )


class StopWhenDecided:
    """Inspect's early stopping with a howsure Monitor, made by `stop_when_decided`."""

    def __init__(
        self,
        *,
        baseline: Any,
        model: str | None,
        scorer: str | None,
        cluster: str | None,
        shuffled: bool | None,
        lower_is_better: bool | None,
        goal: dict[str, Any],
    ) -> None:
        self._baseline, self._model, self._scorer, self._cluster = baseline, model, scorer, cluster
        self._shuffled, self._lower, self._goal = shuffled, lower_is_better, goal
        self._monitor: Monitor | None = None
        self._known: dict[str, float] = {}
        self._order: list[str] = []
        self._done: set[str] = set()
        self._stopped = 0
        self.look: Look | None = None

    async def start_task(self, task: EvalSpec, samples: list[Sample], epochs: int) -> str:
        """Check the data and the settings before any costs arise."""
        from howsure.verbs.watch import Monitor

        if not (self._shuffled or task.dataset.shuffled):
            raise OptionError(
                "early stopping needs samples in random order, and this data set was not shuffled",
                where=task.task,
                remedy="Call dataset.shuffle(seed=…), or set shuffled=True if the order is random already.",
            )
        scorers = [scorer.name for scorer in getattr(task, "scorers", None) or []]
        _refuse_scorers(scorers, self._scorer)
        self._require_direction(self._scorer or "".join(scorers))
        self._order = [str(sample.id) for sample in samples]
        if self._baseline is not None:
            self._known = _baseline_scores(
                self._baseline, self._model, task.task, self._scorer, scaled=self._goal["bounds"] == FRACTIONS
            )
            self._order = [item for item in self._order if item in self._known]
            if not self._order:
                raise OptionError("the baseline has none of these samples", where=task.task)
            if missing := len(samples) - len(self._order):
                logger.warning("howsure: %d samples are not in the baseline and don't count.", missing)
        groups = {}
        if self._cluster is not None:
            for sample in samples:
                if self._cluster not in (sample.metadata or {}):
                    raise OptionError(
                        f"sample {sample.id!r} has no {self._cluster!r} in its metadata",
                        remedy="Leave cluster out, or add it.",
                    )
                groups[str(sample.id)] = str((sample.metadata or {})[self._cluster])
        most = task.config.max_samples
        if most is not None and most >= len(samples):
            logger.warning(
                "howsure: max_samples=%d starts all %d samples at once, which leaves nothing to "
                "stop: lower it.",
                most,
                len(samples),
            )
        if epochs > 1:
            logger.warning("howsure: of %d epochs the first decides when to stop.", epochs)
        self._monitor = Monitor(
            a=task.model,
            b=None if self._baseline is None else f"baseline {self._model or ''}".strip(),
            looks=f"any/{len(self._order)}",
            order=self._order,
            shuffled=True,
            lower_is_better=self._lower,
            clusters={item: groups[item] for item in self._order} if groups else None,
            **self._goal,
        )
        return "howsure"

    def _require_direction(self, scorer: str) -> None:
        """Raise OptionError if the question depends on a direction that the scorer's name leaves open."""
        if self._lower is None and self._goal["within"] is None and is_burden(scorer):
            raise OptionError(
                f"it isn't known whether larger or smaller scores of {visible(scorer)} are better",
                remedy=REMEDY,
            )

    async def schedule_sample(self, id: str | int, epoch: int) -> EarlyStop | None:
        """Stop every sample that is yet to start once the question is decided."""
        if self.look is None or not self.look.decided:
            return None
        self._stopped += 1
        return EarlyStop(id=id, epoch=epoch, reason=self.look.sentence)

    async def complete_sample(self, id: str | int, epoch: int, scores: dict[str, SampleScore]) -> None:
        """Count a sample of the first epoch, and look."""
        item = str(id)
        if epoch != 1 or self._monitor is None or item not in self._order or item in self._done:
            return
        if self.look is not None and self.look.decided:
            return
        self._add(item, self._value(scores))
        places = [place for place, each in enumerate(self._order) if each in self._done]
        reach = places[-PATIENCE - 1] if len(places) > PATIENCE else 0
        for late in [each for each in self._order[:reach] if each not in self._done]:
            logger.warning(
                "howsure: sample %r is unfinished after %d later ones and counts as failed.", late, PATIENCE
            )
            self._add(late, math.nan)
        self.look = self._monitor.look()

    def _add(self, item: str, value: float) -> None:
        assert self._monitor is not None
        self._done.add(item)
        self._monitor.add(item, value, self._known.get(item))

    async def complete_task(self) -> dict[str, Any]:
        """Return the verdict for the log, and forget the run."""
        look = self.look
        if look is None:
            return {"verdict": "no sample was scored", "stopped": self._stopped}
        numbers = {
            "estimate": look.estimate,
            "low": look.interval.low,
            "high": look.interval.high,
            "p_value": look.p_value,
        }
        return {
            "verdict": look.sentence,
            "stopped": self._stopped,
            "decided": look.decided,
            "n_items": look.n_items,
            "level": look.interval.level,
            "method": look.method,
            **{name: value if math.isfinite(value) else None for name, value in numbers.items()},
        }

    def _value(self, scores: dict[str, SampleScore]) -> float:
        """Return the score that decides, or NaN if the sample has none. Those of a scorer with several values
        are named `scorer/key`, as in `read`.
        """
        values: dict[str, Any] = {}
        for name, sample_score in scores.items():
            value = sample_score.score.value
            if isinstance(value, dict):
                values |= {f"{name}/{key}": part for key, part in value.items()}
            else:
                values[name] = value
        _refuse_scorers(list(values), self._scorer)
        name = self._scorer or next(iter(values), "")
        self._require_direction(name)
        return float(value_to_float()(values[name])) if name in values else math.nan


def _refuse_scorers(names: Sequence[str], chosen: str | None) -> None:
    """Raise OptionError if the deciding score is ambiguous or missing."""
    found = ", ".join(map(visible, names))
    if chosen is None and len(names) > 1:
        raise OptionError(f"{len(names)} scores: {found}", remedy="Choose one with scorer=…")
    if chosen is not None and names and not any(name in (chosen, chosen.split("/")[0]) for name in names):
        raise OptionError(f"no score {chosen!r}: there is {found}", remedy="Choose one with scorer=…")


def _baseline_scores(
    data: Any, model: str | None, task: str, scorer: str | None, *, scaled: bool
) -> dict[str, float]:
    """Return the baseline's mean score at every sample. `scaled`: whether percentages become fractions.
    Otherwise they are unchanged.
    """
    import numpy as np

    from howsure.study.design import make_design
    from howsure.study.gathering import gather
    from howsure.study.models import resolve
    from howsure.verbs.read import read

    study = gather(read(data), make_design({"metric": scorer}))
    matrices = list(study.matrices())
    same = [matrix for matrix in matrices if matrix.task in (task, task.rsplit("/", maxsplit=1)[-1])]
    chosen = same or matrices
    if len(chosen) != 1:
        raise OptionError(
            f"the baseline contains {len(chosen)} tasks or scores",
            remedy="Give the log of one task, and scorer=…",
        )
    matrix = chosen[0]
    if model is None and len(matrix.models) > 1:
        raise OptionError(
            f"the baseline contains {len(matrix.models)} models", remedy="Choose one with model=…"
        )
    values = matrix.values[:, matrix.column(resolve(model, matrix.models) if model else matrix.models[0])]
    values = values if scaled else study.scales[matrix.task, matrix.metric].original(values)
    return {str(item): float(x) for item, x in zip(matrix.items, values, strict=True) if not np.isnan(x)}


def shuffle_clusters(samples: Iterable[Sample], cluster: str, *, seed: int = 0) -> list[Sample]:
    """Return the samples with whole clusters in random order, each cluster's samples together.

    For early stopping with `cluster`: then pass `shuffled=True` to `stop_when_decided`.
    """
    held: dict[Any, list[Sample]] = {}
    for sample in samples:
        held.setdefault((sample.metadata or {})[cluster], []).append(sample)
    order = list(held)
    random.Random(seed).shuffle(order)  # noqa: S311 - no secret
    return [sample for group in order for sample in held[group]]
