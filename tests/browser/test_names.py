"""Names on the page: those that look alike when they are cut stay apart, and the end of a long one stays."""

import polars as pl

from howsure.verbs.report import report

LABELS = [f"the/very/long/path/to/cluster/{k}/and/then/some/more/file.txt" for k in range(12)]
FAMILY = "an-organisation-with-a-name/a-model-with-a-name-as-long-as-names-can-be-and-longer-instruct-"


def scores(models=("a", "b"), labels=LABELS, lacking=lambda k: False):
    rows = [
        {"model": model, "item": k, "score": float((k * (m + 2)) % 3 == 0), "cluster": labels[k % len(labels)]}
        for m, model in enumerate(models)
        for k in range(60)
        if not (m == 1 and lacking(k))
    ]
    return pl.DataFrame(rows)


def test_every_cluster_has_a_row_of_its_own(opened):
    page = opened(report(scores()), hash="#look=model")
    ticks = "(id) => [...document.querySelectorAll(`${id} .role-axis-label text`)].map((text) => text.textContent)"
    shown = page.evaluate(ticks, "#model-clusters")
    rows = [text for text in shown if "file" in text]
    assert len(rows) == len(set(rows)) == 12
    dots = "() => [...document.querySelectorAll('#model-clusters .mark-symbol path')].map((dot) => dot.getBoundingClientRect().y)"
    assert len({round(y) for y in page.evaluate(dots)}) == 12


def test_of_long_names_the_end_is_shown(opened):
    models = [FAMILY + version for version in ("v1", "v2", "v10")]
    for look in ({}, {"viewport": {"width": 390, "height": 844}}):
        names = opened(report(scores(models)), **look).locator("#board-body .link").all_text_contents()
        assert {name.split("-")[-1] for name in names} == {"v1", "v2", "v10"}


def test_the_first_pair_has_questions_in_common(opened):
    rows = scores(("b", "c")).vstack(
        pl.DataFrame({"model": ["a"] * 2, "item": [998, 999], "score": [1.0, 1.0], "cluster": ["x", "y"]})
    )
    page = opened(report(rows.with_columns(item=pl.col("item").cast(pl.String))), hash="#look=pair")
    assert page.input_value("#pair-a") == "0"
    assert "no question in common" in page.text_content("#pair-verdict")
    both = pl.DataFrame({"model": ["a"], "item": ["1"], "score": [1.0], "cluster": [LABELS[1]]})
    lacking = rows.with_columns(item=pl.col("item").cast(pl.String)).filter(
        (pl.col("model") != "b") | (pl.col("item") != "1")
    )
    page = opened(report(pl.concat([lacking, both])), hash="#look=pair")
    names = [page.locator(f"#pair-{side} option:checked").text_content() for side in "ab"]
    assert [name.split(". ")[1] for name in names] == ["a", "c"]


def test_where_no_gap_would_show_the_page_says_so(opened):
    rows = pl.DataFrame({"model": ["a", "a", "b", "b"], "item": [1, 2, 1, 2], "score": [1.0, 1.0, 1.0, 0.0]})
    assert (
        "Minimum detectable effect at 80% power: no gap at all; questions needed for this gap: too few to forecast"
        in " ".join(opened(report(rows), hash="#look=pair").text_content(".forecast").split())
    )
