"""What users can rely on: public names, the JSON schema, light imports."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import polars as pl
import pytest

import howsure as hs
from frames import attempts, clustered, two_models

SCHEMA = json.loads((Path(hs.__file__).parent / "answers" / "schema.json").read_text())

PUBLIC = [
    *("Allocation", "Assumptions", "Audit", "Calibration", "Caution", "Comparison", "Comparisons", "DataError"),
    *("Description", "Estimate", "Estimates", "FailurePlan", "FalseAlarms", "Gate", "Health"),
    *("HowsureError", "Interval", "Leaderboard", "Look", "MethodError", "Monitor", "Noise"),
    *("OptionError", "Plan", "Prices", "ReadError", "Report", "ScorePlan", "Scores", "Trend"),
    *("__version__", "aa", "allocate", "audit", "calibrate", "compare", "describe", "estimate"),
    *("gate", "health", "leaderboard", "noise", "plan", "plan_failures", "plan_score"),
    *("read", "report", "trend"),
]


def test_public_names_are_locked():
    assert dir(hs) == PUBLIC
    for name in PUBLIC:
        assert getattr(hs, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'sumary'"):
        hs.sumary


ANSWERS = {
    "estimates": lambda: hs.estimate(clustered(), cluster="passage"),
    "estimates at the edge": lambda: hs.estimate(two_models(score=pl.lit(1.0))),
    "one item": lambda: hs.estimate(pl.DataFrame({"model": ["a"], "item": ["x"], "score": [0.5]})),
    "comparison": lambda: hs.compare(two_models(), "a", "b", margin=0.1),
    "gate": lambda: hs.gate(two_models(), "a", "b", not_worse_than=0.01, better=True, same_within=0.1, at_least=0.4),
    "gate without an error bar": lambda: hs.gate(two_models(n=1), "a", "b", not_worse_than=0.01),
    "false alarms": lambda: hs.aa(attempts(), splits=50),
    "comparison without an error bar": lambda: hs.compare(two_models(n=1), "a", "b"),
    "comparisons": lambda: hs.compare(pl.concat([two_models(task=pl.lit(t)) for t in "xy"]), "a", "b"),
    "leaderboard": lambda: hs.leaderboard(clustered(), cluster="passage"),
    "leaderboard of tasks": lambda: hs.leaderboard(pl.concat([two_models(task=pl.lit(t)) for t in "xy"])),
    "audit": lambda: hs.audit(pl.DataFrame({"model": ["a", "b"], "score": [0.7, 0.6], "n": [100, None]})),
    "noise": lambda: hs.noise(attempts(), cluster="passage"),
    "noise of a pair": lambda: hs.noise(attempts(), "a", "b"),
    "noise of single attempts": lambda: hs.noise(two_models()),
    "on exactly these items": lambda: hs.compare(attempts(), "a", "b", population="benchmark"),
    "pass@2": lambda: hs.leaderboard(attempts(), score="pass@2"),
    "adjusted": lambda: hs.estimate(attempts(), covariate="length"),
    "allocation": lambda: hs.allocate(attempts(models="abcd"), "a", attempts=30, cluster="passage"),
    "allocation of a pair": lambda: hs.allocate(attempts(models="abcd"), "a", "b", attempts=30, most=4),
    "allocation of a new run": lambda: hs.allocate(attempts(), "a", "b", attempts=100, new_run=True),
    "allocation of single attempts": lambda: hs.allocate(
        attempts(models="abc").filter((pl.col("model") != "a") | (pl.col("attempt") == 0)), "a", attempts=30
    ),
    "health": lambda: hs.health(clustered()),
    "trend": lambda: hs.trend(attempts(models=["run-step1", "run-step2"])),
    "look": lambda: hs.Monitor(a="a", b="b", items_planned=50).update(two_models()),
    "look at nothing": lambda: hs.Monitor(a="a", within=0.1).look(),
    "look at clusters": lambda: hs.Monitor(a="a", at_least=0.1, cluster="passage", cluster_size=5).update(clustered()),
    "plan": lambda: hs.plan(effect=0.03),
    "plan from a pilot": lambda: hs.plan(
        attempts(), effect=0.1, cluster="passage", prices=hs.Prices(attempt=1, item=2)
    ),
    "plan that no number of questions fits": lambda: hs.plan(attempts(), effect=0.001, cluster="passage", n_clusters=5),
    "plan of a score": lambda: hs.plan_score(attempts(), "a", within=0.1, cluster="passage"),
    "plan of a floor": lambda: hs.plan_score(at_least=0.9, rate=0.95),
    "plan of failures": lambda: hs.plan_failures(0.01, observed=(2, 500), cluster_size=5),
    "calibration": lambda: hs.calibrate(trials=50),
    "description": lambda: hs.describe(clustered()),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_json_keeps_the_schema(name):
    answer = ANSWERS[name]()
    document = json.loads(answer.render("json"))
    jsonschema.validate(document, SCHEMA)
    assert document == json.loads(json.dumps(answer.to_dict()))


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_has_every_form(name):
    answer = ANSWERS[name]()
    for format in ("terminal", "markdown", "csv", "json", "latex", "html"):
        text = answer.render(format)
        assert text.endswith("\n")
        assert "nan" not in text.lower().split()
    assert len(answer.to_frame()) == len(answer.records())
    assert str(answer) == answer.render().rstrip("\n")


@pytest.mark.parametrize("name", ANSWERS)
def test_same_input_same_bytes(name):
    assert ANSWERS[name]().render("json") == ANSWERS[name]().render("json")


def loaded_by(code):
    script = f"import sys\n{code}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split("\n")[-2].split())


def test_importing_howsure_is_light():
    assert not loaded_by("import howsure") & {"numpy", "scipy", "polars", "narwhals", "click", "rich"}


def test_help_loads_no_statistics():
    code = (
        "from click.testing import CliRunner\nfrom howsure.commands.main import main\n"
        "assert CliRunner().invoke(main, ['leaderboard', '--help']).exit_code == 0"
    )
    assert not loaded_by(code) & {"numpy", "scipy", "polars", "narwhals", "rich"}


def test_a_leaderboard_loads_no_pandas():
    code = (
        "import polars as pl, howsure as hs\n"
        "print(hs.leaderboard(pl.DataFrame({'model': list('aabb'), 'item': list('xyxy'), 'score': [1, 0, 1, 1]})))"
    )
    heavy = {"pandas", "pyarrow", "duckdb", "ibis", "pyspark", "matplotlib", "jinja2", "statsmodels", "altair"}
    loaded = loaded_by(f"{code}\nimport sys\nassert 'scipy.stats' not in sys.modules, 'half a second to import'")
    assert not loaded & heavy
    assert "scipy" in loaded
