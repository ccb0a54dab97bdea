"""Sides: what is compared is a model, a path, the runs of a tag, a commit or an id, a saved baseline, or the
level of a history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from howsure.checks import count_text
from howsure.errors import DataError, OptionError, ReadError
from howsure.readers.baselines import SUFFIX, found
from howsure.readers.counts import is_count
from howsure.study.models import fitting, resolve
from howsure.table.aggregate import names_of
from howsure.table.schema import find_roles, open_frame
from howsure.table.scores import SELECTORS, Scores
from howsure.table.sides import rows_by_model, wide_table
from howsure.verbs.read import is_paths, of_model, of_side, paths_of, read, with_columns_used
from howsure.wording import come_once, listing, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.study.design import Design

Kind = Literal["model", "path", "tag", "commit", "run", "saved", "history"]
KINDS: tuple[str, ...] = get_args(Kind)
ALONE = ("path", "saved", "history")
"""Sides of these kinds are only read from their own path."""
AS_SAVED = ("strict", "progress")
"""The options of `read` that a saved baseline accepts: the others were applied when it was saved."""
_OF_SIDES = ("model", "covariate", "by", "usage", "prices")
"""Options that ranks don't need."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison. `kind` is how to read `text`. If none was written it is a model, else a
    path.
    """

    text: str
    kind: Kind | Literal[""] = ""

    @property
    def name(self) -> str:
        """The side's name: for a path the last part, for a saved baseline its name."""
        if self.kind == "saved":
            return PurePath(self.text).name.removesuffix(SUFFIX) or self.text
        if is_count(self.text):
            return self.text
        return PurePath(self.text).name or self.text if self.kind in ("path", "history") else self.text

    @property
    def is_read_alone(self) -> bool:
        """Whether it is read only from its own path."""
        return self.kind in ALONE or (not self.kind and is_path(self.text))


def side_of(text: str) -> Side:
    """Parse a side: `runs/main`, `gpt-4o`, `tag:pr-42`, `commit:1a2b3c`, `run:ID`, `saved:main`,
    `history:runs`, `model:…`, `path:…`.
    """
    kind, colon, rest = text.partition(":")
    return Side(rest, cast("Kind", kind)) if colon and kind in KINDS and rest else Side(text)


def is_path(text: str) -> bool:
    """Return whether a file or folder of this name exists, or the text is a count, which is read like one."""
    try:
        return Path(text).exists() or is_count(text)
    except (OSError, ValueError):  # a name that files can't have
        return False


def read_sides(data: Any, asked: Sequence[str], design: Design) -> tuple[Scores, tuple[str, ...]]:
    """Read the data of a function, with the names of the models that the requested sides are (see
    `parted`).
    """
    return parted(data, asked, design.reading)


def read_two(data: Any, a: str | None, b: str | None, design: Design) -> tuple[Scores, tuple[str, ...]]:
    """Read two sides. If none is named and the data have exactly two models or sides, use these. OptionError
    if they aren't clear.
    """
    if a is not None and b is not None:
        return read_sides(data, (a, b), design)
    data = count_text(data)
    if a is not None and b is None and isinstance(data, (str, Path)) and is_path(a):
        return read_sides(None, (str(data), a), design)
    if a is not None or b is not None:
        raise OptionError(
            "one side of a comparison is missing",
            remedy="Give both `a` and `b`, or neither if there are two models.",
        )
    two = two_paths(data, design.reading)
    if two is not None:
        return two
    scores, _ = read_sides(data, (), design)
    several = is_paths(data) and not isinstance(data, (str, Path))
    return scores, two_models(scores, list(data) if isinstance(data, Mapping) or several else [])


def two_paths(data: Any, options: Mapping[str, Any]) -> tuple[Scores, tuple[str, str]] | None:
    """Read two paths as two sides, named after their models, or after the paths if both contain the same
    model. Return None for other data, and for paths that both contain the same several models.

    DataError if one contains several models, and the other doesn't contain the same ones.
    """
    if not is_paths(data) or isinstance(data, (str, Path)) or len(data) != 2 or any(map(is_count, data)):
        return None
    paths = [str(path) for path in data]
    parts = [read(path, **options) for path in paths]
    models = [names_of(part, "model") if part.has_rows else [] for part in parts]
    if not all(models):
        return None
    several = next((place for place, names in enumerate(models) if len(names) > 1), None)
    if several is not None and set(models[0]) == set(models[1]):
        return None
    if several is not None:
        raise DataError(
            f"{paths[several]} contains {plural(len(models[several]), 'model')}, but only one "
            "can be compared: "
            f"{listing(models[several])}",
            remedy="Choose two models with `a` and `b`.",
        )
    first, second = models[0][0], models[1][0]
    if first == second:
        first, second = _distinct([Side(path, "path") for path in paths])
    return read(dict(zip((first, second), parts, strict=True))), (first, second)


