"""The report page: packed scores and pairs are lossless, embedded JSON is safe, and the fingerprint and origin of the data can be read back."""

import base64
import gzip
import json
import re
from html.parser import HTMLParser

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

import howsure as hs
from frames import attempts, clustered, two_models
from howsure.inference.population import population_of
from howsure.inference.question import Question
from howsure.page.contents import contents_of
from howsure.page.packing import SYMBOLS, packed, packed_scores, short, to_json
from howsure.page.page import APP, STATISTICS, asset, policy, write_live
from howsure.page.pairs import FLAGS, most_models
from howsure.page.provenance import Origin, read_origin
from howsure.present.words.plain import pair_conditions
from howsure.study.design import make_design
from howsure.study.factors import gather_levelled
from howsure.verbs.report import report
from places import ROOT
from trials import draws

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def unpacked(text):
    return json.loads(gzip.decompress(base64.b64decode(text)))


def cells(found):
    """Unpack as data.js does."""
    if found["levels"] is None:
        return [[np.nan if value is None else value for value in column] for column in found["cells"]]
    levels = dict(zip(SYMBOLS, found["levels"], strict=False))
    return [[levels.get(symbol, np.nan) for symbol in column] for column in found["cells"]]


@given(
    st.integers(1, 30),
    st.integers(1, 5),
    st.sampled_from([2, 4, 86, 88, 89, 200]),
    st.integers(0, 2**32 - 1),
    st.booleans(),
)
def test_packed_scores_are_restored(n, models, levels, seed, holes):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, levels, (n, models)) / max(levels - 1, 1)
    if holes:
        values[rng.random(values.shape) < 0.3] = np.nan
    found = json.loads(to_json(packed_scores(values)))
    assert np.array_equal(np.array(cells(found)).T, values, equal_nan=True) or found["levels"] is None
    assert np.allclose(np.array(cells(found)).T, values, rtol=5e-4, atol=0, equal_nan=True)


def test_scores_with_too_many_levels_are_stored_as_rounded_numbers():
    values = np.linspace(0, 1, 300)[:, None]
    found = packed_scores(values)
    assert found["levels"] is None
    assert pytest.approx(values, rel=5e-4) == np.array(found["cells"]).T
    assert not set(SYMBOLS) & set('"\\<& ')


@given(JSON)
def test_packed_data_is_restored_exactly(data):
    assert unpacked(packed(data)) == data
    assert packed(data) == packed(data)


class Scripts(HTMLParser):
    """Collects what a browser takes for the text of each element, and counts the elements."""

    def __init__(self):
        super().__init__()
        self.tags, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


@given(st.text() | st.sampled_from(["</script>", "<!--<script>", "]]>", "\u2028", "</ScRiPt >", "&lt;"]), JSON)
def test_embedded_json_cannot_close_its_script_element(text, more):
    source = to_json({"name": text, text: more})
    assert not set(source) & set("<>&\u2028\u2029")
    assert json.loads(source) == {"name": text, text: more}
    parser = Scripts()
    parser.feed(f'<script type="application/json">{source}</script>')
    parser.close()
    assert parser.tags == ["script"]
    assert parser.text == source


@given(st.lists(st.floats(allow_infinity=True, allow_nan=True)))
def test_shortened_numbers_keep_six_digits(values):
    for given_, kept in zip(values, short(values), strict=True):
        assert (kept is None) == (not np.isfinite(given_))
        assert kept is None or kept == pytest.approx(given_, rel=5e-6, abs=1e-320)


@given(st.integers(0, 10**7))
def test_the_number_of_models_is_limited_by_the_number_of_pairs(pairs):
    m = most_models(pairs)
    assert m * (m - 1) // 2 <= pairs < (m + 1) * m // 2


