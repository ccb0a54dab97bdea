"""Changes between two models of a study: counts from its matrices, answers and stop reasons from the logs."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.flips import Cause, Flip, FlipCount, Flips
from howsure.errors import OptionError
from howsure.readers.transcripts import NO_LOG, TOO_LARGE, kept_stops, reread
from howsure.statistics.attempts import expected_flips
from howsure.statistics.question_rates import changed
from howsure.statistics.results import allowed
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from howsure.readers.transcripts import Reread, Transcript
    from howsure.statistics.question_rates import QuestionTests
    from howsure.study.matrix import ScoreMatrix
    from howsure.table.scores import Scores

    Place = tuple[str, str, str]
    """A model, a task and a question."""
    End = tuple[str, str, str, str]
    """The same, and the stop reason of an attempt."""

MOST_LISTED = 200
"""At most this many questions are listed. More are counted."""
MOST_LETTERS = 400
"""The number of characters kept of an answer."""
ANSWERED = frozenset({"", "stop", "tool_calls"})
"""Stop reasons that don't indicate a cause."""
SAME = 1e-9
SILENT = "the logs don't say"


def flipped(
    matrices: Sequence[ScoreMatrix], scores: Scores, before: str, after: str, *, level: float
) -> Flips:
    """Return which questions regressed and improved from one model to the other, with answers and stop
    reasons from the logs, and with several attempts whether a question changed significantly.
    """
    if any(matrix.of_metric is not None for matrix in matrices):
        raise OptionError(
            "`flips` and `statistic` can't be combined: a metric has no score for each question",
            remedy="Leave one of the two out.",
        )
    tests = [_tests(matrix, before, after) for matrix in matrices]
    found = [
        flip
        for matrix, test in zip(matrices, tests, strict=True)
        for flip in _flips(matrix, before, after, test)
    ]
    found.sort(
        key=lambda flip: (
            not flip.regressed,
            -abs(flip.after - flip.before),
            flip.task,
            flip.metric,
            flip.item,
        )
    )
    listed = found[:MOST_LISTED]
    texts = _LogTexts.of(scores, found, listed, (before, after))
    return Flips(
        before=before,
        after=after,
        n_unlisted=len(found) - len(listed),
        stops_unknown=texts.stops_unknown,
        texts_unknown=texts.unknown,
        counts=tuple(
            _count(matrix, before, after, test, level) for matrix, test in zip(matrices, tests, strict=True)
        ),
        causes=tuple(texts.causes(before, after)),
        items=tuple(texts.told(flip, before, after) for flip in listed),
    )