def two_models(scores: Scores, order: Sequence[Any]) -> tuple[str, str]:
    """Return the only two models, in the order of the sides or files that they are named after. OptionError
    if there aren't two.
    """
    models = names_of(scores, "model")
    if len(models) != 2:
        raise OptionError(
            f"two models are needed, and there {'is' if len(models) == 1 else 'are'} "
            f"{plural(len(models), 'model')}: {listing(models)}",
            remedy="Choose two with `a` and `b`; `against` compares one with all others.",
        )
    places = [name if name in models else Path(name).stem for name in map(str, order)]
    first, second = sorted(models, key=lambda name: places.index(name) if name in places else len(places))
    return first, second


def read_pair(
    data: Any, asked: Sequence[str | None], design: Design
) -> tuple[Scores, tuple[str | None, ...]]:
    """Read the data of a function that has optional sides."""
    scores, names = read_sides(data, [side for side in asked if side is not None], design)
    given = iter(names)
    return scores, tuple(None if side is None else next(given) for side in asked)


def parted(
    data: Any, asked: Sequence[str], options: Mapping[str, Any], *, whole: bool = False
) -> tuple[Scores, tuple[str, ...]]:
    """Read data with these options of `read`, each requested side as a model, and return the names of these.

    `whole`: a part of a model's name isn't enough. `data` may be None if every side is a path or a saved
    baseline. OptionError if a name is both a model and a path, or data that were read before would have to be
    split by runs. DataError if sides can't be compared.
    """
    arms = _arms(data, asked, options)
    if arms is not None:
        return arms
    sides = tuple(map(side_of, asked))
    if not any(side.kind or is_path(side.text) for side in sides):
        if data is None and sides:
            raise _of_nothing(sides[0])
        return _with_columns(data, asked, options), tuple(asked)
    lone = data is None or all(side.kind in (*ALONE, *SELECTORS) for side in sides)
    base = None if lone else read(data, **options)
    sides = tuple(side if side.kind else Side(side.text, _kind(side.text, base)) for side in sides)
    if base is not None and all(side.kind == "model" for side in sides):
        return base, tuple(map(partial(_named, scores=base), asked))
    names = _distinct(sides)
    bare = [not whole and not side_of(text).kind for text in asked]
    parts = {
        name: _part(side, data, base, options, parts=any_part)
        for name, side, any_part in zip(names, sides, bare, strict=True)
    }
    return read(parts), names


def _arms(
    data: Any, asked: Sequence[str], options: Mapping[str, Any]
) -> tuple[Scores, tuple[str, ...]] | None:
    """Read sides written as COLUMN=VALUE, such as `configuration=with_skill`, as the rows with these values.
    None for other sides: a path or a model of such a name goes first. If the rows have several models, the
    unit is the answer of one of them to a question, and the answers to one question are a cluster.
    """
    pairs = [text.partition("=")[::2] for text in asked]
    if data is None or isinstance(data, (Scores, Mapping)) or len({*asked}) < 2:
        return None
    if not all(
        column and value and not side_of(text).kind
        for (column, value), text in zip(pairs, asked, strict=True)
    ):
        return None
    try:
        plain = read(data, **options)
        models = names_of(plain, "model")
    except (DataError, ReadError):
        plain, models = None, []
    if any(is_path(text) or fitting(text, models) for text in asked):
        return None
    columns, names = {column for column, _ in pairs}, tuple(value for _, value in pairs)
    several = len(models) > 1 and not {*names} <= {*models}
    if several and len(columns) > 1:
        raise DataError(
            f"{asked[0]} has {plural(len(models), 'model')}: {listing(models)}",
            remedy=f"Keep one with `where`: model={models[0]}.",
        )
    where, roles = options.get("where") or {}, options.get("columns") or {}
    if len(columns) == 1:
        (column,) = columns
        roles = {**roles, "model": (column,)}
        answered_by: tuple[str, ...] = ()
        if plain is not None and several:
            known = find_roles(open_frame(plain.rows).collect_schema().names(), plain.roles)
            answered_by, item = known["model"], known["item"]
            roles |= {"item": (*answered_by, *item), "cluster": known.get("cluster", item)}
        kept = {"where": {**where, column: names}, "columns": roles}
        found = replace(read(data, **{**options, **kept}), side_column=column, answered_by=answered_by)
        values = {*names_of(found, "model")}
        if {*names} <= values:
            if several and not set.intersection(
                *({*names_of(rows_by_model(found, name), "model")} for name in names)
            ):
                raise DataError(
                    f"{listing(list(asked))} have no model in common",
                    remedy="Compare them on the answers of the same models.",
                )
            return found, names
        if values <= {*names}:
            lacking = next(name for name in names if name not in values)
            raise DataError(f"no row has {column}={lacking}", remedy="See `howsure describe` for its values.")
    names = names if len({*names}) == len(names) else tuple(asked)
    parts = {
        name: read(of_side(data, name, roles), **{**options, "where": {**where, column: (value,)}})
        for name, (column, value) in zip(names, pairs, strict=True)
    }
    return read(parts), names


