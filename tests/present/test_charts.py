"""Charts are valid Vega-Lite with the answer's own numbers, readable without colour, and safe with hostile names."""

import functools
import json
import math
import re
import struct
import xml.etree.ElementTree as ET

import polars as pl
import pytest

import howsure as hs
from frames import attempts, clustered, two_models
from howsure.errors import MethodError, OptionError
from howsure.present import frontier, noise, plan, style
from howsure.present.charts import base, leaderboard, sizes
from howsure.present.charts.leaderboard import GROUPS as BOARD
from howsure.present.compare import GROUPS as COMPARED
from howsure.present.labels import LABEL, labels
from places import LOGS
from trials import draws

HOSTILE = [
    "<script>alert(1)</script>",
    "a\x00b\x1b[31m\" + datum.low + '\\",
    "x\u202eexe",
    '"}],"data":1',
    "datum.low + 1",
    "é模型" * 20,
]


def board_of(frontier):
    rows = clustered(models=[f"m{k}" for k in range(len(frontier))])
    return hs.leaderboard(
        rows.with_columns(model=pl.col("model").replace({f"m{k}": n for k, n in enumerate(frontier)}))
    )


def named(rows):
    """Rows with hostile names wherever a log has one."""
    return rows.with_columns(
        model=pl.col("model").replace({"a": HOSTILE[1]}), task=pl.lit(HOSTILE[1]), metric=pl.lit(HOSTILE[1])
    )


def hostile_tasks():
    return pl.concat([named(two_models()), named(two_models()).with_columns(task=pl.lit(HOSTILE[0]))])


def two_tasks(**columns):
    return pl.concat([two_models(task=pl.lit(t), **columns) for t in "xy"])


LONE = pl.DataFrame({"model": ["a"], "item": ["x"], "score": [0.5]})
CHARTS = {
    "board": lambda: hs.leaderboard(clustered(), cluster="passage").chart(),
    "ranks": lambda: hs.leaderboard(clustered(), cluster="passage").chart("ranks"),
    "pairs": lambda: hs.leaderboard(clustered(), cluster="passage").chart("pairs"),
    "top of a board": lambda: hs.leaderboard(clustered(), top=2).chart(),
    "board of tasks": lambda: hs.leaderboard(two_tasks()).chart(),
    "pairs of tasks": lambda: hs.leaderboard(two_tasks()).chart("pairs"),
    "one model": lambda: hs.leaderboard(LONE).chart(),
    "ranks of one model": lambda: hs.leaderboard(LONE).chart("ranks"),
    "all alike": lambda: hs.leaderboard(two_models(score=pl.lit(0.5))).chart(),
    "pairs all alike": lambda: hs.leaderboard(two_models(score=pl.lit(0.5))).chart("pairs"),
    "no error bars": lambda: hs.leaderboard(two_models(n=1)).chart(),
    "pairs without error bars": lambda: hs.leaderboard(two_models(n=1)).chart("pairs"),
    "other scale": lambda: hs.leaderboard(two_models(score=pl.col("score") * 50), lower_is_better=True).chart(),
    "all right": lambda: hs.leaderboard(two_models(score=pl.lit(1.0))).chart(),
    "hostile board": lambda: board_of(HOSTILE).chart(),
    "hostile ranks": lambda: board_of(HOSTILE).chart("ranks"),
    "hostile pairs": lambda: board_of(HOSTILE).chart("pairs"),
    "hostile tasks": lambda: hs.leaderboard(hostile_tasks()).chart(),
    "pairs of hostile tasks": lambda: hs.leaderboard(hostile_tasks()).chart("pairs"),
    "hostile comparisons": lambda: hs.compare(hostile_tasks(), HOSTILE[1], "b").chart(),
    "hostile noise": lambda: hs.noise(named(attempts())).chart(),
    "hostile plan": lambda: hs.plan(named(attempts()), HOSTILE[1], "b", effect=0.1).chart(),
    "comparison": lambda: hs.compare(two_models(), "a", "b", margin=0.1).chart(),
    "comparison without an error bar": lambda: hs.compare(two_models(n=1), "a", "b").chart(),
    "comparisons": lambda: hs.compare(two_tasks(), "a", "b").chart(),
    "comparisons on two scales": lambda: hs.compare(
        pl.concat([two_models(task=pl.lit("x")), two_models(task=pl.lit("y"), score=pl.col("score") * 50)]), "a", "b"
    ).chart(),
    "history": lambda: hs.history(clustered(models="abcd"), cluster="passage").chart(),
    "history of tasks": lambda: hs.history(two_tasks()).chart(),
    "history without an error bar": lambda: hs.history(two_models(n=1)).chart(),
    "hostile history": lambda: hs.history(hostile_tasks()).chart(),
    "against": lambda: hs.against(clustered(models="abcd"), "b", cluster="passage").chart(),
    "against without an error bar": lambda: hs.against(two_models(n=1), "a").chart(),
    "against on tasks": lambda: hs.against(two_tasks(), "b").chart(),
    "hostile against": lambda: hs.against(hostile_tasks(), HOSTILE[1]).chart(),
    "noise": lambda: hs.noise(attempts(), cluster="passage").chart(),
    "noise of a pair": lambda: hs.noise(attempts(), "a", "b").chart(),
    "plan": lambda: hs.plan(effect=0.03).chart(),
    "plan of an effect": lambda: hs.plan(n_items=500).chart(),
    "plan from a pilot": lambda: hs.plan(attempts(), effect=0.1, cluster="passage").chart(),
}


