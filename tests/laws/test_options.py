"""Every verb either accepts a value of an option or refuses it with an OptionError; the option table is the only source of defaults and names."""

import ast
import inspect
import re
from importlib import import_module
from pathlib import Path
from zlib import crc32

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from examples import WITH_EXAMPLES, call_of
from frames import attempts
from howsure.commands.main import main
from howsure.errors import HowsureError, OptionError
from howsure.options import shared, table
from howsure.study.design import REFUSALS, DesignOptions, TaskOptions
from places import LOGS
from trials import TRIALS

ROWS = attempts(n_clusters=4, size=3, times=2).with_columns(weight=pl.lit(1.0))
ONCE = ROWS.filter(pl.col("attempt") == 0)
RUNS = attempts(n_clusters=4, size=3, times=1, models=("run-step1", "run-step2"))
PUBLISHED = pl.DataFrame({"model": ["a", "b"], "score": [0.7, 0.6], "n": [100, 100]})

VERBS = {
    **{verb: (getattr(hs, verb), call_of(verb)) for verb in WITH_EXAMPLES},
    "read": (hs.read, {"data": ROWS}),
    "describe": (hs.describe, {"data": ROWS}),
    "estimate": (hs.estimate, {"data": ROWS}),
    "compare": (hs.compare, {"data": ROWS, "a": "a", "b": "b"}),
    "noise": (hs.noise, {"data": ROWS}),
    "questions": (hs.questions, {"data": ROWS}),
    "trend": (hs.trend, {"data": RUNS}),
    "audit": (hs.audit, {"data": PUBLISHED}),
    "plan": (hs.plan, {"pilot": ONCE, "effect": 0.1}),
    "plan_score": (hs.plan_score, {"pilot": ROWS, "a": "a", "within": 0.1}),
    "gate": (hs.gate, {"data": ROWS, "candidate": "a", "baseline": "b", "better": True}),
    "save_baseline": (hs.save_baseline, {"data": ROWS, "name": "main"}),
    "calibrate": (hs.calibrate, {}),
    "watch": (lambda data, **given: hs.Monitor(**given).update(data), {"data": ROWS, "a": "a", "b": "b"}),
}
"""Each verb with a call that works: that of its example, or one on rows with more in them."""

BESIDE = {
    "plan": [
        ({"effect": 0.1}, None),
        *([({"pilot": ROWS, "effect": 0.1}, ("effect", "n_items", "attempts", "costs", "power"))] if TRIALS else []),
    ],
    "plan_score": [({"within": 0.1}, None)],
}
"""The same without a pilot, and in scripts/trials with one of several attempts for what attempts have a say in."""


class Thing:
    """An object of nobody's class."""


ODD = (
    *(1, True, -1, 0, 3, 1.5, 0.5, "", "x", "a", None, [], ["a", 1], ["a", "b"], {}, {"a": 1}, {"x": {"cluster": "y"}}),
    *(float("nan"), float("inf"), np.int64(3), np.float64(0.5), np.float32(0.5), np.bool_(True), np.array(["a", "b"])),
    *(b"x", Path("nowhere.csv"), (0, 1), (5, 10), lambda: None, Thing(), object, {"a"}, 10**30, 1j, "(", "(?P<run>x"),
)
PARTS = 1 if TRIALS else 4
"""Each option of each verb is tried with every third value, those of one option on different verbs with different thirds; in scripts/trials with all."""
FOREIGN = [value for value in ODD if isinstance(value, (Thing, bytes, complex))]
"""Values that no option can have."""


def parameters(verb):
    """The names of everything that a verb takes: its own, and the shared options."""
    home = hs.Monitor if verb == "watch" else VERBS[verb][0]
    found = inspect.signature(home).parameters
    own = [name for name, each in found.items() if each.kind is not each.VAR_KEYWORD]
    shared = list(DesignOptions.__annotations__) if len(own) < len(found) else []
    return own, [*own, *shared, *(["data"] if verb == "watch" else [])]


def outcome(call, given):
    """Call, and say what came out: None where it works or is refused in words, else what is wrong."""
    try:
        call(**given)
    except HowsureError as error:
        return None if error.remedy or len(error.what) > 20 else f"says only {error}"
    except Exception as error:  # noqa: BLE001 - the law is that there is none
        return f"{type(error).__name__}: {error}"
    return None


def test_the_option_tests_cover_every_verb():
    assert set(VERBS) == {*hs.VERBS, "watch"}


