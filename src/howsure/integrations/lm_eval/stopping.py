"""Evaluate with lm-eval in batches of random documents, and stop as soon as a question is answered."""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from howsure import checks
from howsure.errors import Caution, DataError, MethodError, OptionError
from howsure.integrations.lm_eval.evaluating import harness, listed, run
from howsure.integrations.lm_eval.saving import name_of, scores_of
from howsure.verbs.estimate import estimate
from howsure.verbs.read import read
from howsure.verbs.watch import Monitor
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from howsure.answers.estimate import Estimates
    from howsure.answers.watch import Look
    from howsure.table.scores import Scores

SEEDS = {"random_seed": 0, "numpy_random_seed": 1234, "torch_random_seed": 1234, "fewshot_random_seed": 1234}
"""lm-eval's own seeds, as it starts; every batch goes on by one, so that not all batches draw the same
numbers.
"""


OF_A_BATCH = ("samples", "results", "n-samples")
"""What lm-eval says of a single batch, and not of the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatedUntil:
    """What a run showed when it stopped. `print` shows the last look, whose interval allows for stopping.

    `samples`: those of lm-eval from all batches, by task; `scores`: the same in howsure's table; `estimates`:
    of the documents that were run, as if so many had been planned. `n_used` of `n_documents` were run.
    """

    look: Look
    estimates: Estimates
    scores: Scores
    samples: dict[str, list[dict[str, Any]]]
    n_used: int
    n_documents: int

    def __str__(self) -> str:
        return str(self.look)


def evaluate_until(
    model: Any,
    tasks: Any,
    *,
    baseline: Any = None,
    at_least: float | None = None,
    within: float | None = None,
    margin: float | None = None,
    batch: int = 50,
    seed: int = 0,
    level: float = 0.95,
    metric: str | None = None,
    cluster: str | None = None,
    bounds: tuple[float, float] | None = (0.0, 1.0),
    name: str | None = None,
    each: Callable[[Look], object] | None = None,
    **arguments: Any,
) -> EvaluatedUntil:
    """Run a task of lm-eval batch by batch, in random order, and stop as soon as the question is answered.

    The question: is the model better than the `baseline` (what `howsure.read` takes: the samples of an
    earlier lm-eval run of one model, whose documents are known by `doc_hash`), or not worse by more than
    `margin`; or does it score `at_least` so much; or is its interval ± `within`. Valid at the `level` however
    many batches there are; see `howsure.Monitor`. `batch`: documents a batch; `seed`: of their order.
    `metric`: which one, where there are several ("exact_match,strict-match" with its filter).
    `cluster`: a field of the documents; clusters are drawn whole, and count once they are complete. `bounds`:
    which no score can pass. `name`: what the model is called. `each` is called with every look. `arguments`:
    what `simple_evaluate` takes, but limit, samples and cache_requests. The model is made once. Few-shot
    examples and answers that are drawn at random differ from those of a run in one piece: the seeds go on
    from batch to batch. Raises OptionError where lm_eval is not installed or an option doesn't fit, DataError
    where documents and baseline don't.
    """
    asked = {"at_least": at_least, "within": within, "margin": margin, "level": level, "bounds": bounds}
    _refuse(arguments, batch)
    task = _task(tasks, arguments)
    documents = _documents(task, cluster)
    lm, told = _model(model, arguments)
    sequence = _Sequence(task=task, lm=lm, told=told, arguments=arguments, metric=metric, name=name)
    known = None if baseline is None else _baseline(baseline, task.config.task, metric)
    if known is not None:
        documents = documents.only(known.scores)
    monitor: Monitor | None = None
    look: Look | None = None
    order = documents.order(np.random.default_rng(seed))
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        found = sequence.run(chosen, documents.names)
        if monitor is None:
            monitor = Monitor(
                a=sequence.called,
                b=None if known is None else _other(known.model, sequence.called),
                items_planned=len(order),
                clusters=documents.clusters,
                shuffled=True,
                lower_is_better=sequence.lower_is_better,
                **asked,  # type: ignore[arg-type]
            )
        for position in chosen:
            item = documents.names[position]
            monitor.add(item, found.get(item, math.nan), None if known is None else known.scores[item])
        look = replace(monitor.look(), task=task.config.task, metric=sequence.metric or "")
        if each is not None:
            each(look)
        if look.decided:
            break
    if look is None:
        raise DataError("the task has no documents", where=str(task.config.task))
    return _answer(sequence, documents, look, level, cluster)


def _refuse(arguments: Mapping[str, Any], batch: int) -> None:
    for option in ("limit", "samples", "cache_requests", "log_samples"):
        if arguments.get(option):
            raise OptionError(
                f"{option} can't be used: documents are chosen batch by batch", remedy="Leave it out."
            )
    checks.count("batch", batch)


def _task(tasks: Any, arguments: Mapping[str, Any]) -> Any:
    """Load the one task."""
    manager = arguments.get("task_manager") or harness("lm_eval.tasks").TaskManager(
        metadata=arguments.get("metadata")
    )
    loaded = manager.load(listed(tasks))["tasks"]
    if len(loaded) != 1:
        raise OptionError(
            f"{plural(len(loaded), 'task')} named: {listing(list(loaded))}",
            remedy="One question at a time: name one task, no group.",
        )
    return next(iter(loaded.values()))


def _model(model: Any, arguments: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Make the model once, as `simple_evaluate` would at every call, and tell how it was made."""
    model_args, lm, told = arguments.pop("model_args", None), model, {}
    if isinstance(model, str):
        made = harness("lm_eval.api.registry").get_model(model)
        settings = {key: arguments.get(key) for key in ("batch_size", "max_batch_size", "device")}
        make = made.create_from_arg_obj if isinstance(model_args, dict) else made.create_from_arg_string
        lm = make(model_args or "", settings)
        told = {"model": model, "model_args": model_args}
    if getattr(lm, "world_size", 1) > 1:
        raise OptionError(
            "a distributed run can't stop early here",
            remedy="Run it in one process, or follow its files with `howsure watch`.",
        )
    return lm, told


