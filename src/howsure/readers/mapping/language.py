"""The language in which a mapping says what a value is: fields, constants, comparisons, and no calls but a
few of its own.

    verdict in ("A", "A>B")            pred == answer            {"yes": 1, "no": 0}[label]
    1 - rank / 10                      lower(a) == lower(b)      key[0] + "/" + id      pred ==
    gold[id].answer

The grammar is a part of Python's expressions; the text is parsed, never run: every node becomes an expression
of Polars, or is refused. Names are fields of a record, `record["a name"]` any field, `a.b` those of a field,
`key[0]` the first key on the way to it, `value` what stands there. `gold[id]` is what a file beside, called
`gold`, says of an id.
"""

from __future__ import annotations

import ast
from functools import reduce
from itertools import pairwise
from operator import add, and_, eq, ge, gt, le, lt, mul, ne, or_, sub, truediv
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from howsure.errors import OptionError
from howsure.readers.records import digest
from howsure.table.cells import EXACT, plain_numbers, plain_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    Beside = Mapping[str, Callable[[tuple[str, ...]], Mapping[str, Any]]]
    """Files beside, by name: what a path of fields gives for each id."""

Kind = Literal["text", "number", "yes/no"]
"""What a value is, as far as that can be seen before it is computed."""
MOST_LETTERS, MOST_NODES = 1_000, 200
LARGEST = 2**63 - 1
LANGUAGE = (
    "fields, constants, comparisons, and/or/not, + - * /, x if c else y, {…}[field], lower, text, digest, "
    "number, percent, missing"
)
COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: eq,
    ast.NotEq: ne,
    ast.Lt: lt,
    ast.LtE: le,
    ast.Gt: gt,
    ast.GtE: ge,
}
COUNTED: dict[type[ast.operator], Callable[[Any, Any], Any]] = {ast.Sub: sub, ast.Mult: mul, ast.Div: truediv}


