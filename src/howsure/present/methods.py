"""The methods paragraph of a paper: how an answer was computed, from the answer's own data, and its
references.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from howsure.present.document import Document, Text
from howsure.present.words.factors import counted
from howsure.wording import level_text, listing, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from howsure.answers.against import AgainstTask
    from howsure.answers.compare import Comparison
    from howsure.answers.estimate import Entry
    from howsure.answers.leaderboard import Board
    from howsure.answers.parts import ErrorSources
    from howsure.options.choices import Unit
    from howsure.statistics.results import Estimate, Method

SOURCES = {
    "Miller (2024)": (
        "Miller, E. (2024). Adding error bars to evals: a statistical approach to language model "
        "evaluations. arXiv:2411.00640. doi:10.48550/arXiv.2411.00640"
    ),
    "Bell and McCaffrey (2002)": (
        "Bell, R. M., and McCaffrey, D. F. (2002). Bias reduction in standard errors for linear regression "
        "with multi-stage samples. Survey Methodology, 28(2), 169–181."
    ),
    "Pustejovsky and Tipton (2018)": (
        "Pustejovsky, J. E., and Tipton, E. (2018). Small-sample methods for cluster-robust variance "
        "estimation and hypothesis testing in fixed effects models. Journal of Business & Economic "
        "Statistics, 36(4), 672–683. doi:10.1080/07350015.2016.1247004"
    ),
    "Cornfield and Tukey (1956)": (
        "Cornfield, J., and Tukey, J. W. (1956). Average values of mean squares in factorials. The Annals "
        "of Mathematical Statistics, 27(4), 907–949. doi:10.1214/aoms/1177728067"
    ),
    "Brennan (2001)": (
        "Brennan, R. L. (2001). Generalizability theory. Springer. doi:10.1007/978-1-4757-3456-0"
    ),
    "Satterthwaite (1946)": (
        "Satterthwaite, F. E. (1946). An approximate distribution of estimates of variance components. "
        "Biometrics Bulletin, 2(6), 110–114. doi:10.2307/3002019"
    ),
    "Bradley and Terry (1952)": (
        "Bradley, R. A., and Terry, M. E. (1952). Rank analysis of incomplete block designs: I. The method "
        "of paired comparisons. Biometrika, 39(3/4), 324–345. doi:10.1093/biomet/39.3-4.324"
    ),
    "Bröcker and Smith (2007)": (
        "Bröcker, J., and Smith, L. A. (2007). Increasing the reliability of reliability diagrams. Weather "
        "and Forecasting, 22(3), 651–661. doi:10.1175/WAF993.1"
    ),
    "Kumar et al. (2019)": (
        "Kumar, A., Liang, P., and Ma, T. (2019). Verified uncertainty calibration. Advances in Neural "
        "Information Processing Systems, 32. arXiv:1909.10155. doi:10.48550/arXiv.1909.10155"
    ),
    "Wilson (1927)": (
        "Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. "
        "Journal of the American Statistical Association, 22(158), 209–212. "
        "doi:10.1080/01621459.1927.10502953"
    ),
    "Korn and Graubard (1998)": (
        "Korn, E. L., and Graubard, B. I. (1998). Confidence intervals for proportions with small expected "
        "number of positive counts estimated from survey data. Survey Methodology, 24(2), 193–201."
    ),
    "Clopper and Pearson (1934)": (
        "Clopper, C. J., and Pearson, E. S. (1934). The use of confidence or fiducial limits illustrated in"
        " the case of the binomial. Biometrika, 26(4), 404–413. doi:10.1093/biomet/26.4.404"
    ),
    "Tango (1998)": (
        "Tango, T. (1998). Equivalence test and confidence interval for the difference in proportions for "
        "the paired-sample design. Statistics in Medicine, 17(8), 891–908. "
        "doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B"
    ),
    "Rubin (1981)": (
        "Rubin, D. B. (1981). The Bayesian bootstrap. The Annals of Statistics, 9(1), 130–134. "
        "doi:10.1214/aos/1176345338"
    ),
    "Romano and Wolf (2005)": (
        "Romano, J. P., and Wolf, M. (2005). Stepwise multiple testing as formalized data snooping. "
        "Econometrica, 73(4), 1237–1282. doi:10.1111/j.1468-0262.2005.00615.x"
    ),
    "Dunnett (1955)": (
        "Dunnett, C. W. (1955). A multiple comparison procedure for comparing several treatments with a "
        "control. Journal of the American Statistical Association, 50(272), 1096–1121. "
        "doi:10.1080/01621459.1955.10501294"
    ),
    "Holm (1979)": (
        "Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of "
        "Statistics, 6(2), 65–70. https://www.jstor.org/stable/4615733"
    ),
    "Benjamini and Hochberg (1995)": (
        "Benjamini, Y., and Hochberg, Y. (1995). Controlling the false discovery rate: a practical and "
        "powerful approach to multiple testing. Journal of the Royal Statistical Society, Series B, 57(1), "
        "289–300. doi:10.1111/j.2517-6161.1995.tb02031.x"
    ),
    "Mogstad et al. (2024)": (
        "Mogstad, M., Romano, J. P., Shaikh, A. M., and Wilhelm, D. (2024). Inference for ranks with "
        "applications to mobility across neighbourhoods and academic achievement across countries. The "
        "Review of Economic Studies, 91(1), 476–518. doi:10.1093/restud/rdad006"
    ),
}
"""The citations in the text, and the entries of the list below it, as in docs/methods/references.md."""
INTERVALS = {
    "wilson": (
        "Wilson's score interval (Wilson (1927)) on the effective sample size (Korn and Graubard (1998))"
    ),
    "adaptive": (
        "Wilson's score interval (Wilson (1927)) on the effective sample size (Korn and Graubard (1998)), "
        "lengthened near 0 and 1 to the exact limit, or for misses that weren't seen"
    ),
    "t": "Student's t",
    "clopper-pearson": "the exact interval of Clopper and Pearson (1934)",
    "jeffreys": "the interval of the posterior under Jeffreys' prior",
    "bootstrap": "a studentized bootstrap",
    "bayes": "the credible interval of a rate under a uniform prior",
    "logit": "Student's t on the logit scale",
    "fisher-z": "Student's t of Fisher's z",
    "log": "Student's t on the log scale",
    "linearised t": "Student's t",
    "fixed-items": "the noise of the answers alone",
}
LINEARISED = ("logit", "fisher-z", "log", "linearised t")
"""The intervals of metrics that aren't means (statistics/metrics)."""
OF_TASKS = {
    "score": "means over tasks",
    "mean-rank": "mean ranks over tasks",
    "win-rate": "mean win rates over tasks",
    "borda": "mean Borda counts over tasks",
    "normalised": "mean places between the worst (0) and the best model (1) over tasks",
    "elo": "Elo ratings by the model of Bradley and Terry (1952), linearised by the influence of each task",
}
"""What a sample of tasks has, by the word of `rank_by`."""
TESTS = {
    "score": "a score test after Tango (1998), averages by t with an allowance for skewness",
    "t": "a t test",
    "sign-flip": "a sign-flip test",
    "mcnemar": "McNemar's exact mid-p test",
    "bootstrap": "a studentized bootstrap",
    "bayes": "the Bayesian bootstrap (Rubin (1981))",
    "fixed-items": "the noise of the answers alone",
}
VARIANCES = {
    "CR2": (
        "the bias-reduced CR2 estimator (Bell and McCaffrey (2002)) with the degrees of freedom of "
        "Pustejovsky and Tipton (2018)"
    ),
    "CR1": "the CR1 estimator",
    "miller": "the formula of Miller (2024)",
}
ADJUSTED = {
    "max-t": "by the step-down max-t procedure (Romano and Wolf (2005))",
    "holm": "by the procedure of Holm (1979)",
    "dunnett": "by Dunnett's procedure (Dunnett (1955))",
    "bh": "by the procedure of Benjamini and Hochberg (1995), which holds the false discovery rate",
}


