"""The probability of the right answer from lm-eval's log-likelihoods, and reading with and without probabilities."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax

import howsure as hs
from howsure.readers import lm_eval
from howsure.readers.base import Source
from reader_cases import SHARED, codes, lines, scores

FIXTURES = Path(__file__).parents[1] / "fixtures"
SAMPLES = "samples_law_2025-03-03T00-05-12.300060.jsonl"
REAL = [
    *sorted((FIXTURES / "lm_eval").rglob("samples_*.json*")),
    *sorted((SHARED / "raw" / "lm_eval").glob("*samples_*.json*")),
]
NAN, INF = float("nan"), float("inf")


def asked(source):
    return Source(path=source.path, root=source.root, probabilities=True)


def row(name, lls, target="0", choices=None, **more):
    """Return one multiple choice sample as lm-eval 0.4.13 writes it."""
    texts = choices if isinstance(choices, list) else [f"c{k}" for k in range(len(lls))]
    arguments = {f"gen_args_{k}": {"arg_0": "?", "arg_1": f" {text}"} for k, text in enumerate(texts)}
    pairs = [[str(ll), "False"] for ll in lls]
    return {
        "doc_id": name,
        "doc": {"question": "?"} | ({"choices": choices} if choices is not None else {}),
        "target": target,
        "arguments": arguments,
        "resps": [[pair] for pair in pairs],
        "filtered_resps": pairs,
        "filter": "none",
        "metrics": ["acc"],
        "doc_hash": str(name),
        "acc": more.pop("acc", 1.0),
        **more,
    }


def choices(write, *rows, **results):
    if results:
        write(SAMPLES.replace("samples_law", "results").removesuffix("l"), {"results": {}, **results})
    return lm_eval.read(asked(write(SAMPLES, lines(list(rows)))))


def prob(reading, item, metric="prob"):
    return scores(reading)[item, 0, metric]


# --- lm-eval


@pytest.mark.parametrize("lls", [[-1.0, -2.0, -3.5], [-1700.0, -1745.0, -1900.0], [0.0, -1e-9], [-2.5] * 30])
def test_prob_is_the_softmax_of_the_choices(write, lls):
    for k in range(len(lls)):
        reading = choices(write, row("a", lls, str(k), acc=float(k == np.argmax(lls))))
        assert prob(reading, "a") == pytest.approx(softmax(lls)[k], rel=1e-12, abs=0)
        assert codes(reading) == ["model_from_path"]


def test_prob_norm_divides_by_the_characters_of_the_choice(write):
    lls, texts = [-4.0, -9.0, -6.5], ["yes", "not at all", "naïve"]
    reading = choices(write, row("a", lls, "1", texts, acc=0.0, acc_norm=1.0, metrics=["acc", "acc_norm"]))
    lengths = np.array([3, 10, 5])
    assert prob(reading, "a", "prob_norm") == pytest.approx(softmax(np.array(lls) / lengths)[1], rel=1e-12)
    assert reading.facts[0].finer == {"prob": "acc", "prob_norm": "acc_norm"}


@pytest.mark.parametrize(
    ("delimiter", "lengths"), [("", [4, 3]), (" ", [3, 2]), (None, [3, 2])], ids=["none", "blank", "unknown"]
)
def test_the_target_delimiter_does_not_count_in_the_length_of_a_choice(write, delimiter, lengths):
    results = {} if delimiter is None else {"configs": {"law": {"target_delimiter": delimiter}}}
    reading = choices(write, row("a", [-1.0, -2.0], "0", ["yes", "no"]), **results)
    assert prob(reading, "a", "prob_norm") == pytest.approx(softmax(np.array([-1.0, -2.0]) / lengths)[0])


def test_choices_given_as_letters_have_the_length_of_a_letter(write):
    sample = row("a", [-1.0, -2.0], "1", ["a long text", "b"], acc=0.0)
    sample["arguments"] = [["?", " A"], ["?", " B"]]
    reading = choices(write, sample)
    assert prob(reading, "a", "prob_norm") == prob(reading, "a")


def test_without_arguments_the_lengths_come_from_the_document(write):
    sample = {**row("a", [-1.0, -2.0], "0", ["ab", "abcd"]), "arguments": None}
    assert prob(choices(write, sample), "a", "prob_norm") == pytest.approx(softmax([-0.5, -0.5])[0])


def test_unknown_lengths_give_no_prob_norm(write):
    sample = {**row("a", [-1.0, -2.0]), "arguments": {}}
    assert {metric for _, _, metric in scores(choices(write, sample))} == {"acc", "prob"}


@pytest.mark.parametrize(
    ("target", "right"),
    [(2, 2), ("2", 2), ("sea", 1), (" sky ", 2), ("K1", 0), ("B", 1), ("[0, 2]", None), ([1], 1), (True, 1)],
)
def test_a_target_is_a_position_a_text_or_a_label(write, target, right):
    lls = [-3.0, -1.0, -2.0]
    listed = {"text": ["land", "sea", "sky"], "label": ["K1", "K2", "K3"]}
    reading = choices(write, row("a", lls, target, listed))
    expected = softmax(lls)[[0, 2]].sum() if right is None else softmax(lls)[right]
    assert prob(reading, "a") == pytest.approx(expected)


@pytest.mark.parametrize("target", [None, "", "land", "7", -1, "[0, 9]", "[0", {"a": 1}, 1.5, "9" * 5000, "²"])
def test_an_unusable_target_is_unscored_with_a_warning(write, target):
    reading = choices(write, row("a", [-1, -2, -3], target), row("b", [-1, -2, -3], "0"))
    assert prob(reading, "a") == "unscored"
    assert prob(reading, "b") == pytest.approx(softmax([-1, -2, -3])[0])
    assert reading.warnings[-1].code == "prob_unscored"
    assert "1 of 2 documents have no probability, since the target" in reading.warnings[-1].message


def test_a_target_text_shared_by_two_choices_is_unscored(write):
    assert prob(choices(write, row("a", [-1, -2, -3], "x", ["x", "x", "y"])), "a") == "unscored"


@pytest.mark.parametrize(("acc", "right"), [(1.0, 0), (0.0, 1)])
def test_acc_identifies_the_right_one_of_two_choices(write, acc, right):
    sample = row("a", [-1.0, -3.0], "the end of the sentence", acc=acc)
    for k, argument in enumerate(sample["arguments"].values()):
        argument |= {"arg_0": f"choice {k}", "arg_1": " the end of the sentence"}
    reading = choices(write, sample)
    assert scores(reading) == {("a", 0, "acc"): acc, ("a", 0, "prob"): pytest.approx(softmax([-1.0, -3.0])[right])}


@pytest.mark.parametrize("lls", [[NAN, -1], [INF, -1], [-INF, -INF], ["x", -1], [None, -1], [10**400, -1], ["", -1]])
def test_missing_log_likelihoods_are_unscored_with_a_warning(write, lls):
    sample = row("a", lls)
    sample["resps"] = [[[ll, False]] for ll in lls]
    reading = choices(write, sample, row("b", [-1, -2]))
    assert prob(reading, "a") == "unscored"
    assert prob(reading, "a", "prob_norm") == "unscored"
    assert reading.warnings[-1].message.endswith(
        "1 of 2 documents have no probability, since a log-likelihood is missing or not a number."
    )


def test_an_impossible_choice_has_probability_0(write):
    reading = choices(write, row("a", [-INF, -1.0], "0", acc=0.0), row("b", ["-inf", "-1"], "1"))
    assert (prob(reading, "a"), prob(reading, "b")) == (0.0, 1.0)


def test_an_empty_choice_has_probability_0_in_prob_norm(write):
    reading = choices(write, row("a", [-1.0, -2.0], "1", ["", "no"], acc=0.0))
    assert prob(reading, "a", "prob_norm") == 1.0


def test_several_filters_count_a_document_once(write):
    rows = [row("a", [-1.0, -2.0], filter=name) for name in ("strict", "lenient")]
    reading = choices(write, *rows)
    assert Counter(metric for _, _, metric in scores(reading))["prob"] == 1
    assert reading.rows["metric"].to_list().count("prob") == 1
    assert reading.facts[0].finer == {"prob": "acc,strict", "prob_norm": "acc,strict"}


def test_every_nesting_of_log_likelihoods_gives_the_same_probability(write):
    sample = row("a", [-1.0, -2.0])
    deeper = {**sample, "resps": [[[[-1.0, True]]], [[[-2.0, False]]]]}
    outer = {**sample, "resps": [[[-1.0, True], [-2.0, False]]], "filtered_resps": [[-1.0, True], [-2.0, False]]}
    read = [prob(choices(write, one), "a") for one in (sample, deeper, outer)]
    assert read == [pytest.approx(softmax([-1.0, -2.0])[0])] * 3


def test_extra_likelihoods_of_mutual_information_are_ignored(write):
    sample = row("a", [-1.0, -2.0, -7.0, -8.0], acc_mutual_info=1.0)
    assert prob(choices(write, sample), "a") == pytest.approx(softmax([-1.0, -2.0])[0])


def test_documents_with_one_choice_only_have_no_probability(write):
    only = choices(write, row("a", [-3.0]))
    assert set(scores(only)) == {("a", 0, "acc")}
    assert only.facts[0].finer == {}
    assert prob(choices(write, row("a", [-3.0]), row("b", [-1.0, -2.0])), "a") == 1.0


@pytest.mark.parametrize(
    "resps",
    [[["a text"]], [], None, "text", [["-1", "maybe"]], [[-1.0, True, 3]], [[[]]], [["a", "b"], ["c", "d"]], {}],
)
def test_generated_texts_have_no_probabilities(write, resps):
    reading = choices(write, {**row("a", [-1.0, -2.0]), "resps": resps, "filtered_resps": resps})
    assert set(scores(reading)) == {("a", 0, "acc")}
    assert reading.facts[0].finer == {}
    assert codes(reading) == ["model_from_path"]


def test_a_metric_that_disagrees_with_the_most_likely_choice_gives_a_warning(write):
    reading = choices(write, row("a", [-1.0, -2.0], "0", acc=0.3), row("b", [-1.0, -2.0], "0"))
    (warning,) = (warning for warning in reading.warnings if warning.code == "prob_differs")
    assert "for 1 of 2 documents acc isn't whether the most likely choice is right" in warning.message


def test_a_prob_metric_of_the_task_itself_is_kept(write):
    reading = choices(write, row("a", [-1.0, -2.0], prob=0.25, metrics=["acc", "prob"]))
    assert prob(reading, "a") == 0.25
    assert "prob" not in reading.facts[0].finer


def test_ten_thousand_choices_have_an_exact_softmax(write):
    lls = list(-np.arange(10_000) / 100)
    assert prob(choices(write, row("a", lls, "9999", acc=0.0)), "a") == pytest.approx(softmax(lls)[9999])


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_the_most_likely_choice_of_real_samples_agrees_with_acc(path):
    text = path.read_text(encoding="utf-8")
    rows = json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]
    reading = lm_eval.read(Source(path=path, root=path.parent, probabilities=True))
    if not isinstance(rows[0]["resps"][0][0], list):
        assert not {"prob", "prob_norm"} & set(reading.rows["metric"])
        return
    found = {metric: reading.rows.filter(metric=metric).select("doc_id", "score") for metric in ("prob", "prob_norm")}
    assert {metric: len(frame) for metric, frame in found.items()} == {"prob": len(rows), "prob_norm": len(rows)}
    for sample in rows:
        lls = np.array([float(pair[0][0]) for pair in sample["resps"]])
        lengths = [len(one["arg_1"].removeprefix(" ")) for one in sample["arguments"].values()]
        target, listed = sample["target"], sample["doc"]["choices"]
        right = listed.index(target) if target in listed and not target.isdigit() else int(target)
        for metric, grade, values in (("prob", "acc", lls), ("prob_norm", "acc_norm", lls / lengths)):
            got = found[metric].filter(doc_id=str(sample["doc_id"]))["score"].item()
            assert got == pytest.approx(softmax(values)[right], rel=1e-12)
            assert sample.get(grade, float(np.argmax(values) == right)) == float(np.argmax(values) == right)
    assert "prob_differs" not in codes(reading)


@pytest.mark.parametrize("folder", ["inspect", "lm_eval"])
def test_probabilities_are_added_only_on_request(folder):
    plain, asked = hs.read(FIXTURES / folder), hs.read(FIXTURES / folder, probabilities=True)
    rest = asked.to_frame().filter(~asked.to_frame()["metric"].is_in(["prob", "prob_norm"]))
    assert plain.to_frame().sort(rest.columns).equals(rest.sort(rest.columns))
    assert not {"prob", "prob_norm"} & set(plain.to_frame()["metric"])
    assert len(asked.to_frame()) > len(rest)
    assert all(fact.finer == {} for fact in plain.facts)
    assert [warning for warning in asked.warnings if not warning.code.startswith("prob_")] == list(plain.warnings)
