"""Faults of programs that call AWS, made at every place of the source that could have them."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from code_mutations import ROOT, Place, parsed

_ALWAYS = "attribute_not_exists(mutant)"
"""A condition that holds of every item. Beside a condition it takes that away, and leaves its names and
values in use: DynamoDB refuses those that are not."""
_CONDITION = re.compile(r"attribute_(not_)?exists\(|^#[a-z]+ (=|<=?|>=?) :[a-z]+$")
_EMPTY = {"dict": "{}", "Iterator": "iter(())", "list": "[]", "Mapping": "{}", "set": "set()"}


def named(place: Place) -> Iterator[tuple[str, Any]]:
    """What becomes of the node, and how that is called."""
    yield from _stale(place)
    yield from _one_page(place)
    yield from _unconditional(place)
    yield from _unread(place)
    yield from _caught(place)


def _stale(place: Place) -> Iterator[tuple[str, Any]]:
    match place.node:
        case ast.keyword(arg="ConsistentRead", value=ast.Constant(value=True)):
            yield "read without consistency", _as(place, "f(ConsistentRead=False)").keywords[0]


def _one_page(place: Place) -> Iterator[tuple[str, Any]]:
    match place.node:
        case ast.Call(func=ast.Attribute(attr="paginate")):
            yield "one page instead of all", _as(place, f"[next(iter({ast.unparse(place.node)}))]")


def _unconditional(place: Place) -> Iterator[tuple[str, Any]]:
    """The whole condition does not count, or one of those that must all hold."""
    text = _text(place.node)
    if text is None or not _CONDITION.search(text) or _selects(place):
        return
    parts = text.split(" AND ")
    for n, part in enumerate(parts):
        weak = " AND ".join([*parts[:n], f"({part} OR {_ALWAYS})", *parts[n + 1 :]])
        yield f"condition dropped: {part}", _text_as(place, weak)


def _text(node: Any) -> str | None:
    """A literal text, with what is put into it in braces."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (
            str(each.value) if isinstance(each, ast.Constant) else f"{{{ast.unparse(each.value)}}}"
            for each in node.values
        )
        return "".join(parts)
    return None


def _text_as(place: Place, text: str) -> Any:
    return _as(place, ("f" if isinstance(place.node, ast.JoinedStr) else "") + repr(text))


def _selects(place: Place) -> bool:
    """Whether it is the condition that a query selects by, a name of a field, or part of an f-string."""
    if isinstance(place.parent, ast.JoinedStr | ast.FormattedValue | ast.Expr):
        return True
    return isinstance(place.parent, ast.keyword) and place.parent.arg != "ConditionExpression"


def _unread(place: Place) -> Iterator[tuple[str, Any]]:
    """Nothing is read: the answer is as if there were nothing. A second read among them."""
    match place.node:
        case ast.Call(func=ast.Attribute(attr=name)) if place.function and name in reads():
            if not isinstance(place.parent, ast.Expr):
                said = f"not asked: {ast.unparse(place.node)}"
                yield said, _as(place, reads()[name])


@cache
def reads() -> Mapping[str, str]:
    """Functions of the adapters that ask AWS, directly or by another, and may answer that there is nothing:
    by name, what they answer then.
    """
    functions = {
        node.name: node
        for file in sorted((ROOT / "tuning/aws").glob("*.py"))
        for node in ast.walk(parsed(file.relative_to(ROOT).as_posix())[0])
        if isinstance(node, ast.FunctionDef) and node.returns
    }
    asking = {name for name, node in functions.items() if "client" in _called(node)}
    while more := {n for n, f in functions.items() if asking & _called(f)} - asking:
        asking |= more
    answers = {name: _nothing(ast.unparse(functions[name].returns)) for name in asking}
    return {name: answer for name, answer in answers.items() if answer}


def _called(function: ast.FunctionDef) -> set[str]:
    calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return {each.attr if isinstance(each, ast.Attribute) else ast.unparse(each) for each in calls}


def _nothing(annotation: str) -> str | None:
    if annotation.endswith("| None"):
        return "None"
    return _EMPTY.get(annotation.split("[", maxsplit=1)[0])


def _caught(place: Place) -> Iterator[tuple[str, Any]]:
    """One class too many, or one too few. Whoever catches everything already cannot catch more."""
    node = place.node
    if not isinstance(node, ast.ExceptHandler) or node.type is None:
        return
    kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    widened = ast.ExceptHandler(type=_as(place, "Exception"), name=node.name, body=node.body)
    if "Exception" not in map(ast.unparse, kinds):
        yield f"catches everything, not {ast.unparse(node.type)}", _at(place, widened)
    for kind in kinds:
        fewer = ast.Tuple([each for each in kinds if each is not kind], ast.Load())
        narrowed = ast.ExceptHandler(type=fewer, name=node.name, body=node.body)
        yield f"does not catch {ast.unparse(kind)}", _at(place, narrowed)


def _as(place: Place, expression: str) -> Any:
    return _at(place, ast.parse(expression, mode="eval").body)


def _at(place: Place, new: ast.AST) -> Any:
    """The positions of what is parsed anew are those of another text; one is enough for all."""
    for node in ast.walk(new):
        if not hasattr(node, "lineno") or not isinstance(new, ast.ExceptHandler):
            ast.copy_location(node, place.node)
    return ast.fix_missing_locations(ast.copy_location(new, place.node))