def _with_columns(data: Any, asked: Sequence[str], options: Mapping[str, Any]) -> Scores:
    """Read data. A table without a score in which every requested side is a numeric column is read with one
    model per column.
    """
    unmapped = bool(asked) and not options.get("columns") and not options.get("map")
    if not is_paths(data):
        table = None if isinstance(data, (Scores, Mapping)) or not unmapped else wide_table(data, asked)
        return read(data if table is None else table, **options)
    try:
        return with_columns_used(read(data, **options), options.get("columns"))
    except (DataError, ReadError):
        table = wide_table(data, asked) if unmapped else None
        if table is None:
            raise
    scores = read(
        table, **{key: value for key, value in options.items() if key in ("where", "missing", "decimal")}
    )
    told = f"{PurePath(paths_of(data)[0]).name}: each of the columns {listing(list(asked))} is a model."
    return replace(scores, notes=(*scores.notes, told))


def _named(written: str, scores: Scores) -> str:
    """Return the name of a side that is a model. One written as `model:…` is its whole name, or the part
    after the last slash.
    """
    side = side_of(written)
    return resolve(side.text, names_of(scores, "model")) if side.kind else side.text


def by_rank(
    scores: Scores, asked: Sequence[str], options: Mapping[str, Any]
) -> tuple[tuple[str, ...], list[str]]:
    """Return models, replacing ranks by names, and a note on that. A model with such a name takes precedence.

    Ranks are those of `leaderboard`. OptionError if several tasks have no overall ranks, DataError if the
    rank doesn't exist.
    """
    ranks = [name for name in dict.fromkeys(asked) if name.isdecimal()]
    ranks = [name for name in ranks if not fitting(name, names_of(scores, "model"))] if ranks else []
    if not ranks:
        return tuple(asked), []
    from howsure.verbs.leaderboard import leaderboard

    found = leaderboard(scores, adjust="none", **{**options, **dict.fromkeys(_OF_SIDES)})
    board = found.overall or found.boards[0]
    if found.overall is None and len(found.boards) > 1:
        several = "tasks" if come_once([each.task for each in found.boards]) else "tasks and metrics"
        raise OptionError(
            f"each of {len(found.boards):,} {several} has a rank {ranks[0]}",
            remedy="Choose one with `task` or `metric`, or name the models.",
        )
    models = {str(place): entry.model for place, entry in enumerate(board.entries, 1)}
    for rank in ranks:
        if rank not in models:
            raise DataError(
                f"no rank {rank}: {plural(len(models), 'model')} in all", remedy="See `howsure leaderboard`."
            )
    told = [f"rank {rank} is {models[rank]}" for rank in ranks]
    return tuple(models.get(name, name) if name in ranks else name for name in asked), [
        f"Models by rank: {'; '.join(told)}."
    ]


def _kind(text: str, base: Scores | None) -> Kind:
    """Return whether a name without a kind is a model or a path. OptionError if it is both."""
    model = base is not None and bool(fitting(text, names_of(base, "model")))
    if model and is_path(text):
        raise OptionError(f"{text!r} is both a model and a path", remedy=f"Use model:{text} or path:{text}.")
    return "path" if not model and is_path(text) else "model"