@functools.cache
def chart_of(name):
    return CHARTS[name]()


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_is_valid_and_drawn_as_well_formed_svg(name):
    alt = pytest.importorskip("altair")
    pytest.importorskip("vl_convert")
    chart = chart_of(name)
    json.dumps(chart, allow_nan=False)
    alt.Chart.from_dict(chart)  # checks it against the schema of Vega-Lite
    assert chart["data"]["name"] == "rows"
    assert chart["data"]["values"]
    assert chart["description"]
    svg = base.picture(chart, "svg")
    assert not [node for node in ET.fromstring(svg).iter() if node.tag.endswith("script")]
    assert b"NaN" not in svg


@pytest.mark.parametrize("name", draws(["pairs", "comparisons", "plan from a pilot"], [*CHARTS]))
def test_charts_and_pictures_are_reproducible(name):
    pytest.importorskip("vl_convert")
    one, other = CHARTS[name](), CHARTS[name]()
    assert json.dumps(one) == json.dumps(other)
    assert base.picture(one, "svg") == base.picture(other, "svg")


def test_a_notebook_shows_an_svg_without_any_network_request():
    plot = hs.leaderboard(clustered()).plot()
    for chart in (plot, plot.properties(title="x"), hs.noise(attempts()).plot(), hs.leaderboard(two_tasks()).plot()):
        shown = chart._repr_mimebundle_()
        assert list(shown) == ["image/svg+xml", "text/plain"]
        assert not re.search(r"(?<!xmlns=\")(?<!xmlns:xlink=\")https?://", shown["image/svg+xml"])
        ET.fromstring(shown["image/svg+xml"])


def test_a_renderer_chosen_by_the_user_is_respected():
    import altair as alt

    with alt.renderers.enable("mimetype"):
        assert "image/svg+xml" not in hs.leaderboard(clustered()).plot()._repr_mimebundle_()


def rows_of(chart):
    return chart["data"]["values"]


def test_a_leaderboard_chart_draws_the_scores_intervals_and_ranks_of_the_answer():
    answer = hs.leaderboard(clustered(), cluster="passage")
    models = answer.to_dict()["boards"][0]["models"]
    best = answer.to_dict()["boards"][0]["could_be_best"]
    for row, model in zip(rows_of(answer.chart()), models, strict=True):
        estimate = model["estimate"]
        assert [row["score"], row["low"], row["high"]] == pytest.approx(
            [100 * estimate[name] for name in ("value", "low", "high")], rel=1e-11
        )
        assert [row[name] for name in ("model", "rank", "rank_low", "rank_high")] == [
            model[name] for name in ("model", "rank", "rank_low", "rank_high")
        ]
        assert (row["group"] == "could be best") == (model["model"] in best)


def test_scores_on_another_scale_are_drawn_without_percent():
    answer = hs.leaderboard(two_models(score=pl.col("score") * 50), lower_is_better=True)
    assert rows_of(answer.chart())[0]["score"] == answer.records()[0]["value"]
    text = json.dumps(answer.chart())
    assert "lower is better" in text
    assert "(%)" not in text


