"""HTML output is well-formed and semantic, escapes hostile names, and is picked up by notebooks."""

import re
import sys

import polars as pl
import pytest

import howsure as hs
from frames import clustered
from hostile import HOSTILE
from howsure.errors import ResultWarning
from howsure.present import leaderboard
from howsure.present.document import Column, Document, Note, Table, Text, Whisker, foot_last
from howsure.present.files import figure_of
from howsure.present.render import html
from howsure.present.render.visible import visible
from reading import ATTRIBUTES, TAGS, Reading


def document(name):
    columns = (Column(name=name, align="left"), Column(name="score"), Column(name="", align="left"))
    rows = ((name, "1.0", Whisker(value=0.5, low=0.0, high=1.0)),)
    return Document(
        blocks=(
            *(Text(text=name, kind=kind) for kind in ("verdict", "heading", "small", "plain")),
            Table(columns=columns, rows=rows, title=name, note=name),
            Note(warnings=(ResultWarning(code="x", message=name, remedy=name),)),
        )
    )


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("form", [html.render, html.page, html.notebook])
def test_hostile_names_are_escaped_in_html(kind, form):
    name = HOSTILE[kind]
    seen = Reading(form(document(name)))
    assert {tag for tag, _ in seen.found} <= TAGS
    assert {attribute for _, attributes in seen.found for attribute in attributes} <= ATTRIBUTES
    assert seen.all("strong")[0] == seen.all("h3")[0] == seen.all("caption")[0] == visible(name)
    assert seen.all("th") == [visible(name), "score", visible(name)]


@pytest.mark.parametrize("kind", [kind for kind in HOSTILE if kind != "lone"])
def test_a_leaderboard_with_hostile_names_is_well_formed_html(kind):
    rows = clustered(models=("plain", "other"))
    answer = hs.leaderboard(rows.with_columns(model=pl.col("model").str.replace("plain", HOSTILE[kind], literal=True)))
    seen = Reading(answer.render("html"))
    assert visible(HOSTILE[kind]) in seen.all("th")
    assert {tag for tag, _ in seen.found} <= TAGS


def test_a_fragment_has_no_styles_scripts_or_ids():
    text = html.render(document("quiz"))
    assert not any(word in text for word in ("style", "<script", " id=", "href", "src="))


def test_table_rows_have_headers_and_numbers_have_a_class():
    text = html.render(leaderboard.document(hs.leaderboard(clustered())))
    assert '<th scope="row">a</th>' in text
    assert '<th scope="col" class="number">score %</th>' in text
    assert '<td class="number">' in text
    assert text.count('<svg class="howsure-bar"') == text.count("<tr")
    assert text.startswith('<p class="verdict">')


def test_a_list_of_facts_has_row_headers_and_no_column_header():
    text = hs.compare(clustered(), "a", "b").render("html", details=True)
    assert text.count("<thead>") == 1, "of the scores"
    assert '<th scope="row">p-value</th>' in text


def test_warnings_are_a_list_with_remedies():
    text = html.render(document("quiz"))
    assert '<ul class="warnings">\n<li>quiz. <span class="remedy">quiz</span></li>\n</ul>' in text


def test_an_html_page_has_a_charset_a_title_and_a_strict_content_policy():
    text = hs.leaderboard(clustered()).render("html")
    assert text.startswith('<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">')
    assert "default-src 'none'" in text
    assert Reading(text).all("title") == [hs.leaderboard(clustered()).sentence]
    assert html.page(Document()).count("<title>howsure</title>") == 1


def test_notebooks_get_a_styled_fragment():
    answer = hs.leaderboard(clustered())
    text = answer._repr_html_()
    assert text.startswith('<div class="howsure-answer">')
    assert html.render(foot_last(leaderboard.document(answer)), scrolled=True) in text
    selectors = [line for line in html.STYLE.splitlines() if line.endswith(("{", "}")) and line[0] not in " }"]
    assert all(re.match(r"(\.|table\.)howsure\b|@media", line) for line in selectors)
    assert not any(word in html.STYLE for word in ("background", " color:", "@import", "url("))


def test_an_answer_without_the_package_that_draws_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    figure, text = figure_of(hs.leaderboard(clustered()))
    assert figure == b""
    assert text.startswith("No figure: ")
    assert "howsure[plot]" in text
    about = html.About(
        heading="Leaderboard", day="2026-12-01", data="", command="howsure leaderboard x", description=text
    )
    assert "No figure: " in html.page(Document(), about)
