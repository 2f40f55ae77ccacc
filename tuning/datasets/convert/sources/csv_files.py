"""CSV, as spreadsheets and scripts write it: any of four delimiters, quoted line ends."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import IO

from tuning.datasets.convert.conversion_refusals import RecordRefusedError
from tuning.datasets.convert.sources.raw import MAX_RECORD, Raw, lines, text, too_large

_DELIMITERS = (",", ";", "\t", "|")
_SAMPLE = 50
_FORMULA = re.compile(r"=\s*@?[A-Za-z][\w.]*\(.*\)\s*|[=+@-]\s*cmd\s*\|.*", re.DOTALL)
_ERRORS = frozenset({"#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!"})

_Row = tuple[int, list[str] | RecordRefusedError]


def table(stream: IO[bytes]) -> Iterator[Raw]:
    """Each row as an object of its named columns; an empty cell is a field that is not there.

    A fault of the header, of the bytes or of the quoting ends the file: nobody knows where the
    next row begins.
    """
    rows = _rows(stream)
    for line, head in islice(rows, 1):
        if fault := head if isinstance(head, RecordRefusedError) else _bad_header(head, line):
            yield Raw(line=line, value=fault)
            return
        names = [name.strip() for name in head] if isinstance(head, list) else []
        for number, (start, row) in enumerate(rows, 1):
            yield Raw(line=start, value=_record(names, row, start, number))


def delimiter(sample: list[str]) -> str:
    """The delimiter that cuts most of the sampled rows into as many cells as the header has."""
    best, most = ",", (0, 0)
    for mark in _DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(sample, delimiter=mark) if row]
        except csv.Error:
            continue
        # The last sampled row may be cut off inside a quoted cell.
        whole = widths[:-1] if len(widths) > 1 else widths
        fit = sum(width == widths[0] for width in whole)
        if widths and widths[0] > 1 and (fit, widths[0]) > most:
            best, most = mark, (fit, widths[0])
    return best


def _rows(stream: IO[bytes]) -> Iterator[_Row]:
    # The limit is of the process: https://docs.python.org/3/library/csv.html#csv.field_size_limit
    csv.field_size_limit(MAX_RECORD)
    start = 1
    decoded = _decoded(stream)
    try:
        sample = list(islice(decoded, _SAMPLE))
        reader = csv.reader(chain(sample, decoded), delimiter=delimiter(sample), strict=True)
        for row in reader:
            if row:
                yield start, row
            start = reader.line_num + 1
    except RecordRefusedError as refusal:
        yield refusal.line or start, replace(refusal, ends=True)
    except csv.Error as error:
        yield start, _quoting(error, start)


def _decoded(stream: IO[bytes]) -> Iterator[str]:
    for number, piece in lines(stream):
        if piece is None:
            raise too_large(number)
        if b"\0" in piece:
            raise RecordRefusedError(
                rule="CV101",
                message="a NUL byte: this is not text",
                fix="Export the table again, as CSV in UTF-8.",
                line=number,
                column=piece.index(b"\0") + 1,
            )
        yield text(piece, number)


def _bad_header(names: list[str], line: int) -> RecordRefusedError | None:
    stripped = [name.strip() for name in names]
    twice = [name for name in stripped if stripped.count(name) > 1]
    if all(stripped) and not twice:
        return None
    message = f"two columns are named {twice[0][:40]!r}" if twice else "a column has no name"
    if twice and not twice[0]:
        message = "two columns have no name"
    return RecordRefusedError(
        rule="CV104",
        message=f"the first row must name the columns: {message}",
        fix="Give each column a name of its own.",
        line=line,
        ends=True,
    )


def _record(
    names: list[str], row: list[str] | RecordRefusedError, line: int, number: int
) -> dict[str, str] | RecordRefusedError:
    if isinstance(row, RecordRefusedError):
        return row
    if len(row) != len(names):
        return RecordRefusedError(
            rule="CV104",
            message=f"row {number} has {len(row)} cells, the header {len(names)}",
            fix="Put cells that hold the delimiter or a line end in double quotes.",
            line=line,
        )
    return _formula(zip(names, row, strict=True), number, line) or {
        name: cell for name, cell in zip(names, row, strict=True) if cell
    }


def _formula(cells: Iterable[tuple[str, str]], number: int, line: int) -> RecordRefusedError | None:
    for name, cell in cells:
        if cell[:1] in "=+@-#" and (cell.strip() in _ERRORS or _FORMULA.fullmatch(cell)):
            return RecordRefusedError(
                rule="CV107",
                message=f"row {number} holds a spreadsheet's formula or error instead of text",
                fix="Export the values of the cells, not their formulas.",
                field=name,
                line=line,
            )
    return None


def _quoting(error: csv.Error, line: int) -> RecordRefusedError:
    return RecordRefusedError(
        rule="CV104",
        message=f"the row that begins here is badly quoted: {error}",
        fix='Close each quote; inside a quoted cell write a quote as "".',
        line=line,
        ends=True,
    )