@pytest.mark.parametrize(
    "verb", [pytest.param(verb, marks=[pytest.mark.once, pytest.mark.unmeasured]) for verb in VERBS]
)
def test_odd_option_values_never_raise_an_unhandled_exception(verb, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call, usual = VERBS[verb]
    raw, calls = [], 0
    for base, names in [(usual, None), *BESIDE.get(verb, [])]:
        for name in names or parameters(verb)[1]:
            for value in ODD[crc32(f"{verb} {name}".encode()) % PARTS :: PARTS]:
                calls += 1
                wrong = outcome(call, {**base, name: value})
                raw += [f"{name}={value!r}: {wrong}"] if wrong else []
    print(f"{verb}: {calls} calls")
    assert not raw, f"{len(raw)} of {calls}:\n" + "\n".join(raw[:40])


@pytest.mark.parametrize("verb", VERBS)
def test_values_of_a_wrong_type_are_option_errors_with_a_remedy(verb):
    call, usual = VERBS[verb]
    for name in set(parameters(verb)[1]) - {"data", "pilot"}:
        for value in FOREIGN:
            with pytest.raises(OptionError) as caught:
                call(**{**usual, name: value})
            assert caught.value.remedy, (name, value)


def test_numpy_scalars_are_accepted_and_booleans_are_not_counts():
    assert hs.plan(n_items=np.int64(500)).items == 500
    assert hs.estimate(ROWS, level=np.float64(0.9), seed=np.int64(1))[0].estimate.interval.level == 0.9
    with pytest.raises(OptionError, match="`attempts=True` is not a whole number"):
        hs.plan(effect=0.1, attempts=True)
    with pytest.raises(OptionError, match="`lower_is_better=1` is neither True nor False"):
        hs.estimate(ROWS, lower_is_better=1)
    hs.estimate(ROWS, lower_is_better=np.bool_(True))


@pytest.mark.parametrize("verb", VERBS)
def test_function_signatures_have_the_defaults_of_the_option_table(verb):
    home = hs.Monitor if verb == "watch" else VERBS[verb][0]
    usual = {"bounds": (0.0, 1.0)} if verb == "watch" else {}  # None says that there are none
    parameters = inspect.signature(home).parameters
    after = None if "data" in parameters and parameters["data"].default is None else inspect.Parameter.empty
    for name, parameter in parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD or name in ("data", "pilot", "assume", "costs"):
            continue
        option = table.option(name, verb)
        expected = after if option.needed else usual.get(name, option.default)
        assert parameter.default == expected, (verb, name)


def test_shared_options_equal_the_design_options_and_are_documented():
    of_tables = {"columns", "where"}  # options of reading, which verbs pass on
    assert {option.name for option in shared.DESIGN} | of_tables == set(DesignOptions.__annotations__)
    assert all(option.about and option.help for option in shared.DESIGN)


REFUSED = [
    ({"population": "these-questions"}, "benchmark"),
    ({"population": "these-questions"}, "population"),
    ({"population": "same-clusters"}, "population"),
    ({"covariate": "length"}, "covariate"),
    ({"score": "pass@2"}, "score"),
    ({"average_last": 2}, "average_last"),
    ({"cluster": ["passage", "item"]}, "two clusters"),
    ({"tasks": {"*": {"cluster": ["passage", "item"]}}}, "two clusters"),
]
DECLARED = {verb: getattr(import_module(f"howsure.verbs.{verb}"), "RESPECTS", None) for verb in VERBS}


@pytest.mark.parametrize("verb", [verb for verb, declared in DECLARED.items() if declared])
def test_every_verb_refuses_the_options_it_declares_unsupported(verb):
    call, usual = VERBS[verb]
    for given, refusal in REFUSED:
        if refusal in DECLARED[verb].all_but:
            with pytest.raises(OptionError) as caught:
                call(**usual, **given)
            assert caught.value.remedy == REFUSALS[refusal].remedy, given


def test_every_per_task_option_is_in_the_option_table():
    for name in TaskOptions.__annotations__:
        assert table.option(name, "compare" if name == "margin" else "").name == name


def _texts(path):
    """The texts of a file that may reach a user: all but docstrings."""
    tree = ast.parse(path.read_text())
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    told = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, documented) and _is_text(node.body)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value


def _is_text(body):
    return bool(body) and isinstance(body[0], ast.Expr)


@pytest.mark.unmeasured
def test_library_messages_write_options_in_python_form():
    """Flags are the command line's; `howsure.present.flags` makes them of what stands in backticks."""
    root = Path(hs.__file__).parent
    of_commands = ("commands", "guide", "integrations", "page", "present")
    flags = "|".join({option.long for option in table.every()} - {"--output"})
    found = [
        f"{path.relative_to(root)}:{line}: {text}"
        for path in sorted(root.rglob("*.py"))
        if path.relative_to(root).parts[0] not in (*of_commands, "options")
        for line, text in _texts(path)
        if re.search(rf"(?<!howsure calibrate )(?<![\w-])({flags})\b(?!-)", text)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("verb", ["judge", "agree", "bias", "arena"])
def test_columns_for_a_role_that_the_table_does_not_have_are_an_error(verb):
    rows = {"judge": [1, 0] * 9, "human": [1, 0, 0] * 6, "winner": [1, 2] * 9, "category": ["x", "y"] * 9}
    rows |= {"model_a": ["m"] * 18, "model_b": ["n"] * 18}
    with pytest.raises(hs.DataError, match=r"'task' isn't a role: .*`where`"):
        getattr(hs, verb)(pl.DataFrame(rows), columns={"task": "category"})


@pytest.mark.parametrize("verb", ["leaderboard", "compare", "estimate", "noise", "questions"])
def test_columns_are_an_error_for_log_files(verb):
    pair = ["-a", "smollm2-135m-t0.3", "-b", "smollm2-135m-2shot"] if verb == "compare" else []
    words = [verb, str(LOGS), *pair, "--columns", "task=passage_id"]
    result = CliRunner().invoke(main, ["--no-config", *words])
    assert result.exit_code == 1
    assert "columns are named for tables" in result.stderr
    assert "--by" in result.stderr
