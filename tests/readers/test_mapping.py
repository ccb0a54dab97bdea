"""A mapping, given by the user, reads files of unknown formats; its expressions are a small safe language and never execute code."""

import gzip
import json
import lzma
import re
import sqlite3
import tomllib
from contextlib import closing

import polars as pl
import pytest
from click.testing import CliRunner

import howsure
from howsure.commands.main import main
from howsure.errors import OptionError, ReadError
from howsure.readers.mapping import language
from howsure.readers.mapping.mapping import mapping_of
from places import DATA, ROOT
from reader_cases import lines


def rows(source, **said):
    frame = howsure.read(source, map=said).to_frame()
    return {(row["model"], row["item"], row["attempt"]): row["score"] for row in frame.to_dicts()}


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


ANSWERS = [
    {"q": "1", "pred": "A", "gold": "A"},
    {"q": "2", "pred": None, "gold": "B"},
    {"q": "3", "pred": "C", "gold": "B"},
]


def test_a_mapping_scores_predictions_against_answers(tmp_path):
    path = write(tmp_path / "m1.jsonl", lines(ANSWERS))
    assert rows(path, item="q", score="pred == gold") == {("m1", "1", 0): 1, ("m1", "2", 0): 0, ("m1", "3", 0): 0}


def test_a_mapping_reads_an_object_keyed_by_model_and_item(tmp_path):
    path = write(tmp_path / "runs.json", {"a": {"x": 1, "y": 0}, "b": {"x": 0.5}})
    found = rows(path, rows="*.*", model="key[0]", item="key[1]", score="value")
    assert found == {("a", "x", 0): 1, ("a", "y", 0): 0, ("b", "x", 0): 0.5}


def test_a_mapping_reads_nested_records(tmp_path):
    document = {"judge": "j", "runs": [{"model": "a", "answers": {"q1": {"verdict": "A>B"}, "q2": {"verdict": "B"}}}]}
    path = write(tmp_path / "x.json", document)
    said = {
        "rows": "runs[*].answers.*",
        "item": "key[0]",
        "model": "up.model",
        "score": 'verdict in ("A", "A>B")',
        "task": "top.judge",
    }
    frame = howsure.read(path, map=said).to_frame()
    assert frame.select("task", "model", "item", "score").rows() == [("j", "a", "q1", 1.0), ("j", "a", "q2", 0.0)]


def test_a_mapping_reads_a_wide_table_with_one_column_per_model(tmp_path):
    path = write(tmp_path / "wide.csv", "id,gpt_score,llama_score\nq1,1,0\nq2,0,1\n")
    found = rows(path, columns=["*_score"], model="column", item="id", score="value")
    assert found == {
        ("gpt_score", "q1", 0): 1,
        ("gpt_score", "q2", 0): 0,
        ("llama_score", "q1", 0): 0,
        ("llama_score", "q2", 0): 1,
    }


def test_a_mapping_takes_model_and_attempt_from_the_path(tmp_path):
    for model in ("a", "b"):
        write(tmp_path / f"runs/{model}/seed2/out.jsonl", lines(ANSWERS[:1]))
    found = rows(
        tmp_path, item="q", score="pred == gold", path=r"runs/(?P<model>\w+)/seed(?P<seed>\d)", attempt="number(seed)"
    )
    assert found == {("a", "1", 0): 1, ("b", "1", 0): 1}


def test_a_mapping_translates_values_and_swaps_the_order_of_a_pair(tmp_path):
    judged = [
        {"q": k, "winner": w, "flipped": f} for k, (w, f) in enumerate([("A", False), ("A", True), ("tie", True)])
    ]
    path = write(tmp_path / "j.jsonl", lines(judged))
    score = '1 - {"A": 1, "B": 0, "tie": 0.5}[winner] if flipped else {"A": 1, "B": 0, "tie": 0.5}[winner]'
    assert list(rows(path, item="q", score=score).values()) == [1, 0, 0.5]


