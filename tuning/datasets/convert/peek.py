"""A stream from its first byte of text: unpacked, in UTF-8, without a byte order mark.

Nothing of it is lost by looking at its beginning, whatever the stream can do.
"""

import codecs
import io
from typing import IO

from tuning.datasets.bounds import Bounded, Pieces
from tuning.datasets.convert.archives import unpacked, zipped
from tuning.datasets.convert.conversion_refusals import RecordRefusedError, unreadable
from tuning.datasets.unpacking import BOM, DAMAGED, peeked
from tuning.errors import OptionError

_HEAD = 64 * 1024
_PIECE = 256 * 1024
_MARKED = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks that say the encoding for certain; the longer before those they begin with."""


class OpenedText:
    """One file, opened."""

    def __init__(
        self,
        stream: IO[bytes],
        *,
        name: str = "",
        limit: int | None = None,
        encoding: str | None = None,
    ) -> None:
        """`limit` holds for what comes out of an archive; OverLimitError is raised at a byte more.

        Raises OptionError for an unknown encoding, or where a library is missing.
        """
        self.changed: list[str] = []
        self.name = name
        """Of what lies inside, where the file is packed."""
        self.fault: RecordRefusedError | None = None
        """Why nothing of it can be read."""
        self.office: str | None = None
        """What office program wrote it; `xlsx` is the one that is read."""
        self._limit = limit
        self.head, self.stream = peeked(stream, _HEAD)
        self._unpack()
        if self.fault is None and self.office is None:
            self._decode(encoding)

    def _unpack(self) -> None:
        try:
            inner = unpacked(self.head, self.stream, self.name)
            found = inner or zipped(self.head, self.stream)
            if isinstance(found, str):
                self.office = found
            elif found:
                self._enter(found.stream, found.how, found.name)
        except DAMAGED:
            self.fault = CUT_OFF
        except RecordRefusedError as refusal:
            self.fault = refusal

    def _enter(self, inner: IO[bytes], how: str, name: str) -> None:
        self.changed.append(how)
        self.name = name
        if self._limit is not None:
            inner = io.BufferedReader(Bounded(inner, self._limit, name=name))
        self.head, self.stream = peeked(inner, _HEAD, rewind=False)

    def _decode(self, encoding: str | None) -> None:
        marked = next((name for mark, name in _MARKED if self.head.startswith(mark)), None)
        if chosen := encoding or marked:
            decoder = _decoder(chosen)
            self.changed.append(f"read as {chosen}, written in UTF-8")
            try:
                self.head, self.stream = peeked(
                    io.BufferedReader(_Transcoded(self.stream, decoder, chosen), _PIECE),
                    _HEAD,
                    rewind=False,
                )
            except RecordRefusedError as refusal:
                self.fault = refusal
        if self.head.startswith(BOM):
            self.changed.append("byte order mark removed")
            self.head = self.head[len(BOM) :]
            self.stream.read(len(BOM))
        if b"\r" in self.head and b"\n" not in self.head and b"\0" not in self.head:
            self.changed.append("carriage returns read as line ends")
            self.head, self.stream = peeked(
                io.BufferedReader(_Lined(self.stream), _PIECE), _HEAD, rewind=False
            )


class _Lined(Pieces):
    """Text of an old Mac, whose lines end with carriage returns alone."""

    def __init__(self, inner: IO[bytes]) -> None:
        self._inner = inner

    def piece(self, size: int) -> bytes:
        return self._inner.read(size).replace(b"\r", b"\n")


class _Transcoded(Pieces):
    """Text of another encoding as UTF-8. Raises RecordRefusedError, with the line, where it is none."""

    def __init__(self, inner: IO[bytes], decoder: codecs.IncrementalDecoder, name: str) -> None:
        self._inner = inner
        self._decoder = decoder
        self._name = name
        self._line = 1
        self._ready = b""
        self._ended = False

    def piece(self, size: int) -> bytes:
        while not self._ready and not self._ended:
            raw = self._inner.read(_PIECE)
            self._ended = not raw
            self._ready = self._text(raw).encode()
            self._line += self._ready.count(b"\n")
        piece, self._ready = self._ready[:size], self._ready[size:]
        return piece

    def _text(self, raw: bytes) -> str:
        try:
            return self._decoder.decode(raw, not raw)
        except UnicodeError as error:
            read = error.object[: error.start] if isinstance(error, UnicodeDecodeError) else b""
            raise RecordRefusedError(
                rule="CV101",
                message=f"the text is not {self._name}, in which it was read",
                fix="Choose another --encoding; without it, the ones that it may be are listed.",
                line=self._line + read.decode(self._name, "ignore").count("\n"),
                ends=True,
                withdraw=(("--encoding", self._name),),
            ) from None


def _decoder(encoding: str) -> codecs.IncrementalDecoder:
    try:
        made = codecs.lookup(encoding)
    except LookupError:
        made = None
    # Python says only there which of its codecs are no text at all, such as base64.
    if made is None or not made._is_text_encoding or not made.incrementaldecoder:  # noqa: SLF001
        raise OptionError(
            f"--encoding {encoding}: not known; such as gb18030, big5, cp932, cp1252, utf-16-le"
        )
    return made.incrementaldecoder(errors="strict")


CUT_OFF = unreadable(
    "the archive is damaged or cut off", "Fetch or make it again; compare the checksums."
)