def test_pairs_draw_every_difference_with_both_signs():
    answer = hs.leaderboard(clustered(), cluster="passage")
    rows = {(row["a"], row["b"]): row for row in rows_of(answer.chart("pairs"))}
    assert len(rows) == 6
    for pair in answer.pair_records():
        there, back = rows[pair["a"], pair["b"]], rows[pair["b"], pair["a"]]
        assert there["difference"] == pytest.approx(100 * pair["difference"], rel=1e-11)
        assert back["difference"] == -there["difference"]
        assert {there["sign"], back["sign"]} == ({"+", "−"} if pair["p_adjusted"] <= 0.05 else {""})
        assert there["p_adjusted"] == back["p_adjusted"] == pair["p_adjusted"]


def test_a_pair_has_a_sign_only_if_significant_at_the_level():
    records = [{"a": "x", "b": "y", "difference": -0.2, "p_value": 0.001, "p_adjusted": 0.01}]
    assert [row["sign"] for row in leaderboard.pair_rows(records, ["x", "y"], 100.0, 0.95)] == ["−", "+"]
    assert [row["sign"] for row in leaderboard.pair_rows(records, ["x", "y"], 100.0, 0.995)] == ["", ""]
    unknown = [{**records[0], "difference": None, "p_adjusted": None}]
    assert [row["difference"] for row in leaderboard.pair_rows(unknown, ["x", "y"], 100.0, 0.95)] == [None, None]


@pytest.mark.parametrize("kind", ["leaderboard", "ranks", "pairs"])
def test_a_chart_of_the_top_models_states_how_many_there_are(kind):
    chart = hs.leaderboard(clustered(), top=2).chart(kind)
    names = {row.get("model", row.get("a")) for row in rows_of(chart)}
    assert len(names) == 2
    assert "the best 2 of 3 models" in json.dumps(chart)


def test_each_task_is_a_panel_after_the_overall_leaderboard():
    chart = hs.leaderboard(two_tasks()).chart()
    assert [panel["title"]["text"] for panel in chart["concat"]] == ["overall", "x", "y"]
    assert {row["panel"] for row in rows_of(chart)} == {0, 1, 2}


def test_a_comparison_draws_its_own_numbers_and_margin():
    answer = hs.compare(two_models(), "a", "b", margin=0.1)
    (row,) = rows_of(answer.chart())
    plain = answer.to_dict()["difference"]
    assert [row["difference"], row["low"], row["high"]] == pytest.approx(
        [100 * plain[name] for name in ("value", "low", "high")], rel=1e-11
    )
    lines = [layer["encoding"]["x"]["datum"] for layer in answer.chart()["layer"] if "datum" in layer["encoding"]["x"]]
    assert lines == [0.0, -10.0, 10.0]


def test_tasks_of_a_comparison_are_rows_below_the_overall_one():
    assert [row["task"] for row in rows_of(hs.compare(two_tasks(), "a", "b").chart())] == ["overall", "x", "y"]


def test_a_comparison_chart_states_the_correction_and_the_direction():
    text = json.dumps(hs.compare(two_tasks(), "a", "b", lower_is_better=True).chart())
    assert "verdicts are corrected for the number of tasks" in text
    assert "interval; lower is better" in text
    assert "corrected" not in json.dumps(hs.compare(two_models(), "a", "b").chart()["title"])


def test_comparisons_on_two_scales_have_two_panels():
    chart = CHARTS["comparisons on two scales"]()
    assert len(chart["concat"]) == 2


def test_noise_and_plans_draw_their_own_numbers():
    answer = hs.noise(attempts(), cluster="passage")
    drawn = sorted(row["se"] for row in rows_of(answer.chart()))
    assert drawn == pytest.approx(sorted(100 * r["se"] for r in answer.curves()))
    wanted = hs.plan(effect=0.03)
    *curve, planned = [row for row in rows_of(wanted.chart()) if "curve" not in row]
    assert [row["power"] for row in curve] == [r["power"] for r in wanted.curve_records()]
    assert [row["x"] for row in curve] == [r["items"] for r in wanted.curve_records()]
    assert (planned["x"], planned["power"], planned["plan"]) == (wanted.items, 0.8, f"{wanted.items:,.0f} questions")


