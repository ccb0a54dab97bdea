"""The lesson's numbers are the commands' on the same data: dropped tables, and every number of the chapters."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import howsure
from howsure.errors import HowsureError
from howsure.guide.lesson import RESPECTS, board_of, built_in, write_lesson
from howsure.guide.rewriting import choose
from howsure.study.design import make_design
from lesson_cases import SETTLED, inside, told
from places import ROOT

CLOSE = 1e-9
TAKEN = """(name) => document.querySelector("#source option:checked").textContent === name || !document.getElementById("refused").hidden"""


@pytest.fixture
def lesson(opened):
    """Return what opens a chapter whose program answers `page.evaluate("peek('…')")` with anything in its scope."""

    def show(name="1", boards=()):
        page = write_lesson([*boards, *built_in()])
        head, end, tail = page.rpartition("})();")
        assert end
        seen = f"{head}\nwindow.peek = (code) => eval(code);\n{end}{tail}"
        kept = SimpleNamespace(save=lambda file: file.write_text(seen, encoding="utf-8"))
        return opened(kept, hash=f"#chapter={name}", bypass_csp=True)

    return show


def peek(page, code):
    return page.evaluate("(code) => window.peek(code)", code)


def drop(page, name, text):
    page.set_input_files("#file", {"name": name, "mimeType": "text/csv", "buffer": text.encode()})
    page.wait_for_function(TAKEN, arg=name)
    page.evaluate(SETTLED)


# dropped tables


def rows(header, *lines, mark=","):
    return "".join(f"{line}\n" for line in (header, *lines)).replace(",", mark)


TWO = ("a,q1,1", "a,q2,0", "a,q3,1", "b,q1,0", "b,q2,0", "b,q3,1")
TABLES = {
    "plain.csv": rows("model,item,score", *TWO),
    "aliases.csv": rows("System,Question-ID,Is Correct", *TWO),
    "question.csv": rows("llm,question,result", *TWO),
    "precedence.csv": rows("id,task_id,score,accuracy,model", "x,q1,1,0,a", "y,q2,0,1,a", "z,q3,1,0,a"),
    "task-and-item.csv": rows("eval,task_id,model,score", "e,q1,a,1", "e,q2,a,0", "e,q3,a,1"),
    "semicolons.csv": rows("model,item,score", *TWO, mark=";"),
    "decimal-comma.csv": "model;item;score\na;1;0,5\na;2;1\na;3;0,25\n",
    "thousandths.csv": "model;item;score\na;1;0,125\na;2;1,000\na;3;0\n",
    "quoted-comma.csv": 'model,item,score\na,1,"0,5"\na,2,1\na,3,"0,125"\n',
    "tabs.tsv": rows("model,item,score", *TWO, mark="\t"),
    "tabs.txt": rows("model,item,score", *TWO, mark="\t"),
    "words.csv": rows("model,item,score", "a,1,yes", "a,2,No", "a,3,PASS", "a,4,fail", "a,5,C", "a,6,I", "a,7,partial"),
    "truths.csv": rows("model,item,passed", "a,1,true", "a,2,false", "a,3,true"),
    "missing.csv": rows(
        "model,item,score", *(f"a,{k},{text}" for k, text in enumerate(("1", "", "NA", "n/a", "null", "none", "-"))),
        "a,8,0", "a,9,nan", "b,0,1", "b,1,NA", "b,8,1",
    ),
    "percent.csv": rows("model,item,score", "a,1,71 %", "a,2,0", "a,3,35.5%", "a,4,100%"),
    "wide.csv": rows("question,gpt,llama,difficulty", "q1,1,0,3", "q2,0,1,2", "q3,1,1,5", "q4,1,,2"),
    "wide-truths.csv": rows("id,gpt,llama", "q1,true,false", "q2,false,true", "q3,true,true"),
    "my model.csv": rows("item,score", "q1,1", "q2,0", "q3,1"),
    "attempts.csv": rows("model,item,epoch,score", "a,1,1,1", "a,1,2,0", "a,2,1,1", "a,2,2,1", "a,3,1,0", "b,1,1,1", "b,3,1,0"),
    "repeats.csv": rows("model,item,score", "a,1,1", "a,1,0", "a,1,1", "a,2,1", "a,3,0"),
    "numbered.csv": rows("model,question,sample_idx,score", "a,1,0,0", "a,1,1,1", "a,2,0,1", "a,2,1,1"),
    "judges.csv": rows("model,item,judge,score", "a,1,A,1", "a,1,B,0", "a,2,A,1", "a,2,B,1", "a,2,B,1", "a,3,A,0"),
    "copies.csv": rows("model,item,attempt,score", "a,1,1,1", "a,1,1,1", "a,1,2,0", "a,2,1,0", "a,2,2,0"),
    "answers.csv": rows("model,item,answer,score", "a,1,Paris,1", "a,1,Rome,0", "a,2,Oslo,1", "a,2,Oslo,1"),
    "tasks.csv": rows("benchmark,model,item,score", "alpha,a,1,1", "alpha,a,2,0", "beta,a,1,1", "beta,a,2,1"),
    "metrics.csv": rows("model,item,metric,score", "a,1,em,1", "a,2,em,0", "a,1,f1,.5", "a,2,f1,.6"),
    "status.csv": rows(
        "model,item,status,score", "a,1,ok,1", "a,2,error,", "a,3,error,1", "a,4,timeout,0", "a,5,skipped,0", "a,6,done,0",
    ),
    "bom.csv": "\ufeff" + rows("model,item,score", *TWO),
    "comments.csv": "# of monday\n# by hand\n" + rows("model,item,score", *TWO),
    "numbered-rows.csv": rows("#,model,item,score", *(f"{k},{line}" for k, line in enumerate(TWO))),
    "windows.csv": rows("model,item,score", *TWO).replace("\n", "\r\n"),
    "blank-lines.csv": "model,item,score\na,1,1\n\na,2,0\n,,\n",
    "cut.csv": "model,item,score\na,1,1\na,2,0\na,3",
    "short.csv": "model,item,score\na,1,1\na,2\na,3,0\n",
    "names.csv": rows("model,item,score", "1.0,007,1", "1.0,7,0", "1,007,1", "1,7.0,0"),
    "twice.csv": rows("model,item,score,score", "a,1,1,0", "a,2,0,0", "a,3,1,0"),
    "samples.csv": rows("sample_id,eval_id,id,epoch,model,score_match", "u,e,1,1,a,C", "v,e,1,2,a,I", "w,e,2,1,a,C", "x,e,2,2,a,N"),
    "clusters.csv": rows(
        "model,item,score,cluster", *(f"{m},{k},{(k * k + m) % 3 // 2},{k * k // 40}" for m in range(2) for k in range(30))
    ),
    "holes.csv": rows(
        "model,item,score,cluster_id", "a,1,1,x", "a,2,0,x", "a,3,0,", "a,4,1,y", "a,5,1,y", "a,6,0,z", "a,7,1,z", "b,1,1,", "b,6,1,z"
    ),
}  # fmt: skip


@pytest.fixture
def dropped(lesson):
    return lesson("2")


def test_a_dropped_table_is_read_as_the_command_reads_it(dropped, tmp_path):
    """Models, scores, intervals and numbers of questions, with and without clusters: those of `estimate`."""
    for name, text in TABLES.items():
        (tmp_path / name).write_text(text, encoding="utf-8", newline="")
        drop(dropped, name, text)
        assert dropped.locator("#refused").is_hidden(), (name, dropped.locator("#refused").text_content())
        assert peek(dropped, "board.name") == name
        task = peek(dropped, "board.task")
        scores = howsure.read(tmp_path / name)
        names = peek(dropped, "board.models")
        clustered = peek(dropped, "board.clusters !== null")
        metric = howsure.estimate(scores).entries[0].metric
        for options in ({"cluster": "none"}, {"population": "new-clusters"})[: 1 + clustered]:
            whole = "population" in options
            entries = [
                each
                for each in howsure.estimate(scores, **options).entries
                if (each.task, each.metric) == (task, metric)
            ]
            assert {each.model for each in entries} == {*names}, name
            for each in entries:
                ours = peek(dropped, f"board.mean({names.index(each.model)}, {{ clustered: {str(whole).lower()} }})")
                theirs = each.estimate
                assert ours["n"] == theirs.n_items, name
                assert ours["value"] == pytest.approx(theirs.value, abs=CLOSE), name
                assert ours["low"] == pytest.approx(theirs.interval.low, abs=CLOSE), (name, options)
                assert ours["high"] == pytest.approx(theirs.interval.high, abs=CLOSE), (name, options)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing.csv", "8 rows without a score left out."),
        ("my model.csv", "No column names the model, so it is named after the file: my model."),
        ("wide.csv", "Each of the columns gpt, llama is a model."),
        ("tasks.csv", "2 tasks, of which the lesson shows the first: alpha."),
        ("metrics.csv", "2 metrics, of which the lesson shows the first: em."),
        ("aliases.csv", "Columns: System as model, Question-ID as item, Is Correct as score."),
        ("repeats.csv", "Several rows of one question and model count as attempts."),
        ("holes.csv", "1 question without a cluster, each counted as its own."),
        ("cut.csv", "The file ends in mid-row: line 4 is left out."),
    ],
)
def test_what_is_to_be_known_of_a_dropped_table_is_said(name, said, dropped):
    drop(dropped, name, TABLES[name])
    assert said in dropped.locator("#told-list").text_content()


def test_commands_of_a_dropped_table_name_the_task(dropped):
    drop(dropped, "tasks.csv", TABLES["tasks.csv"])
    assert peek(dropped, "board.grouping") == "--cluster none --task alpha"


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("tabs.csv", rows("model,item,score", *TWO, mark="\t"), "there is no column item, score"),
        ("marks.csv", "model;item;score,x\na;1;1,\n", "there is no column item, score"),
        ("two-metrics.csv", rows("model,item,f1,em", "a,1,1,1", "a,2,.4,0"), "there is no column score"),
        ("maybe.csv", rows("model,item,score", "a,1,maybe"), 'line 2: the score is "maybe", not a number from 0 to 1'),
        ("either.csv", 'model,item,score\na,1,"1,000"\na,2,1\n', "could mean two numbers"),
        ("marks.csv", 'model,item,score\na,1,0.5\na,2,"0,5"\n', "two decimal marks"),
        ("bare.csv", rows("model,item,score", "a,1,71 %", "a,2,1"), "beside others with a % sign"),
        ("nameless.csv", rows("model,item,score", "a,1,1", ",2,1"), "line 3: there is no model"),
        ("long.csv", rows("model,item,score", "a,1,1,7"), "line 2: 4 cells below a header of 3"),
        ("twice.csv", rows("model,item,attempt,score", "a,1,1,1", "a,1,1,0"), "line 3: one attempt has two scores"),
        ("languages.csv", rows("model,item,score,lang", "a,1,1,en", "a,1,0,de"), "the column lang tells apart"),
        ("settings.csv", rows("model,item,temperature,score", "a,1,0.1,0", "a,1,0.2,1"), "column temperature tells"),
        ("judged.csv", rows("item,model_score,human_score", "1,1,0", "2,0,0"), "there is no column score"),
    ],
)
def test_what_the_command_refuses_is_refused(name, text, why, dropped, tmp_path):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(HowsureError):
        howsure.estimate(howsure.read(tmp_path / name))
    drop(dropped, name, text)
    refused = dropped.locator("#refused").text_content()
    assert why in refused
    assert f"howsure guide --open {name}" in refused


# boards


SWEBENCH, EXAMPLE = ROOT / "examples" / "swebench_verified.parquet", ROOT / "examples" / "logs"
SEED, EPAM = "20250928_trae_doubao_seed_code", "20250804_epam-ai-run-claude-4-sonnet"


def made(few):
    """Return a table of two models and clusters of uneven size, with one to four attempts at each question."""
    rng = np.random.default_rng(8)
    sizes = (40, 25, 12, 3, 2, 1) if few else (30, 22, 18, 15, 12, 10, 9, 8, 8, 7, 6, 5, 4, 4, 3, 2, 2, 1, 1, 1)
    lines, item = [], 0
    for cluster, size in enumerate(sizes):
        ease = rng.beta(2, 1.3)
        for _ in range(size):
            item += 1
            for model, more in (("mine", 0.05), ("theirs", -0.03), ("third", 0)):
                rate = min(max(rng.normal(ease + more, 0.25), 0), 1)
                right = rng.random(int(rng.integers(1, 5))) < rate
                lines += [f"{model},q{item},{attempt},{int(one)},p{cluster}" for attempt, one in enumerate(right)]
    return rows("model,item,attempt,score,cluster", *lines)


class Case:
    """Results as the lesson and the commands have them: those of a path as one's own board, a table dropped."""

    def __init__(self, path, a, b, cluster, text=""):
        self.path, self.a, self.b, self.cluster, self.text = path, a, b, cluster, text

    def opened(self, lesson, folder):
        """Return the page and the results; the pair is chosen in every chapter."""
        if self.text:
            (folder / self.path).write_text(self.text)
            page = lesson("7")
            drop(page, self.path, self.text)
            scores = howsure.read(folder / self.path)
        else:
            scores = howsure.read(self.path)
            target = choose(scores, ("logs",), a=self.a, b=self.b)
            page = lesson(
                "7", [board_of(scores, make_design({"cluster": self.cluster}, RESPECTS), target, name="mine")]
            )
        names = peek(page, "board.models")
        self.places = [next(k for k, name in enumerate(names) if one in name) for one in (self.a, self.b)]
        return page, scores


