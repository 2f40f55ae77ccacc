"""A merge through groups, on this machine: each group's bytes are put where its parts lie in the file."""

import hashlib
from pathlib import Path

from tuning.adapters.distributed_merge import (
    DistributedPlan,
    GroupResult,
    PartResult,
    assembled,
    group_work,
    planned,
)
from tuning.adapters.model_folder import LocalFolder, content_pieces
from tuning.adapters.tensor_groups import merge_group


class Buffer:
    def __init__(self):
        self.data = bytearray()

    def write(self, _tensor, data):
        self.data += data


def folders(base, adapter):
    return LocalFolder(Path(base)), LocalFolder(Path(adapter)) if adapter else None


def plan_of(base, adapter, **options):
    """As another function reads it: from JSON."""
    made = planned(
        *folders(base, adapter), **({"converted": False, "least": 1, "part": 100} | options)
    )
    return DistributedPlan.from_json(made.to_json())


def group_of(plan, number, base, adapter, threads=1):
    """The result of a group, and its bytes."""
    group, sink = plan.groups[number], Buffer()
    with group_work(plan, *folders(base, adapter), threads=threads) as work:
        digests = merge_group(work, group, sink)
    parts, at = [], 0
    for place, size in enumerate(group.part_sizes()):
        digest = hashlib.sha256(sink.data[at : at + size]).hexdigest()
        parts.append(
            PartResult(number=group.first_part + place, size=size, sha256=digest, etag="e")
        )
        at += size
    assert at == len(sink.data) == group.bytes
    result = GroupResult(
        group=number, before=digests.before, after=digests.after, parts=tuple(parts)
    )
    return GroupResult.from_json(result.to_json()), bytes(sink.data)


def merge_by_groups(base, adapter, *, order=lambda numbers: numbers, **options):
    """Every file of the result by name, the receipt's content, and the plan."""
    plan = plan_of(base, adapter, **options)
    written = {file: bytearray(size) for file, size in plan.files.items()}
    results = []
    for number in order(list(range(len(plan.groups)))):
        result, data = group_of(plan, number, base, adapter)
        first = plan.groups[number].first_byte
        written[plan.groups[number].file][first : first + len(data)] = data
        results.append(result)
    made = assembled(plan, *folders(base, adapter), results)
    small = {name: b"".join(content_pieces(content)) for name, content in made.files.items()}
    files = {name: bytes(data) for name, data in written.items()} | small
    return files | {"merge-receipt.json": made.receipt}, made.content, plan
