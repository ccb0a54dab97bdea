"""Every kind of answer has every output format, an entry in the JSON schema and a safe rendering; new kinds are discovered."""

import csv
import dataclasses
import io
import json
import re
import runpy
import subprocess
import sys
from importlib import import_module
from inspect import getdoc
from pkgutil import iter_modules
from typing import get_args

import jsonschema
import pytest

import howsure.answers
from answer_cases import ANSWERS, answer, renamed, sample
from hostile import HOSTILE
from howsure.answers.base import DATA, LINES, Answer, kind, presentation
from howsure.answers.output import KEY
from howsure.options.choices import Format
from places import ROOT
from reading import TAGS, Reading

SCRIPT = runpy.run_path(str(ROOT / "scripts" / "schema"))
CLASSES = SCRIPT["answers"]()
SCHEMA = json.loads(SCRIPT["FILE"].read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(
    SCHEMA
)  # a test below says that the schema is one; `validate` would check it every time
MODULES = [import_module(f"howsure.answers.{module.name}") for module in iter_modules(howsure.answers.__path__)]
PARTS = [
    part
    for module in MODULES
    for part in vars(module).values()
    if isinstance(part, type) and dataclasses.is_dataclass(part) and part.__module__ == module.__name__
]
FORMATS = get_args(Format)
EVIL = "".join(text for kind, text in HOSTILE.items() if kind != "lone") + r"|[click](x)`\input{x}%_&#$^~"

every_answer = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)


def test_at_least_17_answer_classes_are_discovered():
    assert len(CLASSES) >= 17


@pytest.mark.unmeasured
@every_answer
def test_every_answer_has_modules_named_after_its_verb_and_a_presentation(cls):
    verb = cls.__module__.rpartition(".")[2]
    for room in ("answers", "present", "verbs"):
        assert (ROOT / "src" / "howsure" / room / f"{verb}.py").exists(), room
    assert callable(presentation(sample(cls)).document)


@every_answer
def test_every_answer_validates_against_its_definition_in_the_json_schema(cls):
    definition = SCHEMA["$defs"][kind(cls)]
    assert {"$ref": f"#/$defs/{kind(cls)}"} in SCHEMA["oneOf"]
    jsonschema.Draft202012Validator({**SCHEMA, "oneOf": [SCHEMA["$defs"][kind(cls)]]}).validate(sample(cls).to_dict())
    assert list(definition["properties"])[:3] == ["howsure", "statistics", "answer"]


@every_answer
def test_every_answer_has_a_section_in_the_api_reference(cls):
    assert f"\n### {cls.__name__}\n" in (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


@every_answer
def test_the_terminal_and_csv_output_of_every_answer_matches_its_snapshot(cls, snapshot):
    found = sample(cls)
    assert found.render(width=80) == snapshot
    assert "\n".join(found.render("csv").splitlines()[:3]) == snapshot


@every_answer
def test_the_repr_of_every_answer_fits_a_terminal(cls):
    lines = repr(sample(cls)).splitlines()
    assert 0 < len(lines) <= LINES
    assert str(sample(cls)).startswith("\n".join(lines[:-1]))


@every_answer
def test_hostile_names_are_escaped_in_every_output_format(cls):
    hostile = renamed(sample(cls), EVIL)
    VALIDATOR.validate(json.loads(hostile.render("json")))
    for format in set(FORMATS) - {"json"}:
        assert_obeys_nothing(hostile.render(format, explain=format not in DATA), format)


def assert_obeys_nothing(text, format):
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u200f]", text)
    if format == "markdown":
        prose = re.sub(r"(?m)^    .*$", "", text)  # an indented line is code, and shown as it is
        assert not re.search(r"(?<!\\)(<script|<img|<!-- x|\[click|`)", prose)
    if format == "latex":
        assert r"\input{" not in text
    if format == "html":
        assert {tag for tag, _ in Reading(text).found} <= TAGS
    if format == "csv":
        rows = list(csv.reader(io.StringIO(text)))
        assert {len(row) for row in rows} == {len(rows[0])}


@every_answer
def test_csv_cells_never_start_a_spreadsheet_formula(cls):
    rows = csv.reader(io.StringIO(renamed(sample(cls), "=x").render("csv")))
    assert not any(cell.startswith(("=", "@")) for row in rows for cell in row)


def test_every_field_and_json_property_of_an_answer_is_documented():
    assert len(PARTS) > 100
    for part in PARTS:
        texts = SCRIPT["described"](part)
        own = {field.name for field in dataclasses.fields(part)} - (
            {"settings"} if issubclass(part, Answer) and part is not Answer else set()
        )
        assert set(texts) == own, part
        assert all(text.endswith(".") for text in texts.values()), part
        members = [member for member in vars(part).values() if isinstance(member, property)]
        assert all(getdoc(member) for member in members if hasattr(member.fget, KEY)), part


def test_every_entry_of_the_schema_is_described():
    silent = [
        f"{name}.{key}"
        for name, definition in SCHEMA["$defs"].items()
        for key, entry in definition["properties"].items()
        if "const" not in entry and not entry.get("description")
    ]
    assert silent == []
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_json_schema_is_up_to_date_with_the_fields_of_the_answers():
    assert SCRIPT["written"]() == SCHEMA, "run scripts/schema"


@pytest.mark.parametrize("name", ANSWERS)
def test_json_output_of_every_verb_validates_and_equals_to_dict(name):
    document = json.loads(answer(name).render("json"))
    VALIDATOR.validate(document)
    assert document == json.loads(json.dumps(answer(name).to_dict()))


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_renders_in_every_format_without_nan(name):
    found = answer(name)
    for format in FORMATS:
        text = found.render(format)
        assert text.endswith("\n")
        assert "nan" not in text.lower().split()
    assert len(found.to_frame()) == len(found.records())
    assert len({tuple(record) for record in found.records()}) == 1
    assert all(
        value is None or isinstance(value, str | int | float) for record in found.records() for value in record.values()
    )
    assert str(found) == found.render().rstrip("\n")


def test_presenting_a_table_does_not_import_altair():
    rooms = "estimate", "compare", "leaderboard", "noise", "plan"
    code = f"import sys\n{''.join(f'import howsure.present.{room}; ' for room in rooms)}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "howsure.present.document" in done.stdout
    assert "altair" not in done.stdout


@pytest.mark.parametrize("name", ANSWERS)
def test_the_same_input_gives_byte_identical_json(name):
    assert ANSWERS[name]().render("json") == answer(name).render("json")
