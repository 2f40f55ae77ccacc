"""Excel workbooks. openpyxl is an optional extra, imported when a file needs it."""

import datetime as dt
from collections.abc import Iterator
from io import BytesIO
from typing import IO, Any

from tuning.datasets.convert.conversion_refusals import RecordRefusedError, unreadable
from tuning.datasets.convert.options import Options
from tuning.datasets.convert.sources.raw import Notes, Raw
from tuning.datasets.convert.sources.table_rows import Row, Rows
from tuning.errors import MissingLibraryError, OptionError, nearest

_MAX_UNPACKED = 1024 * 1024 * 1024
"""Bytes of XML in a workbook; a larger one is not a spreadsheet that a person made."""


def read_excel(stream: IO[bytes], notes: Notes, options: Options) -> Iterator[Raw]:
    """Each row of the one sheet with cells, or of the one that is named, as an object."""
    import zipfile  # noqa: PLC0415 — slow to import, and for workbooks only

    try:
        import openpyxl  # noqa: PLC0415 — optional
        from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415 — idem
    except ImportError:
        raise MissingLibraryError("reading Excel workbooks", "openpyxl", "excel") from None
    source = stream if stream.seekable() else BytesIO(stream.read())
    try:
        if sum(part.file_size for part in zipfile.ZipFile(source).infolist()) > _MAX_UNPACKED:
            yield Raw(line=1, value=unreadable("the workbook unpacks to more than 1 GiB", _CSV))
            return
        values, formulas = (
            openpyxl.load_workbook(source, read_only=True, data_only=data_only)
            for data_only in (True, False)
        )
        name = _chosen(values, options.sheet)
        if isinstance(name, RecordRefusedError):
            yield Raw(line=1, value=name)
            return
        yield from Rows(notes, options).records(_rows(values[name], formulas[name]))
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError) as error:
        yield Raw(line=1, value=unreadable(f"not a sound workbook: {str(error)[:200]}", _CSV))


def _chosen(workbook: Any, wanted: str | None) -> str | RecordRefusedError:
    names: list[str] = [sheet.title for sheet in workbook.worksheets]
    if wanted is not None:
        if wanted in names:
            return wanted
        raise OptionError(
            f"--sheet {wanted}: no such sheet{nearest(wanted, names)}; there are: {', '.join(names)}"
        )
    filled = [
        name
        for name in names
        if any(any(row) for row in workbook[name].iter_rows(values_only=True))
    ]
    if len(filled) <= 1:
        return (filled or names)[0]
    return unreadable(
        f"the workbook has {len(filled)} sheets with cells: {', '.join(filled)[:200]}",
        "Say which one with --sheet.",
        tuple(("--sheet", name) for name in filled),
    )


def _rows(values: Any, formulas: Any) -> Iterator[Row]:
    """Rows as texts, without the empty columns at the right that Excel keeps."""
    width = 0
    pairs = zip(
        values.iter_rows(values_only=True), formulas.iter_rows(values_only=True), strict=False
    )
    for line, (row, written) in enumerate(pairs, 1):
        cells = [_text(value, source) for value, source in zip(row, written, strict=False)]
        while len(cells) > width and not cells[-1]:
            cells.pop()
        width = width or len(cells)
        yield line, cells + [""] * (width - len(cells))


def _text(value: Any, written: Any) -> str:
    """What the cell shows. A formula without a saved value is an error like those that Excel shows."""
    if value is None:
        return "" if written is None else "#CALC!"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    return str(value)


_CSV = "Save it again as .xlsx, or as CSV in UTF-8."
