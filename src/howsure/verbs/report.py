"""The verb report: one page of everything that scores show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from howsure.options import checked
from howsure.study.design import DesignOptions, Respects, make_design

if TYPE_CHECKING:
    from collections.abc import Mapping

    from howsure.answers.report import Report
    from howsure.options import Overall
    from howsure.statistics.choices import Adjustment, ComparisonMethod, IntervalMethod, Variance

RESPECTS = Respects(verb="report", all_but=("covariate",))


def report(
    data: Any,
    *,
    title: str | None = None,
    interval: IntervalMethod | None = None,
    method: ComparisonMethod | None = None,
    variance: Variance = "CR2",
    level: float = 0.95,
    adjust: Adjustment = "max-t",
    overall: Overall | Mapping[str, float] = "mean",
    seed: int = 0,
    command: str | None = None,
    **options: Unpack[DesignOptions],
) -> Report:
    """Make one page of everything that scores show: the ranks with their error bars, every pair, noise, health, plain words.

    The page is one file: it opens offline in any browser of today and asks nobody for anything. Its numbers are those of
    `leaderboard`, `compare`, `noise` and `health` with the same options. It lists items up to 4 million scores a page, and
    pairs up to 50,000. Same input, same bytes. `title`: None names the tasks; `command`: how to make the page again, shown
    at its foot.

    >>> import polars as pl
    >>> rows = pl.DataFrame({"model": ["a"] * 30 + ["b"] * 30, "item": [*range(30)] * 2, "score": [1] * 30 + [0] * 30})
    >>> page = report(rows)
    >>> page.verdict
    'a is best (100.0 %): really ahead of the other at 95 %. Of 1 neighbouring gap, 1 is real.'
    >>> page.html.startswith("<!DOCTYPE html>")
    True
    """
    from howsure import __version__
    from howsure.inference.leaderboard import ranking_question
    from howsure.page.contents import contents_of
    from howsure.page.making import make
    from howsure.page.origin import Origin
    from howsure.verbs.read import read

    title, interval, method, variance, level, adjust, overall, seed, command = checked(
        "report",
        title=title,
        interval=interval,
        method=method,
        variance=variance,
        level=level,
        adjust=adjust,
        overall=overall,
        seed=seed,
        command=command,
    ).values()
    design = make_design(options, RESPECTS, interval=interval, method=method)
    question = ranking_question(
        design,
        interval=interval,
        method=method,
        variance=variance,
        level=level,
        adjust=adjust,
        overall=overall,
        seed=seed,
    )
    scores = read(data, probabilities=design.score.kind == "prob")
    contents = contents_of(scores, design, question)
    given = {
        "title": title,
        "interval": interval,
        "method": method,
        "variance": variance,
        "level": level,
        "adjust": adjust,
        "overall": overall,
        "seed": seed,
        **options,
    }
    origin = Origin.of(contents, question, command or _call(data, given), howsure=__version__)
    return make(contents, question, origin, title)


def _call(data: Any, given: Mapping[str, Any]) -> str:
    """Say how the page is made again from Python."""
    what = repr(str(data)) if isinstance(data, (str, Path)) else "data"
    usual = report.__kwdefaults__ or {}
    said = "".join(f", {name}={value!r}" for name, value in given.items() if repr(value) != repr(usual.get(name)))
    return f"howsure.report({what}{said})"
