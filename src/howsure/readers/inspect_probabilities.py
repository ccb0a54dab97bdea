"""Inspect's token log-probabilities: the probability of the right answer, if that is one token.

Only full samples contain them. `prob` is the probability of the target's token at the answer, and `prob_norm`
the same among the letters of the choices. An API lists a few likely tokens only. A target that isn't listed
is less likely than each of them, and counts as 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from howsure.errors import ResultWarning
from howsure.readers.base import PROB, PROB_NORM, Source
from howsure.readers.inspect_scores import Samples, score_frame
from howsure.readers.parsing import parse_json
from howsure.readers.zipped import first_member, open_archive

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import polars as pl

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ROUNDING = 1e-3
"""The largest excess of a log-probability over 0 that is due to rounding. Larger values are invalid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAnswer:
    """The result of one sample's tokens: probabilities, or None if unknown, and its problems.

    `bound`: an upper bound for the target's probability if it isn't listed, else None. `long`: the answer has
    more than one word. `lettered`: the sample is multiple choice.
    """

    prob: float | None = None
    norm: float | None = None
    bound: float | None = None
    long: bool = False
    lettered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenProbabilities:
    """Rows with the probability of the right answer, the metric that each refines, and the messages about
    them.
    """

    frames: Sequence[pl.DataFrame] = ()
    refined: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[ResultWarning] = ()

    def below(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of a log with these below them."""
        import polars as pl

        return pl.concat([rows, *self.frames], how="diagonal_relaxed") if self.frames else rows


def probabilities(
    source: Source, header: Mapping[str, Any], samples: Sequence[dict[str, Any]], metrics: Sequence[str]
) -> TokenProbabilities:
    """Compute the probability of the right answer from the full samples of a log, or nothing if none has
    tokens.

    `samples` are the rows that the log's scores come from, `metrics` those scores, the one to refine first.
    """
    answers = {
        _key(sample): answer
        for sample in _full_samples(source, samples)
        if (answer := read_answer(sample, metrics[0])) is not None
    }
    if not answers:
        return TokenProbabilities()
    if _is_shuffled(header):
        shuffled_warning = ResultWarning(
            code="prob_unscored",
            message=f"{source.name}: the solver shuffled the choices, so the letter of a token is not that "
            "of the target: no probabilities.",
            remedy="Shuffle in the dataset instead (shuffle_choices), which moves the target as well.",
        )
        return TokenProbabilities(warnings=(shuffled_warning,))
    spec = header["eval"]
    frames = {}
    for metric in (m for m in (PROB, PROB_NORM) if m not in metrics):
        table = _table(samples, answers, metric, spec)
        if table is not None:
            frames[metric] = score_frame(table, task=spec["task"], model=spec["model"], source=source.name)
    missing = sum(1 for sample in samples if _key(sample) not in answers and not sample.get("error"))
    return TokenProbabilities(
        frames=tuple(frames.values()),
        refined=dict.fromkeys(frames, metrics[0]),
        warnings=tuple(_warnings([*answers.values()], missing, source.name)),
    )


def read_answer(sample: Mapping[str, Any], metric: str) -> TokenAnswer | None:
    """Read one full sample, or return None if it has no token log-probabilities. `metric` selects the
    scorer's answer.
    """
    # The tokens of the first completion that have a text.
    value: Any = sample.get("output")
    for step in ("choices", 0, "logprobs", "content"):
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and value else None
    tokens = value if isinstance(value, list) else []
    content = [token for token in tokens if isinstance(token, dict) and isinstance(token.get("token"), str)]
    if not content:
        return None
    choices = sample.get("choices")
    letters = _LETTERS[: len(choices)] if isinstance(choices, list) else ""
    answer = _stated_answer(sample, metric)
    # The last token that is the answer, else the first token if the answer is unknown or begins there.
    said = next((token for token in reversed(content) if answer and token["token"].strip() == answer), None)
    first = next((token for token in content if token["token"].strip()), None)
    answer_token = said or (
        first if first is not None and (not answer or answer.startswith(first["token"].strip())) else None
    )
    token, targets = answer_token, _targets(sample)
    if token is None or not targets or (letters and len(targets) > 1):
        return TokenAnswer(lettered=bool(letters))
    listed = _listed(token)
    found = _probability(listed, targets, said=token["token"].strip())
    return replace(
        found,
        norm=_among(listed, targets[0], letters) if letters else None,
        long=found.prob is not None and len(answer.split()) > 1,
        lettered=bool(letters),
    )


def _full_samples(source: Source, samples: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the samples that may contain log-probabilities, one at a time. In a JSON log they are loaded
    already.
    """
    if first_member(source.head) is None:
        yield from samples
        return
    with open_archive(source.path, where=source.name) as archive:
        for name in dict.fromkeys(archive.names):
            if name.startswith("samples/") and b'"logprob"' in (data := archive.read(name)):
                sample = parse_json(data, where=f"{source.name}, member {name!r}")
                if isinstance(sample, dict):
                    yield sample


def _key(sample: Mapping[str, Any]) -> tuple[str, object]:
    return str(sample.get("id")), str(sample.get("epoch"))


def _targets(sample: Mapping[str, Any]) -> list[str]:
    target = sample.get("target")
    texts = target if isinstance(target, list) else [target]
    return list(dict.fromkeys(text.strip() for text in texts if isinstance(text, str) and text.strip()))


def _stated_answer(sample: Mapping[str, Any], metric: str) -> str:
    """Return the answer that a metric's scorer extracted, or an empty text if it names none."""
    scores = sample.get("scores")
    scores = scores if isinstance(scores, dict) else {}
    score = scores.get(metric) or scores.get(metric.partition("/")[0])
    answer = score.get("answer") if isinstance(score, dict) else None
    return answer.strip() if isinstance(answer, str) else ""


def _listed(token: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Return the likely tokens at this place, with their probabilities, or nothing without alternatives."""
    top = token.get("top_logprobs")
    entries = [entry for entry in top if isinstance(entry, dict)] if isinstance(top, list) else []
    if not entries:
        return []
    if all(entry.get("token") != token["token"] for entry in entries):
        entries.append(dict(token))
    texts = [(entry.get("token"), _chance(entry.get("logprob"))) for entry in entries]
    return [(text.strip(), chance) for text, chance in texts if isinstance(text, str) and chance is not None]


def _chance(logprob: object) -> float | None:
    if isinstance(logprob, bool) or not isinstance(logprob, (int, float)) or not logprob <= _ROUNDING:
        return None
    return min(1.0, math.exp(logprob))


def _probability(listed: Sequence[tuple[str, float]], targets: Sequence[str], *, said: str) -> TokenAnswer:
    """Sum the tokens that match the target, or bound it by the least likely token in the log.

    The chosen token may be listed without being among the likely ones, so it bounds no other. If a likely
    token is the beginning of the target, its probability stays unknown.
    """
    if not listed:
        return TokenAnswer()
    hits = [chance for text, chance in listed if text in targets]
    if hits:
        return TokenAnswer(prob=min(1.0, math.fsum(hits)))
    others = [chance for text, chance in listed if text != said]
    begun = [chance for text, chance in listed if text and any(target.startswith(text) for target in targets)]
    if max(begun, default=0.0) > min(others, default=0.0):
        return TokenAnswer()
    rest = max(0.0, 1 - math.fsum(chance for _, chance in listed))
    return TokenAnswer(prob=0.0, bound=min([rest, *others]) + math.fsum(begun))


def _among(listed: Sequence[tuple[str, float]], target: str, letters: str) -> float | None:
    total = math.fsum(chance for text, chance in listed if text and text in letters and len(text) == 1)
    if target not in letters or len(target) != 1 or not total:
        return None
    return min(1.0, math.fsum(chance for text, chance in listed if text == target) / total)


def _table(
    samples: Sequence[dict[str, Any]],
    answers: Mapping[Any, TokenAnswer],
    metric: str,
    spec: Mapping[str, Any],
) -> Samples | None:
    """Lay out one metric: failed samples and those with tokens have a row. Return None if it applies to no
    sample.
    """
    empty = TokenAnswer(lettered=True)
    pairs = [(s, answers.get(_key(s), empty)) for s in samples if _key(s) in answers or s.get("error")]
    kept = [(sample, answer) for sample, answer in pairs if metric == PROB or answer.lettered]
    if not any(_key(sample) in answers for sample, _ in kept):
        return None
    values = [answer.prob if metric == PROB else answer.norm for _, answer in kept]
    return replace(
        Samples.of([sample for sample, _ in kept], expected=(), spec=spec), values={metric: values}
    )


def _is_shuffled(header: Mapping[str, Any]) -> bool:
    """Return whether the model saw the choices under letters other than the log's."""
    plan = header.get("plan")
    steps = plan.get("steps") if isinstance(plan, dict) else None
    named = [step.get("params") for step in steps or () if isinstance(step, dict)]
    return any(isinstance(params, dict) and params.get("shuffle") not in (None, False) for params in named)


def _warnings(answers: Sequence[TokenAnswer], missing: int, where: str) -> Iterator[ResultWarning]:
    """Count the omissions, and the probabilities assumed to be 0."""
    of = f"of {len(answers):,} samples"
    bounds = [answer.bound for answer in answers if answer.bound is not None]
    if bounds:
        yield ResultWarning(
            code="prob_cut",
            message=f"{where}: in {len(bounds):,} {of} the target isn't among the likely tokens "
            "in the log, so its "
            f"probability (at most {max(bounds):.2g}) counts as 0.",
            remedy="Request more of them: top_logprobs=20.",
        )
    if unknown := sum(
        1 for answer in answers if answer.prob is None or (answer.lettered and answer.norm is None)
    ):
        yield ResultWarning(
            code="prob_unscored",
            message=f"{where}: {unknown:,} {of} lack a probability: the target or the answer "
            "isn't one token, or the "
            "log lists no other tokens or letters there.",
            remedy="Request answers of one letter or short word, with top_logprobs.",
        )
    if long := sum(1 for answer in answers if answer.long):
        yield ResultWarning(
            code="prob_first_token",
            message=f"{where}: {long:,} {of} were answered in more than one word, of which the first counts.",
            remedy="Request one word or letter and nothing else.",
        )
    if missing:
        yield ResultWarning(
            code="prob_missing",
            message=f"{where}: {missing:,} samples have no log-probabilities and no row, but "
            f"{len(answers):,} do.",
            remedy="Run them again with logprobs=True.",
        )
