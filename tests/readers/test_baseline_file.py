"""Saved baseline files: which data are kept and which are not, identical bytes for identical rows, and clear errors for damaged files."""

import contextlib
import json
import random
import zlib
from dataclasses import replace

import polars as pl
import pytest

import howsure as hs
from howsure.errors import ReadError
from howsure.readers import baseline_file
from howsure.readers.baseline_file import Source, is_text_name
from places import ROOT
from reader_cases import inspect_header, sample, zipped
from trials import draws

LOGS = ROOT / "examples" / "logs"
DAMAGED = draws(60, 300)
"""So many damaged files of each kind are tried; scripts/fuzz tries more."""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The example's logs as a baseline."""
    output = tmp_path_factory.mktemp("saved") / "main.howsure"
    hs.save_baseline(LOGS, "main", output=str(output))
    return output


def opened(place):
    """Return what a baseline holds, as JSON."""
    return dict(json.loads(zlib.decompress(place.read_bytes(), 31)))


def written(content, place):
    """Write JSON as a baseline, whatever it says."""
    packer = zlib.compressobj(wbits=31)
    place.write_bytes(packer.compress(json.dumps(content).encode()) + packer.flush())
    return place


def refused(place):
    """Return why a file can't be read."""
    with pytest.raises(ReadError) as caught:
        hs.read(place)
    assert place.name in str(caught.value)
    return str(caught.value)


def test_a_saved_baseline_restores_rows_and_metadata_of_its_logs(place):
    logs, back = hs.read(LOGS), hs.read(place)
    rows = back.to_frame()
    assert rows.drop("stop").equals(logs.to_frame().select(rows.drop("stop").columns))
    assert set(rows["stop"].unique()) == {"stop", "max_tokens"}
    for name in ("facts", "published", "groups", "missing", "notes", "warnings", "runs"):
        assert getattr(back, name) == getattr(logs, name), name
    for old, new in zip(logs.reconciled, back.reconciled, strict=True):
        assert new == replace(old, read=pytest.approx(old.read, rel=1e-11))
    assert place.stat().st_size < 15_000


def test_the_same_rows_give_a_byte_identical_baseline(place, tmp_path):
    for data in (LOGS, hs.read(LOGS), place):
        hs.save_baseline(data, "main", output=str(tmp_path / "again.howsure"))
        assert (tmp_path / "again.howsure").read_bytes() == place.read_bytes()
    assert place.read_bytes()[4:10] == b"\0\0\0\0\x02\xff"  # no date, no system


def test_a_baseline_next_to_its_own_logs_counts_once(place, tmp_path):
    """The log of a run that a baseline holds is a copy; of several runs each is chosen by its id."""
    both = hs.read([place, LOGS])
    assert len(both.to_frame()) == len(hs.read(LOGS).to_frame())
    assert sum("another log of the same run" in file.reason for file in both.files) == 4
    assert hs.read(place, runs="run:gFbbtdb").to_frame()["model"].unique().to_list() == [
        "openai-api/local/smollm2-135m-t0.3"
    ]
    assert str(hs.runs(place)) == str(hs.runs(LOGS))


def log(path, scores, metadata, **changes):
    ids = {"task_id": f"task {path.stem}", "eval_id": f"eval {path.stem}", "run_id": f"call {path.stem}"}
    samples = [
        {
            **sample(number, value),
            "input": f"The question {number} is whose?",
            "target": f"Nobody's {number}",
            "metadata": {k: v(number) for k, v in metadata.items()},
        }
        for number, value in enumerate(scores, 1)
    ]
    return zipped({"summaries.json": samples, "header.json": inspect_header(**{**ids, **changes})}, path)


def test_a_baseline_keeps_no_prompts_answers_or_secrets(tmp_path):
    metadata = {
        "subject": lambda n: "odd" if n % 2 else "even",
        "length": lambda n: n * 1.5,
        "answer": lambda n: "abc"[n % 3],
        "api_key": lambda n: "sk-secret",
        "remark": lambda n: f"a remark of its own {n}",
        "essay": lambda n: "long words " * 12,
    }
    generate = {"temperature": 0.5, "system_message": "Be terse and kind."}
    (tmp_path / "logs").mkdir()
    log(tmp_path / "logs" / "a.eval", "CICICI", metadata, model_generate_config=generate)
    log(tmp_path / "logs" / "b.eval", "CICCCI", metadata, model_generate_config={**generate, "system_message": "Hush."})
    made = hs.save_baseline(tmp_path / "logs", "main", output=str(tmp_path / "main.howsure"))
    assert set(made.left_out) == {"answer", "api_key", "remark", "essay"}
    text = json.dumps(opened(tmp_path / "main.howsure"))
    for hidden in ("whose", "Nobody", "sk-secret", "remark", "long words", "Be terse", "Hush", str(tmp_path)):
        assert hidden not in text
    back = hs.read(tmp_path / "main.howsure").to_frame()
    assert {"subject", "length", "question_hash", "target_hash"} <= set(back.columns)
    assert [estimate.estimate.value for estimate in hs.estimate(tmp_path / "logs")] == [
        estimate.estimate.value for estimate in hs.estimate(tmp_path / "main.howsure")
    ]
    assert all("system_message=#" in model for model in back["model"].unique())