@pytest.mark.parametrize(
    ("rows", "options"),
    [
        (clustered(models=("a", "b", "c", "d")), {"cluster": "passage"}),
        (attempts(models=("a", "b", "c")), {"cluster": "passage"}),
        (attempts(models=("a", "b", "c")), {"cluster": "passage", "lower_is_better": True}),
        (clustered(), {"cluster": "none"}),
        (two_models(), {}),
    ],
)
def test_flags_of_a_pair_on_the_page_equal_those_of_compare(rows, options):
    page = report(rows, **options)
    models = [model["model"] for model in page.data["boards"][0]["models"]]
    columns, k = unpacked(page.boards[0])["pairs"], 0
    for i in range(len(models)):
        for j in range(i + 1, len(models)):
            for a, b in ((models[i], models[j]), (models[j], models[i])):
                c = hs.compare(rows, a, b, **options)
                holds = {name: bool(columns["flags"][k] >> bit & 1) for bit, name in enumerate(FLAGS)}
                told = pair_conditions(c)
                assert holds["real"] == c.decided
                assert {name: holds[name] for name in FLAGS[2:]} == {name: told[name] for name in FLAGS[2:]}
            k += 1


def marked(rows, **options):
    return report(rows, **options).data["origin"]["fingerprint"]


@pytest.mark.unmeasured
@pytest.mark.parametrize("variance", ["CR2", "CR1"])
def test_the_smallest_significant_difference_is_that_of_the_page_s_own_test(variance):
    """A plain t test: the median over pairs of the t quantile times the standard error."""
    frame = clustered(n_clusters=9, models=("a", "b", "c", "d"))
    (board,) = hs.leaderboard(frame, method="t", variance=variance, cluster="passage").boards
    upper = np.triu_indices(4, 1)
    smallest = np.median(student.ppf(0.975, board.pairs.df[upper]) * board.pairs.se[upper])
    design = make_design({"cluster": "passage"})
    question = Question(population=population_of(design.population), method="t", variance=variance)
    scores = hs.read(frame)
    (part,) = contents_of(scores, design, gather_levelled(scores, design), question).first.tasks
    assert part.health.smallest_significant_difference == pytest.approx(smallest, rel=1e-12)


def test_the_fingerprint_depends_on_the_data_and_not_on_order_or_format(tmp_path):
    rows = attempts(models=("a", "b", "c"))
    same = marked(rows)
    assert marked(rows.sample(fraction=1, shuffle=True, seed=1)) == same
    assert marked(rows.reverse().select(rows.columns[::-1])) == same
    for name in ("x.parquet", "y.parquet"):
        rows.write_parquet(tmp_path / name)
        assert marked(tmp_path / name) == same
    assert marked(rows, level=0.9, cluster="passage") == same
    changed = [
        rows.with_columns(score=pl.when(pl.int_range(pl.len()) == 3).then(1 - pl.col("score")).otherwise("score")),
        rows.with_columns(model=pl.col("model").replace("a", "z")),
        rows.with_columns(item=pl.col("item").replace("p0-0", "new")),
        rows.with_columns(task=pl.lit("other")),
        rows.filter((pl.col("model") != "a") | (pl.col("item") != "p1-1")),
        rows.filter((pl.col("attempt") > 0) | (pl.col("item") != "p0-0")),
    ]
    prints = [marked(each) for each in changed]
    assert len({same, *prints}) == 1 + len(changed)


def test_the_fingerprint_depends_on_the_levels_of_a_random_factor():
    rows = attempts(12).rename({"attempt": "seed"})
    turned = rows.with_columns(seed=pl.when(pl.col("item") == "p0-1").then(2 - pl.col("seed")).otherwise("seed"))
    own = {marked(each, random_factor="seed") for each in (rows, *[rows.sample(fraction=1, shuffle=True)] * 9)}
    assert len(own) == 1
    assert marked(turned, random_factor="seed") not in own


def test_separators_in_names_do_not_collide_in_the_fingerprint():
    rows = two_models()
    joined = rows.with_columns(model=pl.col("model").replace("a", "a\x1fq0"))
    assert marked(rows) != marked(joined)


def test_the_origin_counts_use_the_singular():
    rows = pl.DataFrame({"model": ["a"], "item": ["q"], "score": [1.0]})
    assert report(rows).data["origin"]["data"] == "1 task, 1 model, 1 item, 1 attempt"