def test_a_mapping_gives_failed_attempts_their_status(tmp_path):
    path = write(
        tmp_path / "s.jsonl", lines([{"q": 1, "s": 1.0, "error": None}, {"q": 2, "s": 0.0, "error": "timeout"}])
    )
    frame = howsure.read(path, map={"item": "q", "score": "s", "status": "not missing(error)"}).to_frame()
    assert frame.select("score", "status").rows() == [(1.0, "ok"), (None, "error")]


@pytest.mark.parametrize("packed", ["jsonl.gz", "csv.xz", "db", "yaml", "json.gz"])
def test_a_mapping_reads_compressed_files_databases_and_yaml(tmp_path, packed):
    path = tmp_path / f"m.{packed}"
    if packed == "jsonl.gz":
        path.write_bytes(gzip.compress(lines([{"id": "q1", "ok": True}, {"id": "q2", "ok": False}]).encode()))
    elif packed == "csv.xz":
        path.write_bytes(lzma.compress(b"id,ok\nq1,1\nq2,0\n"))
    elif packed == "db":
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE runs (id TEXT, ok INTEGER)")
            connection.execute("INSERT INTO runs VALUES ('q1', 1), ('q2', 0)")
            connection.commit()
    elif packed == "yaml":
        pytest.importorskip("yaml")
        write(path, "- {id: q1, ok: true}\n- {id: q2, ok: false}\n")
    else:
        path.write_bytes(gzip.compress(json.dumps([{"id": "q1", "ok": 1}, {"id": "q2", "ok": 0}]).encode()))
    assert [score for _, score in sorted(rows(path, item="id", score="ok").items())] == [1, 0]


def test_a_mapping_keeps_usage_weights_clusters_and_metadata(tmp_path):
    path = write(tmp_path / "u.jsonl", lines([{"q": 1, "s": 1, "usage": {"in": 5, "out": None}, "w": 2, "topic": "t"}]))
    said = {
        "item": "q",
        "score": "s",
        "weight": "w",
        "cluster": "topic",
        "tokens_in": "usage['in']",
        "tokens_out": "usage.out",
        "keep": ["topic"],
    }
    row = howsure.read(path, map=said).to_frame().to_dicts()[0]
    assert {name: row[name] for name in ("weight", "cluster", "tokens_in", "tokens_out", "topic")} == {
        "weight": 2.0,
        "cluster": "t",
        "tokens_in": 5.0,
        "tokens_out": None,
        "topic": "t",
    }


def test_a_mapping_sets_the_direction_and_the_percent_scale(tmp_path):
    path = write(tmp_path / "p.jsonl", lines([{"q": k, "loss": 100 * k} for k in range(2)]))
    board = howsure.leaderboard(
        howsure.read(path, map={"item": "q", "score": "percent(loss)", "lower_is_better": True})
    ).boards[0]
    assert (board.entries[0].estimate.value, board.lower_is_better) == (0.5, True)


def test_a_mapping_with_files_takes_precedence_over_readers_for_those_files_only(tmp_path):
    write(tmp_path / "a.jsonl", lines([{"id": "q", "score": 0.25, "mine": 1}]))
    write(tmp_path / "b.jsonl", lines([{"id": "q", "score": 0.25, "mine": 1}]))
    frame = howsure.read(tmp_path, map={"files": "a.*", "item": "id", "score": "mine"}).to_frame()
    assert dict(frame.select("model", "score").iter_rows()) == {"a": 1.0, "b": 0.25}


def test_a_mapping_is_given_as_a_file_or_in_howsure_toml(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "m1.jsonl", lines(ANSWERS))
    write(tmp_path / "own.toml", 'item = "q"\nscore = "pred == gold"\n')
    write(tmp_path / "howsure.toml", '[map.mine]\nitem = "q"\nscore = "pred == gold"\n')
    for name in ("own.toml", "mine"):
        result = CliRunner().invoke(main, ["estimate", "m1.jsonl", "--map", name, "--format", "csv"])
        assert result.exit_code == 0, result.output
        assert "0.333333333333" in result.output
    missing = CliRunner().invoke(main, ["estimate", "m1.jsonl", "--map", "other"])
    assert missing.exit_code == 1
    assert "no mapping 'other'" in missing.output


