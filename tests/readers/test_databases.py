"""A DuckDB file is queried in place: its only table of results, or the table named after the path."""

import pytest
from click.testing import CliRunner

import howsure as hs
from howsure.commands.main import main
from howsure.readers import addresses

duckdb = pytest.importorskip("duckdb")

ANSWERS = (
    "SELECT 'm' || m AS model, 'q' || i AS item, (i * 7 + m) % 10 < 4 + m AS correct FROM range(3) a(m), range(60) b(i)"
)


def made(folder, *statements, name="evals.duckdb"):
    path = folder / name
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement)
    return path


def test_the_only_table_with_items_is_queried_without_changing_the_file(tmp_path):
    path = made(tmp_path, f"CREATE TABLE answers AS {ANSWERS}", "CREATE TABLE notes AS SELECT 1 AS x")
    before = path.read_bytes()
    scores = hs.read(path)
    assert type(scores.rows).__module__.partition(".")[0] in ("duckdb", "_duckdb")
    rows = duckdb.sql(ANSWERS)
    assert hs.leaderboard(path).to_dict() == hs.leaderboard(rows).to_dict()
    assert hs.compare([str(path)], "m0", "m2").to_dict() == hs.compare(rows, "m0", "m2").to_dict()
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_table_is_selected_by_name_after_the_path(tmp_path):
    odd = 'my "own", results'
    quoted = '"' + odd.replace('"', '""') + '"'
    path = made(
        tmp_path,
        f"CREATE TABLE answers AS {ANSWERS}",
        "CREATE SCHEMA old; CREATE VIEW old.answers AS SELECT * FROM main.answers WHERE model != 'm0'",
        f"CREATE TABLE {quoted} AS SELECT model, item AS nr, correct FROM answers",
    )
    with pytest.raises(hs.ReadError, match=r"results may be in 2 tables: answers, old\.answers"):
        hs.read(path)
    assert [entry.model for entry in hs.leaderboard(path / "old.answers").boards[0].entries] == ["m2", "m1"]
    named = hs.read(path / odd, columns={"item": "nr"})
    assert hs.leaderboard(named).to_dict()["boards"] == hs.leaderboard(path / "answers").to_dict()["boards"]
    with pytest.raises(hs.ReadError, match=r"no table 'answer'.*Did you mean 'answers'\?"):
        hs.read(path / "answer")
    assert hs.leaderboard(path / "answers", task=None).boards


def test_a_database_without_a_table_of_items_is_an_error_that_lists_its_tables(tmp_path):
    path = made(tmp_path, *(f"CREATE TABLE t{k:02} AS SELECT 1 AS x" for k in range(20)))
    with pytest.raises(hs.ReadError, match="no table with a column for the item among t00, t01, t02 and"):
        hs.read(path)
    with pytest.raises(hs.ReadError, match="contains no table"):
        hs.read(made(tmp_path, name="empty.duckdb"))


def test_a_duckdb_file_cannot_be_combined_with_other_files(tmp_path):
    path = made(tmp_path, f"CREATE TABLE answers AS {ANSWERS}")
    with pytest.raises(hs.ReadError, match="a DuckDB file is read alone"):
        hs.read([path, path])


def test_a_view_cannot_read_other_files(tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("model,item,score\na,1,1\n")
    path = made(tmp_path, f"CREATE VIEW answers AS SELECT * FROM read_csv('{secret}')")
    with pytest.raises(hs.ReadError, match=r"can't be read by DuckDB .*Permission"):
        hs.leaderboard(path)


def test_a_truncated_duckdb_file_is_an_error(tmp_path):
    path = made(tmp_path, f"CREATE TABLE answers AS {ANSWERS.replace('range(60)', 'range(200000)')}")
    whole = path.read_bytes()
    path.write_bytes(whole[:5000])
    with pytest.raises(hs.ReadError, match="can't be read by DuckDB"):
        hs.read(path)
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises((hs.ReadError, hs.DataError), match=r"can't (be read|answer)"):
        hs.leaderboard(path)


def test_a_missing_duckdb_package_names_its_extra(tmp_path, monkeypatch):
    path = made(tmp_path, f"CREATE TABLE answers AS {ANSWERS}")
    monkeypatch.setattr(addresses, "find_spec", lambda _: None)
    with pytest.raises(hs.ReadError, match=r"pip install 'howsure\[duckdb\]'"):
        hs.read(path)


def test_describe_with_explain_plan_shows_the_sql(tmp_path):
    path = made(tmp_path, f"CREATE TABLE answers AS {ANSWERS}")
    found = CliRunner().invoke(main, ["describe", str(path), "--explain-plan"])
    assert found.exit_code == 0, found.output
    assert "Comes back: 180 rows, one per model and item of 3 models" in found.stdout
    assert 'FROM "main"."answers"' in found.stdout
    assert hs.describe(path).plan == ""
    assert hs.describe(path, explain_plan=True).plan.startswith("Comes back: 180 rows")
    assert hs.describe(hs.read(path).to_frame(), explain_plan=True).plan.count("Comes back: ") == 2


def test_a_table_name_may_contain_a_slash(tmp_path):
    path = made(tmp_path, f'CREATE TABLE "a/b" AS {ANSWERS}', f"CREATE TABLE other AS {ANSWERS}")
    assert hs.leaderboard(path / "a/b").boards
    with pytest.raises(hs.ReadError, match=r"evals\.duckdb: no table 'other/more'"):
        hs.read(path / "other" / "more")


def test_where_selects_rows_and_an_unknown_column_is_an_error(tmp_path):
    path = made(tmp_path, f"CREATE TABLE answers AS {ANSWERS}")
    assert len(hs.leaderboard(hs.read(path, where={"model": ["m0", "m2"]})).boards[0].entries) == 2
    for data in (path, hs.read(path).to_frame()):
        with pytest.raises(hs.DataError, match="no column 'nope' to choose rows by"):
            hs.read(data, where={"nope": "x"})
    found = CliRunner().invoke(main, ["describe", str(path), "--where", "nope=x"])
    assert found.exit_code == 1
    assert found.output.startswith("howsure: no column 'nope'")


@pytest.mark.parametrize(
    "given", [{"reader": "inspect"}, {"runs": "tag:x"}, {"model_from": "(m.)"}, {"map": {"item": "id"}}], ids=str
)
def test_options_for_files_are_errors_for_a_database(tmp_path, given):
    path = made(tmp_path, f"CREATE TABLE answers AS {ANSWERS}")
    with pytest.raises(hs.OptionError, match="doesn't apply to the table of a DuckDB file"):
        hs.read(path, **given)


def test_a_duckdb_file_in_a_folder_is_left_out_with_a_reason(tmp_path):
    made(tmp_path, f"CREATE TABLE answers AS {ANSWERS}")
    (tmp_path / "table.csv").write_text("model,item,score\na,1,0\na,2,1\n", encoding="utf-8")
    left = [report for report in hs.read(tmp_path).files if report.outcome == "left out"]
    assert [(report.path, report.reason) for report in left] == [
        ("evals.duckdb", "a DuckDB file is read alone: give its path")
    ]


def test_an_ambiguous_table_name_is_an_error(tmp_path):
    path = made(
        tmp_path, "CREATE SCHEMA s", f"CREATE TABLE s.answers AS {ANSWERS}", f'CREATE TABLE "s.answers" AS {ANSWERS}'
    )
    told = r"""'s\.answers' may be any of "main"\."s\.answers", "s"\."answers"\. Create a view"""
    with pytest.raises(hs.ReadError, match=told):
        hs.leaderboard(path / "s.answers")
