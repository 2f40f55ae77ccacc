"""JSON in its three containers: a value a line, one array, or values spread over several lines."""

import re
from collections.abc import Iterator
from dataclasses import replace
from json import JSONDecodeError
from typing import IO, Any

from tuning.datasets.convert.conversion_refusals import RecordRefusedError
from tuning.datasets.convert.sources.raw import Raw, lines, text, too_large
from tuning.datasets.convert.sources.strict_json import loads, next_value

MAX_SPREAD = 256 * 1024 * 1024
"""Bytes of a JSON file that is not JSONL: it has to be held in memory to be cut into records."""

_SPACE = re.compile(r"[ \t\r\n]*")
_BETWEEN = re.compile(r"[ \t\r\n]*([,\]]?)[ \t\r\n]*")


def jsonl(stream: IO[bytes]) -> Iterator[Raw]:
    """One object a line; blank lines are none."""
    for number, piece in lines(stream):
        if piece is None:
            yield Raw(line=number, value=too_large(number))
        elif piece.strip():
            yield Raw(line=number, value=_decoded(piece, number))


def spread(stream: IO[bytes]) -> Iterator[Raw]:
    """The elements of one array, or objects that follow one another over several lines.

    Stops at the first fault of syntax: behind it nobody knows where a record begins.
    """
    for line, value in _values(stream):
        if isinstance(value, dict | RecordRefusedError):
            yield Raw(line=line, value=value)
        else:
            yield Raw(line=line, value=_no_object(line))


def _decoded(piece: bytes, line: int) -> Any:
    try:
        value = loads(text(piece.rstrip(b"\r\n"), line))
    except RecordRefusedError as refusal:
        return refusal
    except ValueError as error:
        return _unsound(error, line)
    return value if isinstance(value, dict) else _no_object(line)


def _values(stream: IO[bytes]) -> Iterator[tuple[int, Any]]:
    held = stream.read(MAX_SPREAD + 1)
    if len(held) > MAX_SPREAD:
        yield 1, _too_long()
        return
    try:
        whole = text(held, 1)
    except RecordRefusedError:
        yield _undecodable(held)
        return
    del held
    yield from _cut(whole)


def _cut(whole: str) -> Iterator[tuple[int, Any]]:
    at, line, seen = _skip(whole, 0), 1, 0
    array = whole.startswith("[", at)
    if array:
        at = _skip(whole, at + 1)
        if whole.startswith("]", at):
            return
    while at < len(whole):
        line, seen = line + whole.count("\n", seen, at), at
        try:
            value, end = next_value(whole, at)
        except ValueError as error:
            yield line, replace(_unsound(error, line), ends=True)
            return
        yield line, value
        between = _BETWEEN.match(whole, end)
        mark, at = (between[1], between.end()) if between else ("", end)
        if array and mark == "]" and at == len(whole):
            return
        if (mark == "," and not array) or (array and mark != ","):
            line += whole.count("\n", seen, at)
            fault = ValueError("a comma or the end was expected here")
            yield line, replace(_unsound(fault, line), ends=True)
            return
    if array:
        fault = ValueError("the array has no end")
        yield line, replace(_unsound(fault, line), ends=True)


def _skip(whole: str, at: int) -> int:
    space = _SPACE.match(whole, at)
    return space.end() if space else at


def _undecodable(held: bytes) -> tuple[int, RecordRefusedError]:
    for number, piece in enumerate(held.split(b"\n"), 1):
        try:
            text(piece, number)
        except RecordRefusedError as refusal:
            return number, replace(refusal, ends=True)
    raise AssertionError("UTF-8 is sound line by line exactly when it is sound as a whole")


def _unsound(error: ValueError, line: int) -> RecordRefusedError:
    column = None
    message = f"not sound JSON: {error}"
    if isinstance(error, JSONDecodeError):
        line, column, message = line + error.lineno - 1, error.colno, f"not JSON: {error.msg}"
    return RecordRefusedError(
        rule="CV102",
        message=message,
        fix="Write the record with a JSON library, as strict JSON in UTF-8.",
        line=line,
        column=column,
    )


def _no_object(line: int) -> RecordRefusedError:
    return RecordRefusedError(
        rule="CV103",
        message="the record is not a JSON object",
        fix='Write one object a record, such as {"prompt": "…", "completion": "…"}.',
        line=line,
    )


def _too_long() -> RecordRefusedError:
    return RecordRefusedError(
        rule="CV105",
        message=f"a JSON file over {MAX_SPREAD // 1024 // 1024} MiB that is not one record a line",
        fix="Write it as JSONL, such as: jq -c '.[]' FILE",
        line=1,
        ends=True,
    )