CASES = {
    "swebench": Case(SWEBENCH, SEED, EPAM, "cluster"),
    "logs": Case(EXAMPLE, "smollm2-135m-t0.3", "smollm2-135m-2shot", "passage_id"),
    "uneven": Case("uneven.csv", "mine", "theirs", "cluster", made(few=False)),
    "few": Case("few.csv", "mine", "theirs", "cluster", made(few=True)),
}
WHOLE = pytest.mark.parametrize("whole", [False, True], ids=["alone", "clusters"])
EITHER = pytest.mark.parametrize("whole", [False, True, None], ids=["alone", "clusters", "usual"])


@pytest.fixture(params=[*CASES])
def case(request):
    return CASES[request.param]


def of_clusters(case, whole):
    """Return the commands' options without clusters (of few, on more questions from the same ones), for clusters as a sample, and for what is usual."""
    if whole is None or (not whole and case is not CASES["logs"] and case is not CASES["uneven"]):
        return {"cluster": case.cluster}
    return {"cluster": case.cluster, "population": "new-clusters"} if whole else {"cluster": "none"}


# chapter 7


@EITHER
def test_the_plan_is_that_of_the_command(case, whole, lesson, tmp_path):
    """The questions needed, and the chance of a gap: those of `plan` with the same results as its pilot."""
    page, scores = case.opened(lesson, tmp_path)
    a, b = case.places
    page.evaluate(
        "([a, b, whole]) => { const { board } = peek('({ board })'); window.pilot = peek('gapSpread')({ board, values: { a, b, whole: whole ?? undefined } }); }",
        [a, b, whole],
    )
    for effect, sizes in ((0.05, (400, 4000)), (0.15, ())):
        plan = howsure.plan(scores, case.a, case.b, effect=effect, **of_clusters(case, whole))
        needed = page.evaluate("(effect) => peek('questionsNeeded')(pilot, effect)", effect)
        assert needed == pytest.approx(plan.main.best.items.value, abs=1), effect
        for items in sizes:
            plan = howsure.plan(scores, case.a, case.b, effect=effect, n_items=items, **of_clusters(case, whole))
            chance = page.evaluate("([effect, n]) => peek('plannedPower')(pilot, effect, n)", [effect, items])
            if page.evaluate("(n) => peek('enoughClusters')(pilot, n)", items):
                assert chance == pytest.approx(plan.main.best.power.value, abs=1e-6), (effect, items)