def _part(side: Side, data: Any, base: Scores | None, options: Mapping[str, Any], *, parts: bool) -> Scores:
    """Read one side. `parts`: whether a part of a model's name is enough."""
    if side.kind == "path":
        return read(side.text, **options)
    if side.kind == "saved":
        return read(found(side.text), **{name: options[name] for name in AS_SAVED if name in options})
    if side.kind == "history":
        from howsure.verbs.series import level_side

        return level_side(side.text, options)
    if side.kind in SELECTORS:
        if not is_paths(data):
            raise OptionError(
                f"{side.kind}:{side.text} selects runs, but only logs have them",
                remedy="Give the paths of the logs.",
            )
        return read(data, **{**options, "runs": f"{side.kind}:{side.text}"})
    if base is None:
        raise _of_nothing(side)
    return of_model(base, side.text, parts=parts)


def _of_nothing(side: Side) -> OptionError:
    """Raise an error if a side would be a model and there are no data that could contain it."""
    return OptionError(
        f"{side.text!r} is neither a path nor a saved baseline, and there are no results that "
        "could contain a model "
        "of this name",
        remedy="Give the paths of the logs as well.",
    )


def against_side(data: Any, against: str, options: Mapping[str, Any]) -> tuple[Scores, str]:
    """Read data with these options of `read`, and return the name of the reference model, to compare with all
    others.

    A path makes every given path a side, and also the contents of a single folder that contains it.
    OptionError if a name is both a model and a path, or there is nothing else to compare. DataError if the
    selector fits runs of no model, or of several.
    """
    side = side_of(against)
    if side.kind in SELECTORS:
        scores = read(data, **options)
        return scores, _model_of_runs(scores, side)
    paths = (
        [str(path) for path in ([data] if isinstance(data, (str, Path)) else data)] if is_paths(data) else []
    )
    given = any(same_place(path, place) for path in paths for place in (side.text, _folder_of(side.text)))
    if side.kind == "model" or not (side.kind == "path" or given or is_path(side.text)):
        return read(data, **options), side.text
    if not side.kind and not given and data is not None:
        base = read(data, **options)
        if _kind(side.text, base) == "model":
            return base, side.text
    # Read every path as a separate side, and the reference among them.
    one = side.text
    if len(paths) == 1 and same_place(_folder_of(one), paths[0]):
        like = [path for path in Path(paths[0]).iterdir() if path.is_dir() == Path(one).is_dir()]
        paths = [str(path) for path in sorted(like) if not path.name.startswith(".")]
    others = [path for path in paths if not same_place(path, one)]
    if not others:
        raise OptionError(
            f"there is nothing to compare with {one}", remedy="Give the paths of the other sides as well."
        )
    names = _distinct([Side(path, "path") for path in (one, *dict.fromkeys(others))])
    parts = dict(zip(names, (one, *dict.fromkeys(others)), strict=True))
    return read({name: read(path, **options) for name, path in parts.items()}), names[0]


def same_place(one: str, other: str) -> bool:
    """Return whether two paths lead to one file or folder."""
    try:
        return bool(one and other) and Path(one).resolve() == Path(other).resolve()
    except (OSError, ValueError):  # a name that files can't have
        return False


def _folder_of(path: str) -> str:
    """Return the folder of an existing path, "" for others."""
    return str(Path(path).resolve().parent) if is_path(path) else ""


def _model_of_runs(scores: Scores, side: Side) -> str:
    """Return the one model whose runs match a selector, and only these runs. DataError if there isn't exactly
    one.
    """
    selector = f"{side.kind}:{side.text}"
    models = dict.fromkeys(entry.model for entry in scores.runs if entry.run.answers(selector))
    if len(models) != 1:
        what = (
            f"{selector} matches {len(models):,} models: {listing(list(models))}"
            if models
            else f"{selector} matches no run"
        )
        raise DataError(what, remedy="Choose one of them." if models else "See `howsure runs`.")
    (model,) = models
    if any(entry.model == model and not entry.run.answers(selector) for entry in scores.runs):
        raise DataError(
            f"{selector} is one of several runs of {model}, which count as attempts",
            remedy="Give paths, one per side.",
        )
    return model


def _distinct(sides: Sequence[Side]) -> tuple[str, ...]:
    """Give the sides different names: paths get as many folders as needed."""
    names = [side.name for side in sides]
    if len(set(names)) == len(names):
        return tuple(names)
    if all(is_count(side.text) for side in sides):
        return (names[0], *(f"{name} ({place})" for place, name in enumerate(names[1:], 2)))
    written = [side.text if side.kind == "path" else f"{side.kind}:{side.text}" for side in sides]
    if len(set(written)) < len(written):
        raise OptionError(f"two sides are both {written[0]!r}", remedy="Choose two different sides.")
    return tuple(written)
