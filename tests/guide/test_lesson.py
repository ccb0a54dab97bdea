"""The interactive lesson: its chapters are complete, its data match the library, and `guide --open` writes it with own results."""

import html
import json
import re
import subprocess
import sys

import polars as pl
import pytest
from click.testing import CliRunner

from frames import attempts, two_models
from howsure import read
from howsure.commands.main import main
from howsure.errors import DataError
from howsure.guide import lesson
from howsure.guide.chapters import chapters
from howsure.guide.lesson import APP, MOST_MODELS, RESPECTS, SHARED, board_of, built_in, write_lesson
from howsure.guide.rewriting import choose
from howsure.page.page import STATISTICS, asset
from howsure.study.design import make_design
from places import ROOT

FRAGMENTS = lesson._fragments()
NAMES = [*map(str, range(1, 10)), "questions"]


def program(name):
    return lesson._asset(f"app/{name}.js")


def run(*words):
    return CliRunner(env={"COLUMNS": "100"}).invoke(main, ["guide", *map(str, words)], prog_name="howsure")


def board(frame, design=(), **chosen):
    scores = read(frame)
    return board_of(scores, make_design(dict(design), RESPECTS), choose(scores, ("my logs",), **chosen), name="mine")


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_value_and_control_of_a_chapter_has_its_script(name):
    fragment = FRAGMENTS[name]
    text = APP[APP.index("illusion") :]
    programs = "\n".join(program(part) for part in text)
    for figure in re.findall(r'data-figure="(\w+)"', fragment):
        assert f'"{figure}"' in programs
    for said in re.findall(r'data-show="(\w+)"', fragment):
        assert re.search(rf'\b{said}\b:|"{said}"|\b{said},', programs), said
    for done in re.findall(r'data-do="(\w+)"', fragment):
        assert re.search(rf"\b{done}(:|\()|\b{done},$", programs, re.MULTILINE), done
    assert set(re.findall(r'href="#chapter=(\w+)"', fragment)) <= set(NAMES)
    assert fragment.count("<figure") == fragment.count("<figcaption>")


@pytest.mark.parametrize("name", NAMES[:9])
def test_a_chapter_has_one_quiz_question_and_one_command(name):
    fragment = FRAGMENTS[name]
    assert fragment.count('class="quiz"') == fragment.count(" data-right ") == 1
    assert len(re.findall(r'<input type="radio" name="quiz-', fragment)) == fragment.count("data-why=") == 3
    commands = re.findall(r'<pre class="command"><code>howsure (\w+)', fragment)
    assert len(commands) == 1
    assert commands[0] in main.list_commands(None)
    words = re.sub(r"<[^>]+>", " ", fragment).split()
    assert 250 <= len(words) <= 650, "about three minutes"


def test_every_term_has_a_one_line_explanation():
    terms = re.findall(r'<span class="term"([^>]*)>', "".join(FRAGMENTS.values()))
    glosses = [re.fullmatch(r' data-gloss="([^"]+)"', term)[1] for term in terms]
    assert len(glosses) > 15
    assert max(map(len, glosses)) <= 140


def test_the_scripts_of_the_lesson_define_no_name_twice():
    text = "\n".join(
        [
            *(asset(f"app/{part}.js") for part in SHARED),
            *(asset(f"statistics/{part}.js") for part in STATISTICS),
            *map(program, APP),
        ]
    )
    names = re.findall(r"^(?:async )?(?:function|class|const|let) (\w+)", text, re.MULTILINE)
    assert len(names) > 150
    assert [name for name in set(names) if names.count(name) > 1] == []


def test_the_lesson_contains_all_chapters_and_the_built_in_leaderboards():
    page = write_lesson(built_in())
    assert len(page.encode()) < 500_000
    for chapter in chapters():
        assert f'<h1 tabindex="-1">{chapter.number}. {html.escape(chapter.title)}</h1>' in page
    assert page.count('class="plain"') == 9
    held = json.loads(re.search(r'<script type="application/json" id="boards">(.*?)</script>', page, re.DOTALL)[1])
    assert [each["name"] for each in held] == ["SWE-bench Verified", "a small model, four set-ups"]
    assert not re.search(r'(src|href)="(https?:)?//(?!arxiv\.org/)', page.split("<script>")[0])


@pytest.mark.unmeasured
def test_the_built_in_leaderboards_of_the_lesson_are_up_to_date():
    subprocess.run([sys.executable, ROOT / "scripts" / "lesson-boards", "--check"], check=True)


