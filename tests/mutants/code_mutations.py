"""Mutants of a source file: the code as it is, but for one change that a programmer could have made.

The generic operators change what any program has: comparisons, numbers, branches, calls. Those of
`aws_mutations.py` are faults of programs that call AWS. What is left alone: what a log says, what an
exception says, assertions, and annotations.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SWAPS = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
}
_LOGS = {"logger", "metrics"}


@dataclass(frozen=True, kw_only=True)
class Place:
    """A node, and where it hangs in its tree."""

    node: Any
    parent: ast.AST
    name: str
    """Of the parent's field."""
    index: int | None
    """In the field, if that is a list."""
    function: str
    """With its class, as `Ledger.item`; empty outside of functions."""
    statement: ast.stmt
    within: tuple[ast.AST, ...]
    """The node's ancestors, from the module down."""

    def put(self, node: Any) -> None:
        if self.index is None:
            setattr(self.parent, self.name, node)
        else:
            getattr(self.parent, self.name)[self.index] = node


@dataclass(frozen=True, kw_only=True)
class Mutant:
    path: str
    """From the root of the repository."""
    place: Place
    new: Any
    operator: str
    named: bool = False
    """Whether it is a fault of programs that call AWS; none of these may survive unargued."""
    text: tuple[str, ...] = field(repr=False)
    """The lines of the file."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What an argument names it by: no line number, which would change with the lines above."""
        line = self.text[self.place.node.lineno - 1].strip()
        return f"{self.path} {self.place.function}".strip(), line, self.operator

    @property
    def lines(self) -> range:
        """Of the statement that it is in; of its head, when it has a body."""
        statement = self.place.statement
        body = getattr(statement, "body", None)
        last = statement.end_lineno or statement.lineno
        if isinstance(body, list) and body and not isinstance(statement, ast.Match):
            last = max(statement.lineno, body[0].lineno - 1)
        return range(statement.lineno, last + 1)


def parsed(path: str) -> tuple[ast.Module, tuple[str, ...]]:
    source = (ROOT / path).read_text("utf-8")
    return ast.parse(source, path), tuple(source.splitlines())


def places(tree: ast.Module) -> Iterator[Place]:
    """Every node of which a change may show."""
    if tree.body:
        yield from _below(tree, (), (), tree.body[0])


def _below(
    node: ast.AST, within: tuple[ast.AST, ...], names: tuple[str, ...], statement: ast.stmt
) -> Iterator[Place]:
    for name, held in ast.iter_fields(node):
        if _left_alone(node, name):
            continue
        for index, child in enumerate(held if isinstance(held, list) else [held]):
            if not isinstance(child, ast.AST) or _says_only(child):
                continue
            own = child if isinstance(child, ast.stmt) else statement
            yield Place(
                node=child,
                parent=node,
                name=name,
                index=index if isinstance(held, list) else None,
                function=".".join(names)
                if any(isinstance(a, _FUNCTIONS) for a in (*within, node))
                else "",
                statement=own,
                within=(*within, node),
            )
            inner = (
                (*names, child.name) if isinstance(child, (*_FUNCTIONS, ast.ClassDef)) else names
            )
            yield from _below(child, (*within, node), inner, own)


def _left_alone(node: ast.AST, name: str) -> bool:
    """Annotations and decorators; and defaults, which belong to the function and not to its code."""
    return name in ("annotation", "returns", "decorator_list") or (
        isinstance(node, (*_FUNCTIONS, ast.Lambda)) and name == "args"
    )


def _says_only(node: ast.AST) -> bool:
    """What is logged or written into an exception is for people; assertions are for mypy."""
    if isinstance(node, ast.Assert | ast.Raise):
        return True
    call = node.value if isinstance(node, ast.Expr) else node
    return (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and ast.unparse(call.func.value) in _LOGS
    )


def generic(place: Place) -> Iterator[tuple[str, Any]]:
    """What becomes of the node, and how that is called."""
    if place.function and not isinstance(place.parent, ast.ClassDef):
        yield from _expressions(place.node)
        yield from _statements(place.node)


def _expressions(node: Any) -> Iterator[tuple[str, Any]]:
    match node:
        case ast.Compare(ops=[only]) if type(only) in _SWAPS:
            yield from _changed(node, ops=[_SWAPS[type(only)]()])
        case ast.BoolOp():
            yield from _changed(node, op=_SWAPS[type(node.op)]())
        case ast.BinOp() if type(node.op) in _SWAPS and not _is_text(node):
            yield from _changed(node, op=_SWAPS[type(node.op)]())
        case ast.UnaryOp(op=ast.Not()):
            yield "not dropped", node.operand
        case ast.Constant(value=bool()):
            yield f"{node.value} -> {not node.value}", _copied(node, ast.Constant(not node.value))
        case ast.Constant(value=int()):
            yield f"{node.value} -> {node.value + 1}", _copied(node, ast.Constant(node.value + 1))


def _statements(node: Any) -> Iterator[tuple[str, Any]]:
    match node:
        case ast.If() | ast.IfExp() | ast.While() if isinstance(
            node.test, ast.Name | ast.Attribute | ast.Call | ast.NamedExpr
        ):
            negated = _copied(node.test, ast.UnaryOp(ast.Not(), node.test))
            yield from _changed(node, said="condition negated", test=negated)
        case ast.Return(value=value) if value and ast.unparse(value) != "None":
            none = _copied(node, ast.Return(ast.Constant(None)))
            yield f"return {ast.unparse(value)} -> return None", none
        case ast.Expr(value=ast.Call()) | ast.AugAssign():
            yield f"dropped: {ast.unparse(node)}", _copied(node, ast.Pass())
        case ast.Continue():
            yield "continue -> break", _copied(node, ast.Break())


def _is_text(node: ast.BinOp) -> bool:
    return any(
        isinstance(side, ast.JoinedStr)
        or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        for side in (node.left, node.right)
    )


def _changed(node: Any, said: str = "", **fields: Any) -> Iterator[tuple[str, Any]]:
    kept = {name: getattr(node, name) for name in node._fields}
    new = _copied(node, type(node)(**kept | fields))
    yield said or f"{ast.unparse(node)} -> {ast.unparse(new)}", new


def _copied(old: ast.AST, new: ast.AST) -> ast.AST:
    return ast.fix_missing_locations(ast.copy_location(new, old))
