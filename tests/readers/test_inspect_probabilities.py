"""The probability of the right answer from Inspect's token log-probabilities, on handmade logs and those of a real model."""

import json
import math
import sys
from collections import Counter
from pathlib import Path

import pytest

import howsure as hs
from howsure.readers import inspect_ai
from howsure.readers.base import Source
from reader_cases import codes, inspect_header, scores, zipped

FIXTURES = Path(__file__).parents[1] / "fixtures"
NAN = float("nan")


def prob(reading, item, metric="prob"):
    return scores(reading)[item, 0, metric]


def token(text, logprob=-0.1, **top):
    """Return one token of an Inspect log; keyword arguments are the likely tokens."""
    listed = [{"token": name, "logprob": value} for name, value in top.items()]
    return {"token": text, "logprob": logprob, "top_logprobs": listed or None}


def said(name, target, *content, answer=None, **more):
    """Return one full sample."""
    value = {"match": {"value": "C", "answer": answer}}
    output = {"choices": [{"message": {}, "logprobs": {"content": list(content)}}]}
    return {"id": name, "epoch": 1, "target": target, "scores": value, "output": output, **more}


def log(tmp_path, *samples, **header):
    """Write a log with summaries and full samples, and read it."""
    kept = ("id", "epoch", "target", "scores", "error", "metadata")
    members = {f"samples/{sample['id']}_epoch_{sample['epoch']}.json": sample for sample in samples}
    members["summaries.json"] = [{key: sample[key] for key in kept if key in sample} for sample in samples]
    members["header.json"] = inspect_header(dataset={"samples": len(samples)}, **header)
    return inspect_ai.read(Source(path=zipped(members, tmp_path / "a.eval"), root=tmp_path, probabilities=True))


def test_probabilities_of_all_spellings_of_the_target_are_summed(tmp_path):
    first = token("Paris", -1.0, **{"Paris": -1.0, " Paris": -2.0, "paris": -2.5, "Paris ": -4.0, "Rome": -5.0})
    reading = log(tmp_path, said("a", "Paris", first, answer="Paris"))
    assert prob(reading, "a") == pytest.approx(math.exp(-1) + math.exp(-2) + math.exp(-4))
    assert reading.facts[0].finer == {"prob": "match"}
    assert codes(reading) == []


def test_the_generated_token_counts_if_the_top_list_lacks_it(tmp_path):
    reading = log(tmp_path, said("a", "Paris", token("Paris", -3.0, Rome=-0.5, London=-1.0), answer="Paris"))
    assert prob(reading, "a") == pytest.approx(math.exp(-3))


def test_the_last_token_that_is_the_answer_counts(tmp_path):
    content = [token("B", -0.1, B=-0.1), token(" or"), token(" B", -0.7, **{" B": -0.7, " A": -0.9}), token(".")]
    reading = log(tmp_path, said("a", ["A"], *content, answer="B"))
    assert prob(reading, "a") == pytest.approx(math.exp(-0.9))


def test_without_an_answer_the_first_nonblank_token_counts(tmp_path):
    content = [token("\n", -0.1, x=-0.1), token("B", -0.7, B=-0.7, A=-0.9)]
    assert prob(log(tmp_path, said("a", "A", *content)), "a") == pytest.approx(math.exp(-0.9))


def test_probabilities_of_several_targets_are_summed(tmp_path):
    reading = log(tmp_path, said("a", ["UK", "Britain"], token("UK", -1.0, UK=-1.0, Britain=-1.5, France=-2.0)))
    assert prob(reading, "a") == pytest.approx(math.exp(-1) + math.exp(-1.5))


def test_a_target_missing_from_the_top_list_counts_as_0_with_a_warning(tmp_path):
    samples = [
        said("a", "Oslo", token("Rome", -0.5, Rome=-0.5, Bonn=-3.0)),
        said("b", "Oslo", token("Oslo", 0, Oslo=0)),
    ]
    reading = log(tmp_path, *samples)
    assert (prob(reading, "a"), prob(reading, "b")) == (0.0, 1.0)
    assert codes(reading) == ["prob_cut"]
    assert reading.warnings[0].message == (
        "a.eval: in 1 of 2 samples the target isn't among the likely tokens in the log, so its probability "
        "(at most 0.05) counts as 0."
    )


def test_the_bound_on_a_missing_target_ignores_an_unlikely_generated_token(tmp_path):
    reading = log(tmp_path, said("a", "Oslo", token("Nice", -9.0, Rome=-0.5, Bonn=-1.5, Nice=-9.0)))
    rest = 1 - math.exp(-0.5) - math.exp(-1.5) - math.exp(-9)
    assert f"at most {rest:.2g})" in reading.warnings[0].message


