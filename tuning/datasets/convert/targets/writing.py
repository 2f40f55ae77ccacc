"""What a writer needs beside the record: where it goes, what is allowed, where changes count."""

from dataclasses import dataclass

from tuning.datasets.convert.sources.fields import Account
from tuning.datasets.convert.targets.target import Target


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


@dataclass(frozen=True, kw_only=True)
class Writing:
    target: Target
    options: Options
    account: Account
