"""What plain words are made of: phrases with {fields}, each with the conditions under which it is true.

Data, so that a page can choose and fill the same phrases: a phrase is said where each condition in `WHEN` holds (`!name`: where it
doesn't), and its fields are texts that are already formatted. The first two parts of a key are its topic; the phrases of a topic
make one paragraph under the question in `TOPICS`. See plain_words.py for what the conditions mean.
"""

from __future__ import annotations

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
"""The question that a topic answers."""

_Table = tuple[tuple[str, str, str], ...]

_PAIR: _Table = (
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

_BOARD: _Table = (
    (
        "board.seen.leader",
        "many !level_scores",
        (
            "{leader} has the best score of {models}: {score}. It is best on these questions; with other questions of the same kind the "
            "order could be another."
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

_SCORE: _Table = (
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

PHRASES: dict[str, str] = {key: text for key, _, text in (*_PAIR, *_BOARD, *_SCORE)}
"""The phrases by their keys, in reading order."""

WHEN: dict[str, tuple[str, ...]] = {key: tuple(when.split()) for key, when, _ in (*_PAIR, *_BOARD, *_SCORE)}
"""The conditions of each phrase; `!name` is the opposite of `name`."""
