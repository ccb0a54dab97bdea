"""The lesson in a browser: every chapter by mouse, keyboard and touch; its numbers are the command line's; a CSV of one's own."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

import howsure
from accessible import check
from browser_cases import LOOKS, PHONE
from howsure.guide.lesson import RESPECTS, board_of, built_in, write_lesson
from howsure.guide.rewriting import choose
from howsure.study.design import make_design
from lesson_cases import SETTLED, drop, inside, told
from places import ROOT
from trials import draws

NAMES = [*map(str, range(1, 10)), "questions"]
SWEBENCH, EXAMPLE = ROOT / "examples" / "swebench_verified.parquet", ROOT / "examples" / "logs"
TOUCH = {"viewport": PHONE, "is_mobile": True, "has_touch": True}
SAID = "() => [...document.querySelectorAll('.chapter:not([hidden]) :is(.said, [data-show], .picture, .number)')].map((each) => each.innerHTML)"


@pytest.fixture
def lesson(opened):
    """Return what opens a chapter, of the results that come with the lesson or of others before them."""

    def show(name="1", boards=(), **options):
        page = write_lesson([*boards, *built_in()])
        kept = SimpleNamespace(save=lambda file: file.write_text(page, encoding="utf-8"))
        return opened(kept, hash=f"#chapter={name}&ask=no", **options)

    return show


def own(path, a, b, **options):
    """Return a board of results, and what the command line says of them."""
    scores = howsure.read(path)
    target = choose(scores, ("logs",), a=a, b=b)
    return board_of(scores, make_design(options, RESPECTS), target, name="mine")


def said(page):
    page.evaluate(SETTLED)
    return page.evaluate(SAID)


def press(page):
    """Let a chapter show what its buttons bring."""
    for button in inside(page, ":is([data-do=often], [data-do=ask], [data-do=crowd])").all():
        button.click()


# every chapter by mouse, keyboard and touch


@pytest.mark.parametrize("name", draws(NAMES[0::3], NAMES))
def test_numbers_and_handles_by_keyboard(name, lesson):
    page = lesson(name)
    controls = inside(page, ".number[data-value], [data-handle][tabindex='0']")
    assert controls.count() or name == "9" or inside(page, "[data-do]").count()
    for k in range(controls.count()):
        before = said(page)
        control = controls.nth(k)
        control.focus()
        lowest = float(control.get_attribute("aria-valuenow")) <= float(control.get_attribute("aria-valuemin"))
        page.keyboard.press("ArrowRight" if lowest else "ArrowLeft")
        page.keyboard.press("PageUp")
        after = said(page)
        assert after != before, control.get_attribute("outerHTML")
        assert page.evaluate("document.activeElement.getAttribute('role')") == "slider"


@pytest.mark.parametrize("name", draws(NAMES[1::3], NAMES))
def test_numbers_and_handles_by_mouse(name, lesson):
    page = lesson(name)
    controls = inside(page, ".number[data-value], [data-handle][tabindex='0']")
    for k in range(controls.count()):
        control = controls.nth(k)
        control.scroll_into_view_if_needed()
        grip = control.locator(".grip")
        box = (grip if grip.count() else control).bounding_box()
        before = said(page)
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 60, y, steps=4)
        page.mouse.move(x + 300, y + 2, steps=4)
        page.mouse.up()
        assert said(page) != before, control.get_attribute("outerHTML")


@pytest.mark.parametrize("name", draws(NAMES[2::3], NAMES))
def test_buttons_and_ranges_by_touch(name, lesson):
    page = lesson(name, **TOUCH)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    for k in range(inside(page, "[data-do]").count()):
        button = inside(page, "[data-do]").nth(k)
        if button.get_attribute("data-do") != "print" and button.is_visible() and button.is_enabled():
            button.tap()
    for k in range(inside(page, "input[type=range][data-value]").count()):
        control = inside(page, "input[type=range][data-value]").nth(k)
        if not control.is_visible():
            continue
        before = said(page)
        box = control.bounding_box()
        at = 0.8 if float(control.input_value()) < float(control.get_attribute("max")) / 2 else 0.2
        control.tap(position={"x": at * box["width"], "y": box["height"] / 2})
        assert said(page) != before, control.get_attribute("data-value")


def test_the_question_has_feedback_for_every_answer(lesson):
    page = lesson("1")
    for number in range(1, 10):
        page.wait_for_function(f"() => document.title.startsWith('{number}. ')")
        answers = inside(page, ".quiz input")
        assert answers.count() > 1
        for k in range(answers.count()):
            answers.nth(k).check()
            right = answers.nth(k).get_attribute("data-right") is not None
            assert inside(page, ".feedback").text_content().startswith("Yes." if right else "Not quite.")
        inside(page, ".next a").last.click()


def test_terms_open_and_close_by_mouse_and_keyboard(lesson):
    page = lesson("3")
    term = inside(page, ".term").first
    term.click()
    assert "bell" in inside(page, ".gloss").text_content()
    term.press("Enter")
    assert inside(page, ".gloss").count() == 0
    assert term.get_attribute("aria-expanded") == "false"


def test_from_chapter_to_chapter_and_back(lesson):
    page = lesson("1")
    for number in range(1, 9):
        inside(page, ".next a").last.click()
        page.wait_for_function(f"() => document.title.startsWith('{number + 1}. ')")
        assert inside(page, "h1").text_content().startswith(f"{number + 1}. ")
    inside(page, ".next a").last.click()
    page.wait_for_function("() => document.title.startsWith('Five')")
    assert inside(page, "h1").text_content() == "Five questions that people ask"
    page.go_back()
    page.wait_for_function("() => document.title.startsWith('9. ')")
    assert inside(page, "h1").text_content().startswith("9. ")


# whom it is for


@pytest.mark.parametrize("name", [*NAMES, "class"])
@pytest.mark.parametrize("look", ["light", "dark", "narrow"])
def test_axe_finds_nothing(name, look, lesson):
    page = lesson(f"{name}&ask=yes", bypass_csp=True, **LOOKS[look])
    check(page)
    for skip in inside(page, ".guess .pass").all():
        skip.click()
    press(page)
    check(page)


def test_without_javascript_everything_can_be_read(lesson):
    page = lesson(java_script_enabled=False)
    text = page.inner_text("main")
    assert all(f"{number}. " in text for number in range(1, 10))
    assert not page.locator("figure").first.is_visible()


def test_the_plain_version_is_read_aloud_sentence_by_sentence(lesson):
    page = lesson("1")
    page.evaluate(
        """() => {
          window.heard = [];
          window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
          const synthesis = { cancel() {}, speak(said) { heard.push([said.text.trim(), said.rate]); window.last = said; } };
          Object.defineProperty(window, "speechSynthesis", { value: synthesis, configurable: true });
        }"""
    )
    inside(page, "summary").click()
    inside(page, ".listen button").click()
    assert page.evaluate("heard.at(-1)") == ["A leaderboard looks like a race.", 1]
    page.evaluate("last.onend()")
    assert inside(page, ".spoken").text_content().startswith("Somebody came in first")
    assert "\\x0a" not in inside(page, ".text").text_content(), "a line's end is a space"
    inside(page, ".listen input").fill("1.5")
    assert page.evaluate("heard.at(-1)[1]") == 1.5
    inside(page, ".listen button").click()
    assert inside(page, ".spoken").count() == 0
    assert page.evaluate("heard.length") == 3
    assert inside(page, ".text strong").count() > 3, "links and emphasis are back"


def test_listen_is_hidden_where_the_browser_has_no_speech(browser, tmp_path):
    (tmp_path / "lesson.html").write_text(write_lesson(built_in()), encoding="utf-8")
    page = browser.new_page()
    page.add_init_script("delete window.speechSynthesis; delete Window.prototype.speechSynthesis")
    page.goto((tmp_path / "lesson.html").as_uri())
    page.wait_for_selector("html[data-ready]", state="attached")
    page.click(".chapter:not([hidden]) summary")
    assert not page.locator(".chapter:not([hidden]) .listen").is_visible()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    for number in (2, 3, 1):
        page.evaluate(f"location.hash = '#chapter={number}'")
        page.evaluate(SETTLED)
    assert page.title().startswith("1. ")
    assert errors == []
    page.close()


# results of one's own


CSV = "model,item,score,cluster\n" + "\n".join(
    f"{model},q{k},{int((k * 7 + shift) % 10 < right)},p{k // 4}"
    for model, shift, right in (("mine", 0, 7), ("theirs", 3, 5))
    for k in range(40)
)


def test_a_csv_of_ones_own(lesson, tmp_path):
    page = lesson("6")
    drop(page, "my evals.csv", CSV)
    assert page.locator("#about").text_content() == "2 models × 40 questions, in 10 clusters"
    (tmp_path / "my.csv").write_text(CSV)
    gap = howsure.compare(howsure.read(tmp_path / "my.csv"), "mine", "theirs", cluster="cluster").difference
    ends = " and ".join(
        f"{'+' if end > 0 else '−'}{abs(100 * end):.1f} points" for end in (gap.interval.low, gap.interval.high)
    )
    assert f"between {ends}" in told(page, "said")
    assert (
        inside(page, ".command code").text_content()
        == "howsure compare 'my evals.csv' -a mine -b theirs --cluster cluster"
    )
    page.select_option("#source", label="SWE-bench Verified")
    assert "qodo_command" in inside(page, ".command code").text_content()


def test_a_csv_that_is_dropped_on_the_page(lesson):
    page = lesson("1")
    page.evaluate(
        """(text) => {
          const data = new DataTransfer();
          data.items.add(new File([text], "x.csv"));
          document.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }""",
        CSV,
    )
    page.wait_for_function("() => document.getElementById('about').textContent.startsWith('2 models')")
    assert told(page, "leader") == "mine"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("model,item,right\na,1,1\n", "there is no column score; the first line has: model, item, right"),
        ("model,item,score\na,1,1\na,2,7\n", 'line 3: the score is "7", not a number from 0 to 1'),
        ("model,item,score\na,1,\n", "there is no row with a score"),
        ("model,item,score,cluster\na,1,1,x\nb,1,1,y\n", "line 3: item 1 stands in two clusters"),
        ('model,item,score\na,"1,1\n', "a quotation mark stands where none can"),
        ("model,item,score\n", "there is no row with a score"),
        ("", "there is no column item, score"),
    ],
)
def test_what_is_no_such_table_is_refused_with_the_command_that_reads_it(text, why, lesson):
    page = lesson("1")
    drop(page, "runs.csv", text)
    refused = page.locator("#refused").text_content()
    assert why in refused
    assert "howsure guide --open runs.csv" in refused
    assert page.locator("#source option").count() == 2


def test_hostile_names_are_text(lesson):
    page = lesson("2")
    drop(
        page,
        "<b>x.csv",
        'model,item,score\n"<img src=x onerror=alert(1)>",1,1\n"<img src=x onerror=alert(1)>",2,0\nb\u202ex,1,1\n',
    )
    for name in NAMES:
        page.evaluate(f"location.hash = '#chapter={name}&of=2'")
        page.evaluate(SETTLED)
    assert page.locator("img, b").count() == 0


def test_one_model_and_one_question(lesson):
    page = lesson("1")
    drop(page, "one.csv", "model,item,score\nalone,1,1\n")
    for name in NAMES:
        page.evaluate(f"location.hash = '#chapter={name}&of=2'")
        page.evaluate(SETTLED)
        assert not {"NaN", "undefined", "null", "Infinity"} & set(re.findall(r"\w+", page.inner_text("main")))


# the numbers are the library's


def percent(value, unit="%"):
    return f"{100 * value:.1f}{unit}"


def pp(value):
    return f"{'−' if value < 0 else '+'}{abs(100 * value):.1f} points"


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    ("path", "a", "b", "cluster"),
    [
        (SWEBENCH, "20250928_trae_doubao_seed_code", "20250804_epam-ai-run-claude-4-sonnet", "cluster"),
        (EXAMPLE, "smollm2-135m-t0.3", "smollm2-135m-2shot", "passage_id"),
    ],
    ids=["swebench", "logs"],
)
def test_the_numbers_are_those_of_the_command_line(path, a, b, cluster, lesson):
    page = lesson("6", [own(path, a, b, cluster=cluster)])
    scores = howsure.read(path)
    gap = howsure.compare(scores, a, b, cluster=cluster, population="new-clusters")
    alone = howsure.compare(scores, a, b, cluster="none")
    usual = howsure.compare(scores, a, b, cluster=cluster)  # more questions from the same clusters, if these are few
    low, high = usual.difference.interval.low, usual.difference.interval.high
    assert f"{pp(usual.difference.value)}, between {pp(low)} and {pp(high)}" in told(page, "said")
    inside(page, "input[data-value=whole]").set_checked(not inside(page, "input[data-value=whole]").is_checked())
    other = alone if usual.difference.interval == gap.difference.interval else gap
    low, high = other.difference.interval.low, other.difference.interval.high
    assert f"between {pp(low)} and {pp(high)}" in told(page, "said")
    page.select_option("#source", index=1)
    page.select_option("#source", index=0)
    inside(page, "input[data-value=whole]").set_checked(other is alone)

    page.evaluate("location.hash = '#chapter=4'")
    page.evaluate(SETTLED)
    for clusters, words in (("none", "As if alone"), (cluster, "With clusters")):
        found = (
            howsure.estimate(scores, model=a, cluster=clusters, population="new-clusters").entries[0].estimate.interval
        )
        low, high = found.low, found.high
        assert f"{words}: {100 * low:.1f} to {percent(high)}" in told(page, "real")

    page.evaluate("location.hash = '#chapter=8'")
    page.evaluate(SETTLED)
    low, high = usual.difference.interval.low, usual.difference.interval.high
    assert f"95% CI {pp(low)[:-7].replace('+', '')} to {pp(high)[:-7].replace('+', '')} points" in told(page, "methods")
    gate = howsure.gate(scores, a, b, not_worse_than=0.02, cluster=cluster).checks[0]
    assert f"between {pp(gate.low)} and {pp(gate.high)}" in told(page, "said")
    assert told(page, "said").startswith({"pass": "PASS", "fail": "FAIL"}.get(gate.verdict, "CAN’T TELL"))


def test_the_two_kinds_of_luck_are_those_of_noise(lesson):
    page = lesson("5", [own(EXAMPLE, "smollm2-135m-t1.0", None, cluster="passage_id")])
    inside(page, "select").first.select_option(label="smollm2-135m-t1.0")
    entries = howsure.noise(howsure.read(EXAMPLE), cluster="passage_id").tasks[0].entries
    entry = next(each for each in entries if each.name.endswith("t1.0"))
    inside(page, "input[data-value=attempts]").fill("10")
    inside(page, "input[data-value=items]").fill("200")
    expected = entry.se_with(attempts=10) / 2**0.5
    assert f"from {percent(entry.se, ' points')} to {percent(expected, ' points')}." in told(page, "said")


@pytest.mark.parametrize(
    ("path", "a", "b"),
    [
        (SWEBENCH, "20250928_trae_doubao_seed_code", "20250804_epam-ai-run-claude-4-sonnet"),
        (EXAMPLE, "smollm2-135m-t0.3", "smollm2-135m-2shot"),
    ],
)
def test_the_questions_needed_are_those_of_plan(path, a, b, lesson):
    page = lesson("7", [own(path, a, b, cluster="none")])
    plan = howsure.plan(pilot=howsure.read(path), a=a, b=b, effect=0.03, cluster="none")
    needed = plan.to_dict()["tasks"][0]["chosen"]["items"]["value"]
    step = 10 ** (len(str(int(needed))) - 2)
    assert told(page, "needed") == f"about {-(-needed // step) * step:,.0f}"


# what is on the screen


TEXTS = """() => {
  const wrong = [];
  for (const picture of document.querySelectorAll(".chapter:not([hidden]) svg")) {
    const frame = picture.getBoundingClientRect();
    const texts = [...picture.querySelectorAll("text")].filter((each) => each.textContent.trim());
    const boxes = texts.map((each) => each.getBoundingClientRect());
    texts.forEach((text, k) => {
      const box = boxes[k];
      if (parseFloat(getComputedStyle(text).fontSize) < 11) wrong.push(`small: ${text.textContent}`);
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1) wrong.push(`cut: ${text.textContent}`);
      for (let j = 0; j < k; j++) {
        const [across, down] = [Math.min(box.right, boxes[j].right) - Math.max(box.left, boxes[j].left), Math.min(box.bottom, boxes[j].bottom) - Math.max(box.top, boxes[j].top)];
        if (across > 1 && down > 5) wrong.push(`over each other: ${text.textContent}, ${texts[j].textContent}`);
      }
    });
  }
  return wrong;
}"""
LONG = "model,item,score\n" + "\n".join(
    f"{model},q{k},{int((k * 7 + shift) % 10 < right)}"
    for model, shift, right in (
        ("a-model-with-a-very-long-name-in-8-bit-quantised", 0, 9),
        ("WWWWWWWWWWWWWWWWWWWWWW", 3, 5),
    )
    for k in range(60)
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("results", ["0", "1", LONG], ids=lambda each: str(each)[:9])
def test_texts_in_pictures_can_be_read_on_a_phone(name, results, lesson):
    page = lesson(f"{name}&of={results}" if len(results) == 1 else name, viewport=PHONE)
    if len(results) > 1:
        drop(page, "long.csv", results)
    assert page.evaluate(TEXTS) == []
    press(page)
    for end in ("max", "min"):
        for control in inside(page, "input[type=range][data-value]").all():
            if control.is_visible():
                control.fill(control.get_attribute(end))
        page.evaluate(SETTLED)
        assert page.evaluate(TEXTS) == [], end


def test_a_range_says_where_it_stands(lesson):
    page = lesson("3")
    steps = inside(page, "input[data-value=steps]")
    steps.fill("100")
    page.evaluate(SETTLED)
    assert steps.evaluate("(each) => each.nextElementSibling.textContent") == "1,000"
    assert steps.get_attribute("aria-valuetext") == "1,000"
    assert inside(page, "input[data-value=rate]").get_attribute("aria-valuetext") == "70\N{NO-BREAK SPACE}%"


def test_commands_follow_what_is_chosen(lesson):
    page = lesson("8")
    inside(page, "select").last.select_option(index=4)
    inside(page, "input[data-value=margin]").fill("5")
    page.evaluate(SETTLED)
    command = inside(page, ".command code").text_content()
    assert "--not-worse-than 5pp" in command
    assert "--baseline 20250819_ACoder" in command
    page.evaluate("location.hash = '#chapter=7'")
    page.evaluate(SETTLED)
    inside(page, "input[data-value=gap]").first.fill("1.5")
    page.evaluate(SETTLED)
    assert "--effect 1.5pp" in inside(page, ".command code").text_content()


RANKS = "() => [...document.querySelectorAll('.slope')].map((each) => Number(each.getAttribute('d').split(',').at(-1)))"


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_ranks_glide_where_the_reader_wants_motion(motion, lesson):
    page = lesson("1", reduced_motion=motion)
    inside(page, "[data-do=once]").click()
    page.evaluate(SETTLED)
    first = page.evaluate(RANKS)
    page.wait_for_timeout(900)
    last = page.evaluate(RANKS)
    assert (first == last) == (motion == "reduce")
    assert last == [40 + 26 * rank for rank in range(12)]


def test_first_places_grow_from_where_they_were(lesson):
    page = lesson("1", reduced_motion="no-preference")
    width = "() => Number(document.querySelector('.share.leader').getAttribute('width'))"
    inside(page, "[data-do=often]").click()
    page.wait_for_timeout(1200)
    before = page.evaluate(width)
    inside(page, "[data-do=once]").click()
    page.evaluate(SETTLED)
    assert page.evaluate(width) == pytest.approx(before, abs=2)


def test_the_score_stays_while_the_error_bar_grows(lesson):
    page = lesson("4")
    widths = []
    for correlation in ("0", "0.5", "1"):
        inside(page, "input[data-value=icc]").fill(correlation)
        text = told(page, "said")
        assert "The score stays at 50.0%" in text
        low, high = re.search(r"the error bar is ([\d.]+) to ([\d.]+)", text).groups()
        widths.append(float(high) - float(low))
    assert widths[0] < widths[1] < widths[2]


def test_the_slider_of_agreement_begins_where_the_pair_stands(lesson):
    page = lesson("6")
    slider = inside(page, "input[data-value=agreement]").first
    before = (slider.input_value(), told(page, "said"))
    assert before[1].startswith("As they really agree")
    slider.fill("100")
    assert told(page, "said").startswith("At this agreement")
    inside(page, "[data-do=real]").click()
    assert (told(page, "said"), slider.input_value()) == before[::-1]


def test_what_is_below_a_sentence_does_not_jump(lesson):
    page = lesson("6", viewport=PHONE)
    slider = inside(page, "input[data-value=agreement]").first
    heights = []
    for agreement in range(0, 101, 10):
        slider.fill(str(agreement))
        page.evaluate(SETTLED)
        heights.append(page.evaluate("document.documentElement.scrollHeight"))
    assert heights == sorted(heights)
    assert heights[-1] - heights[0] < 30


def test_one_model_is_told_what_it_lacks(lesson):
    page = lesson("1")
    drop(page, "one.csv", "model,item,score\n" + "\n".join(f"alone,{k},{k % 2}" for k in range(30)))
    assert told(page, "said").startswith("One model has nobody to race.")
    for name in ("6", "7", "8", "9"):
        page.evaluate(f"location.hash = '#chapter={name}&of=2'")
        page.evaluate(SETTLED)
        assert inside(page, ".notice").is_visible()
    page.select_option("#source", index=0)
    assert not inside(page, ".notice").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_card_prints_on_one_page_dark_on_light(scheme, lesson):
    page = lesson("8", color_scheme=scheme)
    inside(page, ".line").fill("Is the new prompt at least as good?")
    inside(page, ".ticks input").first.check()
    page.emulate_media(media="print")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) == 1
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--ink').trim()") == "#1d1f21"
    shown = inside(page, ":is(.ticks input, .line, .methods, .picture)")
    assert all(each.is_visible() for each in shown.all())
    assert not page.locator("footer").is_visible()


def test_forced_colors_keep_the_marks(lesson):
    page = lesson("6", forced_colors="active")
    ink = page.evaluate("getComputedStyle(document.querySelector('.chapter:not([hidden]) h1')).color")
    marks = inside(page, ".drawn .bar:not(.other) .range")
    assert {each.evaluate("(mark) => getComputedStyle(mark).stroke") for each in marks.all()} == {ink}
    other = inside(page, ".drawn .bar.other .range").first
    assert other.evaluate("(mark) => getComputedStyle(mark).strokeDasharray") != "none"


FOCUSED = """() => {
  const each = document.activeElement;
  if (!each || each === document.body) return null;
  const grip = each.matches(".grip") ? each : each.querySelector(".grip");
  const ringed = getComputedStyle(each.matches("#file") ? each.parentElement : each);
  return grip ? parseFloat(getComputedStyle(grip).strokeWidth) >= 3 : ringed.outlineStyle !== "none" && parseFloat(ringed.outlineWidth) >= 2;
}"""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_focus_can_be_seen_on_every_control(name, scheme, lesson):
    page = lesson(name, color_scheme=scheme)
    found = []
    for _ in range(80):
        page.keyboard.press("Tab")
        seen = page.evaluate(FOCUSED)
        if seen is None:
            break
        found.append(seen)
    assert len(found) > 15
    assert all(found)


def test_many_questions_in_one_cluster(lesson):
    """A hundred thousand questions, most of them in one cluster: nothing grows with their square, and no list is too long to pass on."""
    page = lesson("1")
    rows = ["model,item,score,cluster"]
    rows += [f"{m},{k},{int((k * 7 + m) % 10 < 6)},{0 if k < 90_000 else k}" for m in range(2) for k in range(100_000)]
    drop(page, "many.csv", "\n".join(rows))
    page.wait_for_function("() => document.getElementById('about').textContent.includes('100,000 questions')")
    inside(page, "input[data-value=whole]").check()
    inside(page, "[data-do=once]").click()
    assert "1 draw" in told(page, "said")
    for name in ("4", "6"):
        page.evaluate(f"location.hash = '#chapter={name}&of=2'")
        page.evaluate(SETTLED)
    assert "one in 34 is shown" in inside(page, "figcaption").first.text_content()