@WHOLE
def test_the_curve_rises_without_a_kink_and_says_where_clusters_are_too_few(case, whole, lesson, tmp_path):
    page, scores = case.opened(lesson, tmp_path)
    for gap in (1, 12, 3):
        sheet = choose_in(page, "7", case, whole=whole, gap=gap)
        points = page.evaluate("(sheet) => peek('powerCurve')(sheet).points", sheet)
        steps = np.diff([chance for _, chance in points])
        assert steps.min() > -1e-3
        assert steps.max() < 0.09, gap
    plan = howsure.plan(scores, case.a, case.b, effect=0.03, **of_clusters(case, whole))
    assert told(page, "needed") == f"about {rounded_up(plan.main.best.items.value)}"
    begins = page.evaluate("(sheet) => Math.exp(peek('powerCurve')(sheet).from)", sheet)
    assert (begins > 20.1) == whole
    shaded = inside(page, "[data-figure=power] .band")
    assert shaded.count() == whole
    choose_in(page, "7", case, whole=whole, items=20)
    assert ("too few to tell" in told(page, "said")) == whole
    assert ("in clusters like these" in told(page, "said")) == whole
    if whole:
        assert "too few clusters to tell" in inside(page, "[data-figure=power]").text_content()


def choose_in(page, chapter, case, **values):
    """Open a chapter with the case's pair and other values; return its sheet."""
    page.evaluate(
        f"location.hash = '#chapter={chapter}&of=' + (new URLSearchParams(location.hash.slice(1)).get('of') ?? 0)"
    )
    page.wait_for_function(f"() => window.peek('sheets').has('{chapter}')")
    page.evaluate(SETTLED)
    sheet = page.evaluate_handle(f"() => window.peek(\"sheets.get('{chapter}')\")")
    a, b = case.places
    page.evaluate("([sheet, values]) => { sheet.set(values); sheet.draw(); }", [sheet, {"a": a, "b": b, **values}])
    return sheet


