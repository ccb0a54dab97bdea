"""One check each for counts, shares, levels, numbers, flags, seeds, names and words: they return plain values
or raise OptionError.

Every check takes the option's name and its value, and returns the value as plain Python: `numpy.int64(500)`
becomes 500, a list of names a tuple.
"""

from __future__ import annotations

import math
import numbers
import os
import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from os import PathLike
from typing import Any, get_args

from howsure.errors import OptionError

COUNT = re.compile(r"(\d{1,9})/(\d{1,9})")
"""A count instead of a file: 17/20."""
MOST = 10**9
"""The maximum count of items, models or draws."""
POINTS = "Write 0.01 for one percentage point, 0.92 for 92%."


def count(name: str, value: Any, *, least: int = 1) -> int:
    """Return a whole number of `least` or more."""
    remedy = f"Write a whole number, such as {max(least, 5)}."
    if not _is_whole(value) or value < least:
        raise OptionError(f"{said(name, value)} is not a whole number of {least} or more", remedy=remedy)
    if value > MOST:
        raise OptionError(f"{said(name, value)} is more than can be counted here", remedy=remedy)
    return int(value)


def seed(name: str, value: Any) -> int:
    """Return a whole number of 0 or more, used as the seed of all draws."""
    if not _is_whole(value) or value < 0:
        raise OptionError(
            f"{said(name, value)} is not a whole number of 0 or more",
            remedy="Write 0, or another whole number.",
        )
    return int(value)


def whole_scale(name: str, size: float) -> OptionError:
    """Return the error for a size as large as the scale of the scores, often one meant in points."""
    meant = size if 1 <= size < 100 else 2
    return OptionError(
        f"{name} {size:g} is the whole scale",
        remedy=f"Write {meant / 100:g} (or {meant:g}pp) for {meant:g} point{'' if meant == 1 else 's'}.",
    )


class Relative(float):
    """A margin as a share of the baseline's score. `of` converts it to score units."""

    def of(self, score: float) -> float:
        """Return the margin in score units."""
        return float(self) * abs(score)


class Points(float):
    """A size that was written in points or percent: for scores in [0, 1] only."""


RELATIVE = "%rel"
"""The ending of a relative margin: `1%rel` is a hundredth of the baseline's score."""


def number(name: str, value: Any, *, remedy: str = POINTS) -> float:
    """Return a finite number. Whole ones are unchanged. A share of a score isn't accepted."""
    if isinstance(value, Relative):
        raise OptionError(f"{name} is a size in score units, not a share of a score", remedy=remedy)
    if not _is_real(value) or not math.isfinite(value):
        raise OptionError(f"{said(name, value)} is not a number", remedy=remedy)
    return int(value) if _is_whole(value) else float(value)


def at_least(name: str, value: Any, *, least: float) -> float:
    """Return a finite number that isn't below the least."""
    found = number(name, value, remedy=f"Write {least:g} or more.")
    if found < least:
        raise OptionError(f"{said(name, value)} is below {least:g}", remedy=f"Write {least:g} or more.")
    return found


def positive(name: str, value: Any, *, remedy: str = "Write 0.01 for one percentage point.") -> float:
    """Return a finite number above 0."""
    size = number(name, value, remedy=remedy)
    if not size > 0:
        raise OptionError(f"{said(name, value)} is not above 0", remedy=remedy)
    return size


def margin(name: str, value: Any) -> float:
    """Return a margin in score units, or a relative one, which is written `1%rel`."""
    if isinstance(value, Relative):
        return value
    if not isinstance(value, str) or not value.endswith(RELATIVE):
        return positive(name, value)
    try:
        share = float(value.removesuffix(RELATIVE)) / 100
    except ValueError:
        share = math.nan
    if not 0 < share < 1:
        raise OptionError(
            f"{said(name, value)} is not a share of a score", remedy="Write 1%rel for a hundredth of it."
        )
    return Relative(share)


