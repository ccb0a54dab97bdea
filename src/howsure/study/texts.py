"""Texts as the numbers that metrics read: edit distances, and counts of word sequences."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from howsure.errors import DataError
from howsure.statistics.metrics.texts import CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from howsure.statistics.arrays import Floats

NEEDED = "pip install 'howsure[texts]'"


def edit_distances(label: pl.Series, prediction: pl.Series, *, characters: bool) -> tuple[Floats, Floats]:
    """Return how many words, or characters, of each prediction have to be changed, and those of the label.

    Words are separated by any blanks; case and punctuation count.
    """
    try:
        from rapidfuzz.distance import Levenshtein
    except ImportError:
        raise DataError("the edit distance of texts needs a package", remedy=NEEDED) from None
    pairs = [(_parts(one, characters), _parts(other, characters)) for one, other in _pairs(label, prediction)]
    errors = [Levenshtein.distance(right, said) for right, said in pairs]
    return np.array(errors, dtype=float), np.array([len(right) for right, _ in pairs], dtype=float)


def bleu_counts(label: pl.Series, prediction: pl.Series) -> Floats:
    """Return the counts of each text (r, 10): matching and all sequences of 1 to 4 words, and lengths."""
    try:
        from sacrebleu.metrics.bleu import BLEU
    except ImportError:
        raise DataError("bleu needs a package", remedy=NEEDED) from None
    bleu = BLEU(effective_order=True)
    found = [bleu.sentence_score(said, [right]) for right, said in _pairs(label, prediction)]
    return np.array([[*each.counts, *each.totals, each.sys_len, each.ref_len] for each in found], dtype=float)


def chrf_counts(label: pl.Series, prediction: pl.Series) -> Floats:
    """Return the counts of each text (r, 18): matching sequences of 1 to 6 characters, those of the
    prediction and those of the label, without blanks.

    As in sacrebleu, sequences of a length that the label doesn't have don't count.
    """
    found = np.zeros((len(label), 3, CHARACTERS))
    for row, (right, said) in zip(found, _pairs(label, prediction), strict=True):
        for k in range(CHARACTERS):
            one, other = (
                Counter(text[start : start + k + 1] for start in range(len(text) - k))
                for text in ("".join(right.split()), "".join(said.split()))
            )
            row[:, k] = (one & other).total(), other.total() if one else 0, one.total()
    return found.reshape(len(label), 3 * CHARACTERS)


COUNTS: Mapping[str, Callable[[pl.Series, pl.Series], Floats]] = {"bleu": bleu_counts, "chrf": chrf_counts}
"""What the metrics of texts count in each label and prediction."""


def _pairs(label: pl.Series, prediction: pl.Series) -> list[tuple[str, str]]:
    return [(one or "", other or "") for one, other in zip(label, prediction, strict=True)]


def _parts(text: str, characters: bool) -> Any:
    return text if characters else text.split()


def lists_of(column: pl.Series) -> pl.Series | None:
    """Return a column of lists of names, such as `["toxic", "insult"]`, as such, None for another one.

    Texts are read if all of them are lists of JSON or Python.
    """
    if isinstance(column.dtype, (pl.List, pl.Array)):
        return column.cast(pl.List(pl.String), strict=False)
    if column.dtype != pl.String or not column.drop_nulls().str.contains(r"^\s*\[.*\]\s*$").all():
        return None
    texts = column.drop_nulls().unique().to_list()
    try:
        found = [json.loads(text if '"' in text else text.replace("'", '"')) for text in texts]
    except (ValueError, RecursionError):
        return None
    if not texts:
        return None
    lists = {
        text: [str(part) for part in parts if part is not None]
        for text, parts in zip(texts, found, strict=True)
    }
    return pl.Series(column.name, [lists.get(text) for text in column], dtype=pl.List(pl.String))
