"""docs/json.md: what every command answers as JSON, from the schema and from commands that run. scripts/reference writes it."""

import json
import sys
from functools import cache
from pathlib import Path

import polars as pl
from click.testing import CliRunner

import howsure
from howsure.answers.base import SCHEMA_VERSION, kind
from howsure.commands.main import main

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from examples import answer_of  # noqa: E402 - what a verb's docstring calls
from frames import two_models  # noqa: E402

SCHEMA = json.loads((ROOT / "src/howsure/answers/schema.json").read_text(encoding="utf-8"))
PARTS = SCHEMA["$defs"]
SERVED = {"against": "compare", "head_to_head": "arena", "question": "questions"} | {
    f"plan_{what}": "plan" for what in ("failures", "labels", "policy", "score")
}
"""The commands of verbs that have another name."""
CLUSTERED = "--cluster passage_id"
LOGS = f"examples/logs {CLUSTERED}"
PAIR = "-a smollm2-135m-t0.3 -b smollm2-135m-2shot"
EXAMPLES = {
    "against": f"compare {LOGS} --against smollm2-135m-2shot",
    "audit": "audit docs/published.csv",
    "calibration": "calibrate --methods jeffreys",
    "comparison": f"compare {LOGS} {PAIR}",
    "description": "describe examples/logs",
    "estimates": f"estimate {LOGS}",
    "frontier": f"frontier {LOGS} --usage tokens_in",
    "gate": f"gate {LOGS} {PAIR} --not-worse-than 1pp",
    "questions": f"questions {LOGS}",
    "history": "history examples/nightly.parquet",
    "leaderboard": f"leaderboard {LOGS}",
    "noise": f"noise {LOGS}",
    "plan": f"plan --effect 3pp --pilot examples/logs {PAIR} {CLUSTERED}",
    "failure_plan": "plan failures 1%",
    "policy_plan": "plan policy examples/suite.toml",
    "score_plan": "plan score --at-least 90% --rate 95%",
    "one_question": "questions examples/logs opposites-1 --model smollm2-135m-2shot",
    "runs": "runs examples/logs",
    "look": f"watch {LOGS} -a smollm2-135m-t0.3 --at-least 20% --cluster-size 5 --once",
}
"""Commands whose answers are shown; of the other answers it is what the example in their docstring gives."""
WRONG = "compare examples/logs -a gpt-9 -b smollm2-135m-2shot"
LONGEST, DEEPEST = 100, 3
INTRODUCTION = f"""# Answers as JSON

Written by `scripts/reference` from the schema and from the program itself.

`--format json` (`-f json`, or `-o FILE.json`) works in every command below, and `to_dict()` in Python gives the same. Every answer begins with `howsure` (the number of this form,
{SCHEMA_VERSION}), `statistics` (raised whenever the same data get other numbers) and `answer` (which of the answers below it is). [What is stable](stability.md) says what may change.

- Scores are on their own scale, so that 0.712 is 71.2%. Differences are a − b on the same scale.
- A number that doesn't exist is null; there is no NaN. Where there is no largest number, it says "endless".
- `warnings` are warnings as data: `code` stays the same from version to version, `message` and `remedy` are for people.
- `sentence` is the first sentence, for people. `verdict` is a code: `pass`, `fail` or `unclear`, or for two models `better`, `worse` or `unclear`, and null if nothing is decided.
- `settings` has what an answer was computed with (task, metric, cluster, population, attempts, random_factors, failures, method, level, seed). Each has a `value` and its `source`: `given` by an option or configuration, `stated` by the log, or `automatic`. A value equal to the default counts as automatic.
- `new_clusters` and `same_clusters` have the result for each population, and null if it isn't computed.
- Where single rows are asked for (`--pairs`, `--confusion`), it is a list of flat objects, and no answer.
- The [JSON Schema](../src/howsure/answers/schema.json) is in the package, as `howsure/answers/schema.json`.

In the examples, lists show their first entry only, `…` stands for what lies deeper, and numbers are rounded.
"""
ERRORS = """## Errors

If there is no answer, an error is printed in its place: on standard output, or in the file of `-o` (unless that file exists and isn't an answer of howsure). Nothing else is printed there.
The line for people is on standard error, and the exit code is the same in every format. An answer never has the key `error`. A verdict (`gate`: fail, can't tell) is an answer, whatever the exit code. A `watch` that couldn't read anything yet is an error with exit code 2.
Commands that don't write JSON (`report`, `plot`, `convert` …), and command lines without a recognisable format, only print the line.
"""


def page() -> str:
    """Return the page."""
    parts = [INTRODUCTION, ERRORS, table("error"), shown(WRONG, 1), ""]
    commands = by_command()
    common = [name for name in PARTS if len(users(name, commands)) > 1]
    for command, answers in commands.items():
        parts.append(f"## howsure {command}\n")
        own = [name for name in PARTS if users(name, commands) == [command] and name not in answers]
        for name in answers:
            parts += [f"### Answer {name}\n", PARTS[name]["description"] + "\n", table(name), example(name), ""]
        parts += [text for name in own for text in part(name)]
    parts += ["## Parts of several answers\n", *(text for name in common for text in part(name, "###"))]
    return "\n".join(parts).rstrip() + "\n"


