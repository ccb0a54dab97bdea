"""The methods paragraph describes the answer's own data and methods and lists every cited source."""

import re
from functools import reduce
from typing import get_args

import polars as pl
import pytest

import howsure as hs
from frames import attempts, clustered, two_models
from howsure.present import methods
from howsure.statistics.choices import Adjustment, ComparisonMethod, IntervalMethod, ManyToOne, Variance
from methods import FOLDER, PAGES

TASKS = pl.concat([two_models(task=pl.lit(task)) for task in "xy"])
ANSWERS = {
    "scores": lambda: hs.estimate(clustered(), cluster="passage"),
    "items alone": lambda: hs.estimate(two_models()),
    "board": lambda: hs.leaderboard(clustered(), cluster="passage"),
    "boards": lambda: hs.leaderboard(TASKS),
    "one model": lambda: hs.leaderboard(clustered(models="a")),
    "pair": lambda: hs.compare(clustered(), "a", "b", cluster="passage"),
    "pairs": lambda: hs.compare(TASKS, "a", "b"),
    "margin": lambda: hs.compare(two_models(), "a", "b", margin=0.1),
    "many": lambda: hs.against(clustered(models="abcd"), "b", cluster="passage"),
    "benchmark": lambda: hs.estimate(attempts(), population="these-questions"),
}


MILLER = "Miller (2024)"
"""The paper that asks for error bars, listed in any case."""


def paragraph(answer):
    text = answer.render("markdown", methods_paragraph=True)
    return text[text.index("Methods") :]


@pytest.mark.parametrize("name", ANSWERS)
def test_the_listed_sources_are_exactly_the_cited_ones_and_miller(name):
    text = paragraph(ANSWERS[name]())
    said, listed = text.split(f"Computed with howsure {hs.__version__}.")
    listed = listed.replace("\\", "").replace("&lt;", "<").replace("&gt;", ">")
    split = {source: source.rpartition(" ")[::2] for source in methods.SOURCES}
    cited = {
        source
        for source, (author, year) in split.items()
        if f"{author} {year}" in said or f"{author} {year.strip('()')}" in said
    }
    assert {source for source, entry in methods.SOURCES.items() if entry in listed} == cited | {MILLER}
    assert (MILLER in cited) == (name != "benchmark"), "only scores on exactly these items have no error of sampling"
    assert "((" not in said
    assert "the method" not in said


def test_the_methods_paragraph_states_items_clusters_level_and_correction():
    text = paragraph(hs.leaderboard(clustered(), cluster="passage", level=0.9, adjust="holm"))
    entry = hs.estimate(clustered(), cluster="passage")[0].estimate
    assert f"{entry.n_items} questions in {entry.n_clusters} clusters" in text
    assert "90% confidence" in text
    assert "corrected for all 3 pairs by the procedure of Holm (1979)" in text
    assert "the formula of Miller (2024)" in paragraph(hs.estimate(clustered(), cluster="passage", variance="miller"))


def test_sources_are_those_of_the_pages_on_methods_and_named_pages_exist():
    rows = re.findall(r"^\| (.+? \(\d{4}\)) \| (.+) \|$", (FOLDER / "references.md").read_text(), re.MULTILINE)
    plain = {"*": "", "https://doi.org/": "doi:", "%3C": "<", "%3E": ">"}
    known = {key: reduce(lambda text, pair: text.replace(*pair), plain.items(), line) for key, line in rows}
    assert methods.SOURCES.items() <= known.items()
    titles = {page.read_text().partition("\n")[0].removeprefix("# ") for page in PAGES}
    named = {title for ask in ANSWERS.values() for title in re.findall("“(.+?)”", paragraph(ask()))}
    assert named
    assert named <= titles


def test_every_method_has_a_description_for_the_methods_paragraph():
    assert set(get_args(IntervalMethod)) <= set(methods.INTERVALS)
    assert set(get_args(ComparisonMethod)) <= set(methods.TESTS)
    assert set(get_args(Variance)) == set(methods.VARIANCES)
    assert {*get_args(Adjustment), *get_args(ManyToOne)} - {"none"} == set(methods.ADJUSTED)


def test_model_names_in_the_methods_paragraph_are_escaped():
    rows = two_models().with_columns(model=pl.col("model").replace({"a": "<b>&"}))
    assert "<b>" not in hs.against(rows, "<b>&").render("html", methods_paragraph=True)


def test_a_methods_paragraph_is_an_error_for_noise_and_data_formats():
    with pytest.raises(hs.HowsureError, match="no methods paragraph"):
        hs.noise(attempts()).render(methods_paragraph=True)
    with pytest.raises(hs.HowsureError, match="methods_paragraph=True adds prose, and json is data"):
        hs.estimate(clustered()).render("json", methods_paragraph=True)
    assert not re.search("^Methods", hs.estimate(clustered()).render(), re.MULTILINE)


def test_one_pair_alone_is_not_corrected_for_all_pairs():
    text = paragraph(hs.leaderboard(two_models()))
    assert "with the same clusters. A model could have" in text
    assert "corrected" not in text


def test_pairs_without_a_shared_item_are_described_as_tied():
    rows = pl.concat(
        [two_models().filter(pl.col("model") == "a").head(8), two_models().filter(pl.col("model") == "b").tail(8)]
    )
    assert set(rows.filter(pl.col("model") == "a")["item"]).isdisjoint(rows.filter(pl.col("model") == "b")["item"])
    assert "two that share none count as tied" in paragraph(hs.leaderboard(rows))
    assert "share none" not in paragraph(hs.leaderboard(two_models()))