def rounded_up(value):
    step = 10 ** max(len(str(int(value))) - 2, 0)
    return f"{-(-value // step) * step:,.0f}"


def test_without_two_models_the_plan_is_the_textbooks(lesson):
    page = lesson("7")
    drop(page, "one.csv", rows("item,score", *(f"{k},{k % 2}" for k in range(40))))
    plan = howsure.plan(effect=0.03)
    assert told(page, "needed") == f"about {rounded_up(plan.main.best.items.value)}"
    assert peek(page, "questionsNeeded(TEXTBOOK_PILOT, 0.03)") == plan.main.best.items.value


# scores, pairs and gates


@WHOLE
def test_scores_are_those_of_estimate(case, whole, lesson, tmp_path):
    page, scores = case.opened(lesson, tmp_path)
    names = peek(page, "board.models")
    options = of_clusters(case, whole) if whole else {"cluster": "none"}
    for entry in howsure.estimate(scores, **options).entries:
        if entry.model not in names:
            continue
        ours = peek(page, f"board.mean({names.index(entry.model)}, {{ clustered: {str(whole).lower()} }})")
        theirs = entry.estimate
        expected = (theirs.value, theirs.se, theirs.df, theirs.interval.low, theirs.interval.high)
        assert [ours[key] for key in ("value", "se", "df", "low", "high")] == pytest.approx(expected, abs=CLOSE)
        assert (ours["n"], ours["units"]) == (theirs.n_items, theirs.n_clusters)


