"""How a calibration is worded and tabled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from howsure.present.document import Document, Field, opening, tabled
from howsure.wording import level_text, plural

if TYPE_CHECKING:
    import polars as pl

    from howsure.answers.calibrate import Calibration
    from howsure.present.document import Table

WORST = 10


KINDS = {
    "mean": "Intervals for a score",
    "difference": "Intervals for a difference",
    "fixed mean": "Intervals for a score on exactly these questions",
    "fixed difference": "Intervals for a difference on exactly these questions",
    "adjusted mean": "Intervals for a score adjusted for a covariate",
    "answer variance": "Intervals for the variance between answers",
    "question variance": "Intervals for the variance between questions",
    "between variance": "Intervals for the variance between clusters",
}
"""The estimands of methods, in the order of the output."""


LEGEND = "* the default; lowest, mean: coverage; no bar: samples without an error bar; missed: criteria"


def document(answer: Calibration) -> Document:
    """Return how many criteria were met, every method's coverage, and the worst cells of the defaults."""
    blocks = opening(sentence(answer))
    for kind, title in KINDS.items():
        part = answer.cells.filter(kind=kind)
        if len(part):
            blocks.append(_methods_table(part, f"{title}, {level_text(answer.level)}"))
            blocks += [_worst_table(part)] if part["default"].any() else []
    return Document(blocks=tuple(blocks))


def sentence(answer: Calibration) -> str:
    """Return how many criteria were met."""
    promised = answer.cells["kept"].drop_nulls()
    cells, free = len(answer.cells), len(answer.cells) - len(promised)
    met = f"{int(promised.sum()):,} of {plural(len(promised), 'criterion', 'criteria')} met"
    rest = f" {free:,} of these have no criterion." if free else ""
    return f"{met}, in {plural(cells, 'combination')} of scenario and method.{rest}"


def _methods_table(cells: pl.DataFrame, title: str) -> Table:
    import polars as pl

    low = pl.col("coverage").is_between(0, 0.93, closed="left")
    found = cells.group_by("method").agg(
        pl.len().alias("cells"),
        pl.col("default").any(),
        pl.col("coverage").min().alias("least"),
        pl.col("coverage").mean().alias("mean"),
        pl.col("width").mean(),
        low.sum().alias("low"),
        pl.col("refused").mean(),
        pl.col("kept").eq(other=False).sum().alias("broken"),
    )
    fields: list[Field[dict[str, Any]]] = [
        Field("method", lambda row: row["method"] + (" *" if row["default"] else ""), align="left"),
        Field("scenarios", lambda row: f"{row['cells']:,}"),
        Field("lowest", lambda row: f"{100 * row['least']:.1f}%"),
        Field("mean", lambda row: f"{100 * row['mean']:.1f}%"),
        Field("under 93%", lambda row: f"{row['low']:,}"),
        Field("width", lambda row: f"{row['width']:.3f}"),
        Field("no bar", lambda row: f"{100 * row['refused']:.1f}%", priority=5),
        Field("missed", lambda row: f"{row['broken']:,}"),
    ]
    ordered = found.sort("default", "mean", "method", descending=[True, True, False]).iter_rows(named=True)
    return tabled(ordered, fields, title=title, note=LEGEND)


def _worst_table(cells: pl.DataFrame) -> Table:
    worst = cells.filter("default").sort("coverage").head(WORST)
    fields: list[Field[dict[str, Any]]] = [
        Field("method", lambda row: row["method"], align="left"),
        Field("scenario", world_text, align="left"),
        Field("coverage", lambda row: f"{100 * row['coverage']:.1f}%"),
        Field("width", lambda row: f"{row['width']:.3f}"),
    ]
    return tabled(worst.iter_rows(named=True), fields, title="Scenarios in which the defaults cover worst")


def world_text(row: dict[str, Any]) -> str:
    """Return a description of a scenario: `20 clusters of 50 (dominant), rate 0.02, ICC 0.5`."""
    known = {name: value for name, value in row.items() if value is not None}
    size, sizes = known.get("cluster_size", 1), known.get("sizes", "equal")
    unequal = f" ({sizes})" if sizes != "equal" else ""
    parts = [
        f"{row['n_clusters']:,} questions"
        if size == 1
        else f"{row['n_clusters']:,} clusters of {size}{unequal}"
    ]
    words = {
        "p": "rate",
        "discordance": "discordant",
        "effect": "difference",
        "icc": "ICC",
        "item_icc": "ICC of attempts",
    }
    parts += [f"{word} {known[name]:.3g}" for name, word in words.items() if known.get(name)]
    parts += [f"{known['score']}"] if "score" in known else []
    parts += [f"pool of {known['pool']:,}, correlation {known['correlation']:g}"] if "pool" in known else []
    if known.get("attempts", "1") != "1":
        parts.append(f"{known['attempts']} attempts")
    parts += [known[name] for name in ("family", "world") if name in known]
    parts += [
        f"{word} {known[name]:g}"
        for name, word in (("slope", "slopes"), ("luck", "shared luck"))
        if name in known
    ]
    parts += [known["shape"]] if known.get("shape", "beta") != "beta" else []
    parts += ["weights"] if known.get("weights") else []
    return ", ".join(parts)
