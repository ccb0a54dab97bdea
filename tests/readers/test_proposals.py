"""For a file of unknown format, the proposed mapping gives the right scores unchanged, or marks what to check with `# change me`."""

import csv
import json
import random
import tomllib
from collections import defaultdict
from typing import Any

import pytest

import howsure
from howsure.readers.mapping.proposing import CHANGE

pytestmark = pytest.mark.once

DRAW = random.Random(7)
YES_NO = [DRAW.random() < 0.6 for _ in range(600)]
SHARES = [round(DRAW.random(), 2) for _ in range(600)]
LONG = "The answer, after some thought about the question and its premises, is {}"
Rows = list[dict[str, Any]]


def means(values):
    """Return each model's mean."""
    by_model = defaultdict(list)
    for model, value in values:
        by_model[model].append(float(value))
    return {model: sum(found) / len(found) for model, found in by_model.items()}


def table(rows, *names):
    """Return the mean of each of these columns."""
    return means((name, row[name]) for row in rows for name in names if row[name] not in ("-", None))


WIDE = [
    {"id": 1000 + k, "gpt-4o": SHARES[k], "llama-3": SHARES[60 + k], "qwen": SHARES[120 + k], "date": f"2025-01-{k:02}"}
    for k in range(1, 29)
]
MANY = [
    {"qid": k, **{f"model-{j}": "-" if (j + k) % 9 == 0 else SHARES[20 * k + j] for j in range(20)}} for k in range(25)
]
WORDS = [{"question_no": k, "gpt": YES_NO[k], "claude": YES_NO[50 + k], "n_tokens": 3 + k} for k in range(40)]
VERDICTS = [
    {"case": f"c{k}", "llm": m, "verdict": "pass" if YES_NO[2 * k + (m == "b")] else "FAIL", "seconds": 3.5}
    for k in range(40)
    for m in "ab"
]
SEEDS = [{"case_id": c, "seed": s, "accuracy": SHARES[3 * c + s]} for c in range(20) for s in range(3)]
BENCH = [
    {"benchmark": t, "id": k, "llm": m, "exact_match": int(YES_NO[k + (m == "p")])}
    for t in ("x", "y")
    for m in ("p", "q")
    for k in range(20)
]
YES = {m: {f"q{k}": YES_NO[k + 7 * (m == "b")] for k in range(30)} for m in "ab"}
LISTS = {f"q{k}": [int(YES_NO[5 * k + j]) for j in range(5)] for k in range(40)}
ATTEMPTS = {m: {f"q{k}": {"success": YES_NO[k + ord(m)], "steps": k} for k in range(30)} for m in ("m", "n", "o")}
READY = {
    "wide.csv": (WIDE, lambda: table(WIDE, "gpt-4o", "llama-3", "qwen")),
    "many.csv": (MANY, lambda: table(MANY, *(f"model-{j}" for j in range(20)))),
    "bools.json": (WORDS, lambda: table(WORDS, "gpt", "claude")),
    "verdicts.jsonl": (VERDICTS, lambda: means((row["llm"], row["verdict"] == "pass") for row in VERDICTS)),
    "seeds.jsonl": (SEEDS, lambda: means(("seeds", row["accuracy"]) for row in SEEDS)),
    "bench.json": (
        {"data": BENCH},
        lambda: means((row["llm"], row["exact_match"]) for row in BENCH),
    ),
    "yes.json": (
        {"runs": [{"model": m, "answers": [{"qid": q, "resolved": ("No", "Yes")[ok], "why": "x" * 99} for q, ok in each.items()]} for m, each in YES.items()]},
        lambda: means((m, ok) for m, each in YES.items() for ok in each.values()),
    ),
    "lists.json": (LISTS, lambda: means(("lists", ok) for each in LISTS.values() for ok in each)),
    "by-model.json": (ATTEMPTS, lambda: means((m, row["success"]) for m, each in ATTEMPTS.items() for row in each.values())),
    "by-question.json": (
        {f"q{k}": {"gpt": YES_NO[k], "claude": YES_NO[99 + k]} for k in range(30)},
        lambda: means((m, YES_NO[start + k]) for m, start in (("gpt", 0), ("claude", 99)) for k in range(30)),
    ),
    "nested.json": (
        {"model": "m", "samples": [{"sample_id": k, "target": "A", "output": "A", "score": {"value": SHARES[k]}} for k in range(20)]},
        lambda: {"m": sum(SHARES[:20]) / 20},
    ),
    "jailbreaks.json": (
        {"model": "m", "results": {f"q{k}": {"prompt": "x" * 200, "jailbroken": YES_NO[k], "flagged": True} for k in range(40)}},
        lambda: {"m": sum(YES_NO[:40]) / 40},
    ),
    "status.jsonl": (
        [{"testcase": f"t{k}", "status": "PASSED" if YES_NO[k] else "FAILED", "ms": k} for k in range(40)],
        lambda: {"status": sum(YES_NO[:40]) / 40},
    ),
    "letters.json": (
        {"results": [{"idx": k, "expected": k, "response": k if YES_NO[k] else k + 1} for k in range(40)]},
        lambda: {"letters": sum(YES_NO[:40]) / 40},
    ),
    "marked.csv": (
        [{"prompt_no": k, "llm": m, "accuracy": f"{k + 9 * (m == 'a')}%"} for k in range(40) for m in "ab"],
        lambda: {"a": 0.285, "b": 0.195},
    ),
}  # fmt: skip
DOUBTFUL = {
    "percent.json": ({"evals": [{"model": m, "question_id": k, "accuracy": 1.5 * k} for m in "ab" for k in range(40)]}, "score"),
    "grades.json": ({"rows": [{"prompt_id": k, "model": m, "score": k % 5 + 1} for m in "ab" for k in range(40)]}, "score"),
    "several.json": ({"items": [{"uid": 7 * k, "passed": YES_NO[k], "accuracy": SHARES[k]} for k in range(40)]}, "score"),
    "texts.json": ({"data": [{"id": k, "prediction": LONG.format(k), "answer": str(k)} for k in range(60)]}, "score"),
    "capitals.json": ({"data": [{"id": k, "prediction": " Yes", "answer": "yes"} for k in range(9)]}, "score"),
    "flags.json": ([{"uid": k, "flagged": YES_NO[k], "safe": YES_NO[9 + k]} for k in range(30)], "model"),
    "metrics.csv": ([{"segment": k, "bleu": SHARES[k], "comet": SHARES[9 + k], "Overall": 0.5} for k in range(30)], "score"),
    "mixed.json": ({"m1": {"q1": 1, "q2": 0}, "m2": {"q1": 1, "q2": 1}, "meta": {"temperature": 0.7, "top_p": 1}}, "model"),
    "apart.jsonl": ([{"case": f"c{k}", "llm": "ab"[k % 2], "correct": YES_NO[k]} for k in range(40)], "model"),
    "board.csv": ([{"llm": m, "Context window": 8192, "MMLU": 71.2, "GSM8K": 80.5, "Average": 75.8} for m in "ab"], "score"),
    "late.csv": ([{"q": f"q{k}", "model-a": 0.5, "model-b": 0.4} for k in range(60)] + [{"q": "z", "model-a": 80, "model-b": 70}], "score"),
    "summary.json": ({"gpt-4o": {"accuracy": 0.7, "cost": 3}, "llama-3": {"accuracy": 0.6, "cost": 1}}, "item"),
    "repeated.jsonl": ([{"case": f"c{k % 9}", "passed": YES_NO[k]} for k in range(40)], "item"),
}  # fmt: skip
"""Files whose proposal is doubtful, and the line that says so."""


