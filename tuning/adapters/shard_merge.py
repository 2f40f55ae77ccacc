"""One file of weights, written from its beginning to its end: what changes is computed in chunks of
rows, everything else passes through. Memory does not depend on the size of the model.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeVar

from tuning.adapters.adapter_folder import Adapter
from tuning.adapters.base_weights import Base, Shard
from tuning.adapters.local_source import PIECE
from tuning.adapters.merge_steps import MergePlan
from tuning.adapters.merged_tensor import Matrices, MergedTensor, TensorPart, row_chunks
from tuning.adapters.rounding import Rounding
from tuning.adapters.tensor_header import Header, RangedSource, made_header

CHUNK_ELEMENTS = 1024 * 1024
"""Elements of a changed tensor that are computed at once, by default."""
_T = TypeVar("_T")


class Sink(Protocol):
    """Where a file goes: to a folder, to a comparison, or to S3."""

    def write(self, tensor: str | None, data: bytes) -> None:
        """The next bytes; of no tensor, they are the header. Raises OSError."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a merge reads, and how it works. The bytes do not depend on `chunk` and `threads`."""

    base: Base
    adapter: Adapter | None
    """None: full weights, which are copied."""
    plan: MergePlan
    rounding: Rounding = "once"
    chunk: int = CHUNK_ELEMENTS
    threads: int = 1


@dataclass(frozen=True, kw_only=True)
class Digests:
    """SHA-256 of tensors by name, in hexadecimal."""

    before: dict[str, str] = field(default_factory=dict)
    """Of the base."""
    after: dict[str, str] = field(default_factory=dict)
    """Of the merged file."""


def layout(work: Work, file: str) -> Header:
    """The header of the merged file; the base's own, byte for byte, where no shape changes."""
    old = work.base.shards[file].header
    planned = {n: t for n, t in work.plan.tensors.items() if t.file == file}
    same = all(n in old.tensors and old.tensors[n].shape == t.shape for n, t in planned.items())
    if same:
        return old
    tensors = [
        (name, span.dtype, planned[name].shape if name in planned else span.shape)
        for name, span in old.tensors.items()
    ]
    tensors += [(n, t.dtype, t.shape) for n, t in planned.items() if n not in old.tensors]
    return made_header(tensors, old.metadata)


def merge_shard(
    work: Work, file: str, sink: Sink, progress: Callable[[int], None] = lambda _: None
) -> Digests:
    """One merged file into `sink`. Raises MergeRefusedError of group LA5xx, or OSError."""
    header = layout(work, file)
    sink.write(None, header.raw)
    return merge_tensors(work, file, header.tensors, sink, progress)


def merge_tensors(
    work: Work, file: str, names: Iterable[str], sink: Sink, progress: Callable[[int], None]
) -> Digests:
    """The bytes of these tensors of a merged file, one behind the other. Raises as above."""
    shard, digests = work.base.shards[file], Digests()
    matrices = Matrices(work.adapter) if work.adapter else None
    with ThreadPoolExecutor(work.threads) as pool, ThreadPoolExecutor(1) as hasher:
        for name in names:
            old, new = hashlib.sha256(), hashlib.sha256()
            hashing: deque[Future[None]] = deque()
            for part in _ahead(pool, _tasks(work, shard, name, matrices), work.threads + 1):
                hashing.append(hasher.submit(_hash, part, old, new))
                if part.after:
                    sink.write(name, part.after)
                    progress(len(part.after))
                if len(hashing) > 1:
                    hashing.popleft().result()
            for future in hashing:
                future.result()
            if name in shard.header.tensors:
                digests.before[name] = old.hexdigest()
            changed = name in work.plan.tensors
            digests.after[name] = new.hexdigest() if changed else digests.before[name]
    return digests


def _hash(part: TensorPart, old: Any, new: Any) -> None:
    """What did not change is hashed once."""
    if part.before is not None:
        old.update(part.before)
    if part.after is not part.before and part.after:
        new.update(part.after)


def _tasks(
    work: Work, shard: Shard, name: str, matrices: Matrices | None
) -> Iterator[Callable[[], TensorPart]]:
    """The bytes of a tensor before and after, in order, each part when it is called."""
    planned = work.plan.tensors.get(name)
    if planned and work.adapter and matrices:
        tensor = MergedTensor(planned, work.base, work.adapter, matrices, work.rounding)
        for first, rows in row_chunks(tensor.rows, tensor.columns, work.chunk):
            yield partial(tensor.chunk, first, rows)
    if name in shard.header.tensors and not (planned and tensor.reads_itself):
        span = shard.header.tensors[name]
        start = len(shard.header.raw) + span.begin
        for offset in range(0, span.nbytes, PIECE):
            length = min(PIECE, span.nbytes - offset)
            yield partial(_passed, shard.source, start + offset, length, kept=not planned)


def _passed(source: RangedSource, offset: int, length: int, *, kept: bool) -> TensorPart:
    """Bytes of the base: as they are, or for the digest of what is replaced."""
    data = source.read(offset, length)
    return TensorPart(before=data, after=data if kept else b"")


def _ahead(pool: ThreadPoolExecutor, tasks: Iterable[Callable[[], _T]], most: int) -> Iterator[_T]:
    """The results in order, at most `most` of them computed before they are taken."""
    waiting: deque[Future[_T]] = deque()
    try:
        for task in tasks:
            waiting.append(pool.submit(task))
            if len(waiting) >= most:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def digest_of_all(tensors: Mapping[str, str]) -> str:
    """Of tensors by name, with their SHA-256: of `sha256  name` lines in order of names. Does not
    depend on how they are spread over files.
    """
    lines = (f"{digest}  {name}\n" for name, digest in sorted(tensors.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()
