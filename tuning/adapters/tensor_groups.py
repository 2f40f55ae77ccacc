"""A merge cut into groups of tensors, so that many functions work on one model at once.

A group is consecutive tensors of one file of the result, and is written as whole parts of a multipart upload,
whose numbers the plan fixes: a function that merges a group again writes the same bytes to the same parts. The bytes
of the file do not depend on how it is cut.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
"""

from collections.abc import Callable, Iterator, Mapping

from tuning.adapters.merge_steps import LowRank, TensorPlan
from tuning.adapters.rounding import Rounding
from tuning.adapters.shard_merge import Digests, Sink, Work, layout, merge_tensors
from tuning.adapters.tensor_header import Header
from tuning.runs.json_record import Record

GROUP_BYTES = 1024**3
"""The most of a group, unless one tensor has more: half a minute of S3, and many groups of a small model."""
_MOST_EFFORT = 40
"""The most effort of a group, in times its bytes: about five minutes of one processor at half the measured rate,
of a function's fifteen. Ranks up to 600, with
`peft` up to 190, are not cut more finely for it."""
LEAST_BYTES = 5 * 1024**2
"""The least of a part but for a file's last: S3's own figure."""
PART_BYTES_OF_GROUP = 32 * 1024**2
"""The least of a part, but for a group that is smaller. One part is filled while the one before it is sent, so
that a function holds about two; 10,000 of them are 335 GB, and import takes files of less than 200 GB."""


class TensorGroup(Record, frozen=True, kw_only=True):
    number: int
    """From 0, over all files: the item of the map."""
    file: str
    tensors: tuple[str, ...]
    """Consecutive names of the header of the result."""
    first_byte: int
    """In the file; 0 of the file's first group, whose bytes begin with the header."""
    bytes: int
    first_part: int
    """From 1, as S3 counts."""
    parts: int

    def part_sizes(self) -> list[int]:
        """Bytes of each part, in order; they differ by one byte at most."""
        ends = [self.bytes * (n + 1) // self.parts for n in range(self.parts)]
        return [end - begin for begin, end in zip([0, *ends], ends, strict=False)]


def grouped(
    headers: Mapping[str, Header],
    *,
    effort: Callable[[str], float] = lambda _tensor: 1.0,
    target: int = GROUP_BYTES,
    least: int = LEAST_BYTES,
    part: int = PART_BYTES_OF_GROUP,
) -> tuple[TensorGroup, ...]:
    """Groups of the files of a result, by file name and its header. `effort` is how much longer a byte of a tensor
    takes than one that passes through. A tensor that alone has more than `target` ends its group.
    """
    groups: list[TensorGroup] = []
    for file, header in headers.items():
        first_byte, first_part = 0, 1
        for names, size in _runs(header, effort, target, least):
            parts = max(1, size // max(part, least))
            groups.append(
                TensorGroup(
                    number=len(groups),
                    file=file,
                    tensors=names,
                    first_byte=first_byte,
                    bytes=size,
                    first_part=first_part,
                    parts=parts,
                )
            )
            first_byte, first_part = first_byte + size, first_part + parts
    return tuple(groups)


def _runs(
    header: Header, effort: Callable[[str], float], target: int, least: int
) -> Iterator[tuple[tuple[str, ...], int]]:
    """Names and bytes of each group of a file. None but the last is smaller than `least`."""
    names: list[str] = []
    size, load = len(header.raw), float(len(header.raw))
    for name, span in header.tensors.items():
        weight = span.nbytes * effort(name)
        full = size + span.nbytes > target or load + weight > _MOST_EFFORT * target
        if size >= least and names and full:
            yield tuple(names), size
            names, size, load = [], 0, 0.0
        names.append(name)
        size, load = size + span.nbytes, load + weight
    yield tuple(names), size


def merge_group(
    work: Work, group: TensorGroup, sink: Sink, progress: Callable[[int], None] = lambda _: None
) -> Digests:
    """The bytes of one group into `sink`, in order. Raises MergeRefusedError of group LA5xx, or OSError."""
    if group.first_byte == 0:
        sink.write(None, layout(work, group.file).raw)
    return merge_tensors(work, group.file, group.tensors, sink, progress)


def effort_of(planned: TensorPlan | None, rounding: Rounding) -> float:
    """How much longer a byte of a tensor takes a processor than one that passes through: measured with
    benchmarks/group_rate.py. It decides where a model is cut, and nothing else.
    """
    if planned is None:
        return 1.0
    ranks = 0
    for step in planned.steps:
        if isinstance(step, LowRank):
            ranks += step.rank * (2 if step.magnitude and step.norm_of_columns else 1)
    return 1.75 + ranks / (17 if rounding == "once" else 5)
