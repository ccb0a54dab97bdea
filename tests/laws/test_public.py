"""What users can rely on: public names, light imports."""

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
