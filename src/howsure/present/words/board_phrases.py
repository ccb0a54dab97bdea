"""The phrases about a leaderboard and about one score; see phrases.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from howsure.present.words.pair_phrases import Table

TOPICS = {
    "board.seen": "What does the table show?",
    "board.bar": "What does an error bar say?",
    "board.ranks": "What are the ranks under “could be”?",
    "board.best": "Who could be best?",
    "board.neighbours": "Is the next place really lower?",
    "board.many": "Why are p-values corrected?",
    "board.rest": "And the other tables?",
    "score.seen": "What was seen?",
    "score.bar": "What does the error bar say?",
    "score.not": "What does it not say?",
    "score.full": "Is a perfect score perfect?",
    "score.zero": "Does a score of 0 mean never?",
    "score.groups": "Why count groups?",
    "score.compare": "Which model is better?",
}

BOARD: Table = (
    (
        "board.seen.leader",
        "many !level_scores !benchmark",
        (
            "{leader} has the best score of {models}: {score}. It is best on these questions; with other questions of the same kind the "
            "order could be another."
        ),
    ),
    (
        "board.seen.answers",
        "many !level_scores benchmark",
        (
            "{leader} has the best score of {models}: {score}. It is best with these answers; the same questions, asked again, could "
            "give another order."
        ),
    ),
    ("board.seen.level", "many level_scores", "The {models} all have the same score, {score}."),
    ("board.seen.one", "!many", "One model: {leader}, with a score of {score}."),
    ("board.seen.lower", "lower", "Lower is better here."),
    (
        "board.bar.questions",
        "bar !benchmark !bayes",
        (
            "That of {leader} runs from {low} to {high}. It is made so that in {level} of evals like this one it holds the true score, "
            "the one that endless questions of this kind would show. It isn't the range of single answers, and it says nothing "
            "about other kinds of questions."
        ),
    ),
    (
        "board.bar.answers",
        "bar benchmark",
        (
            "That of {leader} runs from {low} to {high}. It is made so that in {level} of evals like this one it holds the true score on "
            "exactly these questions, the one that endless answers to each would show. It says nothing about other questions."
        ),
    ),
    (
        "board.bar.bayes",
        "bar bayes",
        (
            "That of {leader} runs from {low} to {high}. After these data, for somebody who knew next to nothing before, the true score "
            "lies there with a probability of {level}."
        ),
    ),
    ("board.bar.none", "!bar", "{leader} has none: {why}."),
    (
        "board.bar.overlap",
        "bar many !benchmark",
        (
            "Two that overlap don't mean a tie: models that answered the same questions are compared question by question, which sees "
            "more."
        ),
    ),
    (
        "board.ranks.leader",
        "many spread",
        (
            "The places that a model could have, as far as these data tell. {leader} could be anywhere from place {rank_low} to {rank_high}: "
            "{better} and {worse}; the others can't be told from it."
        ),
    ),
    (
        "board.ranks.sure",
        "many !spread",
        (
            "The places that a model could have, as far as these data tell. {leader} has one place only: it can be told from every "
            "other model."
        ),
    ),
    (
        "board.ranks.together",
        "many simultaneous",
        "All rank intervals together are made to be right in {level} of such evals.",
    ),
    (
        "board.ranks.apart",
        "many !simultaneous",
        "They are not made to hold all at once: with many models, some may well be wrong.",
    ),
    (
        "board.best.several",
        "many several",
        (
            "{candidates} of the {models}: those that these data can't show to be worse than {leader}. They need not be equally good, but "
            "which of them is best stays open."
        ),
    ),
    (
        "board.best.leader",
        "many !several",
        "Only {leader}: every other model is shown to be worse.",
    ),
    (
        "board.neighbours.none",
        "many steps !apart",
        "Of {gaps} from one place to the next, none is shown to be real.",
    ),
    (
        "board.neighbours.some",
        "many steps apart",
        "Of {gaps} from one place to the next, {apart} shown to be real.",
    ),
    (
        "board.neighbours.narrow",
        "many steps sized narrow",
        (
            "The usual step is {step}, and a difference has to be about {visible}, or more, before one can tell it from luck. Read who is "
            "clearly apart, not who is one place higher."
        ),
    ),
    (
        "board.neighbours.wide",
        "many steps sized !narrow",
        "The usual step is {step}; a difference has to be about {visible}, or more, before one can tell it from luck.",
    ),
    (
        "board.many.together",
        "crowd simultaneous",
        (
            "{models} make {pairs}. Even if all were equally good, about {expected} of these would look real if each were judged alone "
            "({rest} of {pair_count}). Corrected, the chance that even one looks real by luck is {rest} or less."
        ),
    ),
    (
        "board.many.share",
        "crowd shared",
        (
            "{models} make {pairs}. Even if all were equally good, about {expected} of these would look real if each were judged alone "
            "({rest} of {pair_count}). Corrected, no more than {rest} of those called real are expected to be luck."
        ),
    ),
    (
        "board.many.not",
        "crowd !simultaneous !shared",
        (
            "Here they are not. {models} make {pairs}; even if all were equally good, about {expected} of these would look real "
            "({rest} of {pair_count})."
        ),
    ),
    ("board.rest.same", "boards", "This was the first; the others are read in the same way."),
)

SCORE: Table = (
    ("score.seen.score", "", "{model} scored {score} on {n}."),
    ("score.seen.adjusted", "covariates", "That is adjusted for what is known of more questions than these."),
    (
        "score.seen.questions",
        "!benchmark",
        "That is what these questions gave. Other questions of the same kind could have given another number.",
    ),
    (
        "score.seen.answers",
        "benchmark",
        "That is what these answers gave. The same questions, asked again, could have given another number.",
    ),
    (
        "score.bar.questions",
        "bar !benchmark !bayes",
        (
            "For {model} it runs from {low} to {high}. It is made so that in {level} of evals like this one it holds the true score, "
            "the one that endless questions of this kind would show. In the other {rest} it misses, and nothing tells which those are."
        ),
    ),
    (
        "score.bar.answers",
        "bar benchmark",
        (
            "For {model} it runs from {low} to {high}. It is made so that in {level} of evals like this one it holds the true score on "
            "exactly these questions, the one that endless answers to each would show."
        ),
    ),
    (
        "score.bar.bayes",
        "bar bayes",
        (
            "For {model} it runs from {low} to {high}. After these data, for somebody who knew next to nothing before, the true score "
            "lies there with a probability of {level}."
        ),
    ),
    ("score.bar.none", "!bar", "{model} has none: {why}. So its score can't be carried over to anything else."),
    (
        "score.not.questions",
        "bar !benchmark",
        (
            "It isn't the range of single answers, which usually vary far more. It is about questions of the same kind; what other topics, "
            "other prompts or a wrong answer key would change is not in it."
        ),
    ),
    (
        "score.not.answers",
        "bar benchmark",
        "It isn't the range of single answers, which usually vary far more. And it says nothing at all about other questions.",
    ),
    (
        "score.full.bound",
        "bound full",
        "Not for sure. {model} had no failure on these questions; all that follows is a {bound}. Rare failures need many questions to show.",
    ),
    (
        "score.zero.bound",
        "bound !full",
        "No. {model} had no success on these questions; all that follows is a {bound}. Rare successes need many questions to show.",
    ),
    (
        "score.groups.some",
        "bar clustered",
        (
            "The {n} come in {clusters} (clusters) that were drawn together, like several questions on one text. Questions of one group "
            "tend to be easy or hard together, so they tell less than as many single ones."
        ),
    ),
    (
        "score.groups.few",
        "bar clustered few",
        (
            "Only {clusters} tell how much groups differ ({df} degrees of freedom), so the error bar is longer than many groups would "
            "make it."
        ),
    ),
    (
        "score.compare.pairs",
        "many",
        (
            "Don't judge by whether error bars overlap: they may overlap and a difference be real all the same. Compare the models "
            "question by question (howsure compare, howsure leaderboard)."
        ),
    ),
)