@WHOLE
def test_standard_errors_are_those_of_the_population(case, whole, lesson, tmp_path):
    """Chapter 5: of few clusters, on more questions from the same ones unless clusters are to count."""
    page, scores = case.opened(lesson, tmp_path)
    names = peek(page, "board.models")
    found = {each.model: each.estimate.se for each in howsure.estimate(scores, **of_clusters(case, whole)).entries}
    for m, name in enumerate(names):
        assert peek(page, f"board.meanIn({m}, {str(whole).lower()}).se") == pytest.approx(found[name], abs=CLOSE)


PAIRS = {
    "alone": ({"cluster": "none"}, "pairOf(a, b)"),
    "new": ({"population": "new-clusters"}, "pairOf(a, b, { clusters: codes })"),
    "same": ({"population": "same-clusters"}, "pairWithin(a, b, codes)"),
}


@pytest.mark.parametrize("population", [*PAIRS])
def test_a_pair_is_that_of_compare(case, population, lesson, tmp_path):
    page, scores = case.opened(lesson, tmp_path)
    options, call = PAIRS[population]
    found = howsure.compare(scores, case.a, case.b, **{"cluster": case.cluster, **options})
    ours = peek(
        page,
        f"(() => {{ const {{ a, b, codes }} = board.shared({', '.join(map(str, case.places))}, true); return {call}; }})()",
    )
    theirs = found.difference
    expected = (theirs.value, theirs.se, theirs.df, theirs.interval.low, theirs.interval.high, found.p_value)
    assert [ours[key] for key in ("value", "se", "df", "low", "high", "pValue")] == pytest.approx(expected, abs=CLOSE)
    assert ours["n"] == theirs.n_items
    assert (ours["wins"], ours["losses"], ours["ties"]) == (found.wins, found.losses, found.ties)
    assert ours["correlation"] == pytest.approx(found.correlation, abs=CLOSE)


