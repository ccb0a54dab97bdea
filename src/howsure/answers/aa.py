"""FalseAlarms: how often a gate fails a system against itself; the share first, model by model after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from howsure.answers.base import SCHEMA_VERSION, Answer, number
from howsure.present.aa import _percent, _table
from howsure.present.document import Document, Note, Text
from howsure.wording import listing

if TYPE_CHECKING:
    from howsure.errors import Caution
    from howsure.present.document import Block
    from howsure.statistics.results import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRate:
    """What the gate said of one model on one task and metric, in so many random splits of it into two halves.

    `parted`: "attempts" of every item, compared in pairs, or "items" (whole clusters), compared unpaired. `failed`,
    `passed`, `unclear`: splits by verdict; `different`: those in which `compare` sees a difference. `failed_interval`,
    `different_interval`: exact (Clopper–Pearson), of the shares. `excess`: more than promised, beyond what so many splits of so
    many models show by chance.
    """

    task: str
    metric: str
    model: str
    parted: str
    splits: int
    failed: int
    passed: int
    unclear: int
    different: int
    failed_interval: Interval
    different_interval: Interval
    n_items: int
    n_clusters: int
    excess: bool = False

    @property
    def failed_share(self) -> float:
        """The share of splits in which the gate fails."""
        return self.failed / self.splits

    @property
    def different_share(self) -> float:
        """The share of splits in which a difference is seen."""
        return self.different / self.splits

    def record(self) -> dict[str, Any]:
        """Return one flat mapping."""
        return {
            "task": self.task,
            "metric": self.metric,
            "model": self.model,
            "parted": self.parted,
            "splits": self.splits,
            "failed": self.failed,
            "failed_share": number(self.failed_share),
            "failed_low": number(self.failed_interval.low),
            "failed_high": number(self.failed_interval.high),
            "passed": self.passed,
            "unclear": self.unclear,
            "different": self.different,
            "different_share": number(self.different_share),
            "different_low": number(self.different_interval.low),
            "different_high": number(self.different_interval.high),
            "n_items": self.n_items,
            "n_clusters": self.n_clusters,
            "excess": self.excess,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseAlarms(Answer):
    """How often the gate fails a system against itself (A/A), for every model and task, against what is promised.

    `asked`: the criteria of the gate in words; `level`: how sure its verdicts have to be; `promised_fails`,
    `promised_different`: at most such shares. Splits of one data set are no independent replications: the intervals say how
    well the splits measure the share in these data.
    """

    entries: tuple[AlarmRate, ...]
    asked: str
    level: float
    promised_fails: float
    seed: int = 0
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()

    @property
    def promised_different(self) -> float:
        """The share of splits in which a difference may be seen where there is none."""
        return 1 - self.level

    @property
    def broken(self) -> tuple[AlarmRate, ...]:
        """The models whose gate fails more often than promised, or sees differences too often, beyond chance."""
        return tuple(entry for entry in self.entries if entry.excess)

    @property
    def failed_share(self) -> float:
        """The share of all splits in which the gate fails."""
        return sum(entry.failed for entry in self.entries) / sum(entry.splits for entry in self.entries)

    @property
    def different_share(self) -> float:
        """The share of all splits in which a difference is seen."""
        return sum(entry.different for entry in self.entries) / sum(entry.splits for entry in self.entries)

    @property
    def verdict(self) -> str:
        """One plain sentence."""
        fails, different = _percent(self.failed_share), _percent(self.different_share)
        least, most = (f(entry.failed_share for entry in self.entries) for f in (min, max))
        spread = f", {_percent(least)} to {_percent(most)} by model" if len(self.entries) > 1 else ""
        head = f"Against itself the gate fails {fails} of the time{spread}; at most {_percent(self.promised_fails)} is promised"
        rest = f"Differences are seen {different} of the time, where {_percent(self.promised_different)} is promised."
        if not self.broken:
            return f"{head}. {rest}"
        names = listing([entry.model for entry in self.broken])
        return f"{head}. {rest} More than promised: {names}."

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per model, task and metric."""
        return [entry.record() for entry in self.entries]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, ready for JSON."""
        return {
            "howsure": SCHEMA_VERSION,
            "answer": "false_alarms",
            "verdict": self.verdict,
            "asked": self.asked,
            "level": number(self.level),
            "promised_fails": number(self.promised_fails),
            "promised_different": number(self.promised_different),
            "failed_share": number(self.failed_share),
            "different_share": number(self.different_share),
            "seed": self.seed,
            "entries": self.records(),
            "notes": list(self.notes),
            "cautions": [caution.to_dict() for caution in self.cautions],
        }

    def document(self) -> Document:
        """Return the verdict, the notes, one table and the cautions."""
        blocks: list[Block] = [Text(text=self.verdict, kind="verdict")]
        blocks += [Text(text=note, kind="small") for note in self.notes]
        blocks.append(_table(self))
        if self.cautions:
            blocks.append(Note(cautions=self.cautions))
        return Document(blocks=tuple(blocks))
