"""A merge whose groups are done elsewhere: planned once, merged by many, assembled once.

    plan = planned(base, adapter, rounding=…)             one function; its JSON is kept
    with group_work(plan, base, adapter) as work:         for each group, a function of its own
        digests = merge_group(work, plan.groups[n], sink)
    assembled(plan, base, adapter, results)               one function: small files and the receipt

Without an adapter it is a copy with digests, for full weights that somebody trained elsewhere.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from tuning.adapters.base_weights import CONFIG, INDEX
from tuning.adapters.companion_files import TOKENIZER_CONFIG
from tuning.adapters.merge_inputs import Folders, MergeInputs, open_work
from tuning.adapters.model_folder import Content, ModelFolder, content_size
from tuning.adapters.reference_files import small_content
from tuning.adapters.rounding import Rounding
from tuning.adapters.shard_merge import Digests, Work, layout
from tuning.adapters.tensor_groups import (
    GROUP_BYTES,
    LEAST_BYTES,
    PART_BYTES_OF_GROUP,
    TensorGroup,
    effort_of,
    grouped,
)
from tuning.errors import TuningError
from tuning.models.import_check import Candidate
from tuning.runs.json_record import Record


class ForeignPlanError(TuningError):
    """What was planned, what was merged, or the code does not belong to the others."""


class DistributedPlan(Record, frozen=True, kw_only=True):
    """What every function of a merge goes by. JSON: `to_json`, `from_json`."""

    rounding: Rounding
    groups: tuple[TensorGroup, ...]
    files: Mapping[str, int]
    """Bytes of each file of weights of the result."""
    digest: str
    """Of what is done to each tensor: a function of other code, which would do something else, refuses."""
    same_tensors: Mapping[str, bool] = {}
    """Pairs of the adapter's tensors that were compared while it was planned, so that nobody reads them again."""
    converted: bool = True
    """Whether config.json and tokenizer_config.json are written as Custom Model Import reads them."""
    uploads: Mapping[str, str] = {}
    """Of the caller: the multipart upload of each file of weights."""

    @property
    def bytes(self) -> int:
        """Of all weights of the result."""
        return sum(self.files.values())


class PartResult(Record, frozen=True, kw_only=True):
    """One part as it was written."""

    number: int
    size: int
    sha256: str
    """Hex."""
    etag: str


class GroupResult(Record, frozen=True, kw_only=True):
    """What a function that merged a group leaves behind."""

    group: int
    before: Mapping[str, str]
    """SHA-256 of the base's tensors, by name."""
    after: Mapping[str, str]
    parts: tuple[PartResult, ...]


@dataclass(frozen=True, kw_only=True)
class Assembled:
    """What is written beside the weights, and which parts each file of weights consists of."""

    files: Mapping[str, Content]
    """By name, without weights and receipt: bytes to write, or a file to copy."""
    receipt: bytes
    """merge-receipt.json."""
    parts: Mapping[str, tuple[PartResult, ...]]
    """Of each file of weights, in order of their numbers."""
    content: Mapping[str, Any]
    """The receipt's."""


def planned(
    base: ModelFolder,
    adapter: ModelFolder | None,
    *,
    rounding: Rounding = "once",
    converted: bool = True,
    target: int = GROUP_BYTES,
    least: int = LEAST_BYTES,
    part: int = PART_BYTES_OF_GROUP,
) -> DistributedPlan:
    """Reads headers, small files and the whole adapter: it must be finite.

    Raises MergeRefusedError, or OSError.
    """
    folders, compared = Folders(base=base, adapter=adapter), dict[str, bool]()
    with ExitStack() as stack:
        work = open_work(folders, stack, rounding=rounding, compared=compared)
        inputs = MergeInputs.of(folders, work, converted=converted)
        groups = grouped(
            inputs.headers,
            effort=lambda name: effort_of(work.plan.tensors.get(name), rounding),
            target=target,
            least=least,
            part=part,
        )
        return DistributedPlan(
            rounding=rounding,
            groups=groups,
            files={file: header.size for file, header in inputs.headers.items()},
            digest=_digest(work),
            same_tensors=compared,
            converted=converted,
        )