HOSTILE = {
    "__import__('os').system('x')": "calls a function that mappings don't support",
    "open('/etc/passwd')": "calls a function that mappings don't support",
    "().__class__.__bases__": "names no field",
    "[x for x in y]": "has a ListComp",
    "lambda: 1": "has a Lambda",
    "(x := 1)": "has a NamedExpr",
    "f'{x}'": "has a JoinedStr",
    "x ** 9999999": "has a Pow",
    "x @ y": "has a MatMult",
    "x << 99": "has a LShift",
    "lower.__globals__()": "calls a function that mappings don't support",
    "lower(x, y)": "calls a function that mappings don't support",
    "x if": "isn't an expression",
    "a; b": "isn't an expression",
    "+".join(["x"] * 5000): "is too long",
    "x in y": "isn't a list of values",
    "await x": "has a Await",
    "x[y]": "names no field",
    "*x": "isn't an expression",
    "b'x' == x": "has something else instead of a plain value",
    "1j": "has something else instead of a plain value",
}


@pytest.mark.parametrize("text", HOSTILE)
def test_other_expressions_than_those_of_the_language_are_refused(text):
    with pytest.raises(OptionError, match=HOSTILE[text]):
        language.expression(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a == "1"', [True, False]),
        ("a == 1", [True, False]),
        ("1 <= a < 2", [True, False]),
        ('b in ("x", "y") and a == 1', [True, False]),
        ('not b == "x"', [False, True]),
        ('b not in ["x"]', [False, True]),
        ('{"x": 0.5}[b]', [0.5, None]),
        ('lower(b) + "/" + text(a)', ["x/1", None]),
        ("-a * 2 / 4", [-0.5, -1.0]),
        ("missing(b)", [False, True]),
        ('1 if b == "x" else 0', [1, 0]),
    ],
)
def test_expressions_evaluate_to_their_documented_values(text, expected):
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", None]})
    assert frame.select(found=language.expression(text))["found"].to_list() == expected


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"score": "x"}, "has no item"),
        ({"item": "x"}, "has no score"),
        ({"score": "x", "item": "y", "itm": "z"}, "have no key 'itm'"),
        ({"score": "x", "item": 3}, "is no text"),
        ({"score": "x", "item": "y", "rows": "a.b*"}, "isn't a path"),
        ({"score": "x", "item": "y", "path": "("}, "isn't a pattern"),
    ],
)
def test_an_invalid_mapping_is_an_error_that_says_what_is_wrong(tmp_path, said, told):
    with pytest.raises(OptionError, match=told):
        howsure.read(write(tmp_path / "a.jsonl", lines(ANSWERS)), map=said)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            {"score": "gold", "item": "q"},
            r"'score' has the value 'A' \(row 1\), which isn't a score\. Define the score",
        ),
        ({"score": "points", "item": "q"}, "no field points"),
        ({"score": "points", "item": "q", "rows": "x[*]"}, r"no record at x\[\*\]"),
    ],
)
def test_a_file_that_does_not_fit_its_mapping_is_an_error_that_says_why(tmp_path, said, told):
    with pytest.raises(ReadError, match=told):
        howsure.read(write(tmp_path / "a.jsonl", lines(ANSWERS)), map=said)


def test_describe_proposes_a_mapping_that_works(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path / "runs.json", {"a": {"x": 1, "y": 0}, "b": {"x": 0, "y": 1}})
    (proposal,) = howsure.describe(path).proposals
    assert proposal.shape[0] == "*.*: 4 records that are numbers"
    write(tmp_path / "howsure.toml", proposal.mapping)
    result = CliRunner().invoke(main, ["leaderboard", "runs.json", "--map", "runs", "--format", "csv"])
    assert result.exit_code == 0, result.output
    assert result.output.count("score,") == 2


@pytest.mark.parametrize(
    ("content", "mapping"),
    [
        ([{"id": 1, "pred": "A", "answer": "A"}] * 2, {"item": "id", "score": "pred == answer"}),
        (
            {"runs": [{"model": "m", "rows": [{"q": "a", "won": True}] * 3}]},
            {"rows": "runs[*].rows[*]", "model": "up.model", "score": "won"},
        ),
    ],
)
def test_the_proposed_mapping_fits_the_shape_of_the_file(tmp_path, content, mapping):
    from howsure.readers.base import Source
    from howsure.readers.mapping.proposing import proposed

    path = write(tmp_path / "x.json", content)
    proposal = proposed(Source(path=path, root=path))
    said = tomllib.loads(proposal.mapping)["map"]["x"]
    assert {key: said[key] for key in mapping} == mapping