def of_scores(entries: Sequence[Entry]) -> Document:
    """Return the paragraph about scores of models."""
    return _document(
        [
            *_scores([entry.estimate for entry in entries]),
            *_calibration(entries),
            *_levels(entries[0].sources),
            _software("A score", *_pages([entry.estimate for entry in entries], entries[0].sources)),
        ]
    )


def of_boards(boards: Sequence[Board]) -> Document:
    """Return the paragraph about boards: scores, pairs, ranks."""
    estimates = [entry.estimate for board in boards for entry in board.entries]
    board, tasks = boards[0], max(each.n_tasks for each in boards)
    together = [f"Overall scores put the {tasks:,} tasks together ({board.metric})."] if tasks > 1 else []
    return _document(
        [
            *_scores(estimates, OF_TASKS[board.metric] if board.unit == "task" else ""),
            *_levels(board.entries[0].sources),
            *together,
            *_pairs(board),
            _software(
                *(["Tasks as a sample"] if board.unit == "task" else ["A score"]),
                *(["A difference", "Many models"] if len(board.entries) > 1 else []),
                *(["Several tasks"] if tasks > 1 else []),
                *_pages(estimates, board.entries[0].sources),
            ),
        ]
    )


def of_comparisons(comparisons: Sequence[Comparison]) -> Document:
    """Return the paragraph about the comparison of two models, on one task or several."""
    first = comparisons[0]
    differences = [c.difference for c in comparisons]
    paired = {c.paired for c in comparisons if c.task or len(comparisons) == 1}
    how = (
        "on the questions that both answered, question by question"
        if paired == {True}
        else "on all questions of each"
    )
    said = [
        f"Two models were compared {how} ({_counts(differences)}), by {_named(differences, TESTS)}.",
        _errors(differences),
        *_levels(first.sources),
        f"Confidence intervals are at {level_text(first.difference.interval.level)}.",
    ]
    if any(c.p_adjusted != c.p_value for c in comparisons):
        said.append(
            f"Verdicts on {len([c for c in comparisons if c.task]):,} tasks are corrected for their number."
        )
    if first.equivalence is not None:
        said.append("Equivalence and non-inferiority were tested by two one-sided tests at the margin.")
    pages = ["A difference", "Averages", *(["Margins and gates"] if first.equivalence is not None else [])]
    several = ["Several tasks"] if len(comparisons) > 1 else []
    return _document([*said, _software(*pages, *several, *_pages(differences, first.sources))])


