"""What must be read of an adapter before a merge is planned or begun."""

from collections.abc import Iterator

from tuning.adapters.adapter_folder import Adapter
from tuning.adapters.local_source import PIECE
from tuning.adapters.ordered_arithmetic import finite, not_finite, to_float32
from tuning.adapters.refused import MergeRefusedError


def all_finite(adapter: Adapter) -> None:
    """Raises MergeRefusedError LA501 when a number is infinite or none. Constant memory."""
    for key, span in adapter.tensors.items():
        for raw in _parts(adapter, key):
            values = to_float32(raw, span.dtype)
            if not finite(values):
                raise MergeRefusedError("LA501", f"{key} holds {not_finite(values)}")


def same_bytes(adapter: Adapter, one: str, other: str) -> bool:
    """Whether two tensors are the same in type, shape and value."""
    first, second = adapter.tensors[one], adapter.tensors[other]
    alike = (first.dtype, first.shape) == (second.dtype, second.shape)
    return alike and all(
        a == b for a, b in zip(_parts(adapter, one), _parts(adapter, other), strict=True)
    )


def _parts(adapter: Adapter, key: str) -> Iterator[bytes]:
    span = adapter.tensors[key]
    start = len(adapter.header.raw) + span.begin
    for offset in range(0, span.nbytes, PIECE):
        yield adapter.source.read(start + offset, min(PIECE, span.nbytes - offset))
