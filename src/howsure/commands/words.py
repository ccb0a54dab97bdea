"""Words that people try, and what they mean: a command or an option, by meaning and not by spelling."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


COMMANDS: Mapping[str, str] = {
    word: meaning
    for words, meaning in (
        ("rank ranking ranks board top best sort table standings", "ranks of models: howsure leaderboard"),
        (
            (
                "summary summarize summarise overview report-card stats result results look analyze "
                "analyse eval evaluate run"
            ),
            "the answer for any data: howsure PATH, without a command",
        ),
        (
            (
                "diff difference delta versus vs ab test ttest t-test significance significant sig "
                "pvalue p-value paired better wins"
            ),
            "the difference of two models: howsure compare",
        ),
        (
            (
                "ci interval intervals error errorbar errorbars stderr se mean score scores accuracy "
                "rate bootstrap confidence wilson clopper"
            ),
            "scores with confidence intervals: howsure estimate",
        ),
        (
            ("ls files tasks models info inspect check validate doctor lint schema columns head cat data"),
            "the contents of the files: howsure describe",
        ),
        (
            "list logs log",
            "every run and which count: howsure runs; the contents of the files: howsure describe",
        ),
        (
            (
                "vote votes elo bt bradley-terry battle battles preference preferences pairwise "
                "winrate win-rate duel lmarena chatbot-arena"
            ),
            "a ranking from pairwise votes: howsure arena",
        ),
        (
            (
                "agreement kappa alpha krippendorff irr iaa icc cohen fleiss gwet raters annotators "
                "reliability"
            ),
            "how far raters agree: howsure agree; how many more labels: howsure agree FILE --within 0.1",
        ),
        (
            "variance variances decompose decomposition components attempts epochs repeats anova",
            "where error bars come from: howsure noise",
        ),
        (
            ("slices slice by category categories group groups groupby subgroup subgroups breakdown"),
            ("scores by category: howsure estimate --by COLUMN; two models: howsure compare --by COLUMN"),
        ),
        (
            "regress regression regressions drift timeline nightly changepoint change",
            "changes between runs over time: howsure history",
        ),
        ("passk pass@k pass-at-k pass", "pass@k: howsure estimate --score pass@5; every k: howsure curve"),
        (
            "power samplesize sample-size size n mde sample samples budget howmany",
            "sample sizes and power: howsure plan",
        ),
        (
            (
                "flaky flake flakes mixed question item items difficulty discrimination irt saturated show "
                "health"
            ),
            (
                "which questions are flaky, and which distinguish models: howsure questions FILE; one of "
                "them: howsure questions FILE ID"
            ),
        ),
        (
            "cost costs price prices speed latency tokens pareto efficiency cheap",
            "score against cost: howsure frontier; two models: howsure compare --usage usd",
        ),
        (
            "figure figures fig chart graph draw picture image",
            "figures: howsure plot leaderboard FILE -o x.pdf",
        ),
        (
            "export tidy parquet csv json to-csv dump",
            (
                "one tidy table of any log: howsure convert FILE -o x.csv; an answer as data: "
                "--format csv or json"
            ),
        ),
        ("html page dashboard web", "a page of everything: howsure report PATH -o page.html"),
        ("serve server ui app live", "a page that follows a folder: howsure view PATH"),
        (
            ("ci-gate assert approve release accept fail noninferiority non-inferiority equivalence"),
            "pass or fail a release: howsure gate",
        ),
        ("monitor follow stop stopping early-stop sequential", "a run in progress: howsure watch"),
        ("save freeze snapshot store", "results to compare with later: howsure baseline"),
        (
            "learn help tutorial lesson docs doc explain teach chapters",
            "nine short chapters: howsure guide; options: howsure COMMAND --help",
        ),
        (
            "judges grader graders llm-judge llmjudge calibration correct corrected",
            "a judge's corrected rate: howsure judge; how far raters agree: howsure agree",
        ),
        ("position verbosity favour favoritism", "the biases of a judge: howsure bias"),
        (
            "failures zero rule-of-three jailbreak jailbreaks safety redteam upper upper-bound",
            (
                "a bound from counts: howsure estimate 0/300; how many runs a bound needs: howsure "
                "plan failures 1%"
            ),
        ),
        ("published paper", "differences between published scores: howsure audit"),
        (
            "checkpoints training steps",
            (
                "checkpoints of training runs: howsure trend; other models over their size: howsure "
                "curve --over COLUMN"
            ),
        ),
        (
            "scaling scaling-law curves budget pass@k-curve",
            "scores over attempts, cost or size: howsure curve --over usd",
        ),
        (
            "horizons time-horizon metr doubling doubling-time",
            "the difficulty that models can manage: howsure horizon --difficulty COLUMN",
        ),
        ("version", "the version: howsure --version"),
        ("coverage simulate simulation", "how often intervals contained the truth: howsure calibrate"),
    )
    for word in words.split()
}
"""Words that aren't commands, and the command with that meaning."""

