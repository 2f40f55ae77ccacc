"""What people allow or add where the data alone do not say enough."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the user allows or adds where a record alone does not say enough."""

    drop: frozenset[str] = frozenset()
    """Fields given up, as paths without indices: `id`, `messages.name`."""
    join: bool = False
    """Several texts where the target holds one become one, a blank line between them."""
    chunk_tokens: int = 4000
    """Estimated tokens of a piece of running text, at most."""
    media_folder: str | None = None
    """`s3://bucket/folder/` in which pictures lie that the data names by file name only."""
    bucket_owner: str | None = None
    """Account of the bucket that holds the media, where the data does not say it."""
    keep: Literal["chosen"] | None = None
    """Of preference data, the side that becomes a fine-tuning set."""
    encoding: str | None = None
    """Of the file, where it is not UTF-8."""
    columns: tuple[str, ...] = ()
    """Names of a table's columns, where it has no row of names."""
    records: str | None = None
    """The field of an object that holds the list of records."""
    sheet: str | None = None
    """Of a workbook, where it has several."""
