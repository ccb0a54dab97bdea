"""The phrases about two models; see phrases.py."""

from __future__ import annotations

Table = tuple[tuple[str, str, str], ...]
"""Phrases: a key, the conditions that must hold, the text."""

TOPICS = {
    "pair.seen": "What was seen?",
    "pair.bar": "What does the error bar say?",
    "pair.margin": "Are they the same?",
    "pair.verdict": "So who is better?",
    "pair.needed": "What would it take?",
    "pair.p": "What does the p-value say?",
    "pair.pairing": "Why question by question?",
    "pair.known": "What did the covariates bring?",
    "pair.groups": "Why count groups?",
    "pair.not": "What does it not say?",
}

PAIR: Table = (
    (
        "pair.seen.shared",
        "paired !overall !covariates",
        "On the {n} that both answered, {a} scored {a_score} and {b} scored {b_score}: a difference of {gap}.",
    ),
    (
        "pair.seen.overall",
        "overall !covariates",
        "Over all tasks together ({n}), {a} scored {a_score} and {b} scored {b_score}: a difference of {gap}.",
    ),
    (
        "pair.seen.apart",
        "!paired !overall !covariates",
        "{a} scored {a_score} and {b} scored {b_score}, on different questions: a difference of {gap}.",
    ),
    (
        "pair.seen.covariates",
        "covariates",
        "Adjusted for what is known of more questions than these, {a} scores {a_score} and {b} {b_score}: a difference of {gap}.",
    ),
    ("pair.seen.lower", "lower", "Lower is better here."),
    (
        "pair.seen.wins",
        "counted differ",
        "{a} did better on {wins} of these questions, {b} on {losses}; on {ties} they did equally well.",
    ),
    ("pair.seen.alike", "counted !differ", "There is no question on which one did better than the other."),
    ("pair.seen.only", "only", "Left out: {only_a} that only {a} answered, and {only_b} that only {b} answered."),
    (
        "pair.seen.questions",
        "!benchmark",
        "That is what these questions gave. Other questions of the same kind could have given another number.",
    ),
    (
        "pair.seen.answers",
        "benchmark",
        "That is what these answers gave. The same questions, asked again, could have given another number.",
    ),
    (
        "pair.bar.questions",
        "bar !benchmark !bayes",
        (
            "It runs from {low} to {high}; {plus}. It is made so that in {level} of evals like this one it "
            "holds the true difference, the one that endless questions of this kind would show. In the other {rest} it misses, and "
            "nothing tells which those are."
        ),
    ),
    (
        "pair.bar.answers",
        "bar benchmark",
        (
            "It runs from {low} to {high}; {plus}. It is made so that in {level} of evals like this one it "
            "holds the true difference on exactly these questions, the one that endless answers to each would show."
        ),
    ),
    (
        "pair.bar.bayes",
        "bar bayes",
        (
            "It runs from {low} to {high}; {plus}. After these data, for somebody who knew next to nothing "
            "before, the true difference lies there with a probability of {level}."
        ),
    ),
    ("pair.bar.none", "!bar", "There is none: {why}. So these scores can't be carried over to anything else."),
    (
        "pair.margin.same",
        "bar margin equivalent",
        "Within the margin of {margin} that you gave, yes: at {level}, the data rule out that they are further apart, either way.",
    ),
    (
        "pair.margin.not_worse",
        "bar margin noninferior !equivalent",
        (
            "You gave a margin of {margin}. At {level}, the data rule out that {a} is worse by more than that, but not that it is better "
            "by more."
        ),
    ),
    (
        "pair.margin.open",
        "bar margin !noninferior !equivalent",
        (
            "You gave a margin of {margin}. The data don't rule out that {a} is worse by more than that. That it could be so doesn't "
            "mean that it is."
        ),
    ),
    (
        "pair.verdict.real",
        "bar decided",
        (
            "{winner}, {where}: the whole error bar lies on its side of 0. Two equally good models would be told apart like this in "
            "about {rest} of evals or fewer. How much better is less sure: anything from {near} to {far} fits."
        ),
    ),
    (
        "pair.verdict.corrected",
        "bar !decided alone",
        "Can't tell. Alone, this difference would count as real; as one of several comparisons it doesn't.",
    ),
    (
        "pair.verdict.open",
        "bar !decided !alone",
        (
            "Can't tell, which doesn't mean “equal”. The error bar has 0 in it: {a} may be better by up to {a_most}, or {b} by up to "
            "{b_most}."
        ),
    ),
    ("pair.verdict.none", "!bar", "Can't tell: without an error bar a difference is only a number."),
    (
        "pair.needed.items",
        "bar !decided !margin items",
        (
            "If the true difference is as large as the one seen, about {items} questions in all would show it, with a chance of 80 %; "
            "there are {count}. Half the difference would take about four times as many."
        ),
    ),
    (
        "pair.needed.attempts",
        "bar !decided !margin attempts",
        (
            "If the true difference is as large as the one seen, about {attempts} attempts at each question would show it, with a "
            "chance of 80 %. Half the difference would take about four times as many."
        ),
    ),
    (
        "pair.p.luck",
        "bar !equal !bayes",
        (
            "It is {p}. If the two were really equally good, {luck} of such evals would show a difference this large or larger, one way "
            "or the other. At {rest} or less a difference is called real. It is not the probability that they are equal."
        ),
    ),
    (
        "pair.p.bayes",
        "bar !equal bayes",
        "It is {p}: twice the probability, after these data, that the true difference points the other way.",
    ),
    (
        "pair.p.corrected",
        "bar corrected !equal",
        "Several comparisons were asked for, and among many one looks real by luck; corrected for that it is {p_adjusted}.",
    ),
    (
        "pair.pairing.helped",
        "bar paired saving agreeing",
        (
            "Both tend to find the same questions hard (correlation {correlation}; 1 is full agreement, 0 is none). Question by "
            "question, what is hard for both cancels out. The standard error, the usual distance from a measured difference to the "
            "true one, is {se}; had each answered questions of its own, it would be {unpaired}."
        ),
    ),
    (
        "pair.pairing.saved",
        "bar paired saving !agreeing",
        (
            "So that what is hard for both cancels out. The standard error, the usual distance from a measured "
            "difference to the true one, is {se}; had each answered questions of its own, it would be {unpaired}."
        ),
    ),
    (
        "pair.pairing.nothing",
        "bar paired unsaving",
        (
            "To let what is hard for both cancel out. Here that brings next to nothing: the two don't find the same questions hard. "
            "The standard error, the usual distance from a measured difference to the true one, is {se}; had each answered questions "
            "of its own, it would be {unpaired}."
        ),
    ),
    (
        "pair.pairing.apart",
        "bar !paired !covariates",
        (
            "That isn't possible: they share no question, and each brings the luck of its own. Had both answered the same ones, the "
            "error bar would most likely be shorter."
        ),
    ),
    (
        "pair.known.saved",
        "bar covariates saved",
        "They took {saved} of the variance (the square of the standard error) out of this difference.",
    ),
    ("pair.known.nothing", "bar covariates !saved", "Nothing here: the error bar is no shorter for them."),
    (
        "pair.groups.some",
        "bar clustered",
        (
            "The {n} come in {clusters} (clusters) that were drawn together, like several questions on one text. Questions of one "
            "group tend to be easy or hard together, so they tell less than as many single ones."
        ),
    ),
    (
        "pair.groups.larger",
        "bar clustered naive_smaller",
        "Counted as if each stood alone, the standard error would be {naive} where it is {se}: a false comfort.",
    ),
    (
        "pair.groups.smaller",
        "bar clustered naive_larger",
        "Not so here: counted as if each stood alone, the standard error would be {naive}, and it is {se}.",
    ),
    (
        "pair.groups.same",
        "bar clustered naive_alike",
        "Here it matters little: counted as if each stood alone, the standard error would be {naive}, and it is {se}.",
    ),
    (
        "pair.groups.few",
        "bar clustered few",
        (
            "Only {clusters} tell how much groups differ ({df} degrees of freedom), so the error bar is longer than many groups "
            "would make it."
        ),
    ),
    (
        "pair.not.questions",
        "bar !benchmark",
        (
            "It isn't the range of single answers, which usually vary far more. It is about questions of the same kind; what other topics, "
            "other prompts or a wrong answer key would change is not in it."
        ),
    ),
    (
        "pair.not.answers",
        "bar benchmark",
        "It isn't the range of single answers, which usually vary far more. And it says nothing at all about other questions.",
    ),
    (
        "pair.not.overlap",
        "bar",
        "Nor do the error bars of the two single scores decide: they may overlap and the difference be real all the same.",
    ),
)