def published(name: str, value: Any) -> tuple[float, int | None]:
    """Return a published score and its number of questions: `58.7%/89`, `0.587/89`, 0.587 or (0.587, 89),
    with None for a number that isn't stated.
    """
    score, n = value if isinstance(value, tuple) and len(value) == 2 else (value, None)
    if isinstance(value, str):
        score, slash, questions = value.replace(" ", "").partition("/")
        n = int(questions) if questions.isdecimal() else questions if slash else None
        try:
            score = float(score.removesuffix("%")) / (100 if score.endswith("%") else 1)
        except ValueError:
            raise OptionError(f"{said(name, value)} is not a published score", remedy=PUBLISHED) from None
    found = number(name, score, remedy=PUBLISHED)
    return found, None if n is None else count(name, n)


PUBLISHED = "Write 58.7%/89: the score, and its number of questions if that is known."


@dataclass(frozen=True, slots=True, kw_only=True)
class EachFloor:
    """A floor for every single question: a share, and for a plain count its attempts."""

    share: float
    attempts: int | None = None

    @property
    def right(self) -> int:
        """The right attempts of a plain count."""
        return round(self.share * (self.attempts or 0))


def each_floor(name: str, value: Any) -> EachFloor:
    """Return a floor of every question: 0.8 or `80%` to test, `8/10` to count."""
    if isinstance(value, EachFloor):
        return value
    right, slash, attempts = str(value).replace(" ", "").partition("/")
    if slash:
        if not (right.isdecimal() and attempts.isdecimal() and 0 < int(right) <= int(attempts)):
            raise OptionError(f"{said(name, value)} is not a count of attempts", remedy="Write 8/10.")
        return EachFloor(share=int(right) / int(attempts), attempts=int(attempts))
    try:
        share = float(right.removesuffix("%")) / (100 if right.endswith("%") else 1)
    except ValueError:
        share = math.nan
    if not 0 < share < 1:
        raise OptionError(
            f"{said(name, value)} is not a share of attempts between 0 and 1",
            remedy="Write 80% to test the success probability, 8/10 for a plain count.",
        )
    return EachFloor(share=share)


def day(name: str, value: Any) -> date:
    """Return a date, which may be written as 2027-01-31."""
    try:
        return value if type(value) is date else date.fromisoformat(str(value))
    except ValueError:
        raise OptionError(f"{said(name, value)} is not a date", remedy="Write 2027-01-31.") from None


def ratio(name: str, value: Any) -> float:
    """Return a finite ratio above 0."""
    return positive(name, value, remedy="Write 1.1 for a tenth more.")


def policy(name: str, value: Any) -> Any:
    """Return the path of a policy, or its content as a dict. The content is checked when it is read."""
    if isinstance(value, Mapping) or (isinstance(value, (str, PathLike)) and str(value)):
        return value
    raise OptionError(
        f"{said(name, value)} is not a policy", remedy="Give the path of a TOML file, or a dict."
    )


def price(name: str, value: Any) -> float:
    """Return a finite number of 0 or more."""
    cost = number(name, value, remedy="Write 0.02 for two cents.")
    if cost < 0:
        raise OptionError(f"{said(name, value)} is below 0", remedy="Write 0.02 for two cents.")
    return cost


def share(name: str, value: Any, *, remedy: str = "Write 0.8 for 80%.") -> float:
    """Return a number strictly between 0 and 1."""
    if not _is_real(value) or not 0 < value < 1:
        raise OptionError(f"{said(name, value)} is not between 0 and 1", remedy=remedy)
    return float(value)


def right(name: str, value: Any) -> float:
    """Return an accuracy of at least 0.5 and below 1."""
    found = share(name, value)
    if found < 0.5:
        raise OptionError(f"{said(name, value)} is below chance", remedy="Write 0.8 for 80%.")
    return found


def fraction(name: str, value: Any) -> float:
    """Return a number from 0 to 1, both included."""
    found = number(name, value, remedy="Write 0.2.")
    if not 0 <= found <= 1:
        raise OptionError(f"{said(name, value)} is not a number from 0 to 1", remedy="Write 0.2.")
    return found


