"""The language of mappings for values: fields, constants, comparisons, and a few functions of its own.

    verdict in ("A", "A>B")            pred == answer            {"yes": 1, "no": 0}[label]
    1 - rank / 10                      lower(a) == lower(b)      key[0] + "/" + id      pred ==
    gold[id].answer

The grammar is a part of Python's expressions. The text is parsed, never run: every node becomes a Polars
expression, or is refused. Names are fields of a record, `record["a name"]` any field, `a.b` a nested field,
`key[0]` the first key on the way to it, and `value` its value. `gold[id]` is the value for an id in a second
file called `gold`.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import reduce
from itertools import pairwise
from operator import add, and_, eq, ge, gt, le, lt, mul, ne, or_, sub, truediv
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from howsure.errors import OptionError
from howsure.readers.attempt_rows import digest
from howsure.table.cells import EXACT, plain_numbers, plain_text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    Beside = Mapping[str, Callable[[tuple[str, ...]], Mapping[str, Any]]]
    """Second files, by name: the value of a path of fields for each id."""

Kind = Literal["text", "number", "yes/no"]
"""The type of a value, if it is known before the value is computed."""
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
COUNTED: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: add,
    ast.Sub: sub,
    ast.Mult: mul,
    ast.Div: truediv,
}


def fields(text: str, beside: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the fields that an expression names, dotted, each once. `beside` are the names of second
    files.
    """
    translation = _Translation(text, dict.fromkeys(beside, lambda _: {}), {})
    translation.made()
    return tuple(translation.fields)


def expression(text: str, beside: Beside | None = None, kinds: Mapping[str, Kind] | None = None) -> pl.Expr:
    """Return an expression of the language as a Polars expression, over columns that are named like the
    fields.

    `kinds` are the types of fields, texts or numbers. Raises OptionError if the text is not of the language.
    """
    return _Translation(text, beside or {}, kinds or {}).made()


def equality(text: str) -> tuple[str, str] | None:
    """Return the two sides of an expression that is one `==`, or None for any other."""
    match ast.parse(text.strip(), mode="eval").body:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            return ast.unparse(left), ast.unparse(right)
    return None


@dataclass(frozen=True, slots=True)
class _Value:
    """A part of a text, translated.

    Attributes:
        expr: The Polars expression.
        kind: Its type if known, or None.
        joins: Whether `+` concatenates it with another text: it is quoted, or a function made it.
        references: The values of second files in it.
    """

    expr: pl.Expr
    kind: Kind | None
    joins: bool = False
    references: tuple[pl.Expr, ...] = ()

    @property
    def text(self) -> pl.Expr:
        """The value as a text."""
        return self.expr.cast(pl.String)

    @property
    def number(self) -> pl.Expr:
        """The value as a number; a text that is a number is converted."""
        return self.expr.cast(pl.Float64) if self.kind in ("number", "yes/no") else plain_numbers(self.expr)


