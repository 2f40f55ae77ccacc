"""A report's statistics as a table and histograms, whatever a checker counted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tuning.reports.chart import Bin

_HISTOGRAM = "_histogram"
_REMARK = "_are"
_UNITS = {"length": "characters"}
_NO_FIGURES = ("converted",)  # words by file: the page shows them beside the run


@dataclass(frozen=True, kw_only=True)
class Cell:
    text: str
    number: bool = True


@dataclass(frozen=True, kw_only=True)
class Table:
    columns: tuple[str, ...]
    """What was counted in: one a file."""
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    remarks: tuple[str, ...]
    """What a figure rests on, such as how tokens are estimated."""


@dataclass(frozen=True, kw_only=True)
class Histogram:
    file: str
    measure: str
    unit: str
    bins: tuple[Bin, ...]


def statistics_table(statistics: Mapping[str, Any]) -> Table | None:
    """Measures down, files across. None when nothing was counted."""
    columns = _columns(statistics)
    cells: dict[str, dict[str, Cell]] = {}
    for column, measures in columns.items():
        for name, value in _figures(measures):
            cells.setdefault(name, {})[column] = value
    if not cells:
        return None
    nothing = Cell(text="")
    rows = ((name, tuple(row.get(c, nothing) for c in columns)) for name, row in cells.items())
    return Table(columns=tuple(columns), rows=tuple(rows), remarks=_remarks(columns))


def histograms(statistics: Mapping[str, Any]) -> list[Histogram]:
    """Every histogram in the statistics, with the file it was counted in."""
    found = []
    for column, measures in _columns(statistics).items():
        for name, value in measures.items():
            if name.endswith(_HISTOGRAM) and value:
                measure = _words(name.removesuffix(_HISTOGRAM))
                unit = _UNITS.get(measure, measure)
                found.append(Histogram(file=column, measure=measure, unit=unit, bins=_bins(value)))
    return found


def _columns(statistics: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Figures of the whole are in a column of their own, before those of each file of which a record was read."""
    whole = {k: v for k, v in statistics.items() if not isinstance(v, Mapping)}
    files = {
        k: v
        for k, v in statistics.items()
        if isinstance(v, Mapping)
        and k not in _NO_FIGURES
        and v.get("compared_records", v.get("records")) != 0
    }
    return {**({"all": whole} if whole else {}), **files}


def _remarks(columns: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    said = (
        f"{_words(name.removesuffix(_REMARK)).capitalize()}: {value}"
        for measures in columns.values()
        for name, value in measures.items()
        if name.endswith(_REMARK)
    )
    return tuple(dict.fromkeys(said))


def _figures(measures: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Cell]]:
    for name, value in measures.items():
        if name.endswith((_HISTOGRAM, _REMARK)):
            continue
        words = f"{above}{_words(name)}"
        match value:
            case Mapping():
                yield from _figures(value, f"{words}: ")
            case None:
                continue
            case bool() | str():
                yield words, Cell(text=str(value), number=False)
            case int():
                yield words, Cell(text=f"{value:,}")
            case float():
                yield words, Cell(text=f"{value:,.6g}")
            case _:
                yield words, Cell(text=", ".join(map(str, value)), number=False)


def _bins(raw: Sequence[Mapping[str, int]]) -> tuple[Bin, ...]:
    """From `{"from", "below", "records"}`, one a bin that holds something, by powers of two."""
    bins: list[Bin] = []
    for one in raw:
        low, high = one["from"], one["below"]
        while bins and (end := bins[-1].high) is not None and end < low:
            bins.append(Bin(low=end, high=min(max(2 * end, 1), low), count=0))
        bins.append(Bin(low=low, high=high, count=one["records"]))
    return tuple(bins)


def _words(name: str) -> str:
    return name.replace("_", " ")