def _change(matrix: ScoreMatrix, before: str, after: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return how much better each item got (n,), NaN unless both models have a score."""
    one, two = matrix.values[:, matrix.column(before)], matrix.values[:, matrix.column(after)]
    return np.asarray(matrix.orientation * (two - one))


def _tests(matrix: ScoreMatrix, before: str, after: str) -> QuestionTests | None:
    """Test each item alone (n,). None if scores aren't right or wrong, or most items have one attempt."""
    a, b = matrix.column(before), matrix.column(after)
    if not matrix.is_repeated()[[a, b]].all():
        return None
    shared = np.isfinite(_change(matrix, before, after))
    right, attempts = np.where(shared, matrix.successes().T, 0), np.where(shared, matrix.attempts.T, 0)
    return changed((right[a], right[b]), (attempts[a].astype(np.int64), attempts[b].astype(np.int64)))


def _flips(matrix: ScoreMatrix, before: str, after: str, tests: QuestionTests | None) -> Iterator[Flip]:
    change = _change(matrix, before, after)
    for place in np.flatnonzero(np.abs(np.nan_to_num(change)) > SAME):
        yield Flip(
            task=matrix.task,
            metric=matrix.metric,
            item=str(matrix.items[place]),
            before=float(matrix.values[place, matrix.column(before)]),
            after=float(matrix.values[place, matrix.column(after)]),
            regressed=bool(change[place] < 0),
            p_value=math.nan if tests is None else float(tests.p[place]),
            p_adjusted=math.nan if tests is None else float(tests.adjusted[place]),
        )


def _count(
    matrix: ScoreMatrix, before: str, after: str, tests: QuestionTests | None, level: float
) -> FlipCount:
    change = _change(matrix, before, after)
    broke, fixed = rerun_flips(matrix, before, after)
    return FlipCount(
        task=matrix.task,
        metric=matrix.metric,
        n_items=int(np.isfinite(change).sum()),
        n_regressed=int((change < -SAME).sum()),
        n_improved=int((change > SAME).sum()),
        rerun_regressed=broke,
        rerun_improved=fixed,
        n_significant=None if tests is None else int((tests.adjusted <= allowed(level)).sum()),
        percent=matrix.bounded,
    )


def rerun_flips(matrix: ScoreMatrix, before: str, after: str) -> tuple[float, float]:
    """Return how many questions would regress and improve between two runs of the first model, NaN if its
    attempts don't show this.

    They do if scores are right or wrong and most questions were attempted more than once.
    """
    a, b = matrix.column(before), matrix.column(after)
    shared = np.isfinite(_change(matrix, before, after))
    attempts, others = (
        matrix.attempts[shared, a].astype(np.int64),
        matrix.attempts[shared, b].astype(np.int64),
    )
    if matrix.derived or not matrix.right_or_wrong()[a] or not len(attempts) or np.mean(attempts > 1) <= 0.5:
        return math.nan, math.nan
    right = matrix.successes()[shared, a]
    lower = expected_flips(right, attempts, attempts, others)
    higher = expected_flips(right, attempts, others, attempts)
    return (higher, lower) if matrix.lower_is_better else (lower, higher)


@dataclass(frozen=True, slots=True, kw_only=True)
class _LogTexts:
    """The logs' data other than scores: transcripts of the listed questions, and how all attempts ended."""

    transcripts: Mapping[Place, list[Transcript]] = field(default_factory=dict)
    ends: Mapping[str, Counter[str]] = field(default_factory=dict)
    ends_changed: Mapping[str, Counter[str]] = field(default_factory=dict)
    unknown: str = ""
    stops_unknown: str = ""

    @classmethod
    def of(
        cls, scores: Scores, found: Sequence[Flip], listed: Sequence[Flip], sides: tuple[str, str]
    ) -> _LogTexts:
        """Read the logs of both models again: entirely, if they are within the size limit, otherwise only the
        listed questions.
        """
        tasks = {flip.task for flip in found}
        mine = [entry for entry in scores.runs if entry.model in sides and entry.task in tasks]
        if not found or not mine:
            return cls(unknown=NO_LOG if found else "", stops_unknown=NO_LOG if found else "")
        read = list(reread(mine))
        ends, stops_unknown = _ends(read, scores, sides)
        if all(each.reason == TOO_LARGE for each in read):
            wanted: dict[str, set[str]] = {}
            for flip in listed:
                wanted.setdefault(flip.task, set()).add(flip.item)
            read = list(reread(mine, wanted))
        changed, kept = ({(flip.task, flip.item) for flip in flips} for flips in (found, listed))
        return cls(
            transcripts=_transcripts(read, kept),
            ends=_counted(ends),
            ends_changed=_counted(end for end in ends if end[1:3] in changed),
            unknown=_reason(read),
            stops_unknown=stops_unknown,
        )

    def causes(self, before: str, after: str) -> list[Cause]:
        """Return the stop reasons that are causes, the one with the largest change first."""
        ends = {stop for count in self.ends.values() for stop in count} - ANSWERED
        found = [
            Cause(
                stop=stop,
                before=_share(self.ends, before, stop),
                after=_share(self.ends, after, stop),
                before_changed=_share(self.ends_changed, before, stop),
                after_changed=_share(self.ends_changed, after, stop),
            )
            for stop in ends
        ]
        return sorted(found, key=lambda cause: (-abs(np.nan_to_num(cause.after - cause.before)), cause.stop))

    def told(self, flip: Flip, before: str, after: str) -> Flip:
        """Return the same with an attempt of each model that shows it: the best of the better model, the
        worst of the other.
        """
        one = self._shown(flip, before, best=flip.regressed)
        two = self._shown(flip, after, best=not flip.regressed)
        if one is None and two is None:
            return flip
        target = next((each.target for each in (one, two) if each is not None and each.target), "")
        return replace(
            flip,
            target=target[:MOST_LETTERS],
            answer_before="" if one is None else one.answer[:MOST_LETTERS],
            answer_after="" if two is None else two.answer[:MOST_LETTERS],
            stop_before="" if one is None else one.stop,
            stop_after="" if two is None else two.stop,
        )

    def _shown(self, flip: Flip, side: str, *, best: bool) -> Transcript | None:
        """Return the attempt of a model that shows a flip. One without a score counts as the worse."""
        every = self.transcripts.get((side, flip.task, flip.item), [])
        mine = [
            each for each in every if flip.metric in each.scores
        ] or every  # a rule over attempts has its own name
        up = (flip.after > flip.before) != flip.regressed  # larger is better
        if not mine:
            return None

        def worth(each: Transcript) -> float:
            """Return the score of an attempt, reversed if needed so that more is better. An attempt without
            one has the lowest.
            """
            score = each.scores.get(flip.metric)
            return -math.inf if score is None else score if up else -score

        return max(mine, key=worth) if best else min(mine, key=worth)


def _ends(read: Sequence[Reread], scores: Scores, sides: Sequence[str]) -> tuple[list[End], str]:
    """Return how every attempt ended, from its log or from its row, or nothing and the reason, if unknown for
    some model.
    """
    ends = [
        (each.entry.model, each.entry.task, transcript.item, transcript.stop)
        for each in read
        for transcript in each.transcripts
    ]
    ends += [end for end in kept_stops(scores) if end[0] in sides]
    known = {model for model, _, _, stop in ends if stop}
    lacking = [each for each in read if each.entry.model not in known]
    if not lacking and known:
        return ends, ""
    return [], _reason(lacking) or SILENT


def _counted(ends: Iterable[End]) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    for model, _, _, stop in ends:
        counts.setdefault(model, Counter())[stop] += 1
    return counts


def _transcripts(read: Iterable[Reread], kept: Container[tuple[str, str]]) -> dict[Place, list[Transcript]]:
    found: dict[Place, list[Transcript]] = {}
    for each in read:
        for transcript in each.transcripts:
            if (each.entry.task, transcript.item) in kept:
                found.setdefault((each.entry.model, each.entry.task, transcript.item), []).append(transcript)
    return found


def _share(counts: Mapping[str, Counter[str]], side: str, stop: str) -> float:
    count = counts.get(side)
    return count[stop] / count.total() if count else math.nan


def _reason(read: Iterable[Reread]) -> str:
    """Return why some logs couldn't be read again, "" if all could."""
    return listing(list(dict.fromkeys(each.reason for each in read if each.reason)))