def test_noise_curves_of_unequal_tasks_are_labelled_by_multiples_of_the_questions():
    records = [
        {"task": "t", "name": name, "attempts": k, "items": times * n, "se": 0.1}
        for name, n in (("a", 10), ("b", 15))
        for times in (1, 2)
        for k in (1, 2)
    ]
    assert {row["questions"] for row in noise.rows(records, 100.0)} == {"as now", "2 × as many"}


def test_a_pairs_chart_needs_two_models():
    with pytest.raises(MethodError, match="one model makes no pair"):
        hs.leaderboard(LONE).chart("pairs")
    with_a_lone_task = pl.concat([two_models(task=pl.lit("x")), LONE.with_columns(task=pl.lit("y"))], how="diagonal")
    assert hs.leaderboard(with_a_lone_task).chart("pairs")["title"]["text"] == "x"
    with pytest.raises(OptionError, match="kind='bars'"):
        hs.leaderboard(clustered()).chart("bars")


def test_missing_interval_limits_are_not_drawn():
    rows = rows_of(hs.leaderboard(two_models(n=1)).chart())
    assert all(row["low"] is None or row["low"] <= row["score"] for row in rows)
    assert None in {row["low"] for row in rows_of(hs.compare(two_models(n=1), "a", "b").chart())}


def test_each_row_of_a_chart_has_a_text_for_screen_readers():
    answer = hs.leaderboard(clustered(), cluster="passage")
    first, rank = answer.boards[0].entries[0], answer.boards[0].ranks[0]
    told = rows_of(answer.chart())[0]["told"]
    assert told.startswith(f"{first.model}: {100 * first.estimate.value:.1f}% (")
    assert told.endswith(f"), rank {rank.rank}, rank CI {rank.low}–{rank.high}")
    assert rows_of(hs.compare(two_models(), "a", "b").chart())[0]["told"].endswith("), can't tell")


@pytest.mark.parametrize("kind", ["leaderboard", "ranks"])
def test_hostile_names_occur_only_in_the_data_of_a_chart(kind):
    chart = board_of(HOSTILE).chart(kind)
    assert {row["model"] for row in rows_of(chart)} == set(HOSTILE)
    drawing = json.dumps({key: value for key, value in chart.items() if key not in ("data", "description")})
    assert not any(name in drawing for name in HOSTILE)
    assert not re.search("[\x00-\x1f\u202a-\u202e]", "".join(row["label"] for row in rows_of(chart)))


def test_chart_labels_are_escaped_short_and_distinct():
    long = "organisation/a-very-long-name-of-a-model-that-ends-in-"
    assert labels(["plain"]) == ["plain"]
    assert len(labels([long])[0]) == LABEL
    alike = [f"{long[:20]}{k}{long[20:]}" for k in "ab"]
    assert labels(alike) == alike
    assert len(set(labels(["x\x1b", "x\\x1b"]))) == 2


def lightness(colour):
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * p for weight, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("groups", [BOARD, COMPARED])
def test_groups_differ_in_shape_and_have_enough_contrast(groups):
    assert len({glyph[1:] for glyph in groups.values()}) == len(groups)
    for colour, _, _ in groups.values():
        assert 1.05 / (lightness(colour) + 0.05) >= 3  # contrast with paper, as WCAG asks of drawings


def test_lines_differ_in_shape_and_dash():
    assert len(set(noise.SHAPES)) == 3
    assert len({tuple(dash) for dash in style.DASHES}) == len(style.SEQUENCE)


def test_the_diverging_scale_is_lightest_in_the_middle():
    shades = [lightness(colour) for colour in leaderboard.DIVERGING]
    assert shades[0] < shades[1] < shades[2] > shades[3] > shades[4]


def test_ticks_of_a_plan_are_round_numbers():
    assert plan.ticks([80, 1200]) == [100, 200, 500, 1000]
    assert plan.ticks([30, 90]) == [30, 40, 50, 60, 70, 80, 90]


def test_plots_are_altair_charts_with_the_same_rows():
    alt = pytest.importorskip("altair")
    answers = (
        hs.leaderboard(clustered()),
        hs.compare(two_models(), "a", "b"),
        hs.noise(attempts()),
        hs.plan(effect=0.03),
    )
    for answer in answers:
        drawn = answer.plot()
        assert isinstance(drawn, alt.TopLevelMixin)
        assert rows_of(drawn.to_dict()) == rows_of(answer.chart())
    assert isinstance(answers[0].plot("pairs"), alt.TopLevelMixin)