@dataclass(frozen=True, slots=True, kw_only=True)
class _Documents:
    """The documents of a task: their names, `doc_hash` or `doc_hash#2`, by position, and the cluster of each
    name.
    """

    names: dict[int, str]
    clusters: dict[str, str] | None

    def only(self, scores: Mapping[str, float]) -> _Documents:
        """Keep those that the baseline has a score for."""
        kept = {position: name for position, name in self.names.items() if name in scores}
        if not kept:
            raise DataError(
                "none of the task's documents is in the baseline",
                remedy="Take the baseline from samples of the same task and version (--log_samples).",
            )
        held = None if self.clusters is None else {name: self.clusters[name] for name in kept.values()}
        return _Documents(names=kept, clusters=held)

    def order(self, rng: np.random.Generator) -> list[int]:
        """Return the positions in random order, whole clusters in random order."""
        positions = rng.permutation(list(self.names)).tolist()
        if self.clusters is None:
            return [int(position) for position in positions]
        groups: dict[str, list[int]] = {}
        for position in positions:
            groups.setdefault(self.clusters[self.names[position]], []).append(int(position))
        names = sorted(groups)
        return [position for k in rng.permutation(len(names)).tolist() for position in groups[names[k]]]


def _documents(task: Any, cluster: str | None) -> _Documents:
    utils = harness("lm_eval.utils")
    seen: Counter[str] = Counter()
    names, clusters = {}, {}
    for position, document in enumerate(task.eval_docs):
        text = json.dumps(document, indent=2, default=utils.handle_non_serializable, ensure_ascii=False)
        found = str(utils.hash_string(text))
        seen[found] += 1
        names[position] = found if seen[found] == 1 else f"{found}#{seen[found]}"
        if cluster is not None:
            if not isinstance(document, dict) or document.get(cluster) is None:
                raise DataError(
                    f"document {position} has no field {cluster!r}",
                    where=str(task.config.task),
                    remedy="Name a field that every document has, or leave the cluster out.",
                )
            clusters[names[position]] = str(document[cluster])
    return _Documents(names=names, clusters=clusters if cluster is not None else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Baseline:
    model: str
    scores: dict[str, float]


def _baseline(data: Any, task: str, metric: str | None) -> _Baseline:
    """Read the earlier run: one score an item."""
    rows = read(data).to_frame().filter(pl.col("task") == task)
    models = rows["model"].unique().sort().to_list()
    if len(models) != 1:
        raise DataError(
            f"the baseline has {plural(len(models), 'model')} for {task}"
            + (f": {listing(models)}" if models else ""),
            remedy="Give the samples of one model: its folder or file.",
        )
    _, means = _means(rows, metric, "the baseline")
    return _Baseline(model=models[0], scores=means)


def _means(rows: pl.DataFrame, metric: str | None, where: str) -> tuple[str, dict[str, float]]:
    """Return the metric, which must be the only one or the one that was asked for, and each item's mean."""
    metrics = rows["metric"].unique().sort().to_list()
    if metric is None and len(metrics) > 1:
        raise OptionError(
            f"{where} has {len(metrics)} metrics: {listing(metrics)}", remedy="Choose one with metric."
        )
    if metric is not None and metric not in metrics:
        raise OptionError(f"{where} has no metric {metric!r}", remedy=f"It has {listing(metrics)}.")
    chosen = metric or str(metrics[0])
    scored = rows.filter((pl.col("metric") == chosen) & pl.col("score").is_not_null())
    means = scored.group_by("item", maintain_order=True).agg(pl.col("score").mean())
    return chosen, dict(zip(means["item"].to_list(), means["score"].to_list(), strict=True))


def _other(baseline: str, model: str) -> str:
    """Name the baseline, so that a model can be compared with its own earlier run."""
    return baseline if baseline != model else f"{baseline} (baseline)"


@dataclass(slots=True, kw_only=True)
class _Sequence:
    """Runs batches with one model and one task, and keeps the samples."""

    task: Any
    lm: Any
    told: dict[str, Any]
    arguments: dict[str, Any]
    metric: str | None
    name: str | None
    called: str = ""
    lower_is_better: bool = False
    batches: int = 0
    results: dict[str, Any] = field(default_factory=dict)
    samples: list[dict[str, Any]] = field(default_factory=list)

    def run(self, positions: Sequence[int], names: Mapping[int, str]) -> dict[str, float]:
        """Run some documents, and return the score of each by its name."""
        seeds = {key: self.arguments.get(key, start) for key, start in SEEDS.items()}
        given = dict(self.arguments)
        given |= {key: None if value is None else value + self.batches for key, value in seeds.items()}
        given.setdefault("bootstrap_iters", 0)
        task = str(self.task.config.task)
        # lm-eval takes the n-th of `samples` for the n-th document that it runs, which is so in ascending order only
        results = run(
            harness().simple_evaluate,
            model=self.lm,
            tasks=[self.task],
            samples={task: sorted(positions)},
            **given,
        )
        rows = results["samples"][task]
        if {int(row["doc_id"]) for row in rows} != set(positions):
            raise MethodError(
                "lm-eval ran documents other than those requested", remedy="pip install -U lm_eval"
            )
        self.batches += 1
        self.samples += rows
        self._tell(results)
        scores = self._scores(rows, names)
        self.metric, means = _means(scores.to_frame(), self.metric, task)
        fact = scores.fact(task)
        self.lower_is_better = fact is not None and self.metric in fact.lower_is_better
        return means

    def _tell(self, results: dict[str, Any]) -> None:
        if not self.results:
            told = {**results.get("config", {}), **self.told}
            self.results = {key: value for key, value in results.items() if key not in OF_A_BATCH}
            self.results |= {"results": {}, "config": told}
            self.called = self.name or name_of(self.results)

    def _scores(self, rows: Sequence[Mapping[str, Any]], names: Mapping[int, str]) -> Scores:
        named = [{**row, "doc_hash": names[int(row["doc_id"])]} for row in rows]
        return scores_of(self.results, {str(self.task.config.task): named}, name=self.called)

    def all_scores(self, names: Mapping[int, str]) -> Scores:
        """Return the scores of all batches."""
        return self._scores(self.samples, names)


def _answer(
    sequence: _Sequence, documents: _Documents, look: Look, level: float, cluster: str | None
) -> EvaluatedUntil:
    scores = sequence.all_scores(documents.names)
    found = estimate(scores, level=level, metric=sequence.metric, cluster=cluster)
    if not look.exhausted:
        found = replace(found, cautions=(STOPPED, *found.cautions))
    task = str(sequence.task.config.task)
    return EvaluatedUntil(
        look=look,
        estimates=found,
        scores=scores,
        samples={task: sorted(sequence.samples, key=lambda row: int(row["doc_id"]))},
        n_used=len({int(row["doc_id"]) for row in sequence.samples}),
        n_documents=len(documents.names),
    )


STOPPED = Caution(
    code="stopped_early",
    message="the run stopped because of its own results, so these scores are slightly biased, and their error "
    "bars don't account for that",
    remedy="Report the interval of the look.",
)
