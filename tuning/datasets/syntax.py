"""Parses one line strictly, with the standard library, and says exactly where it is not JSON.

Stricter than `json.loads`: duplicate keys, NaN, half characters and absurd numbers are faults.

Nearly every line has none of these, and msgspec can tell most: it is as strict, and thrice as fast as
a decoder that takes notes. It does not see that a key appears twice. Two measures do, against the value
written anew as short as can be: a line hardly longer has no room for another key; and one of as many
quotation marks, none spelt out, has no other key. What neither proves is decoded again, with notes.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Annotated, Any

from msgspec import DecodeError, Meta, ValidationError
from msgspec.json import Decoder, Encoder

from tuning.datasets.formats.reserved_words import searcher
from tuning.datasets.formats.walk import Fault, inside, shown
from tuning.datasets.malformed import malformed_at, undecodable

MAX_DEPTH = 64
"""Levels of nesting. Sound records need about a dozen; parsers differ above some hundred."""
_MAX_DIGITS = 300
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_NEST = (dict, list)
_HALF = re.compile("[\ud800-\udfff]")
_MAY_BE_HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""An escape of a character's half, whether or not the other half follows: a record may have a thousand of other ones."""
_TWICE = len('"":1,')
"""The fewest bytes that a key takes that appears there once more."""
_SURE_DEPTH = 9  # of media in a record; every level doubles what the decoder has to know


def _plain(depth: int) -> Any:
    """The type of values without fractions, which could be written shorter than they are."""
    number = Annotated[int, Meta(ge=-(1 << 53), le=1 << 53)]
    inner: Any = _plain(depth - 1) if depth else str
    return str | number | bool | None | list[inner] | dict[str, inner]


@cache
def _decoder() -> Callable[[bytes], Any]:
    """Made when a first line has to be read exactly: its type takes longer than most modules."""
    return Decoder(_plain(_SURE_DEPTH)).decode


_encoded = Encoder().encode
_Path = tuple["_Path", str | int] | None
"""Where a value is, from its end; spelt out only where something is wrong."""


class _Pairs(dict[str, Any]):
    """An object in which a key appeared twice."""

    __slots__ = ("twice",)
    twice: list[str]


def parse(line: bytes) -> tuple[Any, list[Fault]]:
    """The value of a line and what is wrong with its bytes or syntax; no value when unreadable."""
    try:
        value = _decoder()(line)
    except ValidationError:
        return noted(line)  # a fraction, a great number, or deeper than most
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return noted(line, malformed=True)
    shortest = _encoded(value)
    if len(line) - len(shortest) < _TWICE or (
        _held(line, b'"') == _held(shortest, b'"') and not searcher(("\\u0022",))(line)
    ):
        return value, []
    return noted(line)


def _held(line: bytes, sign: bytes) -> int:
    # Replacing one byte is searched for by memchr, and so several times as fast as counting it.
    return len(line) - len(line.replace(sign, b""))


def noted(line: bytes, *, malformed: bool = False) -> tuple[Any, list[Fault]]:
    """As `parse`, by the standard library's decoder, which takes notes of all that is odd."""
    text = _legible(line)
    if isinstance(text, Fault):
        return None, [text]
    decoder, odd = _noting()
    odd.clear()
    try:
        if malformed:
            _stumble(text)
        value = decoder.decode(text)
    except json.JSONDecodeError as error:
        return None, [malformed_at(text, error)]
    except RecursionError:
        return None, [_too_deep(text)]
    if _held(line, b"[") + _held(line, b"{") > MAX_DEPTH and _deeper(value, MAX_DEPTH):
        return None, [_too_deep(text)]
    twice = [fault for fault in odd if fault.rule == "DS202"]
    if len(twice) < len(odd):
        return None, [_place(text, next(fault for fault in odd if fault not in twice))]
    faults: list[Fault] = []
    if twice:
        _twice(value, None, faults)
    if _MAY_BE_HALF.search(text):
        faults.extend(_halves(value, ""))
    return value, faults


def _legible(line: bytes) -> str | Fault:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        return undecodable(line, error)
    if "\x00" in text:
        return Fault("DS104", "there is a NUL byte in the line", None, text.index("\x00") + 1)
    if text.startswith("\ufeff"):
        return Fault("DS103", "there is a byte order mark before the record", None, 1)
    return text