def fields(text: str, beside: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the fields that an expression names, dotted, each once; `beside` are the names of files
    beside.
    """
    found: dict[str, None] = {}
    empty: Beside = dict.fromkeys(beside, lambda _: {})
    _Translation(text, lambda name: found.setdefault(name) or pl.col(name), empty, {}).made()
    return tuple(found)


def expression(text: str, beside: Beside | None = None, kinds: Mapping[str, Kind] | None = None) -> pl.Expr:
    """Return an expression of the language as one of Polars, over columns that are called as the fields are.

    `kinds` says which fields hold texts or numbers. Raises OptionError where the text is not of the language.
    """
    return _Translation(text, pl.col, beside or {}, kinds or {}).made()


def equality(text: str) -> tuple[str, str] | None:
    """Return the two sides of an expression that is one `==`; None for any other."""
    node = ast.parse(text.strip(), mode="eval").body
    if not isinstance(node, ast.Compare) or len(node.ops) != 1 or not isinstance(node.ops[0], ast.Eq):
        return None
    return ast.unparse(node.left), ast.unparse(node.comparators[0])


class _Translation:
    """One text, node by node."""

    def __init__(
        self, text: str, field: Callable[[str], pl.Expr], beside: Beside, kinds: Mapping[str, Kind]
    ) -> None:
        self._text = text
        self._field = field
        self._files = beside
        self._kinds = kinds

    def made(self) -> pl.Expr:
        """Parse and translate the text."""
        if len(self._text) > MOST_LETTERS:
            raise self._refused("is too long")
        try:
            tree = ast.parse(self._text.strip(), mode="eval")
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            raise self._refused("is no expression") from None
        if sum(1 for _ in ast.walk(tree)) > MOST_NODES:
            raise self._refused("is too long")
        return self._expr(tree.body)

    def _refused(self, why: str) -> OptionError:
        return OptionError(f"{self._text[:80]!r} {why}", remedy=f"A mapping knows {LANGUAGE}.")

    def _expr(self, node: ast.expr) -> pl.Expr:
        found = getattr(self, f"_{type(node).__name__.lower()}", None)
        if found is None:
            raise self._refused(f"has a {type(node).__name__}, which a mapping doesn't know")
        return found(node)  # type: ignore[no-any-return]

    def _name(self, node: ast.Name) -> pl.Expr:
        return self._field(node.id)

    def _attribute(self, node: ast.Attribute) -> pl.Expr:
        found = self._beside(node)
        return self._field(self._dotted(node)) if found is None else found

    def _beside(self, node: ast.expr) -> pl.Expr | None:
        """Return what a file beside says of an id: `gold[id]`, `gold[id].answer`; None where no such file is
        named.
        """
        found = self._said_beside(node)
        return None if found is None else _replaced(self._key(found[0]), found[1], kind_of(found[1].values()))

    def _said_beside(self, node: ast.expr) -> tuple[ast.expr, Mapping[str, Any]] | None:
        """Return the id and what the file beside says of each; None where no such file is named."""
        steps: list[str] = []
        while isinstance(node, ast.Attribute):
            steps, node = [node.attr, *steps], node.value
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Name)
            and node.value.id in self._files
        ):
            return node.slice, self._files[node.value.id](tuple(steps))
        return None

    def _dotted(self, node: ast.expr) -> str:
        """Return the name of a field: `a`, `a.b`, `a["b"]`, `a[0]`."""
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, ast.Attribute):
            return f"{self._dotted(node.value)}.{node.attr}"
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.slice, ast.Constant)
            and isinstance(node.slice.value, (str, int))
        ):
            return f"{self._dotted(node.value)}.{node.slice.value}"
        raise self._refused("names no field")

    def _subscript(self, node: ast.Subscript) -> pl.Expr:
        if isinstance(node.value, ast.Dict):
            return self._looked_up(node.value, node.slice)
        found = self._beside(node)
        return self._field(self._dotted(node)) if found is None else found

    def _looked_up(self, table: ast.Dict, key: ast.expr) -> pl.Expr:
        """Return what a table says of a value; nothing where it doesn't name it."""
        pairs = self._pairs(table)
        return _replaced(self._key(key), pairs, kind_of(pairs.values()))

    def _pairs(self, table: ast.Dict) -> dict[str, Any]:
        """Return a table, its keys as texts."""
        keys = [key for key in table.keys if key is not None]
        pairs = {plain_text(self._value(k)): self._value(v) for k, v in zip(keys, table.values, strict=False)}
        if len(pairs) != len(table.keys):
            raise self._refused("has a table that names a value twice")
        return pairs

    def _key(self, node: ast.expr) -> pl.Expr:
        """Return what is looked up as a text; of a number 1.0 it is 1, as tables and files beside write
        it.
        """
        text = self._expr(node).cast(pl.String)
        return text.str.strip_suffix(".0") if self._kind(node) == "number" else text

    def _value(self, node: ast.expr) -> Any:
        """Return a constant, with a minus before it where it is a number."""
        minus = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
        inner = node.operand if isinstance(node, ast.UnaryOp) and minus else node
        value = inner.value if isinstance(inner, ast.Constant) else ...
        if not isinstance(value, (int, float) if minus else (str, int, float, type(None))):
            raise self._refused("wants a plain value where something else stands")
        if isinstance(value, int) and abs(value) > LARGEST:
            raise self._refused("has a number that is too large")
        return -value if minus and isinstance(value, (int, float)) else value

    def _constant(self, node: ast.Constant) -> pl.Expr:
        return pl.lit(self._value(node))

    def _compare(self, node: ast.Compare) -> pl.Expr:
        sides = [node.left, *node.comparators]
        parts = [self._compared(op, a, b) for op, (a, b) in zip(node.ops, pairwise(sides), strict=True)]
        return reduce(and_, parts)

    def _compared(self, op: ast.cmpop, a: ast.expr, b: ast.expr) -> pl.Expr:
        if isinstance(op, (ast.In, ast.NotIn)):
            if not isinstance(b, (ast.Tuple, ast.List, ast.Set)):
                raise self._refused("asks whether a value is in something that is no list of values")
            known = self._among(a, b.elts)
            return known if isinstance(op, ast.In) else known.not_()
        if type(op) not in COMPARED:
            raise self._refused(f"compares by {type(op).__name__}")
        if isinstance(op, (ast.Eq, ast.NotEq)):
            equal = self._equal(a, b)
            same = equal.not_() if isinstance(op, ast.NotEq) else equal
        else:
            same = COMPARED[type(op)](*self._alike(a, b))
        return self._null_without_reference(same.fill_null(isinstance(op, ast.NotEq)), a, b)

    def _equal(self, a: ast.expr, b: ast.expr) -> pl.Expr:
        """Say whether two values are the same; of numbers too large for a float, whether their texts are."""
        left, right = self._alike(a, b)
        same: pl.Expr = eq(left, right)
        if {self._kind(a), self._kind(b)} != {"text", "number"}:
            return same
        texts = eq(self._expr(a).cast(pl.String), self._expr(b).cast(pl.String))
        return pl.when(left.abs() >= EXACT).then(texts).otherwise(same)

    def _null_without_reference(self, found: pl.Expr, *sides: ast.expr) -> pl.Expr:
        """Return the outcome of a comparison, null where a file beside lacks the id: that is no wrong
        answer.
        """
        known = [value.is_not_null() for side in sides for value in self._reference_values(side)]
        return pl.when(reduce(and_, known)).then(found) if known else found

    def _reference_values(self, node: ast.AST) -> list[pl.Expr]:
        """Return every value of a file beside in an expression."""
        value = self._beside(node) if isinstance(node, _FIELDS) else None
        if value is not None:
            return [value]
        return [each for inner in ast.iter_child_nodes(node) for each in self._reference_values(inner)]

    def _among(self, side: ast.expr, values: list[ast.expr]) -> pl.Expr:
        """Say whether a value is one of these constants."""
        for each in values:
            self._value(each)  # refuses what is none
        return reduce(
            or_, [self._equal(side, each).fill_null(value=False) for each in values], pl.lit(value=False)
        )

    def _alike(self, a: ast.expr, b: ast.expr) -> tuple[pl.Expr, pl.Expr]:
        """Compare a text with a number as numbers, and with anything else as texts, so that 1 and "1" are the
        same, and true and "True".
        """
        left, right, kinds = self._expr(a), self._expr(b), {self._kind(a), self._kind(b)}
        if kinds == {"text", "number"}:
            return self._number(a), self._number(b)
        if kinds == {"yes/no", "number"}:
            return left.cast(pl.Float64), right.cast(pl.Float64)
        if "text" not in kinds:
            return left, right
        left, right = left.cast(pl.String), right.cast(pl.String)
        return (left.str.to_lowercase(), right.str.to_lowercase()) if "yes/no" in kinds else (left, right)

    def _number(self, side: ast.expr) -> pl.Expr:
        """Return a value as a number; of a text the number that is written in it, if one is."""
        value = self._expr(side)
        return value.cast(pl.Float64) if self._kind(side) in ("number", "yes/no") else plain_numbers(value)

    def _kind(self, side: ast.expr) -> Kind | None:
        """Say what a value is, as far as that can be seen."""
        if isinstance(side, ast.Constant):
            return kind_of([side.value])
        if isinstance(side, ast.Call):
            return RESULTS.get(side.func.id) if isinstance(side.func, ast.Name) else None
        if isinstance(side, ast.BinOp):
            return "text" if _joins(side) else "number"
        if isinstance(side, ast.UnaryOp):
            return "yes/no" if isinstance(side.op, ast.Not) else "number"
        if isinstance(side, (ast.Compare, ast.BoolOp)):
            return "yes/no"
        if isinstance(side, ast.IfExp):
            kinds = [self._kind(side.body), self._kind(side.orelse)]
            return "text" if "text" in kinds else kinds[0] or kinds[1]
        return self._kind_of_field(side)

    def _kind_of_field(self, side: ast.expr) -> Kind | None:
        """Say what a field is, or what a table or a file beside gives."""
        if isinstance(side, ast.Subscript) and isinstance(side.value, ast.Dict):
            return kind_of(self._pairs(side.value).values())
        found = self._said_beside(side)
        if found is not None:
            return kind_of(found[1].values())
        return self._kinds.get(self._dotted(side)) if isinstance(side, _FIELDS) else None

    def _boolop(self, node: ast.BoolOp) -> pl.Expr:
        join = and_ if isinstance(node.op, ast.And) else or_
        return reduce(join, [self._expr(value).cast(pl.Boolean) for value in node.values])

    def _unaryop(self, node: ast.UnaryOp) -> pl.Expr:
        value = self._expr(node.operand)
        if isinstance(node.op, ast.Not):
            return value.cast(pl.Boolean).not_()
        if isinstance(node.op, ast.USub):
            return -value.cast(pl.Float64)
        raise self._refused(f"has a {type(node.op).__name__}, which a mapping doesn't know")

    def _binop(self, node: ast.BinOp) -> pl.Expr:
        left, right = self._expr(node.left), self._expr(node.right)
        if isinstance(node.op, ast.Add):
            return (
                pl.concat_str([left, right])
                if _joins(node)
                else add(left.cast(pl.Float64), right.cast(pl.Float64))
            )
        if type(node.op) not in COUNTED:
            raise self._refused(f"has a {type(node.op).__name__}, which a mapping doesn't know")
        numbers = left.cast(pl.Float64), right.cast(pl.Float64)
        return COUNTED[type(node.op)](*numbers)  # type: ignore[no-any-return]

    def _ifexp(self, node: ast.IfExp) -> pl.Expr:
        return (
            pl.when(self._expr(node.test).cast(pl.Boolean))
            .then(self._expr(node.body))
            .otherwise(self._expr(node.orelse))
        )

    def _call(self, node: ast.Call) -> pl.Expr:
        if (
            not isinstance(node.func, ast.Name)
            or node.func.id not in CALLS
            or len(node.args) != 1
            or node.keywords
        ):
            raise self._refused("calls what a mapping doesn't know")
        (inner,) = node.args
        return self._number(inner) if node.func.id == "number" else CALLS[node.func.id](self._expr(inner))


def _joins(node: ast.BinOp) -> bool:
    """Say whether a sum puts texts together: one of them stands in quotes, or is made by a function that
    gives a text.
    """
    return isinstance(node.op, ast.Add) and (_is_text(node.left) or _is_text(node.right))


def _is_text(side: ast.expr) -> bool:
    if isinstance(side, ast.BinOp):
        return _joins(side)
    if isinstance(side, ast.IfExp):
        return _is_text(side.body) or _is_text(side.orelse)
    if isinstance(side, ast.Call):
        return isinstance(side.func, ast.Name) and RESULTS.get(side.func.id) == "text"
    return isinstance(side, ast.Constant) and isinstance(side.value, str)


def kind_of(values: Collection[Any]) -> Kind | None:
    """Say of what kind values are together: texts where one of them is, or too large a number; None where
    there are none.
    """
    kinds = {type(value) for value in values if value is not None}
    if not kinds:
        return None
    vast = any(isinstance(value, int) and abs(value) > EXACT for value in values)
    return "text" if str in kinds or vast else "yes/no" if kinds == {bool} else "number"


def _replaced(key: pl.Expr, pairs: Mapping[str, Any], kind: Kind | None) -> pl.Expr:
    """Return what a table says of each key, as texts where one of them is; nothing where it doesn't name
    it.
    """
    dtype, made = DTYPES[kind or "number"]
    values = [None if value is None else made(value) for value in pairs.values()]
    return key.replace_strict(list(pairs), values, default=None, return_dtype=dtype)


def _digests(values: pl.Series) -> pl.Series:
    return pl.Series(
        values.name, [None if text is None else digest(text) for text in values], dtype=pl.String
    )


_FIELDS = (ast.Name, ast.Attribute, ast.Subscript)
RESULTS: dict[str, Kind] = {
    "lower": "text",
    "text": "text",
    "digest": "text",
    "number": "number",
    "percent": "number",
    "missing": "yes/no",
}
"""What each function gives."""
DTYPES: dict[Kind, tuple[type[pl.DataType], Callable[[Any], Any]]] = {
    "text": (pl.String, plain_text),
    "number": (pl.Float64, float),
    "yes/no": (pl.Boolean, bool),
}
CALLS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "lower": lambda value: value.cast(pl.String).str.to_lowercase(),
    "text": lambda value: value.cast(pl.String),
    "digest": lambda value: value.cast(pl.String).map_batches(_digests, return_dtype=pl.String),
    "number": plain_numbers,
    "percent": lambda value: plain_numbers(value.cast(pl.String).str.strip_chars(" %")) / 100,
    "missing": lambda value: value.is_null(),
}