def test_a_chart_without_altair_names_the_plot_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "altair", None)
    monkeypatch.setitem(__import__("sys").modules, "vl_convert", None)
    chart = hs.leaderboard(clustered()).chart()
    for call in (lambda: base.draw(chart), lambda: base.picture(chart, "svg")):
        with pytest.raises(hs.HowsureError, match=r"pip install 'howsure\[plot\]'"):
            call()


def frontier_of(count, name="organisation/model-number-{}"):
    rows = [
        {
            "model": name.format(k),
            "item": f"i{i}",
            "score": float((7 * i + 3 * k) % 11 < 4 + k % 4),
            "usd": 0.01 * 1.1**k,
        }
        for k in range(count)
        for i in range(40)
    ]
    return hs.frontier(pl.DataFrame(rows), usage="usd").chart()


def boxes(chart, font):
    """Where names and points lie: rectangles from the top left, all of the first and then all of the second."""
    encoding = chart["layer"][1]["encoding"]
    domains = (tuple(encoding[side]["scale"]["domain"]) for side in "xy")
    frame = frontier.Frame(float(chart["width"]), float(chart["height"]), *domains)
    rows = rows_of(chart)
    told = []
    for row in rows:
        x, y = frame.at(row["label_x"], row["label_y"])
        half = frontier.EM * font * len(row["tag"]) / 2
        told.append(frontier.Box(x + {"left": half, "right": -half, "center": 0}[row["align"]], y, half, 0.6 * font))
    return frame, rows, told


@pytest.mark.parametrize("count", [2, 10, 40])
def test_names_of_a_frontier_are_on_no_other_name_point_or_bar(count):
    chart = frontier_of(count)
    frame, rows, told = boxes(chart, frontier.TYPE)
    named = [(row, box) for row, box in zip(rows, told, strict=True) if row["tag"] == row["label"]]
    assert named
    bars = [bar for row in rows for bar in frontier._bars(row, frame)]
    dots = [frontier.Box(*frame.at(row["cost"], row["score"]), 1.0, 1.0) for row in rows]
    for k, (_, box) in enumerate(named):
        assert box.inside(frame)
        assert not any(box.touches(other) for other in (*(other for _, other in named[:k]), *dots, *bars))


@pytest.mark.parametrize("count", [2, 10, 40])
def test_a_line_from_a_name_to_its_point_is_long_enough_to_see(count):
    frame, rows, told = boxes(frontier_of(count), frontier.TYPE)
    for row, box in zip(rows, told, strict=True):
        at = frame.at(row["cost"], row["score"])
        if row["line_x"] is not None:
            assert math.dist(at, frame.at(row["line_x"], row["line_y"])) >= frontier.SHORTEST
        elif row["tag"] == row["label"]:
            gaps = {
                other["model"]: math.dist(o := frame.at(other["cost"], other["score"]), box.nearest(o))
                for other in rows
            }
            assert min(gaps, key=gaps.get) == row["model"], "it is nearest to its own point"


def test_frontier_points_without_room_for_a_name_have_a_number_and_their_name_above():
    chart = frontier_of(12, name="a-name-so-long-that-nothing-of-it-has-room-{}")
    narrow = frontier.placed({**chart, "width": 40, "height": 40}, 10)
    numbers = {row["tag"]: row["label"] for row in rows_of(narrow) if row["tag"] != row["label"]}
    assert list(numbers) == [f"{k}" for k in range(1, 13)]
    above = "; ".join(narrow["title"]["text"])
    assert all(f"{number}: {name}" in above for number, name in numbers.items())


LONG = "a-family-of-models/with-a-name-that-no-column-of-a-paper-holds-{}-and-more-behind-it"


def test_long_names_that_cannot_be_shortened_are_broken_into_lines():
    pytest.importorskip("vl_convert")
    chart = sizes.sized(board_of([LONG.format(k) for k in range(3)]).chart(), sizes.PRESETS["column"])
    told = [row["label"] for row in rows_of(chart)]
    assert len(set(told)) == 3
    assert all("\n" in label for label in told)
    assert sizes.extent(chart)[0] <= 235