def write(path, content):
    """Write a file as its suffix says."""
    if path.suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(content[0]))
            writer.writeheader()
            writer.writerows(content)
    else:
        path.write_text("\n".join(map(json.dumps, content)) if path.suffix == ".jsonl" else json.dumps(content))
    return path


def mapping_for(path):
    """Return the proposed mapping."""
    (proposal,) = howsure.describe(path).proposals
    return proposal.mapping


@pytest.mark.parametrize("name", READY)
def test_a_proposal_without_a_mark_gives_the_right_scores(name, tmp_path):
    content, expected = READY[name]
    path = write(tmp_path / name, content)
    text = mapping_for(path)
    assert CHANGE not in text
    (said,) = tomllib.loads(text)["map"].values()
    found = defaultdict(list)
    for board in howsure.leaderboard(howsure.read(path, map=said)).boards:
        for entry in board.entries:
            found[entry.model].append(entry.estimate.value)
    assert {model: sum(values) / len(values) for model, values in found.items()} == pytest.approx(expected())


@pytest.mark.parametrize("name", DOUBTFUL)
def test_a_doubtful_line_of_a_proposal_is_marked_with_a_reason(name, tmp_path):
    content, key = DOUBTFUL[name]
    text = mapping_for(write(tmp_path / name, content))
    doubtful = [line.partition(" =")[0] for line in text.splitlines() if f"{CHANGE}: " in line]
    assert key in doubtful
    tomllib.loads(text)