def test_describe_escapes_hostile_names(tmp_path):
    path = write(tmp_path / "x.json", {"<script>\u202e`|": [{"\x1b[31m": 1}, {"a": 2}]})
    answer = howsure.describe(path)
    for format in ("terminal", "markdown", "html", "latex"):
        assert "\x1b[31m" not in answer.render(format)
    assert "<script>" not in answer.render("html")


def test_a_mapping_without_items_gives_published_scores(tmp_path):
    board = [
        {"who": {"agent": "A", "llm": "l"}, "all": {"goal": 8.9}, "n": 168},
        {"who": {"agent": "B", "llm": "l"}, "all": {"goal": 3.0}, "n": 168},
    ]
    path = write(tmp_path / "board.json", board)
    said = {"model": 'who.agent + " + " + who.llm', "score": "percent(all.goal)", "n": "n", "task": "'normal'"}
    scores = howsure.read(path, map=said)
    assert [(e.task, e.model, round(e.score, 9), e.n) for e in scores.published] == [
        ("normal", "A + l", 0.089, 168),
        ("normal", "B + l", 0.03, 168),
    ]
    assert howsure.audit(scores).boards[0].entries[0].model == "A + l"


@pytest.mark.skipif(not (DATA / "wild").is_dir(), reason="the real results are not here")
def test_mappings_read_real_files_with_their_known_scores():
    wild = DATA / "wild"
    tests = {
        "files": "*-500-1.json",
        "rows": "*",
        "item": "key[0]",
        "score": "n_resolved_tests / (n_resolved_tests + n_unresolved_tests)",
    }
    frame = howsure.read(wild / "swe-bench-results" / "results", map=tests).to_frame()
    assert sorted(frame.group_by("model").len()["len"].to_list()) == [498, 498, 499, 499]
    runs = {
        "files": "*.jsonl",
        "item": "task_id",
        "model": "alias",
        "score": "score_binarized",
        "cluster": "task_family",
    }
    board = howsure.leaderboard(howsure.read(wild / "METR-eval-analysis", map=runs)).boards[0]
    assert {entry.model: round(entry.estimate.value, 4) for entry in board.entries}["o1-preview"] == 0.4769
    goal = {
        "files": "_leaderboard.json",
        "rows": "[*]",
        "model": 'method.name + " + " + llm.name',
        "score": "percent(test_normal.all.task_goal_completion)",
    }
    published = howsure.read(wild / "appworld-leaderboard", map=goal).published
    assert (len(published), published[0].model, round(published[0].score, 9)) == (18, "PlanExec + LLaMA3-70B", 0.089)


def test_record_reaches_fields_with_any_name(tmp_path):
    content = [{"id": k, "Overall Acc": k, "pass": k == 0, "a.b": 0.5} for k in range(2)]
    path = write(tmp_path / "x.json", content)
    for name, expected in {"Overall Acc": [0, 1], "pass": [1, 0], "a.b": [0.5, 0.5]}.items():
        assert list(rows(path, item="id", score=f'record["{name}"]').values()) == expected
    path = write(tmp_path / "x.csv", "id,Overall Acc\n1,0\n2,1\n")
    assert list(rows(path, item="id", score='record["Overall Acc"]').values()) == [0, 1]


def test_a_proposal_with_unusual_names_is_a_valid_mapping(tmp_path):
    content = {"runs": [{"model name": "m", "a[": [{"pass": True, "question id": 1}] * 2}] * 2}
    path = write(tmp_path / "x.json", content)
    (proposal,) = howsure.describe(path).proposals
    mapping_of("x", tomllib.loads(proposal.mapping)["map"]["x"] | {"score": "1"})
    rows_of = write(tmp_path / "y.json", [{"question id": k, "not": k == 0} for k in range(2)])
    (proposal,) = howsure.describe(rows_of).proposals
    assert rows(rows_of, **tomllib.loads(proposal.mapping)["map"]["y"]) == {("y", "0", 0): 1, ("y", "1", 0): 0}


