"""Comparability of two runs: a change of questions, grader or settings on one side is reported, for every harness."""

import json

import polars as pl
import pytest

import howsure as hs
from howsure.study.comparability import settings_note
from howsure.table.scores import Run, RunEntry
from reader_cases import own_log, sample

N = 40


def inspect(path, *, question="How many?", target="A", n=N, **changes):
    """Write an Inspect log of a model that is called as the file is."""
    samples = [
        {**sample(f"q{k}", "CI"[k % 2]), "input": f"{question} {k}", "target": target, "limit": None} for k in range(n)
    ]
    own_log(path, samples, **{"model": "mock/m", "dataset": {}, **changes})


def lm_eval(path, *, words="", target="t", n=N, **changes):
    """Write samples and results of lm-eval; `words` makes other documents of them."""
    time = "2026-01-01T00-00-00.000000"
    rows = [
        {
            "doc_id": k,
            "doc": {"q": f"{words}{k}"},
            "doc_hash": f"{words}{k}",
            "target_hash": target,
            "filter": "none",
            "metrics": ["acc"],
            "acc": float(k % 2),
        }
        for k in range(n)
    ]
    config = {"doc_to_text": "Q", "metric_list": [{"metric": "acc"}], "generation_kwargs": {"max_gen_toks": 32}}
    results = {
        "results": {"sums": {"acc,none": 0.5, "acc_stderr,none": 0.1}},
        "configs": {"sums": {**config, **changes.pop("task", {})}},
        "versions": {"sums": 1.0},
        "config": {"model_args": "pretrained=m"},
        "model_name": "m",
        "lm_eval_version": "0.4.9",
        "task_hashes": {"sums": "a"},
        **changes,
    }
    path.mkdir(parents=True)
    (path / f"samples_sums_{time}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (path / f"results_{time}.json").write_text(json.dumps(results))


WRITERS = {"Inspect": lambda folder, **changes: inspect(folder / "log.eval", **changes), "lm-eval": lm_eval}
SCORER = [{"name": "match", "options": {"location": "end"}}]
GRADER = [{"name": "match", "options": {"model": "openai/gpt-4o-mini"}}]
CONFIG = "model_generate_config"

CHANGES = {
    ("Inspect", "questions replaced"): ({"question": "How few?"}, f"{N} of {N} items are other questions", ""),
    ("Inspect", "targets"): ({"target": "B"}, f"{N} of {N} items have other right answers", ""),
    ("Inspect", "grader"): ({"scorers": GRADER}, "grader openai/gpt-4o-mini for b only", ""),
    ("Inspect", "grader by its role"): (
        {"model_roles": {"grader": {"model": "openai/gpt-4o"}}},
        "grader openai/gpt-4o for b only",
        "",
    ),
    ("Inspect", "scorer's options"): ({"scorers": SCORER}, "options of the scorer #", ""),
    ("Inspect", "data set's name"): ({"dataset": {"name": "other.json"}}, "", ""),
    ("Inspect", "task version"): ({"task_version": 2}, "task version 0 for a, 2 for b", ""),
    ("Inspect", "limit"): ({"config": {"epochs": 1, "limit": 20}, "n": 20}, "", ""),
    ("Inspect", "max_tokens"): ({CONFIG: {"max_tokens": 9}}, "", "max_tokens 9 for b only"),
    ("Inspect", "temperature"): ({CONFIG: {"temperature": 0.7}}, "", "temperature 0.7 for b only"),
    ("Inspect", "system message among the task's solvers"): (
        {"plan": {"steps": [{"solver": "system_message", "params": {"template": "Be very  brief.\n"}}]}},
        "",
        'system_message.template "Be very brief." for b only',
    ),
    ("Inspect", "harness version"): ({"packages": {"inspect_ai": "9.9"}}, "", ""),
    ("lm-eval", "questions replaced"): (
        {"words": "new "},
        "no item is shared, though both have items at the same pos",
        "",
    ),
    ("lm-eval", "targets"): ({"target": "u"}, f"{N} of {N} items have other right answers", ""),
    ("lm-eval", "scorer's options"): (
        {"task": {"metric_list": [{"metric": "acc", "ignore_case": True}]}},
        "options of the scorer #",
        "",
    ),
    ("lm-eval", "data set's name"): ({"task": {"dataset_name": "other"}}, "", ""),
    ("lm-eval", "task version"): ({"versions": {"sums": 2.0}}, "task version 1.0 for a, 2.0 for b", ""),
    ("lm-eval", "limit"): ({"config": {"model_args": "pretrained=m", "limit": 20}, "n": 20}, "", ""),
    ("lm-eval", "max_tokens"): (
        {"task": {"generation_kwargs": {"max_gen_toks": 9}}},
        "",
        "generation.max_gen_toks 9 for b, 32 for a",
    ),
    ("lm-eval", "temperature"): (
        {"config": {"model_args": "pretrained=m", "gen_kwargs": {"temperature": 1}}},
        "",
        "gen_kwargs.temperature 1 for b only",
    ),
    ("lm-eval", "harness version"): ({"lm_eval_version": "0.5"}, "", ""),
    ("lm-eval", "prompt's template"): ({"task": {"doc_to_text": "A"}}, "", "prompt"),
}


@pytest.mark.parametrize(("harness", "change"), CHANGES)
def test_a_change_of_questions_or_grader_makes_the_gate_unclear_and_settings_a_note(tmp_path, harness, change):
    changes, exam, settings = CHANGES[harness, change]
    WRITERS[harness](tmp_path / "a")
    WRITERS[harness](tmp_path / "b", **changes)
    data = hs.read({"a": tmp_path / "a", "b": tmp_path / "b"})
    answer = hs.gate(data, "b", "a", not_worse_than=0.3)
    told = next((note for note in answer.notes if note.startswith("Settings that differ")), "")
    assert answer.verdict == ("unclear" if exam else "pass")
    assert (exam in answer.checks[0].differs) if exam else not answer.checks[0].differs
    assert (settings in told) if settings else not told
    assert answer.unclear_because == ("differs" if exam else "")
    if exam:
        words = {"grader by its role": "grader", "task version": "version", "scorer's options": "scorer"}
        word = words.get(change, change.partition(" ")[0])
        assert hs.gate(data, "b", "a", not_worse_than=0.3, allow_differs=word).unclear_because != "differs"


def _steps(*templates):
    """Return the plan of a task that calls one solver with a text each."""
    named = [{"solver": "say", "params": {"text": template, "usual": 1}} for template in templates]
    return {"steps": [{**step, "params_passed": {"text": step["params"]["text"]}} for step in named]}


def _settings_note(a, b):
    """Return what is said of the settings of two sides."""
    notes = hs.compare({"a": a, "b": b}, "a", "b").notes
    return next((note for note in notes if note.startswith("Settings that differ")), "")


def test_settings_of_a_solver_used_twice_are_numbered(tmp_path):
    inspect(tmp_path / "a" / "log.eval", plan=_steps("Be very kind.", "Be very brief."))
    inspect(tmp_path / "b" / "log.eval", plan=_steps("Be very kind.", "Be very frank."))
    told = 'Settings that differ: say 2.text "Be very brief." for a, "Be very frank." for b.'
    assert _settings_note(tmp_path / "a", tmp_path / "b") == told


def test_long_texts_with_the_same_beginning_are_not_quoted(tmp_path):
    for side in "ab":
        inspect(tmp_path / side / "log.eval", plan=_steps("long " * 30 + side))
    assert (
        _settings_note(tmp_path / "a", tmp_path / "b")
        == "Settings that differ: say.text of two texts with the same beginning."
    )


def test_tags_equal_to_the_model_names_are_no_differing_settings(tmp_path):
    for side in "ab":
        inspect(tmp_path / side / "log.eval", tags=[side])
    assert _settings_note(tmp_path / "a", tmp_path / "b") == ""


def test_a_text_equals_its_digest_in_a_saved_baseline(tmp_path):
    inspect(tmp_path / "a" / "log.eval", plan={"steps": [{"solver": "say", "params": {"prompt": "Be very kind."}}]})
    inspect(tmp_path / "b" / "log.eval", plan={"steps": [{"solver": "say", "params": {"prompt": "Be very frank."}}]})
    hs.save_baseline(tmp_path / "a", "a", output=str(tmp_path / "a.howsure"))
    assert _settings_note(tmp_path / "a", tmp_path / "a.howsure") == ""
    assert _settings_note(tmp_path / "b", tmp_path / "a.howsure").startswith(
        'Settings that differ: say.prompt "Be very frank." for a, #'
    )


@pytest.mark.parametrize("harness", WRITERS)
def test_identical_runs_have_no_differences_and_the_gate_passes(tmp_path, harness):
    for side in "ab":
        WRITERS[harness](tmp_path / side)
    data = hs.read({side: tmp_path / side for side in "ab"})
    assert hs.gate(data, "b", "a", not_worse_than=0.3).verdict == "pass"


def test_several_differences_are_reported_together_and_can_be_allowed(tmp_path):
    inspect(tmp_path / "a" / "log.eval")
    inspect(tmp_path / "b" / "log.eval", question="How few?", scorers=GRADER)
    answer = hs.gate(hs.read({"a": tmp_path / "a", "b": tmp_path / "b"}), "b", "a", not_worse_than=0.3)
    assert answer.checks[0].differs == (
        f"{N} of {N} items are other questions under the same id; grader openai/gpt-4o-mini for b only"
    )
    allowed = hs.gate(
        hs.read({"a": tmp_path / "a", "b": tmp_path / "b"}),
        "b",
        "a",
        not_worse_than=0.3,
        allow_differs=["questions", "grader"],
    )
    assert allowed.verdict == "pass"


def test_a_leaderboard_warning_counts_models_per_grader(tmp_path):
    for k, scorers in enumerate([GRADER, [], [], []]):
        more = {"scorers": scorers} if scorers else {}
        inspect(tmp_path / f"m{k}" / "log.eval", model=f"mock/m{k}", **more)
    (warning,) = [each for each in hs.leaderboard(tmp_path).warnings if each.code == "not_like_with_like"]
    assert warning.message.endswith("grader none for 3 models, openai/gpt-4o-mini for 1 model")


def test_a_table_without_recorded_grader_differs_from_no_log(tmp_path):
    inspect(tmp_path / "a" / "log.eval", task="sums", scorers=[{"name": "acc"}])
    rows = [{"task": "words", "model": "b", "item": f"q{k}", "metric": "match", "score": k % 2} for k in range(N)]
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "rows.json").write_text(json.dumps(rows))
    answer = hs.estimate(tmp_path)
    assert "not_like_with_like" not in {warning.code for warning in answer.warnings}


