"""The report: one self-contained page of everything that scores show.

contents.py makes the answers, boards.py and pairs.py turn them into plain data, page.py puts them into one file with the
program of assets/. origin.py says how a page was made, and reads it back from one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from howsure.design import DesignOptions
    from howsure.document import Document
    from howsure.options import Adjustment, ComparisonMethod, IntervalMethod, Overall, Variance


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A page. `data`: what it shows at once, plain; `boards`: of each board the packed details; `still`: its tables as HTML.

    `told`: what is said beside the file: the verdict, and what was left out, guessed or doubtful in the data.
    """

    data: dict[str, Any]
    boards: tuple[str, ...]
    still: str
    told: Document

    @property
    def verdict(self) -> str:
        """One plain sentence about the overall board, the only one, or else the largest, which it names."""
        return str(self.data["verdict"])

    @property
    def html(self) -> str:
        """The page as one text."""
        return self.page()

    def page(self, *, live: bool = False) -> str:
        """Return the page; `live`: one that follows the server that it comes from."""
        from howsure.reporting.page import write_page

        return write_page(self.data, self.boards, self.still, live=live)

    def save(self, path: str | Path) -> None:
        """Write the page to a file."""
        Path(path).write_text(self.html, encoding="utf-8")

    def _repr_html_(self) -> str:
        """Show the page in a notebook, in a frame of its own."""
        import html

        source = html.escape(self.html, quote=True)
        return f'<iframe sandbox="allow-scripts" width="100%" height="800" srcdoc="{source}"></iframe>'


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
    from howsure.api import read
    from howsure.design import make_design
    from howsure.ranking import rank_options
    from howsure.reporting.contents import gather
    from howsure.reporting.making import make
    from howsure.reporting.origin import Origin

    design = make_design(options)
    asked = rank_options(
        design,
        "report",
        interval=interval,
        method=method,
        variance=variance,
        level=level,
        adjust=adjust,
        overall=overall,
        seed=seed,
    )
    scores = read(data, probabilities=design.score.kind == "prob")
    contents = gather(scores, design, asked)
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
    return make(contents, asked, Origin.of(contents, asked, command or _call(data, given)), title)


def _call(data: Any, given: Mapping[str, Any]) -> str:
    """Say how the page is made again from Python."""
    what = repr(str(data)) if isinstance(data, (str, Path)) else "data"
    usual = report.__kwdefaults__ or {}
    said = "".join(f", {name}={value!r}" for name, value in given.items() if value != usual.get(name))
    return f"howsure.report({what}{said})"
