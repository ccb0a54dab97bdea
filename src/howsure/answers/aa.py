"""FalseAlarms: how often a gate fails a system against itself; the share first, model by model after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from howsure.answers.base import Judged
from howsure.answers.output import derived, row

if TYPE_CHECKING:
    from howsure.answers.equal import EqualSystems
    from howsure.errors import Caution
    from howsure.statistics.results import Interval


PREFIX = {"itself": "", "pair": "pair_", "assumed": ""}
"""What the columns of a forecast begin with, by how two equal systems differ."""
Parted = Literal["attempts", "items"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRate:
    """The verdicts of the gate on one model on one task and metric, over random splits of it into two halves.

    Attributes:
        task: The task.
        metric: What the score measures.
        model: The model.
        parted: What was split into halves: "attempts" of every item, compared in pairs, or "items" (whole
            clusters), compared unpaired.
        splits: How many random splits there were.
        failed: Splits in which the gate fails.
        failed_interval: The exact (Clopper–Pearson) interval of their share.
        passed: Splits in which it passes.
        unclear: Splits in which it can't tell.
        different: Splits in which `compare` sees a difference.
        different_interval: The exact interval of their share.
        n_items: Items of the model.
        n_clusters: Clusters that these items come in.
        excess: More failures or differences than promised, beyond what so many splits of so many models show
            by chance.
    """

    task: str
    metric: str
    model: str
    parted: Parted
    splits: int
    failed: int
    failed_interval: Interval
    passed: int
    unclear: int
    different: int
    different_interval: Interval
    n_items: int
    n_clusters: int
    excess: bool = False

    @property
    @derived()
    def failed_share(self) -> float:
        """The share of splits in which the gate fails."""
        return self.failed / self.splits

    @property
    @derived()
    def different_share(self) -> float:
        """The share of splits in which a difference is seen."""
        return self.different / self.splits


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRate:
    """The verdicts of a whole policy on one model beside itself, over random splits of all its tasks at once.

    Attributes:
        model: The model.
        n_tasks: Tasks that bind, and could be parted.
        splits: How many random splits there were.
        failed: Splits in which the gate fails.
        failed_interval: The exact (Clopper–Pearson) interval of their share.
        passed: Splits in which it passes.
        unclear: Splits in which it can't tell.
        blind_share: The share of its supporting checks that are blind, over all splits.
        excess: More failures than promised, beyond what so many splits of so many models show by chance.
    """

    model: str
    n_tasks: int
    splits: int
    failed: int
    failed_interval: Interval
    passed: int
    unclear: int
    blind_share: float
    excess: bool = False

    @property
    @derived()
    def failed_share(self) -> float:
        """The share of splits in which the gate fails."""
        return self.failed / self.splits


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FalseAlarms(Judged):
    """How often the gate fails a system against itself (an A/A test), by model and task, beside the promised
    share.

    Splits of one data set aren't independent replications: the intervals express how well the splits measure
    the share in these data.

    Attributes:
        asked: The criteria of the gate, in words.
        level: How sure the gate's verdicts have to be.
        promised_fails: At most such a share of splits may fail.
        seed: The seed of the random splits.
        policy: One line a model, where a policy is asked: what it makes of all tasks together.
        entries: One line a model, task and metric: what was counted on halves of the data.
        equal: What the whole gate, with all questions and attempts, will say of equal systems: one line a
            model, task and criterion with a margin, and one for the median pair.
        better: Whether the gate asks that the candidate is better: of equal systems it can't tell in a share
            `level` of runs.
        notes: How the data were read and grouped.
        cautions: Warnings, each with what to do about it.
    """

    asked: str
    level: float
    promised_fails: float
    seed: int = 0
    better: bool = False
    policy: tuple[PolicyRate, ...] = ()
    entries: tuple[AlarmRate, ...]
    equal: tuple[EqualSystems, ...] = ()
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()

    @property
    @derived()
    def promised_different(self) -> float:
        """The share of splits in which a difference may be seen although there is none."""
        return 1 - self.level

    @property
    def broken(self) -> tuple[AlarmRate | PolicyRate, ...]:
        """The models whose gate fails more often than promised, or sees differences too often, beyond
        chance.
        """
        judged: tuple[AlarmRate | PolicyRate, ...] = (*self.policy, *self.entries)
        return tuple(entry for entry in judged if entry.excess)

    @property
    @derived()
    def failed_share(self) -> float:
        """The share of all splits in which the gate fails; that of the whole policy, where there is one."""
        judged: tuple[AlarmRate | PolicyRate, ...] = self.policy or self.entries
        return sum(entry.failed for entry in judged) / sum(entry.splits for entry in judged)

    @property
    @derived()
    def different_share(self) -> float:
        """The share of all splits in which a difference is seen."""
        return sum(entry.different for entry in self.entries) / sum(entry.splits for entry in self.entries)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per model, task and metric, with the shares that are forecast for the model
        beside itself and for the median pair.
        """
        names = dict.fromkeys(name for each in self.equal for name in each.columns(PREFIX[each.pairing]))
        return [{**row(entry), **dict.fromkeys(names), **self._forecast(entry)} for entry in self.entries]

    def _forecast(self, entry: AlarmRate) -> dict[str, float | None]:
        """Return what is forecast of a model, and of the median pair of its task."""
        mine = (each for each in self.equal if (each.task, each.metric) == (entry.task, entry.metric))
        told = (each for each in mine if each.pairing == "pair" or each.a == entry.model)
        return {name: value for each in told for name, value in each.columns(PREFIX[each.pairing]).items()}