def test_the_origin_of_a_saved_page_can_be_read_back(tmp_path):
    page = report(clustered(), cluster="passage", title="</script><b>", command="howsure report 'a</script>b'")
    page.save(tmp_path / "x.html")
    found = read_origin(tmp_path / "x.html")
    assert isinstance(found, Origin)
    assert found.to_dict() == page.data["origin"]
    assert found.command == "howsure report 'a</script>b'"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html></html>",
        '<script type="application/json" id="howsure-report">{</script>',
        '<script type="application/json" id="howsure-report">[]</script>',
        '<script type="application/json" id="howsure-report">{"origin":{}}</script>',
        '<script type="application/json" id="howsure-report">{"origin":{"x":1}}</script>',
    ],
)
def test_files_that_are_no_report_page_are_refused(text, tmp_path):
    (tmp_path / "x.html").write_text(text)
    with pytest.raises(hs.ReadError, match="not a report of howsure"):
        read_origin(tmp_path / "x.html")


def test_binary_and_missing_files_are_refused_as_report_pages(tmp_path):
    (tmp_path / "x.html").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(hs.ReadError, match="not a report of howsure"):
        read_origin(tmp_path / "x.html")
    with pytest.raises(hs.ReadError, match="can't be read"):
        read_origin(tmp_path / "nothing.html")
    with pytest.raises(hs.ReadError, match="can't be read"):
        read_origin(tmp_path)


def test_too_large_files_are_refused_as_report_pages(tmp_path, monkeypatch):
    monkeypatch.setattr("howsure.page.provenance.MOST_BYTES", 3)
    (tmp_path / "x.html").write_text("<html>")
    with pytest.raises(hs.ReadError, match="too large"):
        read_origin(tmp_path / "x.html")


def test_the_content_policy_allows_no_other_scripts_or_connections():
    page = report(two_models())
    text = policy("a", ("b", "c"))
    assert "unsafe" not in text
    assert "connect-src 'none'" in text
    assert "connect-src 'self'" in write_live(page)
    assert "connect-src &#x27;none" in page.html or "connect-src 'none'" in page.html
    assert page.html == page.html


def test_a_page_of_many_models_stays_small():
    rng = np.random.default_rng(0)
    models, items = draws(100, 300), 500
    right = rng.random((models, items)) < np.linspace(0.2, 0.8, models)[:, None]
    rows = pl.DataFrame(
        {
            "model": np.repeat([f"lab-{k % 7}/model-{k}" for k in range(models)], items),
            "item": np.tile([f"q{i}" for i in range(items)], models),
            "group": np.tile([f"g{i % 50}" for i in range(items)], models),
            "score": right.ravel().astype(float),
        }
    )
    page = report(rows, cluster="group", adjust="holm")
    assert len(page.html.encode()) < draws(1_450_000, 5_000_000)
    assert unpacked(page.boards[0])["pairs"]["models"] == models
    assert unpacked(page.boards[0])["items"] is not None


@pytest.mark.parametrize("values", [[0.0, 1.0], [0.25, 0.5]])
def test_the_page_gives_the_reason_for_a_missing_error_bar(values):
    rows = pl.DataFrame({"model": ["a", "b"], "item": ["x", "x"], "score": values})
    columns = unpacked(report(rows).boards[0])["pairs"]
    assert columns["why"] == columns["turned_why"] == ["one shared question gives no error bar"]


def test_names_that_look_alike_are_shown_with_escapes_on_the_page():
    rows = two_models().with_columns(
        pl.col("model").replace({"a": "gpt-4", "b": "gрt-4"})
    )  # the second with a Cyrillic р
    made = report(rows)
    names = [model["model"] for board in made.data["boards"] for model in board["models"]]
    assert sorted(names) == ["g\\u0440t-4", "gpt-4"]
    assert "gрt-4" not in made.html
    assert "gрt-4" not in json.dumps([made.data["verdict"], made.data["boards"]], ensure_ascii=False)
    assert [model["model"] for model in report(two_models()).data["boards"][0]["models"]] == ["a", "b"]


