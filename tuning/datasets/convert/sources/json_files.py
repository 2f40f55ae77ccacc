"""JSON in its containers: a value a line, one array, or values that follow one another."""

import re
from collections.abc import Iterator
from dataclasses import replace
from json import JSONDecodeError
from typing import IO, Any

from tuning.datasets.convert.conversion_refusals import RecordRefusedError
from tuning.datasets.convert.options import Options
from tuning.datasets.convert.sources.raw import (
    END_OF_FILE,
    Notes,
    Raw,
    decoded,
    numbered_lines,
    record_too_large,
    visible_names,
)
from tuning.datasets.convert.sources.strict_json import PYTHONS, loads, next_value, python_object
from tuning.datasets.malformed import malformed_at

MAX_SPREAD = 256 * 1024 * 1024
"""Bytes of a JSON file that is not JSONL: it has to be held in memory to be cut into records."""

_SPACE = re.compile(r"[ \t\r\n\x1e]*")
_BETWEEN = re.compile(r"[ \t\r\n\x1e]*([,\]]?)[ \t\r\n\x1e]*")
_SEPARATOR = b"\x1e"
"""Before each record of a JSON text sequence: https://www.rfc-editor.org/rfc/rfc7464"""
_UNSEEN = re.compile(
    rb"(?:\xc2[\xa0\xad]|\xe2\x80[\x8b-\x8f]|\xe2\x81[\xa0-\xa4]|\xef\xbb\xbf)+(?=[ \t]*[{\[])"
)
_FOLLOWED = re.compile(rb"\}[ \t]*(?:\{|,[ \t]*(?:\{\"|[\r\n]|\Z))")
"""Where a record may end on a line that goes on."""
_APART = "lines with several records, cut apart"
_COMMAS = "commas between the records left out"
_ENCODED = "records encoded twice, decoded twice"
_NOTATION = "records in Python's notation read"
REWRITTEN = frozenset({_APART, _COMMAS, _ENCODED, _NOTATION})
"""What is noted of lines that are no record as they are in the file."""
_SEPARATED = "record separators (RS) left out"


def jsonl(stream: IO[bytes], notes: Notes, _: Options) -> Iterator[Raw]:
    """One object a line; blank lines are none. Of a line with several sound ones each is read."""
    count = 0
    for number, piece in numbered_lines(stream, notes):
        if piece is None:
            yield Raw(line=number, value=record_too_large(number))
            continue
        piece = _bare(piece, notes)  # noqa: PLW2901 — the same line without what is around the record
        if piece.strip():
            notes.seen(piece)
            value = _decoded(piece, number, notes)
            unsound = isinstance(value, RecordRefusedError) and value.rule == "CV102"
            several = _several(piece, number, notes) if unsound else []
            for raw in several or [Raw(line=number, value=value, size=len(piece))]:
                count += 1
                yield replace(raw, number=count) if raw.column else raw


def _several(piece: bytes, line: int, notes: Notes) -> list[Raw]:
    """The records of a line that holds several, or a comma behind one; none when anything else is on it."""
    if not _FOLLOWED.search(piece) or not piece.lstrip().startswith(b"{"):
        return []
    apart = Notes()
    found = []
    try:
        for _, column, value in _cut(decoded(piece, line), apart):
            if not isinstance(value, dict):
                return []
            found.append(Raw(line=line, value=_object(value, line, notes), column=column or 1))
    except RecordRefusedError:
        return []
    notes.update(apart)
    if len(found) > 1:
        notes[_APART] += 1
    return found


def _bare(piece: bytes, notes: Notes) -> bytes:
    """A line without separators and without what nobody sees around its record."""
    if _SEPARATOR in piece[:1] + piece[-3:]:
        notes[_SEPARATED] += 1
        piece = piece.rstrip(_SEPARATOR + b"\r\n").lstrip(_SEPARATOR) + b"\n"
    if piece[:1] > b"\x7f" and (unseen := _UNSEEN.match(piece)):
        notes["invisible characters before a record left out"] += 1
        piece = piece[unseen.end() :]
    return piece


def spread(stream: IO[bytes], notes: Notes, _: Options) -> Iterator[Raw]:
    """The elements of one array, or objects that follow one another, also on one line or after commas.

    Stops at the first fault of syntax: behind it nobody knows where a record begins.
    """
    for number, (line, column, value) in enumerate(_values(stream, notes), 1):
        read = value if isinstance(value, RecordRefusedError) else _object(value, line, notes)
        yield Raw(line=line, value=read, number=number if column else None, column=column)