def of_many(parts: Sequence[AgainstTask]) -> Document:
    """Return the paragraph about the comparison of many models with one."""
    differences = [side.difference for part in parts for side in part.models]
    first = parts[0]
    known = f" {ADJUSTED[first.adjust]}" if first.adjust in ADJUSTED else ""
    corrected = [] if first.adjust == "none" else [f"They are corrected for the number of sides{known}."]
    return _document(
        [
            (
                f"Every side was compared with {first.against} on the questions that both answered "
                f"({_counts(differences)}), by {_named(differences, TESTS)}."
            ),
            _errors(differences),
            f"Confidence intervals are at {level_text(first.level)}.",
            *corrected,
            _software("A difference", "One model against many"),
        ]
    )


def _scores(estimates: Sequence[Estimate], of_tasks: str = "") -> list[str]:
    """Return what the scores and their errors are. `of_tasks`: what a sample of tasks has, "" without one."""
    level = level_text(estimates[0].interval.level)
    linearised = any(each.method.name in LINEARISED for each in estimates)
    unit: Unit = "task" if of_tasks else "question"
    of_questions = (
        "metrics over all questions, linearised by the influence of each"
        if linearised
        else "means over questions"
    )
    return [
        (
            f"Scores are {of_tasks or of_questions} ({_counts(estimates, unit)}), with {level} confidence "
            f"intervals by {_named(estimates, INTERVALS)}."
        ),
        _errors(estimates, unit),
    ]


def _counts(estimates: Iterable[Estimate], unit: Unit = "question") -> str:
    """Return the number of questions and clusters, `100 questions in 20 clusters`, or of tasks and families,
    as ranges if they differ.
    """
    listed = [(each.n_items, each.n_clusters) for each in estimates]
    items = _range([n for n, _ in listed], unit)
    if all(n == clusters for n, clusters in listed):
        return items
    groups = ("cluster", "clusters") if unit == "question" else ("family", "families")
    return f"{items} in {_range([clusters for _, clusters in listed], *groups)}"


def _range(counts: Sequence[int], *nouns: str) -> str:
    low, high = min(counts), max(counts)
    return plural(high, *nouns) if low == high else f"{low:,} to {plural(high, *nouns)}"


def _named(estimates: Iterable[Estimate], words: dict[str, str]) -> str:
    return listing(list(dict.fromkeys(_word(each.method, words) for each in estimates)))


def _word(method: Method, words: dict[str, str]) -> str:
    """Return a method in words, or its own label if it has none."""
    if method.paired is False and method.name not in ("fixed-items", "bayes"):
        return f"an unpaired test ({method})"
    said = words.get(method.name, f"the method {method}")
    return f"{said} after adjustment for covariates" if method.adjusted else said


