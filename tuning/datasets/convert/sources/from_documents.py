"""Raw text, cut for continued pre-training where a reader would pause. Nothing is lost."""

import re
from collections.abc import Iterator
from typing import IO

from tuning.datasets.convert.conversion_refusals import RecordRefusedError
from tuning.datasets.convert.options import Options
from tuning.datasets.convert.sources.raw import END_OF_FILE, Notes, Raw, decoded, no_text

MAX_DOCUMENT = 64 * 1024 * 1024
"""Bytes of one document: it is held in memory."""

BYTES_PER_TOKEN = 4
"""Of UTF-8: about right for English, an estimate elsewhere."""

# From the best place to cut to the worst; the separator stays with what it ends.
_BORDERS = (
    re.compile(r"\n[ \t]*\n\s*"),
    re.compile(r"\n"),
    re.compile(r"[.!?…][\"'”’)]*\s+|[。！？]"),  # noqa: RUF001 — full-width marks end sentences
    re.compile(r"\s+"),
)


_INK = re.compile(r"\S")


def whole(stream: IO[bytes], notes: Notes, _: Options) -> Iterator[Raw]:
    """The document as one record."""
    held = stream.read(MAX_DOCUMENT + 1)
    if len(held) > MAX_DOCUMENT:
        yield Raw(line=1, value=_too_long())
        return
    if held.endswith(END_OF_FILE):
        notes["end-of-file mark (Ctrl-Z) left out"] += 1
        held = held.rstrip(END_OF_FILE)
    for number, piece in enumerate(held.split(b"\n"), 1):
        try:
            if b"\0" in piece:
                raise no_text(piece, number, "Save the document as plain text in UTF-8.")
            decoded(piece, number)
            notes.seen(piece)
        except RecordRefusedError as refusal:
            for rest in held.split(b"\n")[number - 1 :]:
                notes.seen(rest)
            yield Raw(line=number, value=refusal)
            return
    if held.strip():
        yield Raw(line=1, value={"text": held.decode()})


def text_chunks(document: str, max_tokens: int) -> Iterator[tuple[int, str]]:
    """Pieces of at most `max_tokens` estimated tokens, each with how many lines lie before it.

    They join to exactly the document. Blanks at the edges of a piece do not count.
    """
    at, line = 0, 0
    while at < len(document):
        begin = _visible(document, at)
        # Blanks stay with what is before them, so that no piece is blank.
        end = _visible(
            document, _border(document, begin, begin + _fitting(document, begin, max_tokens))
        )
        yield line, document[at:end]
        line += document.count("\n", at, end)
        at = end


def _fitting(document: str, at: int, max_tokens: int) -> int:
    """How many characters from there make so many tokens."""
    most = max_tokens * BYTES_PER_TOKEN
    return len(document[at : at + most].encode()[:most].decode(errors="ignore"))


def _visible(document: str, at: int) -> int:
    seen = _INK.search(document, at)
    return seen.start() if seen else len(document)


def _border(document: str, at: int, limit: int) -> int:
    if limit >= len(document):
        return len(document)
    # A border in the first half would make many small pieces; a worse one further on is better.
    half = at + (limit - at) // 2
    for border in _BORDERS:
        ends = [found.end() for found in border.finditer(document, half, limit)]
        if ends:
            return ends[-1]
    return limit


def _too_long() -> RecordRefusedError:
    return RecordRefusedError(
        rule="CV105",
        message=f"the document is larger than {MAX_DOCUMENT // 1024 // 1024} MiB",
        fix="Cut it into several files in one folder.",
        line=1,
        ends=True,
    )