def test_repeated_mapped_rows_count_as_attempts_with_a_note(tmp_path):
    path = write(tmp_path / "r.jsonl", lines([{"q": 1, "score": 9, "s": k} for k in range(2)]))
    found = howsure.read(path, map={"item": "q", "score": "s", "keep": ["score"]})
    assert found.to_frame()["score"].to_list() == [0.0, 1.0]
    assert any("their rows count as attempts" in note for note in found.notes)


EXAMPLES = {
    "verdicts": ("verdicts.json", {"runs": [{"model": "a", "answers": {"q1": {"verdict": "tie", "seconds": 2}}}]}, {("a", "q1"): 0.5}),
    "own-evals": ("own.jsonl", [{"question_id": "q1", "pred": "A", "answer": "A", "error": None}], {("own", "q1"): 1}),
    "graded": ("graded.json", {"a": {"q1": 5, "q2": 2}}, {("a", "q1"): 1, ("a", "q2"): 0.25}),
    "sheet": ("sheet.csv", "question,gpt-4,llama,notes\nq1,1,0,x\n", {("gpt-4", "q1"): 1, ("llama", "q1"): 0}),
    "seeds": ("results/a/seed3/out.jsonl", [{"id": "q1", "points": "50%"}], {("a", "q1"): 0.5}),
    "graded-elsewhere": ("m_predictions.json", {"q1": "A", "q2": "C"}, {("m_predictions", "q1"): 1, ("m_predictions", "q2"): 0}),
}  # fmt: skip
"""For each example of docs/mapping.md a file, and the scores that the example gives of it."""


def examples():
    blocks = re.findall(r"^```toml\n(.*?)^```$", (ROOT / "docs" / "mapping.md").read_text(), re.MULTILINE | re.DOTALL)
    return {name: said for block in blocks for name, said in tomllib.loads(block)["map"].items()}


def test_every_documented_mapping_has_a_test_file():
    assert examples().keys() == EXAMPLES.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_documented_mapping_reads_its_file(tmp_path, name):
    file, content, expected = EXAMPLES[name]
    write(tmp_path / file, lines(content) if isinstance(content, list) else content)
    write(tmp_path / "answers.json", {"q1": "A", "q2": "B"})
    found = howsure.read(tmp_path / file, map={name: examples()[name]}).to_frame()
    assert {(row["model"], row["item"]): row["score"] for row in found.to_dicts()} == expected


@pytest.mark.parametrize(
    ("columns", "verb", "what"),
    [
        ({"model_a": ["x"], "model_b": ["y"], "winner": ["model_a"]}, "arena", "votes"),
        ({"item": [1], "rater": ["r"], "rating": [3]}, "agree", "ratings"),
        ({"verdict": [1], "human": [0]}, "judge", "verdicts of a judge"),
    ],
)
def test_a_table_without_scores_names_the_command_that_reads_it(columns, verb, what, tmp_path):
    pl.DataFrame(columns).write_csv(tmp_path / "table.csv")
    found = howsure.describe(tmp_path / "table.csv")
    assert found.sentence == f"table.csv has {what} and no scores: use `howsure {verb}`."
    assert [(each.verb, each.mapping) for each in found.proposals] == [(verb, "")]


def test_each_table_without_scores_has_a_sentence(tmp_path):
    pl.DataFrame({"item": [1], "rater": ["r"], "rating": [3]}).write_csv(tmp_path / "a.csv")
    pl.DataFrame({"model_a": ["x"], "model_b": ["y"], "winner": ["model_a"]}).write_csv(tmp_path / "b.csv")
    ratings, votes = (
        "a.csv has ratings and no scores: use `howsure agree`.",
        "b.csv has votes and no scores: use `howsure arena`.",
    )
    assert howsure.describe(tmp_path).sentence == f"{ratings} {votes}"
    write(tmp_path / "c.jsonl", [{"ident": k, "nested": {"graded": k % 2}} for k in range(5)])
    assert howsure.describe(tmp_path).sentence == f"{ratings} {votes} No reader knows c.jsonl."