def shares(name: str, value: Any) -> tuple[float, ...]:
    """Return numbers strictly between 0 and 1. A single one becomes a tuple, and text is parsed: 50%,80%."""
    several = value.split(",") if isinstance(value, str) else _several(value) or [value]
    remedy = "Write 0.8 for 80%, or 50%,80%."
    try:
        numbers = [
            float(each.strip().removesuffix("%")) / (100 if each.strip().endswith("%") else 1)
            if isinstance(each, str)
            else each
            for each in several
        ]
    except ValueError:
        numbers = [value]
    return tuple(dict.fromkeys(share(name, each, remedy=remedy) for each in numbers))


def model_values(name: str, value: Any) -> Any:
    """Return a mapping from models to values, or the name of a file or column as text."""
    if isinstance(value, Mapping) and value:
        return value
    if not isinstance(value, (str, os.PathLike)) or not str(value):
        raise OptionError(
            f"{said(name, value)} is neither a mapping, a file nor a column",
            remedy="Give {model: value}, the path of a table with the columns model and value, or a column.",
        )
    return str(value)


def level(name: str, value: Any) -> float:
    """Return a confidence level, strictly between 0 and 1."""
    return share(name, value, remedy="Write 0.95 for 95%.")


def one_sided_level(name: str, value: Any) -> float:
    """Return a level of one-sided limits: above a half, since tossing a coin is right half of the time."""
    found = level(name, value)
    if found <= 0.5:
        raise OptionError(f"{said(name, value)} is not above chance", remedy="Write 0.95 for 95%.")
    return found


def flag(name: str, value: Any) -> bool:
    """Return True or False. NumPy values are accepted."""
    if not _is_flag(value):
        raise OptionError(f"{said(name, value)} is neither True nor False", remedy="Write True or False.")
    return bool(value)


def one_name(name: str, value: Any, *, remedy: str = "") -> str:
    """Return a text that isn't empty."""
    if not isinstance(value, str) or not value:
        raise OptionError(
            f"{said(name, value)} is not a name", remedy=remedy or "Write one text, such as 'a'."
        )
    return str(value)


def column_value(name: str, value: Any) -> tuple[str, str]:
    """Check a column and one of its values, written as COLUMN=VALUE."""
    column, equals, wanted = value.partition("=") if isinstance(value, str) else ("", "", "")
    if not (column and equals and wanted):
        raise OptionError(f"`{name}={value!r}` is not a column and a value", remedy="Write 'kind=anchor'.")
    return column, wanted


def side(name: str, value: Any) -> str:
    """Return a side of a comparison: a name, or a count such as (17, 20)."""
    return one_name(name, count_text(value), remedy="Write a model, a path, or a count such as '17/20'.")


def count_text(value: Any) -> Any:
    """Return a count (17, 20) as text, `17/20`, and anything else unchanged."""
    if isinstance(value, tuple) and len(value) == 2 and all(map(_is_whole, value)):
        return f"{value[0]}/{value[1]}"
    return value


def names(name: str, value: Any) -> tuple[str, ...]:
    """Return one text, or several, as a tuple. A set has no order, and is sorted."""
    if isinstance(value, str):
        return (one_name(name, value),)
    found = _several(value)
    if found is None or not all(isinstance(each, str) and each for each in found):
        raise OptionError(
            f"{said(name, value)} is neither a name nor a list of names", remedy="Write 'a', or ['a', 'b']."
        )
    return tuple(map(str, found))


SELECTOR = re.compile(r"(?:tag|commit|run):.+|since:.*|latest", re.DOTALL)
SINCE = "since:"


def selectors(name: str, value: Any) -> tuple[str, ...]:
    """Return the selectors of runs: `tag:…`, `commit:…`, `run:…`, `latest`, `since:7d`."""
    found = names(name, value)
    strange = next((each for each in found if not SELECTOR.fullmatch(each)), None)
    if strange is not None:
        raise OptionError(
            f"{said(name, strange)} doesn't select runs",
            remedy="Write tag:NAME, commit:1a2b3c, run:ID, latest or since:7d.",
        )
    return tuple(SINCE + age(name, each[len(SINCE) :]) if each.startswith(SINCE) else each for each in found)


