"""Opens what was given, whatever it turns out to be: unpacks gzip, skips a byte order mark."""

import io
from collections import Counter
from typing import BinaryIO, cast

from msgspec import Struct, field

from tuning.datasets import looks
from tuning.datasets.bounds import Bounded
from tuning.datasets.formats.walk import Fault
from tuning.datasets.unpacking import BOM, DAMAGED, GZIP, gunzipped, peeked

_NAMED = 8
_HEAD = 4096  # bytes that say what a file is
_CHUNK = 1 << 20


class Opened(Struct, frozen=True, kw_only=True):
    """A stream at its first line, and what its beginning showed."""

    stream: io.BufferedReader
    document: str | None = None
    """What it is when it is one JSON document, not JSON Lines."""
    hopeless: Fault | None = None
    """Why no line of it can be read."""
    repairs: Counter[str] = field(default_factory=Counter)


def opened(source: BinaryIO, *, name: str = "", limit: int | None = None) -> Opened:
    """The stream to read lines from, past everything that is not text.

    `limit` holds for what comes out of an archive; OverLimitError is raised at a byte more.
    """
    repairs: Counter[str] = Counter()
    head, stream = _peeked(source, rewind=isinstance(source, io.BufferedReader))
    if head.startswith(GZIP):
        repairs["gzip"] = 1
        unpacked = gunzipped(stream)
        if limit is not None:
            unpacked = io.BufferedReader(Bounded(unpacked, limit, name=name), _CHUNK)
        try:
            head, stream = _peeked(unpacked, rewind=False)
        except DAMAGED:
            return Opened(stream=stream, hopeless=damaged(), repairs=repairs)
    if why := _not_lines(head):
        return Opened(stream=stream, hopeless=why, repairs=repairs)
    if head.startswith(BOM):
        repairs["byte_order_mark"] = 1
        stream.read(len(BOM))
    if columns := looks.table_columns(head):
        message = f"this is a table, with the columns {', '.join(columns[:_NAMED])}"
        return Opened(stream=stream, hopeless=Fault("DS306", message), repairs=repairs)
    return Opened(stream=stream, document=looks.document(head), repairs=repairs)


def _not_lines(head: bytes) -> Fault | None:
    """Why nothing in a file with this beginning is a line of UTF-8."""
    if kind := looks.binary(head):
        return Fault("DS111", f"this is {kind}")
    if encoding := looks.switching(head):
        name = encoding.upper().replace("ISO", "ISO-").replace("_", "-")
        return Fault("DS101", f"the file is in {name}, whose letters are escape sequences")
    if found := looks.stray(head) or looks.markup(head):
        return Fault(*found)
    message = "the file is text in two or four bytes a letter (UTF-16 or UTF-32)"
    return Fault("DS102", message) if looks.utf16(head) else None


def damaged() -> Fault:
    return Fault("DS107", "the gzip is damaged or cut short; nothing after this line was read")


def _peeked(source: BinaryIO, *, rewind: bool) -> tuple[bytes, io.BufferedReader]:
    head, stream = peeked(source, _HEAD, rewind=rewind)
    return head, cast("io.BufferedReader", stream)