def import_candidate(
    plan: DistributedPlan, base: ModelFolder, adapter: ModelFolder | None
) -> Candidate:
    """The folder that there will be, for `check_import`. Reads headers and small files. Raises as `group_work`."""
    with _opened(plan, Folders(base=base, adapter=adapter)) as inputs:
        beside = inputs.beside()
        sizes = {name: content_size(content) for name, content in beside.items()}
        spans = [s for header in inputs.headers.values() for s in header.tensors.values()]

        def small(name: str) -> dict[str, Any] | None:
            return small_content(beside, name) if name in beside else None

        return Candidate(
            files={**plan.files, **sizes},
            config=small(CONFIG),
            tokenizer_config=small(TOKENIZER_CONFIG),
            generation_config=small("generation_config.json"),
            index=small(INDEX),
            dtypes=frozenset(span.dtype for span in spans),
        )


@contextmanager
def group_work(
    plan: DistributedPlan, base: ModelFolder, adapter: ModelFolder | None, *, threads: int = 2
) -> Iterator[Work]:
    """For `merge_group`. Reads headers only. Raises ForeignPlanError where this code would do something else than
    was planned, MergeRefusedError or OSError where the folders are not what they were.
    """
    with ExitStack() as stack:
        yield _planned_work(plan, Folders(base=base, adapter=adapter), stack, threads)


def assembled(
    plan: DistributedPlan,
    base: ModelFolder,
    adapter: ModelFolder | None,
    results: Iterable[GroupResult],
) -> Assembled:
    """What is left to write, and the receipt. Results may come in any order, and more than once: the last counts.

    Raises ForeignPlanError where a group or a part is missing or is not as planned, MergeRefusedError LA505 where
    nothing has changed.
    """
    by_number = {result.group: result for result in results}
    digests, parts = Digests(), dict[str, list[PartResult]]()
    for group in plan.groups:
        result = by_number.get(group.number)
        if result is None:
            raise ForeignPlanError(f"group {group.number} of {group.file} was not merged")
        _as_planned(group, result)
        digests.before.update(result.before)
        digests.after.update(result.after)
        parts.setdefault(group.file, []).extend(result.parts)
    with _opened(plan, Folders(base=base, adapter=adapter)) as inputs:
        beside = inputs.beside()
        receipt = inputs.receipt(digests, beside)
        return Assembled(
            files=beside,
            receipt=receipt.to_bytes(),
            parts={file: tuple(each) for file, each in parts.items()},
            content=receipt.content(),
        )


def _as_planned(group: TensorGroup, result: GroupResult) -> None:
    """Raises ForeignPlanError."""
    numbers = list(range(group.first_part, group.first_part + group.parts))
    found = [(part.number, part.size) for part in result.parts]
    if found != list(zip(numbers, group.part_sizes(), strict=True)):
        raise ForeignPlanError(
            f"group {group.number} of {group.file}: its parts are not as planned"
        )
    if set(result.after) != set(group.tensors):
        raise ForeignPlanError(
            f"group {group.number} of {group.file}: its tensors are not as planned"
        )


@contextmanager
def _opened(plan: DistributedPlan, folders: Folders) -> Iterator[MergeInputs]:
    with ExitStack() as stack:
        work = _planned_work(plan, folders, stack, threads=1)
        yield MergeInputs.of(folders, work, converted=plan.converted)


def _planned_work(plan: DistributedPlan, folders: Folders, stack: ExitStack, threads: int) -> Work:
    known = dict(plan.same_tensors)
    work = open_work(folders, stack, rounding=plan.rounding, threads=threads, known=known)
    if _digest(work) != plan.digest:
        raise ForeignPlanError(
            "this code would merge otherwise than was planned: it was changed meanwhile; begin again"
        )
    return work


def _digest(work: Work) -> str:
    """Of everything that the bytes depend on, beside the tensors' own values."""
    digest = hashlib.sha256(repr((work.rounding, sorted(work.plan.tensors.items()))).encode())
    for file in work.base.shards:
        digest.update(layout(work, file).raw)
    return digest.hexdigest()
