"""Answers of every verb, also those at the edges: what the laws about answers run over."""

import dataclasses
import functools
from collections.abc import Mapping

import numpy as np
import polars as pl

import howsure as hs
from examples import WITH_EXAMPLES, answer_of
from frames import attempts, clustered, two_models

ANSWERS = {
    "estimates": lambda: hs.estimate(clustered(), cluster="passage"),
    "estimates at the edge": lambda: hs.estimate(two_models(score=pl.lit(1.0))),
    "one item": lambda: hs.estimate(pl.DataFrame({"model": ["a"], "item": ["x"], "score": [0.5]})),
    "comparison": lambda: hs.compare(two_models(), "a", "b", margin=0.1),
    "gate": lambda: hs.gate(two_models(), "a", "b", not_worse_than=0.01, better=True, same_within=0.1, at_least=0.4),
    "gate at a planned look": lambda: hs.gate(two_models(), "a", "b", better=True, not_worse_than=0.1, looks="20,40"),
    "gate without an error bar": lambda: hs.gate(two_models(n=1), "a", "b", not_worse_than=0.01),
    "gate of a policy": lambda: hs.gate(
        two_models(usd=pl.int_range(pl.len()) % 7 + 1.0),
        "a",
        "b",
        policy={"margin": 0.05, "costs": {"usd": {"ratio_at_most": 1.1, "tier": "critical"}}},
    ),
    "plan of a policy": lambda: hs.plan_policy({"margin": 0.05, "tier": "critical"}, n_tasks=3),
    "comparison without an error bar": lambda: hs.compare(two_models(n=1), "a", "b"),
    "comparisons": lambda: hs.compare(pl.concat([two_models(task=pl.lit(t)) for t in "xy"]), "a", "b"),
    "against": lambda: hs.against(clustered(models="abcd"), "a", cluster="passage"),
    "against on tasks": lambda: hs.against(
        pl.concat([clustered(models="abc"), clustered(models="abcd").with_columns(task=pl.lit("other"))]), "a"
    ),
    "against without an error bar": lambda: hs.against(two_models(n=1), "a"),
    "leaderboard": lambda: hs.leaderboard(clustered(), cluster="passage"),
    "leaderboard of tasks": lambda: hs.leaderboard(pl.concat([two_models(task=pl.lit(t)) for t in "xy"])),
    "by slices": lambda: hs.compare(clustered(), "a", "b", by="passage", cluster="none"),
    "scores by slices": lambda: hs.estimate(clustered(), by="passage", cluster="none"),
    "boards by slices": lambda: hs.leaderboard(clustered(), by="passage", cluster="none"),
    "what both took": lambda: hs.compare(attempts().with_columns(usd=1.0 + pl.col("length")), "a", "b", usage="usd"),
    "audit": lambda: hs.audit(pl.DataFrame({"model": ["a", "b"], "score": [0.7, 0.6], "n": [100, None]})),
    "noise": lambda: hs.noise(attempts(), cluster="passage"),
    "noise of a pair": lambda: hs.noise(attempts(), "a", "b"),
    "noise of single attempts": lambda: hs.noise(two_models()),
    "on exactly these items": lambda: hs.compare(attempts(), "a", "b", population="these-questions"),
    "pass@2": lambda: hs.leaderboard(attempts(), score="pass@2"),
    "adjusted": lambda: hs.estimate(attempts(), covariate="length"),
    "questions": lambda: hs.questions(clustered()),
    "history": lambda: hs.history(attempts(models=["2026-10-01", "2026-10-02", "2026-10-03"]), cluster="passage"),
    "history of tasks": lambda: hs.history(pl.concat([two_models(task=pl.lit(t)) for t in "xy"])),
    "trend": lambda: hs.trend(attempts(models=["run-step1", "run-step2"])),
    "look": lambda: hs.Monitor(a="a", b="b", looks="any/50").update(two_models()),
    "look at nothing": lambda: hs.Monitor(a="a", within=0.1).look(),
    "look at clusters": lambda: hs.Monitor(a="a", at_least=0.1, cluster="passage", cluster_size=5).update(clustered()),
    "look as planned": lambda: hs.Monitor(a="a", b="b", looks="4/40").update(two_models()),
    "look before the first planned": lambda: hs.Monitor(a="a", b="b", looks="2/50").update(two_models()),
    "plan": lambda: hs.plan(effect=0.03),
    "plan of looks": lambda: hs.plan(effect=0.05, looks=3),
    "plan of a margin": lambda: hs.plan(attempts(), not_worse_than=0.05, cluster="passage"),
    "plan from a pilot": lambda: hs.plan(attempts(), effect=0.1, cluster="passage", costs=hs.Costs(attempt=1, item=2)),
    "plan that no number of questions fits": lambda: hs.plan(attempts(), effect=0.001, cluster="passage", n_clusters=5),
    "plan of a score": lambda: hs.plan_score(attempts(), "a", within=0.1, cluster="passage"),
    "plan of a floor": lambda: hs.plan_score(at_least=0.9, rate=0.95),
    "plan of failures": lambda: hs.plan_failures(0.01, observed=(2, 500), cluster_size=5),
    "calibration": lambda: hs.calibrate(methods="jeffreys"),
    "description": lambda: hs.describe(clustered()),
    **{
        f"the example of {verb}": functools.partial(answer_of, verb)
        for verb in WITH_EXAMPLES
        if verb not in ("read", "save_baseline", "report", "calibrate")
    },
}


@functools.cache
def answer(name):
    """Make an answer once."""
    return ANSWERS[name]()


def sample(cls):
    """Return an answer of this class; the law fails by its name where there is none."""
    found = [name for name in ANSWERS if isinstance(answer(name), cls)]
    assert found, f"tests/support/answer_cases.py makes no {cls.__name__}"
    return answer(found[0])


def renamed(value, suffix, declared="str"):
    """Return an answer in which every free text (names, notes, warnings) ends like this, words of our own aside."""
    if dataclasses.is_dataclass(value):
        return dataclasses.replace(
            value,
            **{
                field.name: renamed(getattr(value, field.name), suffix, field.type)
                for field in dataclasses.fields(value)
            },
        )
    if isinstance(value, Mapping):
        return {renamed(key, suffix): renamed(each, suffix) for key, each in value.items()}
    if isinstance(value, tuple):
        return tuple(renamed(each, suffix) for each in value)
    if isinstance(value, np.ndarray) and declared == "NDArray[Any]":
        return np.array([f"{each}{suffix}" for each in value.tolist()], dtype=object)
    return value + suffix if isinstance(value, str) and "str" in declared else value