def test_texts_in_model_names_and_warnings_are_replaced_by_digests(tmp_path):
    for name, message in {"a": "Be", "b": "Be", "c": "Be kind."}.items():
        log(
            tmp_path / f"{name}.eval",
            "CICI"[: 2 + (name == "b")] + "CI",
            {},
            model_generate_config={"system_message": message},
        )
    assert "2 runs of mock/a (system_message=Be)" in str(hs.read(tmp_path).warnings)
    hs.save_baseline(tmp_path, "main", output=str(tmp_path / "main.howsure"))
    text = json.dumps(opened(tmp_path / "main.howsure"))
    assert "system_message=#" in text
    assert "message=Be" not in text
    assert "count as attempts" in text


def test_a_long_setting_is_replaced_by_a_digest_whatever_its_name_is(tmp_path):
    long = "This is said to nobody. " * 6
    for name, notice in {"a": long, "b": "short"}.items():
        log(tmp_path / f"{name}.eval", "CICI", {}, task_args={"notice": notice})
    hs.save_baseline(tmp_path, "main", output=str(tmp_path / "main.howsure"))
    text = json.dumps(opened(tmp_path / "main.howsure"))
    assert "said to nobody" not in text
    assert "short" in text


def test_a_baseline_refuses_items_identified_by_their_texts(tmp_path):
    rows = pl.DataFrame({"model": "a", "question": [f"How much is {n} and {n} more?" for n in range(5)], "score": 1})
    with pytest.raises(hs.DataError, match="named by their texts"):
        hs.save_baseline(rows, "main", output=str(tmp_path / "main.howsure"))


@pytest.mark.parametrize(
    ("name", "text"),
    [("prompt", True), ("userPrompt", True), ("correct_answers", True), ("Expected Output", True), ("target_hash", False), ("question_type", False), ("n_messages", False), ("subject", False), ("%", False), ("", False)],
)  # fmt: skip
def test_columns_of_texts_are_recognised_by_the_last_word_of_their_name(name, text):
    assert is_text_name(name) is text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"howsure baseline": 4, "howsure": "9.9.9"}, "format 4, from howsure 9.9.9, but this version reads format 3. Update howsure"),
        ({"howsure baseline": 2, "howsure": "0.0.1"}, "format 2, from howsure 0.0.1, but this version reads format 3. Save the"),
        ({"howsure baseline": "1"}, "damaged: the format version"),
        ({"howsure baseline": 0}, "damaged: the format version"),
        ({"columns": []}, "damaged: columns (Expected `object`, got `array`) isn't"),
        ({"columns": {}}, "damaged: the column 'log'"),
        ({"logs": []}, "damaged: logs"),
        ({"logs": [{"source": 1, "reader": "x"}]}, "damaged: logs[0].source"),
        ({"logs": [{"source": "x", "reader": "x"}]}, "damaged: the column 'log'"),
        ({"facts": [{"task": "x", "harness": "y", "failures": "sometimes"}]}, "damaged: TaskFacts.failures"),
        ({"facts": [{"task": "x"}]}, "damaged: facts[0] (Object missing required field `harness`)"),
        ({"published": {"a": 1}}, "damaged: published"),
        ({"logs": [{"source": "x", "reader": "x", "missing": [{"task": "x"}]}]}, "damaged: logs[0].missing[0]"),
        ({"logs": [{"missing": [{"task": "x", "model": "y", "named": {"a": -1}}]}]}, "damaged: the number -1"),
        ({"notes": "text"}, "damaged: notes (Expected `array`, got `str`)"),
        ({"warnings": [{"code": "x", "message": 1}]}, "damaged: warnings[0].message"),
    ],
)  # fmt: skip
def test_an_invalid_baseline_is_an_error_that_names_the_wrong_part(place, tmp_path, change, said):
    assert said in refused(written(opened(place) | change, tmp_path / "main.howsure"))


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("item", {"type": "text", "different": ["a"], "places": [7]}),
        ("item", {"type": "text", "different": ["a"], "places": [-1]}),
        ("item", {"type": "text", "different": ["a"], "places": [True]}),
        ("item", {"type": "text", "different": ["a"]}),
        ("item", {"type": "text", "different": ["a"], "places": [0]}),
        ("score", {"type": "text", "different": ["1"], "places": [0] * 2000}),
        ("score", {"type": "real", "values": [10**400]}),
        ("attempt", {"type": "whole", "values": [10**30]}),
        ("attempt", {"type": "whole", "values": [-1] * 2000}),
        ("status", {"type": "text", "different": [], "places": [None] * 2000}),
        ("model", {"type": "text", "different": [], "places": [None] * 2000}),
        ("passage_id", {"type": "list", "values": [[]]}),
        ("passage_id", 3),
    ],
)
def test_an_invalid_column_of_a_baseline_is_an_error(place, tmp_path, column, change):
    content = opened(place)
    content["columns"][column] = change
    assert "damaged" in refused(written(content, tmp_path / "main.howsure"))