def test_the_scripts_of_the_page_define_no_name_twice():
    files = [*(f"app/{part}" for part in APP), *(f"statistics/{part}" for part in STATISTICS)]
    text = "\n".join(asset(f"{file}.js") for file in files)
    names = re.findall(r"^(?:async )?(?:function|class|const|let) (\w+)", text, re.MULTILINE)
    for together in re.findall(r"^(?:const|let) \[(.*?)\] =", text, re.MULTILINE):
        names += together.split(", ")
    assert len(names) > 100
    assert [name for name in set(names) if names.count(name) > 1] == []


def test_a_claim_is_short_and_what_continues_the_sentence_are_whole_sentences():
    """Of a board whose sentence goes on about another population."""
    rows = pl.DataFrame(
        [
            {
                "model": model,
                "item": i,
                "repository": f"r{min(i // 4, 3)}",
                "score": float((i * 7 + k) % 10 < 6 - k % 2),
            }
            for k, model in enumerate(["one-with-a-name-that-is-much-too-long-for-a-claim", "b", "c"])
            for i in range(40)
        ]
    )
    page = hs.report(rows, cluster="repository")
    board = page.data["boards"][0]
    assert len(page.data["claim"]) <= 90
    assert board["claim"] == page.data["claim"]
    assert page.data["claim"] in page.html
    paragraphs = re.findall(r"<p[^>]*>([^<]*)</p>", board["html"]["warnings"])
    assert all(len(text) > 10 for text in paragraphs)


GUARDS = ROOT / "examples" / "guards.parquet"


def test_a_page_of_a_metric_has_its_board_and_no_outcomes_of_questions():
    options = {"statistic": "f1@class=unsafe", "cluster": "template"}
    page, board = report(GUARDS, **options), hs.leaderboard(GUARDS, **options)
    assert page.sentence == board.boards[0].sentence
    pairs, details = unpacked(page.boards[0])["pairs"], unpacked(page.boards[0])
    assert (pairs["wins"], pairs["losses"], pairs["ties"]) == ([0], [0], [0])
    assert details["items"] is None
    left_out = page.data["boards"][0]["left_out"]
    assert left_out.startswith("Not shown: noise and health of the questions. They are about means of scores")
    assert report(two_models()).data["boards"][0]["left_out"] == ""
    assert "p = 0.031" in hs.compare(GUARDS, **options).sentence
    assert pairs["p"] == ["0.031"]
    with pytest.raises(hs.OptionError, match="`usage` and `statistic` can"):
        report(GUARDS, usage="usd", **options)


def test_a_page_ranks_the_models_for_other_tasks_as_the_leaderboard_does():
    rng = np.random.default_rng(6)
    rows = pl.DataFrame(
        {"task": f"t{t}", "model": m, "item": f"t{t}q{i}", "score": float(rng.random() < p)}
        for t in range(8)
        for m, p in (("a", 0.8), ("b", 0.5), ("c", 0.45))
        for i in range(30)
    )
    for options in ({"tasks_as_sample": True}, {"rank_by": "mean-rank"}):
        page = report(rows, **options)
        (sampled,) = page.data["boards"][0]["sampled"]
        assert sampled["told"] == hs.leaderboard(rows, **options).boards[0].sentence
        assert sampled["rows"][0]["model"] == "a"
        assert all(board["sampled"] == [] for board in page.data["boards"][1:])
    assert report(rows).data["boards"][0]["sampled"] == []


def test_chapters_are_linked_only_to_a_page_or_a_web_address():
    for lesson in ("lesson.html", "../lesson.html", "https://example.org/lesson.html"):
        assert report(two_models(), lesson=lesson).data["lesson"] == lesson
    for lesson in ("javascript:alert(1)", "//evil.example/x.html", "lesson.html#x", "a b.html"):
        with pytest.raises(hs.OptionError, match="lesson is not a web address"):
            report(two_models(), lesson=lesson)