def part(name: str, level: str = "####") -> list[str]:
    return [f"{level} Part {name}\n", PARTS[name]["description"] + "\n", table(name)]


def answers() -> list[type]:
    """Return the classes of all answers."""
    import runpy

    return runpy.run_path(str(ROOT / "scripts" / "schema"))["answers"]()


def verb_of(answer: type) -> str:
    return answer.__module__.rpartition(".")[2]


def by_command() -> dict[str, list[str]]:
    """Return the names of the answers that every command gives."""
    found: dict[str, list[str]] = {}
    for answer in answers():
        found.setdefault(SERVED.get(verb_of(answer), verb_of(answer)), []).append(kind(answer))
    return dict(sorted(found.items()))


def users(name: str, commands: dict[str, list[str]]) -> list[str]:
    """Return the commands in whose answers a part is."""
    return [command for command, answers in commands.items() if any(name in held(answer) for answer in answers)]


@cache
def held(name: str, seen: frozenset = frozenset()) -> set[str]:
    """Return the names of all definitions that one holds, and its own."""
    if name in seen:
        return set()
    found = {name}
    for wanted in references(PARTS[name]):
        found |= held(wanted, seen | found)
    return found


def references(schema: object) -> list[str]:
    if isinstance(schema, dict):
        own = [schema["$ref"].rpartition("/")[2]] if isinstance(schema.get("$ref"), str) else []
        return own + [name for value in schema.values() for name in references(value)]
    return [name for value in schema for name in references(value)] if isinstance(schema, list) else []


def table(name: str) -> str:
    """Return the fields of a definition: key, type, meaning."""
    rows = [
        f"| `{key}` | {typed(entry)} | {cell(meaning(key, entry))} |"
        for key, entry in PARTS[name]["properties"].items()
    ]
    return "\n".join(["| field | type | meaning |", "| --- | --- | --- |", *rows, ""])


def meaning(key: str, entry: dict) -> str:
    return (
        entry.get("description") or {"howsure": "The number of this form.", "answer": "The name of this answer."}[key]
    )


def cell(text: str) -> str:
    return text.replace("|", r"\|").replace("<", "&lt;")


def typed(entry: dict) -> str:
    """Return a type in words, null where that may be."""
    if "const" in entry:
        return f"`{json.dumps(entry['const'])}`"
    if "enum" in entry:
        return " or ".join(f"`{json.dumps(each)}`" for each in entry["enum"])
    if "$ref" in entry:
        name = entry["$ref"].rpartition("/")[2]
        return f"[{name}](#{'answer' if {'$ref': entry['$ref']} in SCHEMA['oneOf'] else 'part'}-{name})"
    if "anyOf" in entry:
        return " or ".join(dict.fromkeys(map(typed, entry["anyOf"])))
    if entry["type"] == "array":
        return f"list of {typed(entry['items'])}" if entry["items"] else "list"
    if entry["type"] == "object":
        return f"{typed(entry['additionalProperties'])}, by name" if "additionalProperties" in entry else "object"
    return " or ".join(entry["type"]) if isinstance(entry["type"], list) else entry["type"]


def example(name: str) -> str:
    """Return an answer, shortened, and what gave it."""
    if name in EXAMPLES:
        return shown(EXAMPLES[name], 0)
    if name == "comparisons":
        return fenced(
            "Two models on two made-up tasks:",
            howsure.compare(pl.concat([two_models(task=pl.lit(task)) for task in "xy"]), "a", "b").to_dict(),
        )
    verb = next(verb_of(each) for each in answers() if kind(each) == name)
    found = answer_of(verb).to_dict()
    assert found["answer"] == name, f"EXAMPLES has no command that answers {name}"
    return fenced(f"The example of [`howsure.{verb}`](api.md#{verb}):", found)


def shown(command: str, code: int) -> str:
    """Run a command in the repository, and return what it writes as JSON."""
    from contextlib import chdir

    with chdir(ROOT):
        result = CliRunner().invoke(main, ["--no-config", *command.split(), "-f", "json"], prog_name="howsure")
    assert result.exit_code in ({0, 2} if code == 0 else {code}), (command, result.output)
    return fenced(f"`howsure {command} -f json`", json.loads(result.stdout))


def fenced(caption: str, document: dict) -> str:
    return f"{caption}\n\n```json\n{json.dumps(shortened(document), indent=1, ensure_ascii=False)}\n```"


def shortened(value: object, depth: int = 0) -> object:
    """Return data with the first entries of lists, less digits, and nothing of what lies deep."""
    if isinstance(value, (dict, list)) and value and depth > DEEPEST:
        return "…"
    if isinstance(value, dict):
        return {key: shortened(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list):
        return [shortened(each, depth + 1) for each in value[:1]]
    if isinstance(value, float):
        return float(f"{value:.3g}")
    return value[:LONGEST] + "…" if isinstance(value, str) and len(value) > LONGEST else value