def test_unknown_fields_of_another_version_are_ignored_with_a_note(place, tmp_path):
    content = opened(place)
    content["facts"][0]["mood"], content["more"], content["howsure"] = "good", [1], "0.0.9"
    back = hs.read(written(content, tmp_path / "main.howsure"))
    assert back.facts == hs.read(place).facts
    assert back.notes == (
        f"main.howsure was saved with howsure 0.0.9, and the numbers are recomputed from its scores, by {hs.__version__}.",
    )


def test_damaged_truncated_and_foreign_baseline_files_are_errors(place, tmp_path):
    data = place.read_bytes()
    cut = tmp_path / "cut.howsure"
    cut.write_bytes(data[:-40])
    assert "cut short: its end is missing" in refused(cut)
    damaged = tmp_path / "damaged.howsure"
    damaged.write_bytes(data[:3000] + b"\0" + data[3001:])
    assert "damaged" in refused(damaged)
    picture = tmp_path / "picture.howsure"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    assert "unknown format" in refused(picture)
    other = tmp_path / "other.howsure"
    other.write_bytes(zlib.compress(b'{"something": "else"}', wbits=31))
    assert "unknown format" in refused(other)


def test_a_baseline_over_the_size_limit_is_refused(place, tmp_path, monkeypatch):
    monkeypatch.setattr(baseline_file, "MAX_UNPACKED", 10_000)
    assert "unpacks to more than 10,000 bytes" in refused(place)
    monkeypatch.setattr(baseline_file, "MAX_PACKED", 1_000)
    assert "exceed a baseline's limit of 1,000" in refused(place)


def test_deeply_nested_json_in_a_baseline_is_refused(tmp_path):
    deep = tmp_path / "deep.howsure"
    deep.write_bytes(zlib.compress(b'{"howsure baseline":' + b"[" * 100_000, wbits=31))
    assert "not valid JSON" in refused(deep)


ODD = (None, True, -1, 0, 3, 10**30, 1.5, float("inf"), float("nan"), "", "x", "\ud800")
ODD += ([], [None], ["x"], [[]], {}, {"x": {}})


def spoilt(content, drawn):
    """Put an odd value somewhere into JSON, or take something out."""
    if isinstance(content, dict) and content and drawn.random() < 0.9:
        key = drawn.choice(list(content))
        rest = {name: value for name, value in content.items() if name != key}
        return rest if drawn.random() < 0.1 else rest | {key: spoilt(content[key], drawn)}
    if isinstance(content, list) and content and drawn.random() < 0.9:
        place = drawn.randrange(len(content))
        return [*content[:place], spoilt(content[place], drawn), *content[place + 1 :]]
    return drawn.choice(ODD)


@pytest.mark.unmeasured
@pytest.mark.once
def test_random_values_in_a_baseline_are_read_or_a_clear_error(place, tmp_path):
    drawn, whole = random.Random(0), opened(place)
    refused = 0
    for number in range(DAMAGED // 4):
        file = written(spoilt(whole, drawn), tmp_path / f"{number}.howsure")
        try:
            found = baseline_file.logs(Source(path=file, root=file))
        except ReadError:
            refused += 1
            continue
        assert found
        with contextlib.suppress(hs.HowsureError):
            hs.gate(None, f"saved:{place}", f"saved:{file}", not_worse_than=0.1).render("json")
    assert refused > DAMAGED / 16


def test_random_damaged_bytes_in_a_baseline_are_read_or_a_read_error(place, tmp_path):
    drawn, whole = random.Random(0), place.read_bytes()
    refused = 0
    for number in range(DAMAGED):
        data = bytearray(whole)
        for _ in range(drawn.choice((1, 1, 5))):
            data[drawn.randrange(len(data))] = drawn.randrange(256)
        file = tmp_path / f"{number}.howsure"
        file.write_bytes(data)
        try:
            hs.read(file)
        except ReadError:
            refused += 1
    assert refused > DAMAGED * 0.9