Meaning = tuple[str, str]
LEVEL: Meaning = ("--level", "the confidence level: --level 0.95")
WHERE: Meaning = ("--where", "rows with a value: --where COLUMN=VALUE")
TOP: Meaning = ("--top", "only the best: --top 20")
FORMAT: Meaning = ("--format", "the format: --format FORMAT, or -o FILE with its suffix")
NOT_WORSE: Meaning = ("--not-worse-than", "a largest drop: --not-worse-than 2pp")
MARGIN: Meaning = ("--margin", "a margin: --margin 2pp")
EFFECT: Meaning = ("--effect", "the difference to detect: --effect 2pp")
AT_LEAST: Meaning = ("--at-least", "a smallest score: --at-least 90%")
BY: Meaning = ("--by", "slices: --by COLUMN")
N_ITEMS: Meaning = ("--n-items", "a number of questions: --n-items 500")
RATE: Meaning = ("--rate", "the score of both models: --rate 70%")
SCORE: Meaning = ("--score", "a score over attempts: --score pass@5")
ATTEMPTS: Meaning = ("--attempts", "attempts at each question: --attempts 4")
COLUMNS: Meaning = ("--columns", "the column of something: --columns ROLE=COLUMN, such as item=id")
HUMAN: Meaning = ("--human", "human labels: --human COLUMN")
ADJUST: Meaning = ("--adjust", "the correction for many comparisons: --adjust holm")
EXPLAIN: Meaning = ("--explain", "the same in plain words: --explain")
AGAINST: Meaning = ("--against", "all others against one: --against MODEL")
CLUSTER: Meaning = ("--cluster", "clusters: --cluster COLUMN")
OUTPUT: Meaning = ("--output", "a file: -o FILE")
PAGE: Meaning = ("--output", "the format by the suffix of a file: -o page.html")
INTERVAL: Meaning = ("--interval", "the bootstrap: --interval bootstrap")
METHOD: Meaning = ("--method", "the test: --method bootstrap")
RUNS: Meaning = ("--runs", "runs by tag, commit or date: --runs tag:NAME, --runs since:7d")