@dataclass(frozen=True, slots=True)
class _Translation:
    """One text, node by node. `fields` are those that it has named so far."""

    text: str
    beside: Beside
    kinds: Mapping[str, Kind]
    fields: dict[str, None] = field(default_factory=dict)

    def made(self) -> pl.Expr:
        """Parse and translate the text."""
        if len(self.text) > MOST_LETTERS:
            raise self._refused("is too long")
        try:
            tree = ast.parse(self.text.strip(), mode="eval")
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            raise self._refused("isn't an expression") from None
        if sum(1 for _ in ast.walk(tree)) > MOST_NODES:
            raise self._refused("is too long")
        return self._value(tree.body).expr

    def _refused(self, why: str) -> OptionError:
        return OptionError(f"{self.text[:80]!r} {why}", remedy=f"A mapping knows {LANGUAGE}.")

    def _value(self, node: ast.expr) -> _Value:
        match node:
            case ast.Constant():
                constant = self._constant(node)
                return _Value(pl.lit(constant), kind_of([constant]), joins=isinstance(constant, str))
            case ast.Subscript(value=ast.Dict() as table, slice=key):
                found = self._value(key)
                return _Value(*_looked_up(found, self._pairs(table)), references=found.references)
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return self._field(node)
            case ast.Compare(left=left, ops=ops, comparators=others):
                sides = list(pairwise([left, *others]))
                parts = [self._compared(op, *pair) for op, pair in zip(ops, sides, strict=True)]
                return _joined(reduce(and_, [part.expr for part in parts]), "yes/no", *parts)
            case ast.BoolOp(op=op, values=nodes):
                parts = [self._value(part) for part in nodes]
                by = and_ if isinstance(op, ast.And) else or_
                return _joined(reduce(by, [part.expr.cast(pl.Boolean) for part in parts]), "yes/no", *parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self._value(operand)
                return _joined(inner.expr.cast(pl.Boolean).not_(), "yes/no", inner)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self._value(operand)
                return _joined(-inner.expr.cast(pl.Float64), "number", inner)
            case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() as op, left=a, right=b):
                one, two = self._value(a), self._value(b)
                if isinstance(op, ast.Add) and (one.joins or two.joins):
                    return _joined(pl.concat_str([one.expr, two.expr]), "text", one, two, joins=True)
                numbers = one.expr.cast(pl.Float64), two.expr.cast(pl.Float64)
                return _joined(COUNTED[type(op)](*numbers), "number", one, two)
            case ast.UnaryOp(op=op) | ast.BinOp(op=op):
                raise self._refused(f"has a {type(op).__name__}, which mappings don't support")
            case ast.IfExp(test=test, body=body, orelse=orelse):
                which, then, otherwise = self._value(test), self._value(body), self._value(orelse)
                made = pl.when(which.expr.cast(pl.Boolean)).then(then.expr).otherwise(otherwise.expr)
                kind = "text" if "text" in (then.kind, otherwise.kind) else then.kind or otherwise.kind
                return _joined(made, kind, which, then, otherwise, joins=then.joins or otherwise.joins)
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in CALLS:
                inner, (kind, call) = self._value(argument), CALLS[name]
                return _joined(call(inner), kind, inner, joins=kind == "text")
            case ast.Call():
                raise self._refused("calls a function that mappings don't support")
        raise self._refused(f"has a {type(node).__name__}, which mappings don't support")

    def _field(self, node: ast.expr) -> _Value:
        """Return a field, or a second file's value for an id: `gold[id]`, `gold[id].answer`."""
        steps: list[str] = []
        inner = node
        while isinstance(inner, ast.Attribute):
            steps, inner = [inner.attr, *steps], inner.value
        match inner:
            case ast.Subscript(value=ast.Name(id=file), slice=key) if file in self.beside:
                expr, kind = _looked_up(self._value(key), self.beside[file](tuple(steps)))
                return _Value(expr, kind, references=(expr,))
        name = self._dotted(node)
        self.fields[name] = None
        return _Value(pl.col(name), self.kinds.get(name))

    def _dotted(self, node: ast.expr) -> str:
        """Return the name of a field: `a`, `a.b`, `a["b"]`, `a[0]`."""
        match node:
            case ast.Name(id=name):
                return name
            case ast.Attribute(value=inner, attr=name):
                return f"{self._dotted(inner)}.{name}"
            case ast.Subscript(value=inner, slice=ast.Constant(value=str() | int() as place)):
                return f"{self._dotted(inner)}.{place}"
        raise self._refused("names no field")

    def _pairs(self, table: ast.Dict) -> dict[str, Any]:
        """Return a table, its keys as texts."""
        keys = [key for key in table.keys if key is not None]
        pairs = {
            plain_text(self._constant(key)): self._constant(value)
            for key, value in zip(keys, table.values, strict=False)
        }
        if len(pairs) != len(table.keys):
            raise self._refused("has a table with a repeated key")
        return pairs

    def _constant(self, node: ast.expr) -> Any:
        """Return a constant, with a minus before it if it is a number."""
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                value: Any = -number
            case ast.Constant(value=str() | int() | float() | None as value):
                pass
            case _:
                raise self._refused("has something else instead of a plain value")
        if isinstance(value, int) and abs(value) > LARGEST:
            raise self._refused("has a number that is too large")
        return value

    def _compared(self, op: ast.cmpop, a: ast.expr, b: ast.expr) -> _Value:
        """Compare two values. If a second file lacks the id, the outcome is null: that isn't a wrong
        answer.
        """
        if isinstance(op, (ast.In, ast.NotIn)):
            if not isinstance(b, (ast.Tuple, ast.List, ast.Set)):
                raise self._refused("uses `in` with something that isn't a list of values")
            for each in b.elts:
                self._constant(each)  # refuses anything else
            left = self._value(a)
            equal = [_equal(left, self._value(each)).fill_null(value=False) for each in b.elts]
            among = reduce(or_, equal, pl.lit(value=False))
            return _joined(among if isinstance(op, ast.In) else among.not_(), "yes/no", left)
        if type(op) not in COMPARED:
            raise self._refused(f"compares by {type(op).__name__}")
        left, right = self._value(a), self._value(b)
        if isinstance(op, (ast.Eq, ast.NotEq)):
            same = _equal(left, right)
            same = same.not_() if isinstance(op, ast.NotEq) else same
        else:
            same = COMPARED[type(op)](*_alike(left, right))
        same = same.fill_null(isinstance(op, ast.NotEq))
        known = [value.is_not_null() for value in (*left.references, *right.references)]
        return _joined(pl.when(reduce(and_, known)).then(same) if known else same, "yes/no", left, right)