def test_many_tasks_are_small_panels_that_fit_a_page():
    pytest.importorskip("vl_convert")
    rows = pl.concat([clustered(models="abcdefgh").with_columns(task=pl.lit(f"task {k:02}")) for k in range(12)])
    answer = hs.leaderboard(rows)
    chart = answer.chart()
    assert chart["facet"]["field"] == "panel"
    assert len({row["panel"] for row in rows_of(chart)}) == 13
    width, height = sizes.extent(sizes.sized(chart, sizes.PRESETS["page"]))
    assert 390 <= width <= 397
    assert height <= 648
    order = {layer["encoding"]["y"]["sort"][0] for layer in chart["spec"]["layer"]}
    assert order == {answer.overall.entries[0].model}


@pytest.mark.parametrize("name", draws([*dict.fromkeys(["board", "pairs", "noise", *[*CHARTS][::2]])], [*CHARTS]))
def test_every_chart_can_be_sized_to_the_width_of_a_page(name):
    alt = pytest.importorskip("altair")
    pytest.importorskip("vl_convert")
    chart = chart_of(name)
    told = json.dumps(chart)
    made = sizes.sized(chart, sizes.FigureSize(396, 9))
    assert json.dumps(chart) == told, "the chart itself stays as it is"
    assert sizes.extent(made)[0] <= 397
    if name in draws(["board", "pairs", "noise"], CHARTS):
        alt.Chart.from_dict(made)


def test_charts_of_the_example_logs_match_their_snapshots(snapshot):
    answer = hs.leaderboard(hs.read(LOGS), cluster="passage_id")
    for kind in ("leaderboard", "ranks", "pairs"):
        assert json.dumps(answer.chart(kind), indent=1, ensure_ascii=False) == snapshot(name=kind)


def test_png_states_the_resolution_it_is_drawn_at():
    chart = hs.leaderboard(clustered()).chart()
    width = float(sizes.extent(chart)[0])
    for scale, dots in ((1, 96), (2, 192)):
        png = base.picture(chart, "png", scale=scale)
        at = png.index(b"pHYs") + 4
        assert struct.unpack(">II", png[at : at + 8]) == (round(dots / 0.0254),) * 2
        assert struct.unpack(">I", png[16:20])[0] == pytest.approx(scale * width, abs=2)


def test_a_matrix_of_many_models_is_refused_with_a_way_out():
    answer = hs.leaderboard(clustered(models=tuple(f"m{k}" for k in range(61))))
    with pytest.raises(OptionError, match="matrix of 61 models") as error:
        answer.chart("pairs")
    assert "`top=30`" in str(error.value.remedy)


def test_many_boards_have_a_scale_each_and_panels_in_order():
    tasks = [f"t{k}" for k in (3, 1, 5, 2, 4)]
    rows = pl.concat([clustered().with_columns(task=pl.lit(task)) for task in tasks])
    answer = hs.leaderboard(rows)
    chart = answer.chart()
    assert chart["resolve"] == {"scale": {"x": "independent"}}
    assert chart["facet"]["sort"] == [board.task or "overall" for board in answer.every]


def test_bars_have_their_numbers_and_n_beside_them_and_models_that_could_be_best_are_bold():
    answer = hs.leaderboard(clustered())
    chart, board = answer.chart(), answer.boards[0]
    rows = rows_of(chart)
    assert [row["n"] for row in rows] == [f"{entry.estimate.n_items}" for entry in board.entries]
    assert all(row["numbers"].startswith(f"{row['score']:.1f} (") for row in rows)
    bold = chart["layer"][0]["encoding"]["y"]["axis"]["labelFontWeight"]["condition"]["test"]["oneOf"]
    assert bold == [k / max(len(rows) - 1, 1) for k, row in enumerate(rows) if row["group"] == "could be best"]


def test_each_curve_of_a_plan_has_its_name_on_it():
    answer = hs.plan(attempts(), effect=0.1, cluster="passage")
    rows = rows_of(answer.chart())
    names = [row for row in rows if "curve" in row]
    assert [row["attempts"] for row in names] == list(dict.fromkeys(row["attempts"] for row in rows))
    for name in names:
        assert {key: name[key] for key in ("x", "power")} in [
            {key: row[key] for key in ("x", "power")}
            for row in rows
            if row["attempts"] == name["attempts"] and row is not name
        ]
    assert len({(row["x"], row["power"]) for row in names}) == len(names)
