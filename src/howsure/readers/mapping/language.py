"""The language in which a mapping says what a value is: fields, constants, comparisons, and no calls but a few of its own.

    verdict in ("A", "A>B")            pred == answer            {"yes": 1, "no": 0}[label]
    1 - rank / 10                      lower(a) == lower(b)      key[0] + "/" + id

The grammar is a part of Python's expressions; the text is parsed, never run: every node becomes an expression of Polars, or is
refused. Names are fields of a record, `record["a name"]` any field, `a.b` those of a field, `key[0]` the first key on the way to it, `value` what stands there.
"""

from __future__ import annotations

import ast
from functools import reduce
from itertools import pairwise
from operator import add, and_, eq, ge, gt, le, lt, mul, ne, or_, sub, truediv
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_LETTERS, MOST_NODES = 1_000, 200
RECORD = "record"
"""The record itself, for fields whose names are no words of the language: `record["Overall Acc"]`."""
LANGUAGE = "fields, constants, comparisons, and/or/not, + - * /, x if c else y, {…}[field], lower, text, number, percent, missing"
COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: eq,
    ast.NotEq: ne,
    ast.Lt: lt,
    ast.LtE: le,
    ast.Gt: gt,
    ast.GtE: ge,
}
COUNTED: dict[type[ast.operator], Callable[[Any, Any], Any]] = {ast.Sub: sub, ast.Mult: mul, ast.Div: truediv}


def fields(text: str) -> tuple[str, ...]:
    """Return the fields that an expression names, dotted, each once."""
    found: dict[str, None] = {}
    _Translation(text, lambda name: found.setdefault(name) or pl.col(name)).made()
    return tuple(found)


def expression(text: str) -> pl.Expr:
    """Return an expression of the language as one of Polars, over columns that are called as the fields are.

    Raises OptionError where the text is not of the language.
    """
    return _Translation(text, pl.col).made()


class _Translation:
    """One text, node by node."""

    def __init__(self, text: str, field: Callable[[str], pl.Expr]) -> None:
        self._text = text
        self._field = field

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
        return self._field(self._dotted(node))

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
            if isinstance(node.value, ast.Name) and node.value.id == RECORD:
                return str(node.slice.value)
            return f"{self._dotted(node.value)}.{node.slice.value}"
        raise self._refused("names no field")

    def _subscript(self, node: ast.Subscript) -> pl.Expr:
        if isinstance(node.value, ast.Dict):
            return self._looked_up(node.value, self._expr(node.slice))
        return self._field(self._dotted(node))

    def _looked_up(self, table: ast.Dict, key: pl.Expr) -> pl.Expr:
        """Return what a table says of a value; nothing where it doesn't name it."""
        pairs = {
            str(self._value(k)): self._value(v) for k, v in zip(table.keys, table.values, strict=True) if k is not None
        }
        if len(pairs) != len(table.keys):
            raise self._refused("has a table that names a value twice")
        kind = pl.String if any(isinstance(value, str) for value in pairs.values()) else pl.Float64
        values = [value if kind == pl.String else float(value) for value in pairs.values()]
        return key.cast(pl.String).replace_strict(list(pairs), values, default=None, return_dtype=kind)

    def _value(self, node: ast.expr) -> Any:
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            return -node.operand.value  # type: ignore[operator]
        if isinstance(node, ast.Constant) and isinstance(node.value, (str, int, float, bool, type(None))):
            return node.value
        raise self._refused("wants a plain value where something else stands")

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
            values = [self._value(each) for each in b.elts]
            known = self._as_written(self._expr(a), values).is_in(values).fill_null(value=False)
            return known if isinstance(op, ast.In) else known.not_()
        if type(op) not in COMPARED:
            raise self._refused(f"compares by {type(op).__name__}")
        left, right = self._alike(a, b)
        same: pl.Expr = COMPARED[type(op)](left, right)
        return same.fill_null(isinstance(op, ast.NotEq))

    def _alike(self, a: ast.expr, b: ast.expr) -> tuple[pl.Expr, pl.Expr]:
        """Compare a field with a text as text, so that 1 and "1" are the same."""
        texts = [isinstance(side, ast.Constant) and isinstance(side.value, str) for side in (a, b)]
        left, right = self._expr(a), self._expr(b)
        return (left.cast(pl.String), right.cast(pl.String)) if any(texts) else (left, right)

    def _as_written(self, value: pl.Expr, among: list[Any]) -> pl.Expr:
        return value.cast(pl.String) if any(isinstance(each, str) for each in among) else value

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
            text = any(isinstance(side, ast.Constant) and isinstance(side.value, str) for side in ast.walk(node))
            return pl.concat_str([left, right]) if text else add(left.cast(pl.Float64), right.cast(pl.Float64))
        if type(node.op) not in COUNTED:
            raise self._refused(f"has a {type(node.op).__name__}, which a mapping doesn't know")
        return COUNTED[type(node.op)](left.cast(pl.Float64), right.cast(pl.Float64))  # type: ignore[no-any-return]

    def _ifexp(self, node: ast.IfExp) -> pl.Expr:
        return (
            pl.when(self._expr(node.test).cast(pl.Boolean))
            .then(self._expr(node.body))
            .otherwise(self._expr(node.orelse))
        )

    def _call(self, node: ast.Call) -> pl.Expr:
        if not isinstance(node.func, ast.Name) or node.func.id not in CALLS or len(node.args) != 1 or node.keywords:
            raise self._refused("calls what a mapping doesn't know")
        return CALLS[node.func.id](self._expr(node.args[0]))


CALLS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "lower": lambda value: value.cast(pl.String).str.to_lowercase(),
    "text": lambda value: value.cast(pl.String),
    "number": lambda value: value.cast(pl.Float64, strict=False),
    "percent": lambda value: value.cast(pl.Float64, strict=False) / 100,
    "missing": lambda value: value.is_null(),
}
