"""Transcripts (prompt, target, output, stop reason) of attempts are reread from the logs, within limits."""

import json

import howsure as hs
from howsure.readers import transcripts
from howsure.readers.transcripts import reread
from places import ROOT
from reader_cases import whole_log, whole_sample

LM_EVAL = ROOT / "tests" / "fixtures" / "lm_eval"


def read(path, *items):
    runs = hs.read(path).runs
    found = list(reread(runs, {runs[0].task: items} if items else None))
    assert [each.reason for each in found] == [""] * len(found)
    return {transcript.item: transcript for each in found for transcript in each.transcripts}


def test_inspect_transcripts_have_prompt_target_output_and_stop_reason(tmp_path):
    samples = [
        whole_sample(1, "C"),
        whole_sample(2, "I", error={"message": "out of memory"}),
        whole_sample(3, "I", limit={"type": "message", "limit": 4}),
        whole_sample(4, "I", output={"choices": [{"message": {"content": "It is"}, "stop_reason": "max_tokens"}]}),
    ]
    found = read(whole_log(tmp_path / "a.eval", *samples))
    first = found["q1"]
    assert (first.prompt, first.target) == ("system: Be brief.\n\nuser: What is 1?", "1 | word")
    assert (first.output, first.answer, first.scores) == ("It is 1.", "1", {"match": 1.0})
    assert [found[f"q{k}"].stop for k in (1, 2, 3, 4)] == ["stop", "error", "message limit", "max_tokens"]
    assert found["q2"].error == "out of memory"


def test_only_the_requested_items_are_reread(tmp_path):
    path = whole_log(tmp_path / "a.eval", whole_sample(1, "C"), whole_sample(2, "I"))
    assert list(read(path, "q2")) == ["q2"]
    assert not read(path, "q3")


def test_an_item_id_with_characters_invalid_in_file_names_is_found(tmp_path):
    path = whole_log(tmp_path / "a.eval", whole_sample(1, "C"), whole_sample(2, "I", id="a/b:c"))
    assert read(path, "a/b:c")["a/b:c"].answer == "2"


def test_attachments_are_inserted_into_the_prompt(tmp_path):
    name = "0" * 32
    sample = whole_sample(1, "C", input=f"Read attachment://{name}", attachments={name: "a long text"})
    assert read(whole_log(tmp_path / "a.eval", sample))["q1"].prompt == "Read a long text"


def test_an_attachment_that_the_log_lacks_stays_a_reference_in_the_prompt(tmp_path):
    held, lacking = "0" * 32, "1" * 32
    sample = whole_sample(
        1, "C", input=f"Read attachment://{held} and attachment://{lacking}", attachments={held: "a long text"}
    )
    found = read(whole_log(tmp_path / "a.eval", sample))["q1"]
    assert found.prompt == f"Read a long text and attachment://{lacking}"


def test_lm_eval_transcripts_have_choices_and_generations():
    runs = {entry.task: entry for entry in hs.read(LM_EVAL / "example__canned-small").runs}
    (choice,) = reread([runs["sums_choice"]])
    row = choice.transcripts[0]
    assert (row.prompt, row.target, row.answer, row.scores["acc"]) == ("Q: What is 2 plus 3?\nA:", "5", "6", 0.0)
    (made,) = reread([runs["sums_open"]])
    texts = {next(iter(each.scores)): each for each in made.transcripts if each.item == row.item}
    assert {name: each.answer for name, each in texts.items()} == {
        "exact_match,strict-match": "[invalid]",
        "exact_match,flexible-extract": "6",
    }
    assert {each.output for each in texts.values()} == {"That makes 6."}


def test_a_deleted_too_large_or_damaged_log_gives_a_reason(tmp_path, monkeypatch):
    path = whole_log(tmp_path / "a.eval", whole_sample(1, "C"))
    runs = hs.read(path).runs
    monkeypatch.setattr(transcripts, "MOST_BYTES", 10)
    assert [each.reason for each in reread(runs)] == [transcripts.TOO_LARGE]
    assert [len(each.transcripts) for each in reread(runs, {runs[0].task: ["q1"]})] == [1]
    path.write_bytes(path.read_bytes()[:200])
    assert "not a complete zip archive" in next(reread(runs, {runs[0].task: ["q1"]})).reason
    path.unlink()
    assert next(reread(runs, {})).reason == transcripts.GONE


def test_a_table_has_no_runs(tmp_path):
    rows = [{"model": "m", "item": k, "score": 1} for k in range(3)]
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    assert not hs.read(tmp_path).runs