OPTIONS: Mapping[str, tuple[Meaning, ...]] = {
    word: meanings
    for words, meanings in {
        "alpha ci confidence conf conf-level confidence-level sig significance-level": (LEVEL,),
        "bootstrap boot n-bootstrap n-boot resamples": (INTERVAL, METHOD),
        "test": (METHOD, INTERVAL),
        "epochs repeats k samples n-samples n-attempts trials": (ATTEMPTS, SCORE),
        "pass-at-k passk pass-k pass@k majority": (SCORE,),
        "csv json latex tex html markdown md txt output-format out-format fmt": (FORMAT, PAGE),
        "limit head max-rows first": (TOP, WHERE),
        "exclude drop ignore filter only subset query select skip rows": (WHERE,),
        "max-drop max-regression tolerance non-inferiority noninferiority allowed-drop": (NOT_WORSE, MARGIN),
        "margin": (NOT_WORSE, EFFECT),
        "equivalence": (("--same-within", "equivalence: --same-within 2pp"), MARGIN),
        "delta effect-size mde difference min-effect": (EFFECT, NOT_WORSE, MARGIN),
        "threshold min min-score floor minimum": (AT_LEAST, NOT_WORSE, MARGIN),
        "max ceiling max-score maximum": (("--at-most", "a largest score: --at-most 5%"), AT_LEAST),
        "verbose v details plain": (EXPLAIN,),
        "quiet q silent": (OUTPUT,),
        "item question item-column question-column id score-column score-col model-column column col": (
            COLUMNS,
        ),
        "truth gold label labels": (HUMAN, COLUMNS),
        "group groups groupby group-by by-category category slice slices subgroup stratify facet split": (
            BY,
        ),
        "n n-questions num-questions size sample-size questions": (N_ITEMS, TOP),
        "width half-width precision error": (("--within", "an error bar of ± this: --within 2pp"),),
        "correction multiple bonferroni holm fdr multiplicity": (ADJUST,),
        "out save file export to": (OUTPUT,),
        "weights": (("--weight", "weights of questions: --weight COLUMN"),),
        "clusters cluster-by clustering clustered": (CLUSTER,),
        "seeds seed-column random random-effect random-effects": (
            ("--random-factor", "a random factor: --random-factor seed"),
        ),
        "tasks benchmark benchmarks dataset": (("--task", "one task: --task NAME"),),
        "judge rater grader": (COLUMNS,),
        "models": (("-a", "two models: -a A -b B"), ("--model", "one model: --model NAME")),
        "baseline base base-rate base-accuracy p0": (RATE, AGAINST, ("-b", "the second model: -b MODEL")),
        "ref reference control vs": (AGAINST, ("-b", "the second model: -b MODEL")),
        "candidate treatment": (("-a", "the first model: -a MODEL"),),
        "since date tag commit last": (RUNS,),
        "dates release release-date released": (
            ("--release-dates", "release dates of models: --release-dates FILE or COLUMN"),
        ),
        "each each-question per-question each-test": (
            ("--each-at-least", "a floor for every question: --each-at-least 80%"),
        ),
        "cost price usd latency tokens measure measures": (("--usage", "costs beside scores: --usage usd"),),
        "lower minimize lower-better": (("--lower-is-better", "smaller is better: --lower-is-better"),),
        "scale range percent": (("--bounds", "the scale: --bounds 0,100"),),
    }.items()
    for word in words.split()
}
"""Words that aren't options of a command, and options with that meaning. The first that the command has is
used.
"""
SAID = {
    "flaky": "flaky questions are listed without an option: howsure questions FILE",
    "width": "an error bar of ± this: howsure plan score --within 2pp",
    "half-width": "an error bar of ± this: howsure plan score --within 2pp",
    "agreement-within": "labels for the agreement of raters: howsure agree ratings.csv --within 0.1",
    "paired": "two models are paired on the questions that both answered, without an option",
    "unpaired": "two models are paired on the questions that both answered; without any they are unpaired",
    "no-plot": "nothing is drawn unless a figure is asked for: howsure plot",
    "plot": "figures: howsure plot leaderboard FILE -o x.pdf",
    "color": "colours are for terminals: FORCE_COLOR and NO_COLOR choose",
    "no-color": "colours are for terminals: FORCE_COLOR and NO_COLOR choose",
    "jobs": "files are read by as many processes as help",
    "workers": "files are read by as many processes as help",
}
"""Words for which no option is needed."""
WITHOUT_DATA = {
    "calibrate": (
        "calibrate reads no data: it shows how often howsure's own intervals were right. Whether a model's "
        "probabilities are: howsure estimate FILE --statistic ece"
    )
}
"""Commands without data, and what people mean who give some."""


def command_for(word: str) -> str:
    """Return the meaning of a word that isn't a command, and the command for it. "" for an unknown word."""
    plain = word.lower().strip("-").replace("_", "-")
    forms = (plain, plain.replace("-", ""), plain.removesuffix("s"), re.sub(r"[^a-z]", "", plain))
    return next((COMMANDS[form] for form in forms if form in COMMANDS), "")


def option_for(flag: str, flags: Iterable[str]) -> str:
    """Return the meaning of an option that a command doesn't have, and its own option for it. "" for an
    unknown one.
    """
    word = flag.lower().strip("-").replace("_", "-")
    known = set(flags)
    meanings = OPTIONS.get(word, ())
    found = next((text for option, text in meanings if option in known), "")
    return found or SAID.get(word, "")


class UnknownOption(click.NoSuchOption):
    """An option that a command doesn't have, with the intended one."""

    def __init__(self, name: str, hint: str, ctx: click.Context) -> None:
        super().__init__(name, ctx=ctx)
        self.hint = hint

    def format_message(self) -> str:
        """Return the message."""
        return f"no option {self.option_name}; {self.hint}"
