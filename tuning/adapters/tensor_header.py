"""The header of a SafeTensors file: where each tensor lies. Nothing of the file is trusted.

A file is an unsigned little-endian 64-bit length, that many bytes of JSON, and the data. Tensors
must cover the data exactly: none may overlap another, or leave a hole in which bytes could hide.
https://github.com/huggingface/safetensors#format
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tuning.adapters.refused import MergeRefusedError
from tuning.adapters.sound_json import parsed

_UNSOUND = "LA104"
# The library's own limit is 100 MB; the headers of 700-billion-parameter models are under 10 MB.
LARGEST_HEADER = 32 * 1024**2
_LARGEST_NUMBER = 2**63 - 1
_LENGTH = 8  # bytes of the length before the header
_MOST_DIMENSIONS = 8  # real weights have five; more would only make the product below slow

_DTYPES = {
    4: ("F4",),
    6: ("F6_E2M3", "F6_E3M2"),
    8: ("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"),
    16: ("I16", "U16", "F16", "BF16"),
    32: ("I32", "U32", "F32"),
    64: ("I64", "U64", "F64", "C64"),
}
DTYPE_BITS: Mapping[str, int] = {name: bits for bits, names in _DTYPES.items() for name in names}
"""Bits of one element, by SafeTensors' name of the dtype."""


class RangedSource(Protocol):
    """A file that is read by ranges: a local file, or an object in S3."""

    @property
    def name(self) -> str: ...
    @property
    def size(self) -> int: ...
    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`. Raises OSError when it cannot."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """One tensor: its type, its shape, and its bytes in the file."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    """Bytes from the start of the data."""
    end: int

    @property
    def nbytes(self) -> int:
        return self.end - self.begin


@dataclass(frozen=True, kw_only=True)
class Header:
    tensors: Mapping[str, Span]
    """By name, in order of their bytes."""
    metadata: Mapping[str, str]
    raw: bytes
    """The length and the JSON as they are in the file; the data begin behind it."""

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return len(self.raw) + sum(span.nbytes for span in self.tensors.values())


def read_header(source: RangedSource) -> Header:
    """The header of a file. Raises MergeRefusedError LA104 for whatever is not sound."""

    def refused(message: str) -> MergeRefusedError:
        return MergeRefusedError(_UNSOUND, f"{source.name}: {message}")

    if source.size < _LENGTH:
        raise refused(f"{source.size} bytes are not a SafeTensors file: it is truncated")
    length = int.from_bytes(source.read(0, _LENGTH), "little")
    if length > LARGEST_HEADER:
        raise refused(f"the header claims {length} bytes; at most {LARGEST_HEADER} are read")
    if _LENGTH + length > source.size:
        raise refused(f"the header claims {length} bytes, the file has {source.size}: truncated")
    raw = source.read(0, _LENGTH + length)
    if raw[_LENGTH : _LENGTH + 1] != b"{":
        raise refused("the header does not begin with {")
    entries = parsed(raw[_LENGTH:], rule=_UNSOUND, where=f"{source.name}: header")
    metadata = entries.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise refused("__metadata__ is not a map of texts")
    spans = {name: _span(name, entry, refused) for name, entry in entries.items()}
    ordered = dict(sorted(spans.items(), key=lambda item: (item[1].begin, item[1].end)))
    position = 0
    for name, span in ordered.items():
        if span.begin != position:
            fault = "overlaps the tensor before it" if span.begin < position else "follows a hole"
            raise refused(f"{name!r} {fault}: it begins at {span.begin}, expected at {position}")
        position = span.end
    held = source.size - len(raw)
    if position != held:
        fault = "truncated" if position > held else "bytes remain that no tensor names"
        raise refused(f"the tensors need {position} bytes of data, the file has {held}: {fault}")
    return Header(tensors=ordered, metadata=metadata, raw=raw)


def _span(name: str, entry: Any, refused: Any) -> Span:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise refused(f"{name!r} must have dtype, shape and data_offsets, and nothing else")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPE_BITS:
        raise refused(f"{name!r} has the unknown dtype {str(dtype)[:40]!r}")
    if not _numbers(shape) or len(shape) > _MOST_DIMENSIONS:
        raise refused(f"{name!r}: shape is not a list of at most {_MOST_DIMENSIONS} sizes")
    match offsets:
        case [begin, end] if _numbers(offsets) and begin <= end:
            held = end - begin
        case _:
            raise refused(f"{name!r}: data_offsets are not a begin and an end")
    bits = math.prod(shape) * DTYPE_BITS[dtype]
    if bits > 8 * _LARGEST_NUMBER or bits % 8 or held != bits // 8:
        raise refused(f"{name!r}: {dtype} of shape {shape} does not fill {held} bytes")
    return Span(dtype=dtype, shape=tuple(shape), begin=begin, end=end)


def _numbers(found: Any) -> bool:
    return isinstance(found, list) and all(
        type(n) is int and 0 <= n <= _LARGEST_NUMBER for n in found
    )


def made_header(
    tensors: Iterable[tuple[str, str, tuple[int, ...]]], metadata: Mapping[str, str]
) -> Header:
    """A header for tensors (name, dtype, shape) whose data follow in this order, largest elements
    first, so that each is aligned; the header itself is padded with spaces to eight bytes.
    """
    spans: dict[str, Span] = {}
    position = 0
    for name, dtype, shape in sorted(tensors, key=lambda tensor: -DTYPE_BITS[tensor[1]]):
        end = position + math.prod(shape) * DTYPE_BITS[dtype] // 8
        spans[name] = Span(dtype=dtype, shape=shape, begin=position, end=end)
        position = end
    written: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    for name, span in spans.items():
        written[name] = {
            "dtype": span.dtype,
            "shape": list(span.shape),
            "data_offsets": [span.begin, span.end],
        }
    text = json.dumps(written, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    raw = len(text).to_bytes(_LENGTH, "little") + text
    return Header(tensors=spans, metadata=metadata, raw=raw)
