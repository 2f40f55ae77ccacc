"""Parquet, row group by row group. pyarrow is an optional extra, imported when a file needs it."""

from collections.abc import Iterator
from io import BytesIO
from typing import IO, Any

from tuning.datasets.convert.conversion_refusals import unreadable
from tuning.datasets.convert.options import Options
from tuning.datasets.convert.sources.raw import Notes, Raw
from tuning.errors import MissingLibraryError

_BATCH = 512


def read_parquet(stream: IO[bytes], _: Notes, __: Options) -> Iterator[Raw]:
    """Each row as an object of its columns, numbered from 1; null is a field that is not there."""
    try:
        import pyarrow as pa  # noqa: PLC0415 — optional, and far too heavy for a function's start
        from pyarrow import parquet  # noqa: PLC0415 — idem
    except ImportError:
        raise MissingLibraryError("reading Parquet", "pyarrow", "parquet") from None
    # Parquet is read from its end; a stream that cannot seek is held whole.
    source = stream if stream.seekable() else BytesIO(stream.read())
    number = 0
    try:
        file = parquet.ParquetFile(source)
        for batch in file.iter_batches(batch_size=_BATCH):
            for row in batch.to_pylist():
                number += 1
                yield Raw(line=number, value=_plain(row))
    except (pa.ArrowException, OSError) as error:
        message = f"not a sound Parquet file: {str(error).splitlines()[0][:200]}"
        fix = "Write the file again; a copy may have been cut off."
        yield Raw(line=number + 1, value=unreadable(message, fix))


def _plain(value: Any) -> Any:
    """Structs without their nulls: Parquet gives each row every field of the schema."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
