"""A report's statistics as tables and histograms, whatever a checker counted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tuning.render.chart import Bin

Row = tuple[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Table:
    columns: tuple[str, ...]
    """What was counted in: one name a file, or `all`."""
    rows: tuple[Row, ...]


@dataclass(frozen=True, kw_only=True)
class Histogram:
    file: str
    name: str
    bins: tuple[Bin, ...]


def table(statistics: Mapping[str, Any]) -> Table | None:
    """Measures down, files across. None when nothing was counted."""
    columns = _columns(statistics)
    cells: dict[str, dict[str, str]] = {}
    for column, measures in columns.items():
        for name, value in _figures(measures):
            cells.setdefault(name, {})[column] = value
    if not cells:
        return None
    rows = ((name, tuple(row.get(c, "") for c in columns)) for name, row in cells.items())
    return Table(columns=tuple(columns), rows=tuple(rows))


def histograms(statistics: Mapping[str, Any]) -> list[Histogram]:
    """Every histogram in the statistics, with the file it was counted in."""
    found = []
    for column, measures in _columns(statistics).items():
        for name, value in measures.items():
            if _is_histogram(name) and (bins := _bins(value)):
                found.append(Histogram(file=column, name=_words(name), bins=bins))
    return found


def _columns(statistics: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Figures of the whole stand in a column of their own, before those of each file."""
    whole = {k: v for k, v in statistics.items() if not isinstance(v, Mapping)}
    files = {k: v for k, v in statistics.items() if isinstance(v, Mapping)}
    return {**({"all": whole} if whole else {}), **files}


def _figures(measures: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in measures.items():
        if _is_histogram(name):
            continue
        words = f"{above}{_words(name)}"
        match value:
            case Mapping():
                yield from _figures(value, f"{words}: ")
            case None:
                yield words, "not known"
            case bool() | str():
                yield words, str(value)
            case int():
                yield words, f"{value:,}"
            case float():
                yield words, f"{value:,.6g}"
            case _:
                yield words, ", ".join(map(str, value))


def _bins(raw: Sequence[Any]) -> tuple[Bin, ...]:
    """From `{"low", "high", "count"}` or `[low, high, count]`, one a bin."""
    bins = []
    for one in raw:
        low, high, count = (one[k] for k in _KEYS) if isinstance(one, Mapping) else one
        bins.append(Bin(low=low, high=high, count=count))
    return tuple(bins)


_KEYS = ("low", "high", "count")


def _is_histogram(name: str) -> bool:
    return name.endswith("histogram")


def _words(name: str) -> str:
    return name.replace("_", " ")
