"""Figures of single chapters: clusters by name, twelve questions asked again, a line a question, the game of peeking."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest

from browser_cases import PHONE
from howsure.guide.lesson import built_in, write_lesson
from howsure.page.packing import SYMBOLS
from lesson_cases import SETTLED, drop, inside, told

READY = 'document.documentElement.dataset.ready = "";'
SIZES = [{}, {"viewport": PHONE, "is_mobile": True, "has_touch": True}]
TALL = {"wide": 430, "phone": 330}


@pytest.fixture
def lesson(opened):
    """Return what opens a chapter."""

    def show(name, ask="no", **options):
        page = write_lesson(built_in())
        kept = SimpleNamespace(save=lambda file: file.write_text(page, encoding="utf-8"))
        return opened(kept, hash=f"#chapter={name}&ask={ask}", **options)

    return show


@pytest.fixture
def within(opened):
    """Return what opens a chapter whose sheets can be reached from outside, as `window.sheets`."""

    def show(name):
        page = write_lesson(built_in())
        assert page.count(READY) == 1
        reached = page.replace(READY, f"window.sheets = sheets; {READY}")
        kept = SimpleNamespace(save=lambda file: file.write_text(reached, encoding="utf-8"))
        return opened(kept, hash=f"#chapter={name}&ask=no", bypass_csp=True)

    return show


def drawn(page, name):
    page.evaluate(SETTLED)
    return inside(page, f"[data-figure={name}] svg").inner_html()


def texts(page, name):
    page.evaluate(SETTLED)
    return inside(page, f"[data-figure={name}] text").all_text_contents()


def do(page, name, times=1):
    for _ in range(times):
        inside(page, f"[data-do={name}]").click()
    page.evaluate(SETTLED)


@pytest.mark.parametrize("size", SIZES, ids=["wide", "phone"])
@pytest.mark.parametrize(("name", "figure"), [("4", "real"), ("5", "twelve"), ("6", "answers"), ("9", "peeking")])
@pytest.mark.parametrize("of", [0, 1])
def test_a_figure_fits_on_the_screen(name, figure, of, size, lesson):
    page = lesson(f"{name}&of={of}", **size)
    for button in inside(page, ":is([data-do=train], [data-do=ask])").all():
        button.click()
    page.evaluate(SETTLED)
    height = inside(page, f"[data-figure={figure}]").bounding_box()["height"]
    assert height <= TALL["phone" if size else "wide"]


# chapter 4: the clusters


@pytest.mark.parametrize("size", SIZES, ids=["wide", "phone"])
@pytest.mark.parametrize("of", [0, 1])
def test_every_cluster_has_its_name(of, size, lesson):
    page = lesson(f"4&of={of}", **size)
    clusters = built_in()[of]["clusters"]
    sizes = np.bincount(clusters["codes"])
    shown, below = texts(page, "real"), told(page, "smallest")
    for label, n in zip(clusters["labels"], sizes.tolist(), strict=True):
        name = label.split("/")[-1]
        assert f"{name} {n}" in shown or re.search(rf"[ :]{name}[,.]", below), label
    assert not of or not size or "questions each: " in below


def test_many_clusters_are_named_largest_first(lesson):
    page = lesson("4")
    rows = ["model,item,score,cluster"]
    rows += [f"m,{c}-{k},{int((k * 7 + c) % 10 < 6)},team/repository-{c}" for c in range(60) for k in range(61 - c)]
    drop(page, "many.csv", "\n".join(rows))
    shown, below = texts(page, "real"), told(page, "smallest")
    assert shown[0] == "repository-0 61"
    named = sum(text.startswith("repository-") for text in shown)
    assert f"{60 - named} more" in " ".join(shown)
    assert below.startswith(f"The other {60 - named} have 2 to {61 - named} questions: repository-{named}, ")
    assert below.endswith(" others.")


def test_clusters_whose_last_parts_are_alike_keep_their_names(lesson):
    page = lesson("4")
    rows = ["model,item,score,cluster"]
    rows += [f"m,{c}{k},{(k + len(c)) % 2},{c}" for c in ("a/core", "b/core", "c/web") for k in range(8)]
    drop(page, "alike.csv", "\n".join(rows))
    assert {"a/core 8", "b/core 8", "c/web 8"} <= set(texts(page, "real"))


# chapter 5: twelve questions


TWELVE = re.compile(
    r"Asked (\d+) times: (\d+) of the 12 flickered between right and wrong, (\d+) never did\. Right: (.*) of 12\."
)


@pytest.mark.parametrize("of", [0, 1])
def test_twelve_questions_flicker_or_never_do(of, lesson):
    page = lesson(f"5&of={of}")
    do(page, "ask", 7)
    times, flickered, never, right = TWELVE.fullmatch(told(page, "twelve")).groups()
    assert (times, int(flickered) + int(never)) == ("8", 12)
    shown = texts(page, "twelve")
    scores = [int(text.split()[0]) for text in shown if text.endswith(" of 12")]
    assert len(scores) == 8
    assert right == (f"always {scores[0]}" if len(set(scores)) == 1 else f"{min(scores)} to {max(scores)}")
    assert shown[-1] == flickered


def test_what_is_always_right_never_flickers(lesson):
    """The chances are the averages: the small model has questions at 0 and at 1, and asking again changes no answer to them."""
    page = lesson("5&of=1")
    board = built_in()[1]
    scores = np.array([board["scores"]["levels"][SYMBOLS.index(each)] for each in board["scores"]["cells"][0]])
    twelve = np.sort(scores)[np.floor((1 - (np.arange(12) + 0.5) / 12) * len(scores)).astype(int)]
    do(page, "ask", 60)
    flickered, never = TWELVE.fullmatch(told(page, "twelve")).groups()[1:3]
    assert int(never) >= np.isin(twelve, [0, 1]).sum() > 0
    assert int(flickered) > 0


def test_supposed_chances_have_the_luck_of_the_slider(within):
    page = within("5&model=0")
    page.evaluate(SETTLED)
    assert "supposed, with 30% luck" in told(page, "chances")
    slider = inside(page, "input[data-value=luck]").first
    assert slider.get_attribute("max") == "95"
    highs = inside(page, "[data-figure=twelve] rect.block:not(.faint)")
    full = float(inside(page, "[data-figure=twelve] rect.block.faint").first.get_attribute("height"))
    for luck in (0, 20, 40, 70, 90):
        slider.fill(str(luck))
        page.evaluate(SETTLED)
        chances = np.array([float(each.get_attribute("height")) / full for each in highs.all()])
        total = page.evaluate(
            "(() => { const s = sheets.get('5'); const m = s.board.meanIn(0, s.values.whole); return m.n * m.se ** 2; })()"
        )
        assert np.mean(chances * (1 - chances)) == pytest.approx(luck / 100 * total, abs=0.02)
    do(page, "ask", 1)
    slider.fill("0")
    assert ": 0 of the 12 flickered" in told(page, "twelve")


def test_no_more_luck_is_supposed_than_right_or_wrong_can_have(lesson):
    page = lesson("5")
    rows = [f"m,{k},{(k // 10) % 2},{k // 10}" for k in range(200)]
    drop(page, "alike.csv", "model,item,score,cluster\n" + "\n".join(rows))
    slider = inside(page, "input[data-value=luck]").first
    assert slider.get_attribute("max") == "5", "questions of a cluster are all alike: little is luck of the answers"
    assert slider.input_value() == "5"


def test_the_same_seed_asks_and_trains_the_same(within):
    page = within("5&of=1")
    seen = []
    for seed in (7, 7, 8):
        do(page, "restart")
        page.evaluate(f"sheets.get('5').state.seed = {seed}")
        do(page, "ask", 3)
        do(page, "train", 2)
        do(page, "ask", 2)
        seen.append((told(page, "twelve"), drawn(page, "twelve")))
    assert seen[0] == seen[1] != seen[2]
    assert seen[0][0].startswith("8 rounds, 3 seeds: ")


def test_asking_again_is_new_each_time(lesson):
    page = lesson("5&of=1")
    seen = set()
    for _ in range(10):
        do(page, "restart")
        do(page, "ask", 7)
        seen.add(drawn(page, "twelve"))
    assert len(seen) > 8


def test_training_moves_what_endless_asking_would_find(lesson):
    page = lesson("5&of=1")
    do(page, "train", 2)
    do(page, "ask", 4)
    text = told(page, "twelve")
    settled = re.search(r"would average ([\d.]+), ([\d.]+) and ([\d.]+), seed by seed", text).groups()
    assert len(set(settled)) > 1
    assert "Seeds move them (supposed" in told(page, "chances")
    assert {"seed 1", "seed 2", "seed 3"} <= set(texts(page, "twelve"))


def test_a_small_change_of_a_standard_error_is_told_in_percent(lesson):
    page = lesson("5&of=1")
    for attempts in range(1, 51):
        inside(page, "input[data-value=attempts]").fill(str(attempts))
        text = told(page, "said")
        change = re.search(r"from ([\d.]+) points to ([\d.]+) points", text)
        assert (change and change[1] != change[2]) or re.search(
            r"gets (\d+%|less than 1%) (shorter|longer)|stays at", text
        ), text
    inside(page, "input[data-value=attempts]").fill("5")
    assert "stays at" in told(page, "said")


# chapter 6: a line a question


def scores_of(board, name):
    row = board["scores"]["cells"][board["models"].index(name)]
    return np.array([board["scores"]["levels"][SYMBOLS.index(each)] for each in row])


@pytest.mark.parametrize("size", SIZES, ids=["wide", "phone"])
@pytest.mark.parametrize("of", [0, 1])
def test_the_lines_are_the_questions(of, size, lesson):
    page = lesson(f"6&of={of}", **size)
    board = built_in()[of]
    a, b = (scores_of(board, board[side]) for side in "ab")
    counts = {"a": int((a > b).sum()), "b": int((a < b).sum()), "same": int((a == b).sum())}
    shown = texts(page, "answers")
    assert {f"A better: {counts['a']}", f"B better: {counts['b']}"} <= set(shown)
    if of:
        assert f"alike: {counts['same']}" in shown
    else:
        assert {
            f"both right: {int(((a == 1) & (b == 1)).sum())}",
            f"both wrong: {int(((a == 0) & (b == 0)).sum())}",
        } <= set(shown)
    for kind, n in counts.items():
        path = inside(page, f".answer-lines.{kind}").get_attribute("d")
        ends = [
            (float(line.split(",")[1].split("L")[0].split("C")[0]), float(line.split(",")[-1]))
            for line in path.split("M")[1:]
        ]
        assert len(ends) == n
        assert all(
            (left < right, left > right, abs(left - right) < 0.02)["ab".find(kind) if kind != "same" else 2]
            for left, right in ends
        )


def test_the_counts_follow_the_slider_and_the_scores_stay(lesson):
    page = lesson("6")
    before = [text for text in texts(page, "answers") if text.endswith("%")]
    inside(page, "input[data-value=agreement]").first.fill("100")
    shown = texts(page, "answers")
    assert "B better: 0" in shown, "twins: B is nowhere better"
    assert [text for text in shown if text.endswith("%")] == before
    inside(page, "input[data-value=agreement]").first.fill("0")
    assert int(next(text for text in texts(page, "answers") if text.startswith("B better")).split(": ")[1]) > 29


@pytest.mark.parametrize("n", [500, 3000])
def test_many_lines_are_three_paths(n, lesson):
    page = lesson("6")
    rows = [f"{m},{k},{int((k * 7919 + s) % 997 < 600)}" for m, s in (("a", 0), ("b", 271)) for k in range(n)]
    drop(page, "n.csv", "model,item,score\n" + "\n".join(rows))
    assert inside(page, "[data-figure=answers] path").count() == 3


# chapter 9: the game


def test_the_guess_is_held_against_a_thousand_others(lesson):
    page = lesson("9", ask="yes")
    assert not inside(page, "[data-do=crowd]").is_visible()
    assert inside(page, ".guess .main").is_disabled()
    for _ in range(30):
        inside(page, "[data-handle=guess-1]").press("PageDown")
    inside(page, "[data-handle=guess-0]").press("Home")
    inside(page, ".guess .main").click()
    page.evaluate(SETTLED)
    (found,) = re.findall(r"(\d+) of a thousand found a “winner”", inside(page, ".outcome").text_content())
    assert 180 < int(found) < 320
    assert f"{found} found a “winner”" in told(page, "others")
    paths = inside(page, ".crowd")
    assert paths.count() == 2
    assert sum(each.get_attribute("d").count("M") for each in paths.all()) == 1000
    assert inside(page, ".crowd.found").get_attribute("d").count("M") == int(found)
    assert {f"{found} find a “winner”"} <= set(texts(page, "peeking"))
    do(page, "crowd")
    assert inside(page, ".crowd").count() == 2


def test_ten_games_differ(lesson):
    page = lesson("9")
    runs, equals = set(), set()
    for _ in range(10):
        do(page, "ask", 20)
        runs.add(inside(page, ".curve.own").last.get_attribute("d"))
        do(page, "reroll")
        equals.add(told(page, "equals"))
        do(page, "anew")
    assert len(runs) == 10
    assert len(equals) > 7
    assert told(page, "peeked").endswith("10 games: you announced no winner among equals.")


def test_pages_begin_with_different_games(lesson):
    seen = set()
    for _ in range(3):
        page = lesson("9")
        do(page, "ask", 20)
        seen.add(inside(page, ".curve.own").last.get_attribute("d"))
    assert len(seen) == 3


def play(page):
    """Three games, a crowd and a set of equals, as they look."""
    seen = []
    for _ in range(3):
        do(page, "ask", 20)
        seen.append(inside(page, ".curve.own").last.get_attribute("d"))
        do(page, "anew")
    do(page, "crowd")
    do(page, "reroll")
    return [*seen, told(page, "others"), told(page, "equals")]


def test_the_same_code_gives_the_same_games(within):
    seen = {}
    for code in ("K7Q2", "k7 q2", "M3XA", ""):
        page = within("9")
        do(page, "ask", 2 if code else 0)
        page.evaluate(f"sheets.get('9').set({{ code: '{code}' }})")
        page.evaluate(SETTLED)
        if code:
            assert told(page, "peeked").startswith("No question yet"), "a code begins anew"
        seen[code] = play(page)
    assert seen["K7Q2"] == seen["k7 q2"]
    assert len({str(each) for each in seen.values()}) == 3


def test_the_same_seed_gives_the_same_games(within):
    seen = []
    for seed in (5, 5, 6):
        page = within("9")
        page.evaluate(f"sheets.get('9').state.seed = {seed}")
        seen.append(play(page))
    assert seen[0] == seen[1] != seen[2]


def test_the_tally_counts_winners(within):
    page = within("9")
    winners = 0
    for game in range(1, 5):
        do(page, "ask", 3)
        if game % 2:
            do(page, "announce")
            winners += 1
        else:
            do(page, "ask", 17)
        words = "no winner" if not winners else f"{winners} winner{'s' if winners > 1 else ''}"
        assert told(page, "peeked").endswith(
            f"{game} game{'s' if game > 1 else ''}: you announced {words} among equals."
        )
        for name in ("ask", "announce"):
            assert inside(page, f"[data-do={name}]").is_disabled() or (game % 2 == 0 and name == "announce")
        do(page, "anew")
    assert told(page, "peeked").endswith("4 games: you announced 2 winners among equals.")


def test_a_thousand_are_as_often_wrong_as_they_should_be(within):
    page = within("9")
    found, patient = page.evaluate(
        """() => {
          const sheet = sheets.get("9");
          const [found, patient] = [[], []];
          for (let k = 0; k < 60; k++) {
            sheet.chapter.crowd(sheet);
            found.push(sheet.state.others.peeking);
            patient.push(sheet.state.others.patient);
          }
          return [found, patient];
        }"""
    )
    rng = np.random.default_rng(1)
    differences = rng.choice([-1, 0, 1], size=(20_000, 20, 50), p=[0.21, 0.58, 0.21])
    z = differences.sum(axis=2).cumsum(axis=1) / np.sqrt((differences**2).sum(axis=2).cumsum(axis=1))
    beyond = np.abs(z) > 1.959964
    assert np.mean(found) / 1000 == pytest.approx(beyond.any(axis=1).mean(), abs=0.012)
    assert np.mean(patient) / 1000 == pytest.approx(beyond[:, -1].mean(), abs=0.007)


def test_the_crowd_is_not_drawn_again_for_a_slider_below(lesson):
    page = lesson("9")
    do(page, "crowd")
    page.evaluate("document.querySelector('.crowd').dataset.kept = ''")
    inside(page, "input[data-value=models]").fill("30")
    page.evaluate(SETTLED)
    do(page, "ask")
    assert inside(page, ".crowd[data-kept]").count() == 1


# odd results, and odd addresses


@pytest.mark.parametrize("name", [*map(str, range(1, 10)), "questions"])
@pytest.mark.parametrize("odd", ["three questions", "all right", "one model", "nothing in common"])
def test_odd_results_make_no_odd_numbers(odd, name, lesson):
    items = range(3) if odd == "three questions" else range(20)
    rows = [f"a,{k},{1 if odd == 'all right' else k % 2}" for k in items]
    rows += [f"b,{k + (50 if odd == 'nothing in common' else 0)},{k % 3 // 2}" for k in items if odd != "one model"]
    page = lesson(name, ask="yes")
    drop(page, "odd.csv", "model,item,score\n" + "\n".join(rows))
    for answer in inside(page, ".guess .options button").all()[:1]:
        answer.click()
    page.uncheck("#ask")
    page.evaluate(SETTLED)
    shown = inside(page, ".play").all_inner_texts() + inside(page, ".story").all_inner_texts()
    assert not re.search("NaN|undefined|Infinity", " ".join(shown))


def test_the_story_counts_two_models_that_do_not_race(lesson):
    page = lesson("1&models=2")
    do(page, "often")
    first = built_in()[0]["titles"][built_in()[0]["models"].index(built_in()[0]["a"])]
    found = re.fullmatch(rf"In 100 draws of other questions, {first} was ahead in (\d+)\.", told(page, "sofar"))
    assert 30 < int(found[1]) < 100


def test_one_question_of_the_five_leaves_the_others_alone(lesson):
    page = lesson("questions")
    agreement = inside(page, "input[data-value=agreement]")
    agreement.fill("7")
    inside(page, ".number[data-value=gap]").press("ArrowRight")
    page.evaluate(SETTLED)
    assert agreement.input_value() == "7"


def test_an_address_chooses_among_what_there_is(lesson):
    page = lesson("5&remedy=nonsense")
    assert "undefined" not in told(page, "said")
    assert inside(page, "[data-value=remedy][value=none]").is_checked()


def test_more_questions_than_the_curve_has_begin_at_its_end(lesson):
    page = lesson("7")
    rows = [f"{m},{k},{(k * 7 + shift) % 10 // 5}" for m, shift in (("a", 0), ("b", 3)) for k in range(12_000)]
    drop(page, "long.csv", "model,item,score\n" + "\n".join(rows))
    assert inside(page, ".number[data-value=items]").first.text_content() == "10,000"
    assert "With 10,000 questions" in told(page, "said")
