"""Rows of cells, of a text table or of a workbook, as records of named columns."""

import re
from collections.abc import Iterator, Sequence

from tuning.datasets.convert.conversion_refusals import Option, RecordRefusedError
from tuning.datasets.convert.options import Options
from tuning.datasets.convert.sources.raw import INVISIBLE, Notes, Raw
from tuning.datasets.convert.suggestions import commonly_named

_FORMULA = re.compile(r"=\s*@?[A-Za-z][\w.]*\(.*\)\s*|[=+@-]\s*cmd\s*\|.*", re.DOTALL)
_ERRORS = frozenset(
    {"#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"}
)
_UNNAMED = re.compile(r"(Unnamed: \d+)?")
"""How pandas calls a column without a name, and how it writes the one of its index."""
_INDEX = re.compile(r"\d+(\.0)?")
_SENTENCE = re.compile(r"\S+(\s+\S+){5,}|.*[.?!。？！]", re.DOTALL)  # noqa: RUF001 — full-width marks end sentences
_NUMBER = re.compile(r"[-+]?\d+([.,]\d+)?")
_NAME = 60

Row = tuple[int, Sequence[str] | RecordRefusedError]
"""The line where it begins, and its cells."""


class Rows:
    """Reads the rows of one table."""

    def __init__(self, notes: Notes, options: Options) -> None:
        self._notes = notes
        self._given = options.columns
        self._nameless = any(map(_unnamed, options.columns))

    def records(self, rows: Iterator[Row]) -> Iterator[Raw]:
        """Each row as an object; the first row names the columns, unless the options do."""
        names: list[str] = list(self._given)
        for number, (line, row) in enumerate(rows, 1 if self._given else 0):
            if isinstance(row, RecordRefusedError):
                yield Raw(line=line, value=row)
                if row.ends:
                    return
            elif not "".join(row).strip():
                self._notes["empty rows left out"] += 1
            elif names:
                value = self._record(names, row, line, number)
                yield Raw(line=line, value=value, size=sum(map(len, row)))
                if isinstance(value, RecordRefusedError) and value.ends:
                    return
            else:
                names = [self._cleaned(name) for name in row]
                if fault := _bad_header(names, line):
                    yield Raw(line=line, value=fault)
                    return
                self._nameless = any(map(_unnamed, names))

    def _record(
        self, names: list[str], row: Sequence[str], line: int, number: int
    ) -> dict[str, str] | RecordRefusedError:
        if len(row) != len(names):
            if len(names) == 1:
                return _titled(len(row), line)
            return RecordRefusedError(
                rule="CV104",
                message=f"row {number} has {len(row)} cells, the header {len(names)}",
                fix="Put cells that hold the delimiter or a line end in double quotes.",
                line=line,
            )
        cells = {name: cell for name, cell in zip(names, row, strict=True) if cell}
        for name, cell in cells.items():
            if cell[0] in "=+@-#" and (cell.strip() in _ERRORS or _FORMULA.fullmatch(cell)):
                return _formula(name, number, line)
        return self._named(names, row) if self._nameless else cells

    def _named(self, names: list[str], row: Sequence[str]) -> dict[str, str]:
        """A row of a table with columns without a name: empty ones, or the index of pandas.

        One that holds text is called by its number, and refused unless it is given up.
        """
        cells: dict[str, str] = {}
        for number, (name, cell) in enumerate(zip(names, row, strict=True), 1):
            if not _unnamed(name):
                cells.update({name: cell} if cell else {})
            elif _INDEX.fullmatch(cell.strip()):
                self._notes["cells of an index column without a name left out"] += 1
            elif cell.strip():
                cells[name or f"column{number}"] = cell
        return cells

    def _cleaned(self, name: str) -> str:
        if found := INVISIBLE.search(name):
            self._notes[f"invisible U+{ord(found[0]):04X} removed from a column's name"] += 1
        return INVISIBLE.sub("", name).strip()


def _unnamed(name: str) -> bool:
    return _UNNAMED.fullmatch(name) is not None


def _formula(name: str, number: int, line: int) -> RecordRefusedError:
    return RecordRefusedError(
        rule="CV107",
        message=f"row {number} holds a spreadsheet's formula or error instead of text",
        fix="Export the values of the cells, not their formulas.",
        field=name or None,
        line=line,
    )


def _titled(cells: int, line: int) -> RecordRefusedError:
    return RecordRefusedError(
        rule="CV104",
        message=f"the first row has one cell and this one {cells}: there is a title above the names",
        fix="Remove the lines above the row that names the columns.",
        line=line,
        ends=True,
    )


def _bad_header(names: list[str], line: int) -> RecordRefusedError | None:
    named = [name for name in names if name]
    twice = next((name for name in named if named.count(name) > 1), None)
    if len(names) == 1 or (named and not twice and not _looks_like_data(named)):
        return None
    if twice and commonly_named(named):
        message = f"two columns are named {twice[:40]!r}"
    elif len(named) == 1 and len(names) > 1 and not commonly_named(named):
        message = "it has a title, perhaps, and the names come later"
    elif not named:
        message = "a column has no name"
    else:
        message = f"it looks like a record: {'; '.join(named)[:_NAME]!r}"
    return RecordRefusedError(
        rule="CV104",
        message=f"the first row must name the columns: {message}",
        fix="Give each column a name of its own in the first row, or name them with --columns, "
        "such as --columns prompt,completion.",
        line=line,
        ends=True,
        options=_headless(names) if not twice or not commonly_named(named) else (),
    )


def _looks_like_data(names: list[str]) -> bool:
    """Whether a first row is a record, not names: sentences or numbers, and nothing that is known."""
    if commonly_named(names):
        return False
    return any(
        len(name) > _NAME or _SENTENCE.fullmatch(name) or _NUMBER.fullmatch(name) for name in names
    )


def _headless(names: list[str]) -> tuple[Option, ...]:
    """Names for the columns of a table that has none; which hold the texts, the longest cells say."""
    texts = [i for i, name in enumerate(names) if name and not _NUMBER.fullmatch(name)]
    longest = sorted(sorted(texts, key=lambda i: -len(names[i]))[:2])
    wanted = dict(zip(longest, ("prompt", "completion"), strict=False))
    called = [wanted.get(i, f"column{i + 1}") for i in range(len(names))]
    drops = tuple(("--drop", name) for name in called if name.startswith("column"))
    return (
        (("--columns", ",".join(called)), *drops)
        if len(wanted) == len(("prompt", "completion"))
        else ()
    )
