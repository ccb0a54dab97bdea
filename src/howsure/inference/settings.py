"""The settings of an answer: those of its study and question, and who chose each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.answers.settings import NumberSetting, Settings, WordSetting, WordsSetting, chosen
from howsure.options.kinds import ScoreRule

if TYPE_CHECKING:
    from howsure.inference.question import Question
    from howsure.study.study import Study

LEVEL = 0.95


def settings_of(study: Study, question: Question, *, method: str = "") -> Settings:
    """Return the settings of an answer about a study; `method`: how its error bars were computed."""
    own = [name for name in (question.method, question.interval) if name is not None]
    words = ", ".join(name if isinstance(name, str) else type(name).__name__ for name in own)
    source = chosen((*own, question.variance), ("CR2",))
    found = WordSetting(value=method or words or "default", source=source)
    return settings_with(study, method=found, level=question.level, seed=question.seed)


def settings_with(
    study: Study, *, method: WordSetting, level: float, seed: int, usual_level: float = LEVEL
) -> Settings:
    """Return the settings of an answer about a study, with its method, level and seed."""
    design = study.design
    tasks, metrics = (tuple(dict.fromkeys(names)) for names in zip(*study.parts, strict=True))
    return Settings(
        task=WordsSetting(value=tasks, source=chosen(design.task, ())),
        metric=WordsSetting(value=metrics, source="given" if design.statistic else chosen(design.metric, ())),
        cluster=_clusters(study),
        population=_population(study),
        attempts=WordSetting(value=str(design.score), source=chosen(design.score, ScoreRule())),
        random_factors=WordsSetting(value=design.random_factor, source=chosen(design.random_factor, ())),
        failures=WordSetting(value=design.failures, source=chosen(design.failures, "harness")),
        method=method,
        level=NumberSetting(value=level, source=chosen(level, usual_level)),
        seed=NumberSetting(value=seed, source=chosen(seed, 0)),
    )


def _clusters(study: Study) -> WordsSetting:
    """Return the columns that questions are clustered by."""
    names = tuple(dict.fromkeys(name for columns in study.cluster_names.values() for name in columns))
    if any(columns is not None for columns in study.design.clusterings):
        return WordsSetting(value=names, source="given")
    return WordsSetting(value=names, source="stated" if study.design.stated else "automatic")


def _population(study: Study) -> WordSetting:
    """Return what scores are about, by option or as the clusters of each task allow."""
    if study.design.population is not None:
        return WordSetting(value=study.design.population, source="given")
    few = {task in study.few_clusters for task in study.tasks}
    value = "mixed" if len(few) > 1 else "same-clusters" if few == {True} else "new-clusters"
    return WordSetting(value=value, source="automatic")