def _errors(estimates: Sequence[Estimate], unit: Unit = "question") -> str:
    """Return how standard errors were computed."""
    clustered = any(each.n_clusters != each.n_items for each in estimates)
    chosen = dict.fromkeys(each.method.variance for each in estimates if each.method.variance in VARIANCES)
    if any(each.method.of_benchmark for each in estimates):
        return "They are about exactly these questions: only the randomness of the answers counts."
    if not chosen or not clustered:
        items = "Items" if unit == "question" else "Tasks"
        return f"{items} are taken as a random sample, each by itself (Miller (2024))."
    same = any(each.method.same_clusters for each in estimates)
    about = " They are about more questions of these same clusters." if same else ""
    how = listing([VARIANCES[name] for name in chosen if name])
    groups = "clusters of related questions" if unit == "question" else "families of related tasks"
    return f"Standard errors allow for {groups}, as Miller (2024) asks, by {how}.{about}"


def _calibration(entries: Sequence[Entry]) -> list[str]:
    """Return how calibration errors were tested, if there are any."""
    if entries[0].calibration is None:
        return []
    return [
        (
            "Calibration errors are over bins of equal weight. They were tested by labels drawn from the "
            "probabilities (Bröcker and Smith (2007)), in clusters with their observed correlation."
        ),
        (
            "Intervals start at 0 if that test isn't significant, and else at the lower limit of the error "
            "without the variance of its bins (Kumar et al. (2019))."
        ),
    ]


def _levels(sources: ErrorSources | None) -> list[str]:
    """Return the random factors, if there are any."""
    if sources is None:
        return []
    part = (
        "its part of the variance is that of the level means less their own noise (Cornfield and Tukey "
        "(1956); Brennan (2001))"
    )
    shared = f"What all questions share is a random sample as well ({counted(sources)} for each model)"
    return [f"{shared}: {part}, with degrees of freedom by Satterthwaite (1946)."]


def _pairs(board: Board) -> list[str]:
    """Return how models were compared with each other, if there are several."""
    count = len(board.entries)
    if count < 2:
        return []
    corrected = (
        f", corrected for all {count * (count - 1) // 2:,} pairs {ADJUSTED[board.adjust]}"
        if board.adjust in ADJUSTED and count > 2
        else ""
    )
    apart = bool((board.pairs.n_shared == 0).any())
    shared = (
        "questions that both answered, with the same clusters"
        if board.unit == "question"
        else "tasks that both have"
    )
    without = "; two that share none count as tied" if apart else ""
    return [
        (f"Models were compared in pairs on the {shared}{corrected}{without}."),
        (
            "A model could have any rank from one behind those significantly better to one ahead of those "
            "significantly worse (Mogstad et al. (2024))."
        ),
    ]


def _pages(estimates: Sequence[Estimate], sources: ErrorSources | None) -> list[str]:
    """Return the further pages on methods with the formulas of these estimates."""
    used = [each.method for each in estimates]
    return [
        *(["Metrics"] if any(each.name in LINEARISED for each in used) else []),
        *(["Few clusters"] if any(each.same_clusters or each.of_benchmark for each in used) else []),
        *(["Random factors"] if sources is not None else []),
    ]


def _software(*pages: str) -> str:
    """Return the version, and the pages in docs/methods with the formulas."""
    quoted = listing([f"“{page}”" for page in pages])
    formulas = f"Its documentation has the formulas ({quoted}, in docs/methods)."
    return f"Computed with howsure {sys.modules['howsure'].__version__}. {formulas}"


def _document(sentences: Iterable[str]) -> Document:
    """Return the paragraph, and its references below it. The paper that recommends error bars is always
    cited.
    """
    said = " ".join(sentences)
    cited = [text for name, text in SOURCES.items() if name in said or name == "Miller (2024)"]
    shown = said
    for name in SOURCES:
        author, _, year = name.rpartition(" ")
        shown = shown.replace(f"({name})", f"({author} {year.strip('()')})").replace(
            f"(after {name})", f"(after {author} {year.strip('()')})"
        )
    return Document(
        blocks=(
            Text(text="Methods", kind="heading"),
            Text(text=shown),
            *(Text(text=entry, kind="small") for entry in cited),
        )
    )