def test_a_listed_prefix_of_the_target_adds_to_the_bound(tmp_path):
    reading = log(tmp_path, said("a", "Oslo", token("Rome", -0.5, Rome=-0.5, O=-3.0)))
    assert prob(reading, "a") == 0.0
    assert f"at most {2 * math.exp(-3):.2g})" in reading.warnings[0].message


@pytest.mark.parametrize(
    "content",
    [
        token("So", -0.5, So=-0.5, Rome=-3.0),
        token("Rome", -0.5, Rome=-0.5, S=-1.5, Bonn=-3.0),
        token("Sofia", -0.5),
        token("Sofia", NAN, Sofia=NAN),
        token("Sofia", 5.0, Sofia=5.0),
        token("Sofia", "x", Sofia="x"),
        token("The", -0.5, Sofia=-1.0),
    ],
    ids=["begun", "begun likely", "no list", "nan", "above 0", "text", "answer elsewhere"],
)
def test_a_target_or_answer_that_is_not_one_token_is_unscored(tmp_path, content):
    reading = log(tmp_path, said("a", "Sofia", content, answer="in " * (content["token"] == "The")))
    assert prob(reading, "a") == "unscored"
    assert codes(reading) == ["prob_unscored"]


def test_an_answer_of_several_words_uses_the_first_token_with_a_warning(tmp_path):
    reading = log(tmp_path, said("a", "Oslo", token("It", -0.5, It=-0.5, Oslo=-3), token(" is"), answer="It is Oslo"))
    assert prob(reading, "a") == pytest.approx(math.exp(-3))
    assert codes(reading) == ["prob_first_token"]


def test_prob_norm_is_among_the_letters_of_the_choices(tmp_path):
    top = {" B": -1.0, "B": -3.0, " A": -2.0, " C": -1.5, " b": -1.2, " E": -2.2}
    reading = log(tmp_path, said("a", "B", token(" B", -1.0, **top), answer="B", choices=["w", "x", "y", "z"]))
    right = math.exp(-1) + math.exp(-3)
    assert prob(reading, "a") == pytest.approx(right)
    assert prob(reading, "a", "prob_norm") == pytest.approx(right / (right + math.exp(-2) + math.exp(-1.5)))
    assert reading.facts[0].finer == {"prob": "match", "prob_norm": "match"}


def test_choices_without_a_letter_as_answer_are_unscored(tmp_path):
    none = said("a", "B", token("The", -0.1, The=-0.1), choices=["x", "y"])
    both = said("b", ["A", "B"], token("A", -0.1, A=-0.1, B=-3), answer="A", choices=["x", "y"])
    reading = log(tmp_path, none, both)
    assert (prob(reading, "a"), prob(reading, "a", "prob_norm")) == (0.0, "unscored")
    assert (prob(reading, "b"), prob(reading, "b", "prob_norm")) == ("unscored", "unscored")
    assert "2 of 2 samples lack a probability" in reading.warnings[1].message


def test_shuffled_choices_have_no_probabilities(tmp_path):
    plan = {"steps": [{"solver": "multiple_choice", "params": {"shuffle": True}}]}
    reading = log(tmp_path, said("a", "B", token("B", -0.1, B=-0.1), choices=["x", "y"]), plan=plan)
    assert set(scores(reading)) == {("a", 0, "match")}
    assert codes(reading) == ["prob_unscored"]


def test_samples_without_logprobs_have_no_row_and_failed_ones_a_status(tmp_path):
    bare = [said(name, "x", output=output) for name, output in (("b", {}), ("c", {"choices": [{"logprobs": None}]}))]
    failed = {**said("d", "x", output={}), "error": {"message": "boom"}, "scores": {}}
    reading = log(tmp_path, said("a", "x", token("x", -0.1, x=-0.1), metadata={"m": 1}), *bare, failed)
    found = {item: value for (item, _, metric), value in scores(reading).items() if metric == "prob"}
    assert found == {"a": pytest.approx(math.exp(-0.1)), "d": "error"}
    assert codes(reading) == ["prob_missing"]
    alone = log(tmp_path, *bare)
    assert {metric for _, _, metric in scores(alone)} == {"match"}
    assert (codes(alone), alone.facts[0].finer) == ([], {})