def ids(name: str, value: Any) -> tuple[str, ...]:
    """Return the ids of items, texts or whole numbers, as texts."""
    found = _several(value)
    if found is None or not all(isinstance(each, str) or _is_whole(each) for each in found):
        raise OptionError(f"{said(name, value)} is not a list of items", remedy="Write ['q1', 'q2', 'q3'].")
    return tuple(map(str, found))


def _several(value: Any) -> list[Any] | None:
    """Return the elements of a list, an array, a column or a set, or None for anything else."""
    if isinstance(value, (str, bytes, bytearray, Mapping)) or not isinstance(value, Iterable):
        return None
    parts = list(value)
    return sorted(parts, key=str) if isinstance(value, AbstractSet) else parts


def named(name: str, value: Any) -> dict[str, tuple[str, ...]]:
    """Return a mapping of names to names: `{"model": ["model", "temperature"]}`."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise OptionError(
            f"{said(name, value)} is not a mapping of names", remedy=f"Write `{name}={{'model': 'name'}}`."
        )
    return {str(key): names(f"{name}[{key!r}]", each) for key, each in value.items()}


def groups(name: str, value: Any) -> dict[str, str]:
    """Return a mapping of texts to texts: the cluster of every item."""
    if not isinstance(value, Mapping) or not all(
        isinstance(each, str) for pair in value.items() for each in pair
    ):
        raise OptionError(
            f"{said(name, value)} is not a mapping of texts", remedy=f"Write `{name}={{'q1': 'passage 1'}}`."
        )
    return dict(value)


def pattern(name: str, value: Any) -> str:
    """Return a valid regular expression."""
    import re

    text = one_name(name, value, remedy=r"Write a regular expression, such as '^(\w+)-'.")
    try:
        re.compile(text)
    except re.error as error:
        raise OptionError(
            f"{said(name, value)} is not a regular expression ({error})", remedy="Correct the pattern."
        ) from None
    return text


def path(name: str, value: Any) -> str:
    """Return the path of a file as text."""
    if not isinstance(value, (str, os.PathLike)) or not str(value):
        raise OptionError(
            f"{name} must be the path of a table", remedy="Write your table to a .csv or .parquet file first."
        )
    return str(value)


def table(name: str, value: Any) -> Any:
    """Return the path of a table, or a data frame unchanged."""
    if isinstance(value, (str, os.PathLike)):
        return path(name, value)
    if not hasattr(value, "columns"):
        raise OptionError(
            f"{said(name, value)} is not a table", remedy="Give the path of a table, or a data frame."
        )
    return value


def word(name: str, value: Any, alias: Any) -> str:
    """Return one of the words of a Literal alias. An error suggests the nearest one."""
    words = get_args(alias)
    if isinstance(value, str) and value in words:
        return str(value)
    from difflib import get_close_matches

    near = get_close_matches(str(value), words, n=1) if isinstance(value, str) else []
    hint = f"Did you mean {near[0]!r}?" if near else f"Write `{name}={words[0]!r}`, or another of these."
    raise OptionError(f"{said(name, value)} is not one of {', '.join(map(repr, words))}", remedy=hint)


def bounds(name: str, value: Any) -> tuple[float, float]:
    """Return two finite numbers, the lower one first."""
    found = _several(value)
    if (
        found is None
        or len(found) != 2
        or not all(_is_real(each) and math.isfinite(each) for each in found)
        or not found[0] < found[1]
    ):
        raise OptionError(
            f"{said(name, value)} are not two numbers, the lower one first", remedy="Write (0, 100)."
        )
    return float(found[0]), float(found[1])


def counts(name: str, value: Any, *, least: int = 1) -> tuple[int, ...]:
    """Return whole numbers of at least `least`. A single one becomes a tuple, and text is parsed."""
    found = value.split(",") if isinstance(value, str) else [value] if _is_whole(value) else _several(value)
    try:
        whole = tuple(int(each) for each in found or () if isinstance(each, str) or _is_whole(each))
    except ValueError:
        whole = ()
    if not whole or len(whole) != len(found or ()) or min(whole) < least:
        raise OptionError(
            f"{said(name, value)} are not whole numbers of {least} or more", remedy="Write 8, or 8,5."
        )
    return whole


def failures_of_runs(name: str, value: Any) -> tuple[int, int]:
    """Return how many runs failed, and of how many."""
    found = _several(value)
    if (
        found is None
        or len(found) != 2
        or not all(map(_is_whole, found))
        or not 0 <= found[0] <= found[1]
        or not found[1]
    ):
        raise OptionError(f"{said(name, value)} isn't valid", remedy="Write failures and runs: (2, 500).")
    return int(found[0]), int(found[1])


def instance(name: str, value: Any, kind: type, *, remedy: str) -> Any:
    """Return an object of a class."""
    if not isinstance(value, kind):
        raise OptionError(f"{said(name, value)} is no {kind.__name__}", remedy=remedy)
    return value


def callback(name: str, value: Any) -> Any:
    """Return a callable."""
    if not callable(value):
        raise OptionError(
            f"{said(name, value)} can't be called", remedy=f"Leave {name} out, or give a function."
        )
    return value


def mapping(name: str, value: Any) -> Any:
    """Return a path, a dict, or a list of these. Their content is checked when it is read."""
    several = value if isinstance(value, (list, tuple)) else [value]
    if not all(isinstance(each, (str, PathLike, dict)) for each in several):
        raise OptionError(
            f"{said(name, value)} is not a mapping", remedy="Give the path of a TOML file, or a dict."
        )
    return value or None


def said(name: str, value: Any) -> str:
    """Show the given value, cut if it is long."""
    shown = repr(value)
    return f"`{name}={shown if len(shown) <= 80 else shown[:77] + '…'}`"


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool) or (
        type(value).__name__ in ("bool", "bool_") and type(value).__module__ == "numpy"
    )


def _is_whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not _is_flag(value)


def _is_real(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not _is_flag(value)


AGE = re.compile(r"(\d{1,4}(?:\.\d{1,3})?)\s*([mhdw])")
"""An age: a number, and the first letter of its unit."""


def age(name: str, value: Any) -> str:
    """Return an age as it is written: a number of minutes, hours, days or weeks."""
    if isinstance(value, str) and AGE.fullmatch(value.strip().lower()):
        return value.strip().lower()
    raise OptionError(f"{said(name, value)} is not an age", remedy="Write 7d, 12h, 90m or 2w.")


POINTS_IN = {"in": 72.0, "cm": 72 / 2.54, "mm": 72 / 25.4, "pt": 1.0, "px": 0.75}
"""Points (1/72 inch) per unit of length. A pixel is that of CSS, 1/96 inch."""


def length(name: str, value: Any) -> float:
    """Return a length in points: `5.5in`, `14cm`, `396pt`, `528px`.

    >>> length("width", "5.5in")
    396.0
    """
    remedy = "Write it with its unit: 5.5in, 14cm, 396pt or 528px."
    found = (
        re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*(in|cm|mm|pt|px)\s*", value) if isinstance(value, str) else None
    )
    points = float(found[1]) * POINTS_IN[found[2]] if found else 0.0
    if not 0 < points < MOST:
        raise OptionError(f"{said(name, value)} is not a length", remedy=remedy)
    return points


ADDRESS = re.compile(r"https?://[^\s/?#@]+([/?#][^\s]*)?", re.IGNORECASE)
"""The address of a page: on the web, without a password."""


def lesson(name: str, value: Any) -> str:
    """Return the address of a lesson, or its path beside a page: letters, digits, `.`, `_`, `-` and `/`."""
    if isinstance(value, str) and re.fullmatch(r"[\w.-]+(/[\w.-]+)*\.html", value):
        return value
    return address(name, value, remedy="Write https://example.org/lesson.html, or ../lesson.html.")


def address(name: str, value: Any, *, remedy: str = "Write https://example.org/report.html.") -> str:
    """Return a web address: http or https, without a name or a password in it, and without the part after a
    #.

    >>> address("url", "https://example.org/runs/page.html")
    'https://example.org/runs/page.html'
    """
    if not isinstance(value, str) or not value.isprintable() or not ADDRESS.fullmatch(value) or "#" in value:
        raise OptionError(f"{name} is not a web address without a password", remedy=remedy)
    return value
