"""CSV, as spreadsheets and scripts write it: any of four delimiters, quoted line ends."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import IO

from tuning.datasets.convert.conversion_refusals import RecordRefusedError
from tuning.datasets.convert.options import Options
from tuning.datasets.convert.sources.raw import (
    MAX_RECORD,
    Notes,
    Raw,
    decoded,
    no_text,
    numbered_lines,
    record_too_large,
)
from tuning.datasets.convert.sources.table_rows import Rows

_DELIMITERS = (",", ";", "\t", "|")
_SAMPLE = 500
"""Lines that choose the delimiter."""
_SEPARATOR = re.compile(r'("?)sep=(.)\1\r?\n?')
"""What Excel reads and writes as a first line to name the delimiter."""

_Row = tuple[int, list[str] | RecordRefusedError]


def read_csv(stream: IO[bytes], notes: Notes, options: Options) -> Iterator[Raw]:
    """Each row as an object of its named columns; an empty cell is a field that is not there.

    A fault of the header, of the bytes or of the quoting ends the file: nobody knows where the
    next row begins.
    """
    yield from Rows(notes, options).records(_rows(stream, notes))


def delimiter(sample: Sequence[str]) -> str:
    """The delimiter that cuts most of the sampled rows into the same number of cells, of two or more."""
    best, most = ",", (0, 0)
    for mark in _DELIMITERS:
        widths = Counter(width for width in _widths(sample, mark) if width > 1)
        if widths and (fit := max((count, width) for width, count in widths.items())) > most:
            best, most = mark, fit
    return best


def _widths(sample: Sequence[str], mark: str) -> list[int]:
    """Cells of each row, as far as the quotes are sound with this delimiter."""
    widths: list[int] = []
    try:
        widths.extend(len(row) for row in csv.reader(sample, delimiter=mark, strict=True) if row)
    except csv.Error:
        return widths
    # The last sampled row may be cut off inside a quoted cell.
    return widths[:-1] if len(widths) > 1 else widths


def _rows(stream: IO[bytes], notes: Notes) -> Iterator[_Row]:
    # The limit is of the process: https://docs.python.org/3/library/csv.html#csv.field_size_limit
    csv.field_size_limit(MAX_RECORD)
    begin = start = 1
    decoded = _decoded(stream, notes)
    try:
        sample = list(islice(decoded, _SAMPLE))
        named = _SEPARATOR.fullmatch(sample[0]) if sample else None
        if named:
            notes["line that names the delimiter (sep=) left out"] += 1
            begin = start = 2
            sample = sample[1:]
        mark = named[2] if named else delimiter(sample)
        reader = csv.reader(chain(sample, decoded), delimiter=mark, strict=True)
        for row in reader:
            if row:
                yield start, row
            start = reader.line_num + begin
    except RecordRefusedError as refusal:
        yield refusal.line or start, replace(refusal, ends=True)
    except csv.Error as error:
        yield start, _quoting(error, start)


def _decoded(stream: IO[bytes], notes: Notes) -> Iterator[str]:
    rows = numbered_lines(stream, notes)
    for number, piece in rows:
        if piece is None:
            raise record_too_large(number)
        if b"\0" in piece:
            raise no_text(piece, number, "Export the table again, as CSV in UTF-8.")
        notes.seen(piece)
        try:
            yield decoded(piece, number)
        except RecordRefusedError:
            for _, rest in rows:  # whether the rest is in UTF-8 decides on what is advised
                notes.seen(rest or b"")
            raise


def _quoting(error: csv.Error, line: int) -> RecordRefusedError:
    return RecordRefusedError(
        rule="CV104",
        message=f"the row that begins here is badly quoted: {error}",
        fix='Close each quote; inside a quoted cell write a quote as "".',
        line=line,
        ends=True,
    )