def test_a_proposal_for_jailbreaks_sets_lower_is_better(tmp_path):
    assert "lower_is_better = true" in mapping_for(write(tmp_path / "j.json", READY["jailbreaks.json"][0]))


def test_a_proposal_names_the_columns_it_leaves_out(tmp_path):
    assert "# without 'Context window', 'Average'" in mapping_for(
        write(tmp_path / "board.csv", DOUBTFUL["board.csv"][0])
    )


@pytest.mark.parametrize("odd", [3, "text", None, [1], {"a" * 2000: True}, {"a.b": {"c": 1}}])
def test_malformed_records_raise_no_exception_in_describe(odd, tmp_path):
    rows = [{"uid": k, "passed": YES_NO[k]} for k in range(9)]
    for content in ([*rows, odd], [odd, odd], {"x": [odd, *rows]}, {f"k{k}": odd for k in range(3)}):
        howsure.describe(write(tmp_path / "odd.json", {"all": content}))


def test_a_document_of_one_record_gets_a_mapping(tmp_path):
    path = write(tmp_path / "one.json", {"task": "t", "id": 5, "model": "m", "correct": True, "usage": {"in": 5}})
    (said,) = tomllib.loads(mapping_for(path))["map"].values()
    assert said["rows"] == "."
    assert howsure.read(path, map=said).to_frame().select("task", "model", "item", "score").rows() == [
        ("t", "m", "5", 1)
    ]


def test_a_proposal_names_the_file_if_a_harness_reader_would_claim_it(tmp_path):
    content = {"raw_scored_generations": [{"id": k, "passed": YES_NO[k]} for k in range(20)]}
    path = write(tmp_path / "own.json", content)
    (said,) = tomllib.loads(mapping_for(path))["map"].values()
    assert said["files"] == "own.json"
    assert howsure.read(path, map=said).to_frame()["score"].sum() == sum(YES_NO[:20])


def test_hostile_names_cannot_add_lines_to_a_proposal(tmp_path):
    name = 'x\nscore = "1"\x7f\u2028'
    path = write(tmp_path / "x.json", [{"uid": k, name: YES_NO[k], "other": YES_NO[k + 1]} for k in range(9)])
    (said,) = tomllib.loads(mapping_for(path))["map"].values()
    assert said["model"] == "column"


def test_a_mapping_whose_long_texts_are_never_equal_gives_a_warning(tmp_path):
    content, _ = DOUBTFUL["texts.json"]
    path = write(tmp_path / "texts.json", content)
    said = {"rows": "data[*]", "item": "id", "score": "prediction == answer"}
    (warning,) = howsure.leaderboard(howsure.read(path, map=said)).warnings
    assert (warning.code, "0 of 60 are equal" in warning.message) == ("seldom_equal", True)
    short = write(tmp_path / "short.json", {"data": [{"id": k, "prediction": "A", "answer": "B"} for k in range(60)]})
    assert "seldom_equal" not in {each.code for each in howsure.read(short, map=said).warnings}