def _stumble(text: str) -> None:
    """Fail where a decoder that takes notes would, in half its time, if the text is not JSON."""
    try:
        json.loads(text)
    except json.JSONDecodeError:
        raise
    except (ValueError, RecursionError):
        return  # a number or a depth that only the other has words for


@cache
def _noting() -> tuple[json.JSONDecoder, list[Fault]]:
    """A decoder, and where it notes what JSON does not allow; made once, for it takes its time."""
    odd: list[Fault] = []

    def constant(name: str) -> None:
        odd.append(Fault("DS203", f"{name} is not a JSON number", name))

    def integer(digits: str) -> int:
        if len(digits) > _MAX_DIGITS:
            odd.append(Fault("DS205", f"a number of {len(digits):,} digits", digits[:32]))
            return 0
        return int(digits)

    def real(digits: str) -> float:
        value = float(digits)
        if value in (float("inf"), float("-inf")):
            odd.append(Fault("DS205", f"{shown(digits)} is beyond what a number can hold", digits))
        return value

    def pairs(held: list[tuple[str, Any]]) -> dict[str, Any]:
        plain = dict(held)
        if len(plain) == len(held):
            return plain
        odd.append(Fault("DS202", "a key appears twice"))
        return _marked(held)

    decoder = json.JSONDecoder(
        parse_constant=constant,
        parse_int=integer,
        parse_float=real,
        object_pairs_hook=pairs,
    )
    return decoder, odd


def _marked(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    marked = _Pairs(pairs)
    seen: set[str] = set()
    marked.twice = [k for k, _ in pairs if k in seen or seen.add(k)]  # type: ignore[func-returns-value]  # set.add gives None
    return marked


def _place(text: str, fault: Fault) -> Fault:
    """The column of an odd number: where it first is outside of strings."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', lambda m: "_" * len(m[0]), text)
    at = bare.find(fault.field or "")
    return fault._replace(field=None, column=at + 1 if at >= 0 else None)


def _deeper(value: object, levels: int) -> bool:
    """Level by level: a call for each value would take as long as all else that is done with a record of tools."""
    level = [value] if isinstance(value, _NEST) else []
    for _ in range(levels):
        held = [inner.values() if isinstance(inner, dict) else inner for inner in level]
        level = [value for inner in held for value in inner if isinstance(value, _NEST)]
        if not level:
            return False
    return bool(level)


def _too_deep(text: str) -> Fault:
    """Where nesting passes MAX_DEPTH; without a column when it does not."""
    depth = 0
    for token in _TOKENS.finditer(text):
        sign = token[0]
        if sign in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                message = f"nested deeper than {MAX_DEPTH} levels"
                return Fault("DS204", message, None, token.start() + 1)
        elif sign in "]}":
            depth -= 1
    return Fault("DS204", f"nested deeper than {MAX_DEPTH} levels")


def _twice(value: object, at: _Path, faults: list[Fault]) -> None:
    if isinstance(value, _Pairs):
        where = _spelt(at)
        for key in value.twice:
            message = f"the key {shown(key)} appears twice in one object"
            faults.append(Fault("DS202", message, inside(where, key)))
    if isinstance(value, _NEST):
        items: Iterable[tuple[str | int, Any]]
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for step, item in items:
            if isinstance(item, _NEST):
                _twice(item, (at, step), faults)


def _spelt(at: _Path) -> str:
    if at is None:
        return ""
    before, last = _spelt(at[0]), at[1]
    return f"{before}[{last}]" if isinstance(last, int) else inside(before, last)


def _halves(value: object, at: str) -> Iterator[Fault]:
    if isinstance(value, str):
        if _HALF.search(value):
            yield Fault("DS109", "the text holds half of a surrogate pair", at or None)
    elif isinstance(value, dict):
        for key, item in value.items():
            if _HALF.search(key):
                yield Fault("DS109", "the key holds half of a surrogate pair", inside(at, key))
            yield from _halves(item, inside(at, key))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _halves(item, f"{at}[{i}]")