@pytest.mark.parametrize("margin", [0.005, 0.02, 0.06, 0.2])
def test_a_verdict_is_that_of_gate(case, margin, lesson, tmp_path):
    """Both ways round, each question alone and as is usual: too few clusters have to give one verdict for both populations."""
    page, scores = case.opened(lesson, tmp_path)
    for a, b in ((case.a, case.b), (case.b, case.a)):
        order = case.places if a == case.a else case.places[::-1]
        for whole, said in ((False, "false"), (True, "true"), (None, "undefined")):
            check = howsure.gate(scores, a, b, not_worse_than=margin, **of_clusters(case, whole)).checks[0]
            ours = peek(page, f"gateOf(board.shared({order[0]}, {order[1]}, {said}), {margin})")
            assert ours["verdict"] == {"unclear": "open"}.get(check.verdict, check.verdict)
            assert [ours["pair"]["low"], ours["pair"]["high"]] == pytest.approx([check.low, check.high], abs=CLOSE)


def test_the_card_and_the_gate_say_what_the_commands_say(case, lesson, tmp_path):
    page, scores = case.opened(lesson, tmp_path)
    gate = howsure.gate(scores, case.a, case.b, not_worse_than=0.02, cluster=case.cluster).checks[0]
    found = howsure.compare(scores, case.a, case.b, cluster=case.cluster)
    limits = [points(each) for each in (gate.low, gate.high)]
    for chapter, place in (("8", "said"), ("9", "gated")):
        choose_in(page, chapter, case, margin=2)
        said = told(page, place)
        assert said.startswith({"pass": "PASS", "fail": "FAIL"}.get(gate.verdict, "CAN’T TELL"))
        assert f"between {limits[0]} and {limits[1]}" in said
    choose_in(page, "8", case)
    low, high = (points(each, plus="") for each in (found.difference.interval.low, found.difference.interval.high))
    p = "< 0.001" if found.p_value < 0.001 else f"= {float(f'{found.p_value:.2g}'):g}"
    assert f"95% CI {low.removesuffix(' points')} to {high}, p {p}." in told(page, "methods")
    plan = howsure.plan(scores, case.a, case.b, effect=0.02, cluster=case.cluster)
    assert told(page, "needed") == f"about {rounded_up(plan.main.best.items.value)}"


def points(value, plus="+"):
    return f"{'−' if value < 0 else plus}{abs(100 * value):.1f} points"


# chapters 2 to 6