@pytest.mark.parametrize(
    "output",
    [[], "x", {"choices": {}}, {"choices": [1]}, {"choices": [{"logprobs": {"content": [1, {"token": 2}]}}]}, None],
)
def test_a_malformed_output_gives_no_probability(tmp_path, output):
    note = {"logprob": 1}
    reading = log(tmp_path, said("a", "x", token("x", -0.1, x=-0.1)), said("b", "x", output=output, note=note))
    assert ("b", 0, "prob") not in scores(reading)


def test_malformed_and_very_many_tokens_are_tolerated(tmp_path):
    content = token("x", -0.1)
    content["top_logprobs"] = [None, 3, {"token": 5, "logprob": -1}, {"token": "x", "logprob": -0.2}] * 2
    many = [token("y", -1.0, y=-1.0)] * 20_000
    reading = log(tmp_path, said("a", "x", content, *many, answer="x"), said("b", [None, 3], content))
    assert prob(reading, "a") == 1.0
    assert prob(reading, "b") == "unscored"


def test_probabilities_are_read_from_a_json_log(write):
    sample = said("a", "x", token("x", -0.4, x=-0.4), epoch=2)
    source = write("a.json", {**inspect_header(), "samples": [sample]})
    assert scores(inspect_ai.read(Source(path=source.path, root=source.root, probabilities=True)))[
        "a", 1, "prob"
    ] == pytest.approx(math.exp(-0.4))


def fixture(name):
    """Return the reading of a real log, and its full samples as they are."""
    if sys.version_info >= (3, 14):
        import zipfile
    else:
        from backports.zstd import zipfile

    path = FIXTURES / "inspect" / name
    with zipfile.ZipFile(path) as archive:
        samples = [json.loads(archive.read(member)) for member in archive.namelist() if member.startswith("samples/")]
    return inspect_ai.read(Source(path=path, root=path.parent, probabilities=True)), samples


def test_probabilities_of_words_of_a_real_model_match_its_logprobs():
    reading, samples = fixture("words_logprobs.eval")
    found = scores(reading)
    for sample in samples:
        first = sample["output"]["choices"][0]["logprobs"]["content"][0]
        top = {entry["token"]: entry["logprob"] for entry in first["top_logprobs"]}
        expected = math.exp(top[sample["target"]]) if sample["target"] in top else 0.0
        got = found[sample["id"], sample["epoch"] - 1, "prob"]
        assert got == ("unscored" if sample["id"] == "w6" else pytest.approx(expected))
    assert Counter(metric for _, _, metric in found) == {"includes": 12, "prob": 12}
    assert codes(reading) == ["prob_cut", "prob_unscored"]
    assert reading.facts[0].finer == {"prob": "includes"}


def test_probabilities_of_letters_of_a_real_model_match_its_logprobs():
    reading, samples = fixture("letters_logprobs.eval")
    found = scores(reading)
    for sample in samples:
        if not sample["scores"]["choice"]["answer"]:
            continue
        content = sample["output"]["choices"][0]["logprobs"]["content"]
        place = next(one for one in content if one["token"] == f" {sample['scores']['choice']['answer']}")
        top = {entry["token"]: math.exp(entry["logprob"]) for entry in place["top_logprobs"]}
        letters = {letter: top.get(f" {letter}", 0.0) for letter in "ABCD"}
        assert found[sample["id"], 0, "prob"] == pytest.approx(letters[sample["target"]])
        norm = letters[sample["target"]] / sum(letters.values())
        assert found[sample["id"], 0, "prob_norm"] == pytest.approx(norm)
    assert Counter(metric for _, _, metric in found) == {"choice": 6, "prob": 6, "prob_norm": 6}


def test_without_probabilities_only_the_summaries_are_read(tmp_path):
    sample = said("a", "x", token("x", -0.1, x=-0.1))
    members = {"samples/a_epoch_1.json": b"{cut", "summaries.json": [sample], "header.json": inspect_header()}
    reading = inspect_ai.read(Source(path=zipped(members, tmp_path / "a.eval"), root=tmp_path))
    assert set(scores(reading)) == {("a", 0, "match")}


def test_logs_with_and_without_logprobs_are_combined(tmp_path):
    for name, content in (("one", token("x", -0.1, x=-0.1)), ("two", None)):
        sample = said("a", "x", *([content] if content else []))
        document = {**inspect_header(model=name, task_id=name), "samples": [sample]}
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    found = hs.read(tmp_path, probabilities=True)
    assert found.fact("words").finer == {"prob": "match"}
    assert found.to_frame().filter(metric="prob")["model"].to_list() == ["one"]