@pytest.mark.parametrize(
    ("other", "told"),
    [(True, "uncommitted changes of the code on both sides"), (False, "commit abc dirty for a, abc for b")],
)
def test_uncommitted_code_changes_are_reported_as_a_differing_setting(tmp_path, other, told):
    for side, dirty in (("a", True), ("b", other)):
        inspect(tmp_path / side / "log.eval", run_id=f"{side} call", revision={"commit": "abc", "dirty": dirty})
    assert _settings_note(tmp_path / "a", tmp_path / "b") == f"Settings that differ: {told}."


def test_a_setting_that_lm_eval_records_twice_is_reported_once(tmp_path):
    given = {"config": {"model_args": "pretrained=m", "gen_kwargs": {"max_gen_toks": 9}}}
    lm_eval(tmp_path / "a")
    lm_eval(tmp_path / "b", task={"generation_kwargs": {"max_gen_toks": 9}}, **given)
    assert (
        _settings_note(tmp_path / "a", tmp_path / "b")
        == "Settings that differ: generation.max_gen_toks 32 for a, 9 for b."
    )


def test_only_gate_suggests_allow_differs_as_a_remedy(tmp_path):
    for side in "ab":
        inspect(tmp_path / side / "log.eval", target=side)
    data = {side: tmp_path / side for side in "ab"}
    (told,) = (each for each in hs.compare(data, "a", "b").warnings if each.code == "not_like_with_like")
    assert told.remedy == "Run both under the same conditions."
    allow = "Run both under the same conditions; `allow_differs='targets'` accepts the difference."
    for allowed, remedy in ((None, allow), ("targets", told.remedy)):
        gate = hs.gate(hs.read(data), "a", "b", not_worse_than=0.3, allow_differs=allowed)
        assert [each.remedy for each in gate.warnings if each.code == "not_like_with_like"] == [remedy]


