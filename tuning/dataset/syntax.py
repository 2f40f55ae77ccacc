"""Parses one line strictly, with the standard library, and says exactly where it is no JSON.

Stricter than `json.loads`: duplicate keys, NaN, half characters and absurd numbers are faults.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from tuning.dataset.formats.walk import Fault, inside, shown

MAX_DEPTH = 64
"""Levels of nesting. Sound records need about a dozen; parsers differ above some hundred."""
_MAX_DIGITS = 300
_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_NEST = (dict, list)
_HALF = re.compile("[\ud800-\udfff]")


class _Pairs(dict[str, Any]):
    """An object in which a key stood twice."""

    __slots__ = ("twice",)
    twice: list[str]


def parse(line: bytes) -> tuple[Any, list[Fault]]:  # noqa: PLR0911 — one return for each way to fail
    """The value of a line and what is wrong with its bytes or syntax; no value when unreadable."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        return None, [_undecodable(line, error)]
    if "\x00" in text:
        return None, [Fault("DS104", "a NUL byte stands in the line", None, text.index("\x00") + 1)]
    if text.startswith("\ufeff"):
        return None, [Fault("DS103", "a byte order mark stands before the record", None, 1)]
    decoder, odd = _strict()
    odd.clear()
    try:
        value = decoder.decode(text)
    except json.JSONDecodeError as error:
        return None, [_malformed(text, error)]
    except RecursionError:
        return None, [_too_deep(text)]
    if text.count("[") + text.count("{") > MAX_DEPTH and _deeper(value, MAX_DEPTH):
        return None, [_too_deep(text)]
    twice = [fault for fault in odd if fault.rule == "DS202"]
    if len(twice) < len(odd):
        return None, [_place(text, next(fault for fault in odd if fault not in twice))]
    faults = list(_twice(value, "")) if twice else []
    if "\\u" in text:
        faults.extend(_halves(value, ""))
    return value, faults


def _undecodable(line: bytes, error: UnicodeDecodeError) -> Fault:
    column = len(line[: error.start].decode("utf-8")) + 1
    byte = line[error.start]
    if re.match(rb"\xed[\xa0-\xbf]", line[error.start :]):
        return Fault("DS109", "half of a surrogate pair is stored as bytes", None, column)
    letter = bytes([byte]).decode("cp1252", "ignore")
    hint = f"; in Windows-1252 it would be {letter!r}" if letter.isprintable() and letter else ""
    return Fault("DS101", f"byte 0x{byte:02X} is not UTF-8{hint}", None, column)


@cache
def _strict() -> tuple[json.JSONDecoder, list[Fault]]:
    """A decoder, and where it notes what JSON does not allow; made once, for it takes its time."""
    odd: list[Fault] = []

    def constant(name: str) -> None:
        odd.append(Fault("DS203", f"{name} is no JSON number", name))

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
        odd.append(Fault("DS202", "a key stands twice"))
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
    """The column of an odd number: where it first stands outside of strings."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', lambda m: "_" * len(m[0]), text)
    at = bare.find(fault.field or "")
    return fault._replace(field=None, column=at + 1 if at >= 0 else None)


def _malformed(text: str, error: json.JSONDecodeError) -> Fault:
    at, column = error.pos, error.pos + 1
    if error.msg == "Extra data":
        return _extra(text, at)
    if error.msg.startswith("Invalid control character"):
        sign = text[at : at + 1]
        name = {"\t": "a tab", "\r": "a carriage return", "\n": "a line feed"}.get(
            sign, f"the control character U+{ord(sign or chr(0)):04X}"
        )
        return Fault("DS105", f"{name} stands raw inside a string", None, column)
    if not text[:at].strip() and text[at : at + 1] not in ("{", "["):
        fix = "Write one {…} object a line. If this is CSV or plain text: tuning convert PATH --model ID."
        return Fault(
            "DS201", "the line does not start with a brace: no JSON object", None, column, fix
        )
    return Fault("DS201", _explained(text, error), None, column)


def _extra(text: str, at: int) -> Fault:
    rest = text[at:].lstrip()
    if rest[:1] in ("{", "["):
        gap = text[:at]
        by_cr = "\r" in text[len(gap.rstrip()) : at + 1]
        hint = ": the line ends are carriage returns (old Mac)" if by_cr else ""
        return Fault("DS206", f"another value starts after the first one{hint}", None, at + 1)
    if rest[:1] == ",":
        return Fault(
            "DS201", "a comma stands after the record: lines are not joined by commas", None, at + 1
        )
    return Fault("DS201", "something stands after the record's closing brace", None, at + 1)


def _explained(  # noqa: C901, PLR0911, PLR0912 — one sentence for each slip
    text: str, error: json.JSONDecodeError
) -> str:
    """Python's message in the words of one who wrote the line."""
    at = error.pos
    here, rest = text[at : at + 1], text[at:]
    if not rest.strip():
        return "the line ends in the middle of the record"
    if here == "'":
        return "single quotes; JSON wants double quotes (this looks like a Python dict)"
    for python, right in (("None", "null"), ("True", "true"), ("False", "false")):
        if rest.startswith(python):
            return f"{python} is Python's spelling; JSON writes {right}"
    if here in "“”„":
        return "typographic quotes; JSON wants straight ones"
    match error.msg:
        case "Expecting ',' delimiter":
            return "a comma is missing, or a quote inside a text is not escaped"
        case "Expecting ':' delimiter":
            return "a colon is missing after the key"
        case "Expecting property name enclosed in double quotes":
            trailing = here == "}"
            return "a comma too many before }" if trailing else "a key in double quotes is missing"
        case "Illegal trailing comma before end of object":
            return "a comma too many before }"
        case "Illegal trailing comma before end of array":
            return "a comma too many before ]"
        case "Expecting value":
            return "a comma too many before ]" if here == "]" else "a value is missing"
        case "Unterminated string starting at":
            return "the string that starts here never ends"
        case _:
            return error.msg[0].lower() + error.msg[1:]


def _deeper(value: object, levels: int) -> bool:
    if isinstance(value, dict):
        return levels == 0 or any(
            _deeper(v, levels - 1) for v in value.values() if isinstance(v, _NEST)
        )
    if isinstance(value, list):
        return levels == 0 or any(_deeper(v, levels - 1) for v in value if isinstance(v, _NEST))
    return False


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


def _twice(value: object, at: str) -> Iterator[Fault]:
    if isinstance(value, _Pairs):
        for key in value.twice:
            yield Fault(
                "DS202", f"the key {shown(key)} stands twice in one object", inside(at, key)
            )
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _twice(item, inside(at, key))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _twice(item, f"{at}[{i}]")


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
