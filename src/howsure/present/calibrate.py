"""How a calibration is said and tabled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from howsure.present.document import Column, Document, Table, opening
from howsure.wording import level_text, plural

if TYPE_CHECKING:
    import polars as pl

    from howsure.answers.calibrate import Calibration

WORST = 10


KINDS = {
    "mean": "Intervals of a score",
    "difference": "Intervals of a difference",
    "fixed mean": "Intervals of a score on exactly these items",
    "fixed difference": "Intervals of a difference on exactly these items",
    "adjusted mean": "Intervals of a score adjusted by a covariate",
    "answer variance": "Intervals of the answers' variance",
    "question variance": "Intervals of the questions' variance",
    "between variance": "Intervals of the clusters' variance",
}
"""What is asked of methods, in the order in which it is shown."""


LEGEND = "* what you get without asking; least, mean: coverage; no bar: samples without an error bar; broken: promises"


def document(answer: Calibration) -> Document:
    """Return how many promises were kept, every method's coverage, and the worst cells of the defaults."""
    blocks = opening(verdict(answer))
    for kind, title in KINDS.items():
        part = answer.cells.filter(kind=kind)
        if len(part):
            blocks.append(_methods_table(part, f"{title}, {level_text(answer.level)}"))
            blocks += [_worst_table(part)] if part["default"].any() else []
    return Document(blocks=tuple(blocks))


def verdict(answer: Calibration) -> str:
    """Say how many promises were kept."""
    promised = answer.cells["kept"].drop_nulls()
    cells, free = len(answer.cells), len(answer.cells) - len(promised)
    kept = f"{int(promised.sum()):,} of {plural(len(promised), 'promise')} kept"
    rest = f"; {free:,} of these are without one." if free else "."
    return f"{kept}, in {plural(cells, 'cell')} of world and method{rest}"


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
    columns = (
        Column(name="method", align="left"),
        Column(name="worlds"),
        Column(name="least"),
        Column(name="mean"),
        Column(name="under 93 %"),
        Column(name="width"),
        Column(name="no bar", priority=5),
        Column(name="broken"),
    )
    rows = tuple(
        (
            row["method"] + (" *" if row["default"] else ""),
            f"{row['cells']:,}",
            f"{100 * row['least']:.1f} %",
            f"{100 * row['mean']:.1f} %",
            f"{row['low']:,}",
            f"{row['width']:.3f}",
            f"{100 * row['refused']:.1f} %",
            f"{row['broken']:,}",
        )
        for row in found.sort("default", "mean", descending=True).iter_rows(named=True)
    )
    return Table(columns=columns, rows=rows, title=title, note=LEGEND)


def _worst_table(cells: pl.DataFrame) -> Table:
    worst = cells.filter("default").sort("coverage").head(WORST)
    columns = (
        Column(name="method", align="left"),
        Column(name="world", align="left"),
        Column(name="coverage"),
        Column(name="width"),
    )
    rows = tuple(
        (row["method"], world_text(row), f"{100 * row['coverage']:.1f} %", f"{row['width']:.3f}")
        for row in worst.iter_rows(named=True)
    )
    return Table(columns=columns, rows=rows, title="The worst worlds of the defaults")


def world_text(row: dict[str, Any]) -> str:
    """Say what a world is like: `20 clusters of 50 (dominant), rate 0.02, ICC 0.5`."""
    known = {name: value for name, value in row.items() if value is not None}
    size, sizes = known.get("cluster_size", 1), known.get("sizes", "equal")
    unequal = f" ({sizes})" if sizes != "equal" else ""
    parts = [f"{row['n_clusters']:,} items" if size == 1 else f"{row['n_clusters']:,} clusters of {size}{unequal}"]
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
    parts += [known["shape"]] if known.get("shape", "beta") != "beta" else []
    parts += ["weights"] if known.get("weights") else []
    return ", ".join(parts)