def test_scores_in_the_lesson_equal_those_of_the_library():
    made = board(attempts(models="abc"), a="a", b="c")
    cells = [
        [made["scores"]["levels"][made["scores"]["symbols"].index(sign)] for sign in row]
        for row in made["scores"]["cells"]
    ]
    means = (
        attempts(models="abc")
        .group_by("model", "item")
        .agg(pl.col("score").mean())
        .group_by("model")
        .agg(pl.col("score").mean())
    )
    for model, row in zip(made["models"], cells, strict=True):
        assert sum(row) / len(row) == pytest.approx(means.filter(model=model)["score"].item())
    assert (made["a"], made["b"], made["path"], made["grouping"]) == ("a", "c", "'my logs'", "")


def test_the_lesson_shows_the_notes_about_own_results():
    rows = two_models().with_columns(
        status=pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("error")).otherwise(pl.lit("ok"))
    )
    said = " ".join(board(rows)["said"])
    assert "Data: 2 models" in said
    assert re.search(r"1 .*(failed|error)", said)


def test_the_lesson_keeps_the_best_models_and_the_compared_pair():
    rows = pl.DataFrame(
        {
            "model": [f"m{m:02}" for m in range(60) for _ in range(70)],
            "item": [str(k) for _ in range(60) for k in range(70)],
            "score": [int(k < 10 + m) for m in range(60) for k in range(70)],
        }
    )
    made = board(rows, a="m00", b="m59")
    assert len(made["models"]) == MOST_MODELS
    assert (made["models"][0], made["models"][-1], made["left"]) == ("m59", "m00", 20)


def test_scores_outside_0_to_1_are_refused_by_the_lesson():
    with pytest.raises(DataError, match="scores from 0 to 1"):
        board(two_models().with_columns(score=pl.col("score") * 7))


def test_scores_where_lower_is_better_are_inverted_with_a_note():
    made = board(two_models(), {"lower_is_better": True})
    plain = board(two_models())
    assert made["models"] == plain["models"][::-1]
    assert "Smaller scores are better here: the lesson shows 1 − score." in made["said"]
    assert "Smaller" not in " ".join(plain["said"])


def test_the_lesson_uses_the_first_of_two_clusterings_with_a_note():
    rows = two_models().with_columns(one=pl.col("item").str.slice(-1), other=pl.col("item").str.slice(0, 2))
    made = board(rows, {"cluster": ("one", "other")})
    assert made["clusters"]["name"] == "one"
    assert "The lesson supports one clustering, and uses one." in made["said"]


def test_unequal_numbers_of_attempts_count_as_their_harmonic_mean():
    """One item with 2 attempts and one with 6: 1 / K is 1/3 on average, so K counts as 3."""
    rows = pl.DataFrame(
        {"model": "a", "item": ["x"] * 2 + ["y"] * 6, "attempt": [0, 1, *range(6)], "score": [0, 1, 0, 1, 0, 1, 0, 1]}
    )
    assert board(rows)["attempts"] == pytest.approx([3.0])


def test_guide_open_writes_the_lesson_with_own_results(tmp_path):
    target = tmp_path / "mine.html"
    result = run("4", "--open", "-o", target, ROOT / "examples" / "logs", "--cluster", "passage_id")
    assert result.exit_code == 0, result.output
    held = json.loads(re.search(r'id="boards">(.*?)</script>', target.read_text("utf-8"), re.DOTALL)[1])
    assert len(held) == 3
    assert (held[0]["kind"], held[0]["grouping"]) == ("own", "--cluster passage_id")
    assert held[0]["a"].endswith("smollm2-135m-t0.3")


def test_guide_accepts_a_path_first_if_it_writes_the_lesson(tmp_path):
    assert run(ROOT / "examples" / "logs", "-o", tmp_path / "x.html").exit_code == 0


def test_guide_open_overwrites_only_an_earlier_lesson(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lesson.html").write_text("my own")
    result = run("--open")
    assert result.exit_code == 1
    assert "isn't a lesson of howsure" in result.output
    (tmp_path / "lesson.html").unlink()
    assert run("--open").exit_code == 0
    assert run("--open").exit_code == 0
    assert run("-o", "x.pdf").exit_code == 1
    (tmp_path / "lesson.html").write_text('<!DOCTYPE html>\n<meta name="generator" content="howsure 0.1.0">')
    assert run("--open").exit_code == 1, "a report of ours is no lesson"


def test_a_folder_whose_name_is_a_number_is_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "2024").mkdir()
    two_models().write_csv(tmp_path / "2024" / "x.csv")
    assert run("--open", "2024", "-o", "x.html").exit_code == 0
    assert '"kind":"own"' in (tmp_path / "x.html").read_text("utf-8")


def test_hostile_names_are_escaped_in_the_lesson(tmp_path):
    rows = two_models().with_columns(pl.col("model").replace({"a": "</script><img src=x onerror=alert(1)>"}))
    page = write_lesson([board(rows)])
    assert "<img" not in page
