"""The lesson on one screen: a guess before each reveal, the story, the shared switch, the address, pictures to take along, print, the embed."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

import howsure
from browser_cases import PHONE
from howsure.guide.lesson import built_in, write_lesson
from lesson_cases import SETTLED, drop, go, inside, told
from places import ROOT

CHAPTERS = [*map(str, range(1, 10))]
NAMES = [*CHAPTERS, "questions", "class"]
GUESSED = ["1", "2", "4", "7", "9"]
PICKED = ["3", "5", "6", "8"]
WIDE = {"width": 1440, "height": 900}
TOUCH = {"viewport": PHONE, "is_mobile": True, "has_touch": True}
A, B = "20250715_qodo_command", "20250610_augment_agent_v1"


@pytest.fixture
def lesson(opened):
    """Return what opens a chapter with what else stands in the address."""

    def show(name="1", address="", **options):
        page = write_lesson(built_in())
        kept = SimpleNamespace(save=lambda file: file.write_text(page, encoding="utf-8"))
        return opened(kept, hash=f"#chapter={name}{address}", **options)

    return show


def guess(page):
    """Answer the question of the open chapter: the second option, or the range with its lower end moved."""
    if inside(page, ".options button").count():
        inside(page, ".options button").nth(1).click()
    else:
        inside(page, "[data-handle=guess-0]").press("PageUp")
        inside(page, ".guess .main").click()
    page.evaluate(SETTLED)


# one screen

TOO_HIGH = """() => {
  const room = innerHeight - document.querySelector(".top").offsetHeight;
  const plays = [...document.querySelectorAll(".chapter:not([hidden]) .play")].filter((each) => each.offsetHeight);
  return plays.filter((each) => each.offsetHeight > room).map((each) => [each.querySelector("[data-figure]").dataset.figure, each.offsetHeight, room]);
}"""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("screen", [{"viewport": WIDE}, TOUCH], ids=["wide", "phone"])
@pytest.mark.parametrize("ask", ["yes", "no"])
def test_picture_sentence_and_controls_fit_on_one_screen(name, screen, ask, lesson):
    page = lesson(name, f"&ask={ask}", **screen)
    assert page.evaluate(TOO_HIGH) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= screen["viewport"]["width"]
    for button in inside(page, ":is([data-do=often], [data-do=ask], [data-do=crowd], [data-do=show])").all():
        if button.is_visible() and button.is_enabled():
            button.click()
    page.evaluate(SETTLED)
    assert page.evaluate(TOO_HIGH) == []


def test_the_header_of_a_phone_is_low_and_opens_its_lists(lesson):
    page = lesson("1", **TOUCH)
    assert page.locator(".top").bounding_box()["height"] <= 64
    assert not page.locator("#contents").is_visible()
    page.locator("#where").tap()
    page.locator("#contents a").nth(4).tap()
    page.wait_for_function("() => document.title.startsWith('5. ')")
    assert page.locator("#where").text_content() == "Chapter 5 of 9"
    assert not page.locator("#contents").is_visible()
    page.get_by_role("button", name="Results").tap()
    assert page.locator("#source").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#source").is_visible()


def test_beside_the_text_the_picture_stays(lesson):
    page = lesson("1", "&ask=no", viewport=WIDE)
    page.mouse.wheel(0, 250)
    page.wait_for_timeout(200)
    assert 0 <= inside(page, ".play").bounding_box()["y"] < 100


def test_a_tap_brings_the_picture_onto_the_screen(lesson):
    page = lesson("1", "&ask=no", reduced_motion="reduce", **TOUCH)
    button = inside(page, "[data-do=once]")
    page.evaluate("(y) => scrollTo(0, y)", button.bounding_box()["y"] - 80)
    assert inside(page, ".play").bounding_box()["y"] < 0
    button.tap()
    page.evaluate(SETTLED)
    box = inside(page, ".play").bounding_box()
    assert box["y"] >= 40
    assert box["y"] + box["height"] <= PHONE["height"]


# predict first


@pytest.mark.parametrize("name", GUESSED + PICKED)
def test_each_chapter_asks_before_it_shows(name, lesson):
    page = lesson(name)
    waits = inside(page, "[data-after]")
    assert waits.count()
    assert not any(each.is_visible() for each in waits.all())
    assert (told(page, "sofar") == "First, your guess.") == (name != "9"), "the last answer is for good"
    if name in GUESSED:
        assert inside(page, ".guess .main").is_disabled()
    guess(page)
    outcome = inside(page, ".outcome").text_content()
    assert re.search(r"Your range holds it\.|Outside your range\.|You were right\.|Not what you picked\.", outcome)
    assert any(each.is_visible() for each in waits.all())
    assert told(page, "sofar") != "First, your guess."


@pytest.mark.parametrize("name", GUESSED + PICKED)
def test_a_guess_can_be_skipped(name, lesson):
    page = lesson(name)
    inside(page, ".guess .pass").click()
    page.evaluate(SETTLED)
    assert inside(page, ".outcome").is_visible()
    go(page, "9")
    assert "You haven’t guessed yet" in told(page, "tally")


def test_the_score_counts_ranges_and_picks(lesson):
    page = lesson("1")
    for name in CHAPTERS:
        go(page, name)
        guess(page)
    tally = told(page, "tally")
    ranges, picks = (
        re.search(r"You drew (\d) ranges: (\d) held the truth\. You picked (\d) answers: (\d)", tally),
        tally,
    )
    assert ranges, picks
    assert (ranges[1], ranges[3]) == (str(len(GUESSED)), str(len(PICKED)))


def test_who_wants_no_questions_has_none(lesson):
    page = lesson("4", viewport=WIDE)
    page.locator("#ask").uncheck()
    page.evaluate(SETTLED)
    assert inside(page, ".said").first.is_visible()
    go(page, "6")
    assert inside(page, "[data-figure=pair]").is_visible()
    assert "ask=no" in page.url


# the story


def test_one_question_goes_through_all_chapters_and_is_answered(lesson):
    page = lesson("1", "&ask=no")
    gap = howsure.compare(ROOT / "examples" / "swebench_verified.parquet", A, B, cluster="cluster").difference
    for name in CHAPTERS:
        go(page, name)
        assert told(page, "question") == "71.2% or 70.4%: is Qodo Command better than Augment Agent?"
    assert f"−{-100 * gap.interval.low:.1f} points to +{100 * gap.interval.high:.1f} points" in told(page, "sofar")
    assert "can’t tell" in told(page, "sofar")
    go(page, "1")
    inside(page, "[data-do=often]").click()
    assert re.fullmatch(r"In 100 draws of other questions, Qodo Command was ahead in \d+\.", told(page, "sofar"))


def test_other_results_have_their_own_question(lesson):
    page = lesson("6", "&ask=no&of=1")
    assert told(page, "question").startswith("43.4% or 36.6%: is temperature 0.3 better than temperature 1.0?")


# one switch for clusters


def test_the_switch_of_clusters_is_one_for_all_chapters(lesson):
    page = lesson("7", "&ask=no")
    before = told(page, "said")
    inside(page, "input[data-value=whole]").check()
    assert told(page, "said") != before
    assert "--population new-clusters" in inside(page, ".command code").text_content()
    for name in ("1", "6", "8", "9"):
        go(page, name)
        assert inside(page, "input[data-value=whole]").is_checked()
    page.select_option("#source", index=1)
    page.evaluate(SETTLED)
    assert inside(page, "input[data-value=whole]").is_checked(), "the commands count these clusters"
    inside(page, "input[data-value=whole]").uncheck()
    page.evaluate(SETTLED)
    assert "--cluster none" in inside(page, ".command code").text_content()


def test_with_and_without_clusters_the_gate_is_the_commands(lesson):
    page = lesson("8", "&ask=no")
    path = ROOT / "examples" / "swebench_verified.parquet"
    for whole, words in ((False, {"cluster": "none"}), (True, {"cluster": "cluster", "population": "new-clusters"})):
        inside(page, "input[data-value=whole]").set_checked(whole)
        gate = howsure.gate(path, A, B, not_worse_than=0.02, **words).checks[0]
        ends = " and ".join(f"{'−' if end < 0 else '+'}{abs(100 * end):.1f} points" for end in (gate.low, gate.high))
        assert f"between {ends}" in told(page, "said")


# the address, pictures, print, the embed


@pytest.mark.parametrize("name", ["1", "3", "4", "7"])
def test_the_address_brings_back_what_was_set(name, lesson):
    page = lesson(name, "&ask=no")
    for control in inside(page, "input[type=range][data-value]").all():
        if control.is_visible():
            control.press("PageUp")
            control.press("ArrowLeft")
    page.wait_for_timeout(600)
    values = "() => [...document.querySelectorAll('.chapter:not([hidden]) input[type=range][data-value]')].map((each) => each.value)"
    before = page.evaluate(values)
    assert len(page.url.split("&")) > 2
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    page.evaluate(SETTLED)
    assert page.evaluate(values) == before


def test_an_address_can_say_nothing_that_the_controls_cannot(lesson):
    page = lesson("7", "&ask=no&gap=1e9&items=-5&a=999&whole=x&nonsense=1")
    assert inside(page, "input[data-value=gap]").first.input_value() == "20"
    assert inside(page, "input[data-value=items]").first.input_value() == "20"
    assert inside(page, "select").first.input_value() != "999"


def test_a_picture_is_copied_as_it_is_painted(lesson):
    page = lesson("3", "&ask=no")
    png = page.evaluate(
        """async () => {
          let kept;
          window.ClipboardItem = class { constructor(parts) { kept = parts["image/png"]; } };
          Object.defineProperty(navigator, "clipboard", { value: { write: async () => {} }, configurable: true });
          document.querySelector(".chapter:not([hidden]) figcaption .copy").click();
          await new Promise((done) => setTimeout(done, 300));
          const blob = await kept;
          const image = await createImageBitmap(blob);
          const canvas = document.createElement("canvas");
          [canvas.width, canvas.height] = [image.width, image.height];
          const pen = canvas.getContext("2d");
          pen.drawImage(image, 0, 0);
          const data = pen.getImageData(0, 0, image.width, image.height).data;
          const colours = new Set();
          for (let k = 0; k < data.length; k += 4) colours.add(data.slice(k, k + 3).join());
          return { type: blob.type, width: image.width, svg: document.querySelector(".chapter:not([hidden]) svg").clientWidth, colours: colours.size };
        }"""
    )
    assert png["type"] == "image/png"
    assert png["width"] == 2 * png["svg"]
    assert png["colours"] > 10, "painted, and not one black shape"


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_prints_on_one_page(name, lesson):
    page = lesson(name)
    page.emulate_media(media="print")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) == 1


def test_the_embed_has_the_play_and_a_way_to_the_rest(lesson):
    page = lesson("1", "&embed=yes")
    assert not page.locator(".top").is_visible()
    assert not inside(page, ".quiz").is_visible()
    assert page.locator(".whole a").is_visible()
    guess(page)
    assert "the leader stayed first in" in told(page, "said")


def test_a_class_plays_the_games_that_the_teacher_sees(lesson):
    page = lesson("class", "&code=AB37&seats=3")
    inside(page, "[data-do=show]").click()
    winners = [int(seat) for seat in re.findall(r"\d+", told(page, "said").split(": ")[-1])]
    for seat in (1, 2, 3):
        go(page, "9")
        inside(page, "input[data-value=code]").fill(f"ab37-{seat}")
        found = False
        for _ in range(20):
            inside(page, "[data-do=ask]").click()
            found |= ": significant, says this look." in told(page, "peeked")
        assert found == (seat in winners), seat


def test_the_lesson_is_small(lesson):
    assert len(write_lesson(built_in()).encode()) < 500_000


def test_the_switch_reaches_chapters_that_were_open_before_and_the_address(lesson):
    page = lesson("6", "&ask=no")
    before = told(page, "said")
    go(page, "7")
    inside(page, "input[data-value=whole]").check()
    go(page, "6")
    assert inside(page, "input[data-value=whole]").is_checked()
    assert told(page, "said") != before
    page.wait_for_function("() => location.hash.includes('whole=yes')")
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    assert inside(page, "input[data-value=whole]").is_checked()


def test_who_is_ahead_is_judged_on_the_questions_of_both(lesson):
    """Of all its questions the first has more right, as it lacks the hard ones; where both answered, the second is better."""
    rows = [f"first,q{k},{int(k % 10 > 2)},p{k}" for k in range(100)]
    rows += [f"second,q{k},{int(k < 95) if k < 100 else 0},p{k}" for k in range(160)]
    page = lesson("6", "&ask=no")
    drop(page, "missing.csv", "model,item,score,cluster\n" + "\n".join(rows))
    assert told(page, "question").startswith("70.0% or 59.4%: is first better than second?")
    assert told(page, "sofar").endswith("It is worse.")
    go(page, "1")
    assert told(page, "sofar") == "On these questions second is ahead. On others?"
    go(page, "9")
    assert told(page, "sofar").startswith("No, ")


def test_without_an_interval_nothing_is_better(lesson):
    rows = [f"{m},q{k},{int(k % 10 < right)},one" for m, right in (("a", 9), ("b", 2)) for k in range(40)]
    page = lesson("8", "&ask=no")
    drop(page, "one.csv", "model,item,score,cluster\n" + "\n".join(rows))
    inside(page, "input[data-value=whole]").check()
    assert told(page, "headline") == "These questions can’t tell which of a and b is better: no interval can be given."
    page.evaluate("location.hash = '#chapter=6&of=2&ask=yes'")
    page.evaluate(SETTLED)
    assert inside(page, ".options button").count() == 0, "nothing to guess"
