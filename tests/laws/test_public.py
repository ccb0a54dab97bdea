"""The public names are fixed, and importing howsure or running a command loads few packages."""

import subprocess
import sys

import pytest

import howsure as hs


def test_public_names_are_locked(snapshot):
    assert dir(hs) == snapshot
    for name in dir(hs):
        assert getattr(hs, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'sumary'"):
        hs.sumary


COMMAND = """
from click.testing import CliRunner
from howsure.commands.main import main
for words in {words}:
    assert CliRunner().invoke(main, words).exit_code in (0, 1, 2), words
"""
BROUGHT = {"charset_normalizer", "cython_runtime", "typing_extensions"}
"""What the packages that howsure takes in take in themselves, where it is there."""
HEAVY = {f"scipy.{name}" for name in ("optimize", "stats", "sparse", "spatial", "integrate", "interpolate", "signal")}
NEEDED = {"backports", "click", "howsure", "narwhals", "numpy", "polars", "rich", "scipy"}
ORDINARY = {
    "describe": [],
    "estimate": [],
    "compare": ["-a", "a", "-b", "b"],
    "leaderboard": [],
    "noise": [],
    "questions": [],
    "gate": ["-a", "a", "-b", "b", "--better"],
    "report": ["-o", "page.html"],
}
"""The commands that are asked most, beside their table, and what else they want."""


def loaded_by(code, folder=None):
    """Return the modules that a fresh interpreter loads over some code."""
    script = f"import sys\nbefore = set(sys.modules)\n{code}\nprint(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=folder)
    return set(done.stdout.split("\n")[-2].split())


def packages(modules):
    """Return the packages of modules that neither come with Python nor with another package."""
    tops = {name.partition(".")[0] for name in modules} - sys.stdlib_module_names - BROUGHT
    return {name for name in tops if not name.startswith("_")}


def test_importing_howsure_loads_nothing_else():
    assert packages(loaded_by("import howsure")) == {"howsure"}


@pytest.mark.parametrize("words", [["--help"], ["leaderboard", "--help"]])
def test_help_loads_nothing_but_click(words):
    assert packages(loaded_by(COMMAND.format(words=[words]))) == {"click", "howsure"}


@pytest.mark.unmeasured
def test_ordinary_commands_load_only_the_packages_they_need(tmp_path):
    rows = [f"{model},q{item},{item % (3 + k) > 0:d}" for k, model in enumerate("abc") for item in range(20)]
    (tmp_path / "small.csv").write_text("\n".join(["model,item,score", *rows, ""]), encoding="utf-8")
    words = [[command, "small.csv", *options] for command, options in ORDINARY.items()]
    modules = loaded_by(COMMAND.format(words=words), tmp_path)
    assert (tmp_path / "page.html").exists()
    assert packages(modules) <= NEEDED
    assert not modules & HEAVY, "a tenth of a second and more to import: `scipy.NAME.…` takes it in when it is called"


def test_a_leaderboard_loads_no_pandas():
    code = (
        "import polars as pl, howsure as hs\n"
        "print(hs.leaderboard(pl.DataFrame({'model': list('aabb'), 'item': list('xyxy'), 'score': [1, 0, 1, 1]})))"
    )
    heavy = {"pandas", "pyarrow", "duckdb", "ibis", "pyspark", "matplotlib", "jinja2", "statsmodels", "altair"}
    loaded = loaded_by(code)
    assert not loaded & (heavy | HEAVY)
    assert "scipy" in loaded