def _joined(expr: pl.Expr, kind: Kind | None, *parts: _Value, joins: bool = False) -> _Value:
    """Return a value that is computed from others."""
    return _Value(expr, kind, joins, tuple(each for part in parts for each in part.references))


def _equal(a: _Value, b: _Value) -> pl.Expr:
    """Return whether two values are equal, or for numbers too large for a float, whether their texts are."""
    left, right = _alike(a, b)
    same: pl.Expr = eq(left, right)
    if {a.kind, b.kind} != {"text", "number"}:
        return same
    return pl.when(left.abs() >= EXACT).then(eq(a.text, b.text)).otherwise(same)


def _alike(a: _Value, b: _Value) -> tuple[pl.Expr, pl.Expr]:
    """Compare a text with a number as numbers, and with anything else as texts, so that 1 equals "1", and
    true equals "True".
    """
    kinds = {a.kind, b.kind}
    if kinds in ({"text", "number"}, {"yes/no", "number"}):
        return a.number, b.number
    if "text" not in kinds:
        return a.expr, b.expr
    return (a.text.str.to_lowercase(), b.text.str.to_lowercase()) if "yes/no" in kinds else (a.text, b.text)


def kind_of(values: Collection[Any]) -> Kind | None:
    """Return the common type of values: text if one of them is, or too large a number, or None without
    any.
    """
    kinds = {type(value) for value in values if value is not None}
    if not kinds:
        return None
    vast = any(isinstance(value, int) and abs(value) > EXACT for value in values)
    return "text" if str in kinds or vast else "yes/no" if kinds == {bool} else "number"


def _looked_up(key: _Value, pairs: Mapping[str, Any]) -> tuple[pl.Expr, Kind | None]:
    """Return the values of a table for keys, as texts if one of them is, missing for unknown keys, and their
    type. As a key a number 1.0 is 1, as tables and second files write it.
    """
    kind = kind_of(pairs.values())
    dtype, made = DTYPES[kind or "number"]
    values = [None if value is None else made(value) for value in pairs.values()]
    text = key.text.str.strip_suffix(".0") if key.kind == "number" else key.text
    return text.replace_strict(list(pairs), values, default=None, return_dtype=dtype), kind


def _digests(values: pl.Series) -> pl.Series:
    return pl.Series(
        values.name, [None if text is None else digest(text) for text in values], dtype=pl.String
    )


DTYPES: dict[Kind, tuple[type[pl.DataType], Callable[[Any], Any]]] = {
    "text": (pl.String, plain_text),
    "number": (pl.Float64, float),
    "yes/no": (pl.Boolean, bool),
}
CALLS: dict[str, tuple[Kind, Callable[[_Value], pl.Expr]]] = {
    "lower": ("text", lambda value: value.text.str.to_lowercase()),
    "text": ("text", lambda value: value.text),
    "digest": ("text", lambda value: value.text.map_batches(_digests, return_dtype=pl.String)),
    "number": ("number", lambda value: value.number),
    "percent": ("number", lambda value: plain_numbers(value.text.str.strip_chars(" %")) / 100),
    "missing": ("yes/no", lambda value: value.expr.is_null()),
}
"""The result type of each function."""