def records_inside(raw: Raw, path: str, notes: Notes) -> Iterator[Raw]:
    """The records in a list of an object that wraps them, numbered from 1; dots lead into objects.

    A star stands for every value, as where each record has a name.
    """
    if isinstance(raw.value, RecordRefusedError):
        yield raw
        return
    held: Any = [*raw.value.values()] if path == "*" else raw.value
    for name in path.split(".") if path != "*" else ():
        held = held.get(name) if isinstance(held, dict) else None
    if not isinstance(held, list):
        fields = ", ".join(raw.value)[:200]
        fault = RecordRefusedError(
            rule="CV202",
            message=f"{path!r} is not a list of records",
            fix=f"Name a field that holds a list; fields here: {fields}.",
            ends=True,
        )
        yield replace(raw, value=fault)
        return
    notes[f"records taken out of {path!r}, and numbered"] += len(held)
    for number, value in enumerate(held, 1):
        yield Raw(line=number, value=_object(value, number, notes))


def _decoded(piece: bytes, line: int, notes: Notes) -> Any:
    whole = ""
    try:
        whole = decoded(piece.rstrip(b"\r\n"), line)
        return _object(_once(loads(whole), notes), line, notes)
    except RecordRefusedError as refusal:
        return refusal
    except ValueError as error:
        odd = isinstance(error, JSONDecodeError) and whole.startswith(PYTHONS, error.pos)
        value = python_object(whole) if odd else None
        if value is None:
            return _unsound(whole, error, line)
        notes[_NOTATION] += 1
        return _object(value, line, notes)


def _once(value: Any, notes: Notes) -> Any:
    """The value; the one inside when it was encoded twice."""
    if not isinstance(value, str) or not value.lstrip().startswith("{"):
        return value
    notes[_ENCODED] += 1
    return loads(value)


def _object(value: Any, line: int, notes: Notes) -> dict[str, Any] | RecordRefusedError:
    """The record; a list of messages by itself is one too."""
    if isinstance(value, dict):
        return value if "".join(value).isascii() else visible_names(value, notes)
    if (
        isinstance(value, list)
        and value
        and all(isinstance(m, dict) and "role" in m for m in value)
    ):
        return {"messages": value}
    return _no_object(line)


def _values(stream: IO[bytes], notes: Notes) -> Iterator[tuple[int, int | None, Any]]:
    """Each value with its line, and with its column where it is not alone there."""
    held = stream.read(MAX_SPREAD + 1)
    if len(held) > MAX_SPREAD:
        yield 1, None, _too_long()
        return
    try:
        whole = decoded(held, 1)
    except RecordRefusedError:
        line, refusal = _undecodable(held, notes)
        yield line, None, refusal
        return
    del held
    if whole.endswith(END_OF_FILE.decode()):
        notes["end-of-file mark (Ctrl-Z) left out"] += 1
        whole = whole.rstrip(END_OF_FILE.decode())
    if separators := whole.count(_SEPARATOR.decode()):
        notes[_SEPARATED] += separators
    yield from _cut(whole, notes)


def _cut(whole: str, notes: Notes) -> Iterator[tuple[int, int | None, Any]]:
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
            slip = whole.startswith("]", at)
            cause = ValueError("a comma too many before ]") if slip else error
            yield line, None, replace(_unsound(whole, cause, line), ends=True)
            return
        begin = whole.rfind("\n", 0, at) + 1
        alone = not whole[begin:at].strip()
        yield line, None if alone else at - begin + 1, value
        between = _BETWEEN.match(whole, end)
        mark, at = (between[1], between.end()) if between else ("", end)
        if array and mark == "]" and at == len(whole):
            return
        if mark == "," and not array:
            notes[_COMMAS] += 1
        elif mark == "]" or (array and mark != ","):
            line += whole.count("\n", seen, at)
            fault = ValueError("a comma or the end was expected here")
            yield line, None, replace(_unsound(whole, fault, line), ends=True)
            return
    if array:
        fault = ValueError("the array has no end")
        yield line, None, replace(_unsound(whole, fault, line), ends=True)


def _skip(whole: str, at: int) -> int:
    space = _SPACE.match(whole, at)
    return space.end() if space else at


def _undecodable(held: bytes, notes: Notes) -> tuple[int, RecordRefusedError]:
    first: tuple[int, RecordRefusedError] | None = None
    for number, piece in enumerate(held.split(b"\n"), 1):
        notes.seen(piece)
        try:
            decoded(piece, number) if first is None else None
        except RecordRefusedError as refusal:
            first = number, replace(refusal, ends=True)
    assert first  # noqa: S101 — UTF-8 is sound line by line exactly when it is sound as a whole
    return first


def _unsound(whole: str, error: ValueError, line: int) -> RecordRefusedError:
    column = None
    message = f"not sound JSON: {error}"
    if isinstance(error, JSONDecodeError):
        line, column = line + error.lineno - 1, error.colno
        # Of a file that is one document, the line alone says what is wrong with it.
        begin = whole.rfind("\n", 0, error.pos) + 1
        end = whole.find("\n", error.pos)
        excerpt = whole[begin : end if end >= 0 else len(whole)]
        same = JSONDecodeError(error.msg, excerpt, error.pos - begin)
        message = f"not JSON: {malformed_at(excerpt, same).message}"
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
        fix="Write it as JSONL, such as: jq -c '.[]' PATH > train.jsonl",
        line=1,
        ends=True,
    )