@WHOLE
def test_the_two_kinds_of_luck_are_those_of_noise(case, whole, lesson, tmp_path):
    """The parts of the variance of every model with several attempts, and what more of them would leave."""
    page, scores = case.opened(lesson, tmp_path)
    names = peek(page, "board.models")
    if all(each is None for each in peek(page, "board.within")):
        pytest.skip("one attempt at each question")
    sheet = choose_in(page, "5", case)
    for entry in howsure.noise(scores, **of_clusters(case, whole)).tasks[0].entries:
        if entry.name not in names:
            continue
        own = f"peek('board').meanIn({names.index(entry.name)}, {str(whole).lower()})"
        ours = page.evaluate(
            f"""(sheet) => {{
              const {{ n, se }} = {own};
              const board = peek("board");
              const [answer, attempts] = [board.within, board.attempts].map((each) => each[{names.index(entry.name)}]);
              return {{ se, answer, within: answer / attempts / n }};
            }}""",
            sheet,
        )
        assert ours["se"] == pytest.approx(entry.se, abs=CLOSE)
        assert ours["answer"] == pytest.approx(entry.within_question.variance, abs=CLOSE)
        assert ours["within"] == pytest.approx(entry.variance_within_questions, abs=CLOSE)
        assert ours["answer"] / entry.n_items == pytest.approx(entry.variance_within_questions_once, abs=CLOSE)


@pytest.mark.parametrize("right", [0, 1, 7, 15, 29, 30])
def test_intervals_of_right_answers_are_those_of_estimate(right, lesson, tmp_path):
    page = lesson("3")
    text = rows("item,score", *(f"{k},{int(k < right)}" for k in range(30)))
    (tmp_path / "a.csv").write_text(text)
    inside(page, "input[data-value=right]").fill(str(right))
    found = howsure.estimate(howsure.read(tmp_path / "a.csv")).entries[0].estimate.interval
    assert f"{right} of 30 right: {100 * found.low:.1f} to {100 * found.high:.1f}%." in told(page, "edge")


@pytest.mark.parametrize(("failures", "runs"), [(0, 300), (0, 5), (2, 100), (4, 1000)])
def test_rare_failures_are_those_of_plan_failures(failures, runs, lesson):
    page = lesson("3")
    sheet = page.evaluate_handle("() => peek(\"sheets.get('3')\")")
    page.evaluate(
        "([sheet, values]) => { sheet.set(values); sheet.draw(); }", [sheet, {"failures": failures, "runs": runs}]
    )
    found = howsure.plan_failures(0.01, observed=(failures, runs)).to_dict()
    rate = 100 * found["observed"]["high"]
    shown = float(f"{rate:.1g}" if rate < 1 else f"{rate:.2g}")
    said = told(page, "rare")
    assert f"the failure rate is below {shown:g}% (95% confidence)." in said
    allowed = {each["failures"]: each["items"] for each in found["allowances"]}
    if failures in allowed and failures:
        assert f"To show less than 1%, it takes {allowed[failures]} runs" in said
    assert peek(page, f"upperRate({failures}, {runs})") == pytest.approx(rate / 100, abs=CLOSE)


def test_sentences_of_scores_and_pairs_are_the_commands(case, lesson, tmp_path):
    """Chapters 4 and 6: each question alone, and with clusters."""
    page, scores = case.opened(lesson, tmp_path)
    choose_in(page, "4", case, model=case.places[0])
    for whole, words in ((False, "As if alone"), (True, "With clusters")):
        options = of_clusters(case, whole) if whole else {"cluster": "none"}
        found = howsure.estimate(scores, model=case.a, **options).entries[0].estimate.interval
        assert f"{words}: {100 * found.low:.1f} to {100 * found.high:.1f}%" in told(page, "real")
    limits = {}
    for whole in (True, False):
        choose_in(page, "6", case, whole=whole)
        found = howsure.compare(scores, case.a, case.b, **of_clusters(case, whole))
        interval = found.difference.interval
        limits[whole] = f"between {points(interval.low)} and {points(interval.high)}"
        assert f"{points(found.difference.value)}, {limits[whole]}" in told(page, "said")