def test_an_error_lists_the_metrics_of_two_sides_without_a_common_one(tmp_path):
    inspect(tmp_path / "a" / "log.eval")
    (tmp_path / "b").mkdir()
    rows = "".join(f"m,t,other,{k},1\n" for k in range(9))
    (tmp_path / "b" / "t.csv").write_text("model,task,metric,item,score\n" + rows)
    with pytest.raises(hs.DataError, match=r"metric: a has .* · .*; b has t · other"):
        hs.compare({side: tmp_path / side for side in "ab"}, "a", "b")


def test_partly_replaced_items_are_counted_by_data_set_position(tmp_path):
    lm_eval(tmp_path / "a")
    lm_eval(tmp_path / "b")
    path = next((tmp_path / "b").glob("samples_*"))
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row in rows[:10]:
        row |= {"doc_hash": f"new {row['doc_id']}"}
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    answer = hs.gate(hs.read({"a": tmp_path / "a", "b": tmp_path / "b"}), "b", "a", not_worse_than=0.5)
    assert (answer.verdict, answer.unclear_because) == ("unclear", "differs")
    assert answer.checks[0].differs == "10 positions of the data set have other items"


def test_an_error_names_the_side_without_a_score():
    rows = [
        {"model": model, "item": f"q{k}", "score": 1.0 if model == "a" else None} for model in "ab" for k in range(9)
    ]
    for ask in (hs.compare, lambda *given: hs.gate(*given, better=True)):
        with pytest.raises(hs.DataError, match=r"metric: a has .*; b has no score"):
            ask(pl.DataFrame(rows), "a", "b")


@pytest.mark.parametrize(
    ("dirty", "told"), [(True, "uncommitted changes"), (False, "run one for a, two for b"), (None, "run one for a")]
)
def test_uncommitted_changes_are_reported_only_if_the_log_records_them(dirty, told):
    entries = [
        RunEntry(
            source=f"{m}.json",
            reader="aider",
            task="t",
            name="m",
            model=m,
            settings={"run": run},
            run=Run(commit="abc", dirty=dirty, call=run),
        )
        for m, run in (("a", "one"), ("b", "two"))
    ]
    assert told in settings_note(entries, ["a", "b"])
