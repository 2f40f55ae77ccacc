"""A merge from folder to folder, and its verification: the same work against what lies there."""

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tuning.adapters.adapter_folder import CONFIG as ADAPTER_CONFIG
from tuning.adapters.adapter_folder import WEIGHTS, open_adapter
from tuning.adapters.adapter_values import all_finite, same_bytes
from tuning.adapters.base_names import BaseNames
from tuning.adapters.base_weights import CONFIG, INDEX, Base, open_base, small_json
from tuning.adapters.companion_files import RECEIPT, Companions, companions
from tuning.adapters.destination import Comparison, Destination, new_folder
from tuning.adapters.merge_steps import MergePlan, Rounding
from tuning.adapters.planning import merge_plan
from tuning.adapters.receipt import Receipt, differences, read_receipt, sha256_of, tensors
from tuning.adapters.refused import MergeRefusedError
from tuning.adapters.shard_merge import (
    CHUNK_ELEMENTS,
    Digests,
    Work,
    digest_of_all,
    layout,
    merge_shard,
)

MergeProgress = Callable[[int, int], None]
"""Called with bytes done and bytes in all."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to merge, and how. The bytes depend on `base`, `adapter` and `rounding` alone."""

    base: Path
    adapter: Path
    rounding: Rounding = "once"
    chunk: int = CHUNK_ELEMENTS
    threads: int = 1
    progress: MergeProgress = lambda _done, _total: None


def merge(order: Order, place: Path) -> Receipt:
    """Merge into the new folder `place`. Raises MergeRefusedError or OSError; then nothing is left."""
    with ExitStack() as stack:
        job = _Job(order, stack)
        with new_folder(place, job.size + job.beside_size()) as folder:
            receipt = job.run(folder)
            folder.beside(RECEIPT, receipt.to_bytes())
    return receipt


def verify(folder: Path, base: Path | None, adapter: Path | None, order: Order) -> dict[str, Any]:
    """Merge again and compare every byte; the receipt that was found. The paths default to its own.

    Raises MergeRefusedError LA701 that names what differs.
    """
    if not (folder / RECEIPT).is_file():
        raise MergeRefusedError("LA701", f"{folder} has no {RECEIPT}")
    found = read_receipt((folder / RECEIPT).read_bytes(), RECEIPT)
    again = Order(
        base=base or Path(found["base"]["path"]),
        adapter=adapter or Path(found["adapter"]["path"]),
        rounding=found["rounding"],
        chunk=order.chunk,
        threads=order.threads,
        progress=order.progress,
    )
    comparison = Comparison(folder)
    with ExitStack() as stack:
        receipt = _Job(again, stack).run(comparison)
    comparison.beside(RECEIPT, (folder / RECEIPT).read_bytes())
    faults = comparison.faults + comparison.unexpected()
    faults += [f"{RECEIPT}: {name} differs" for name in differences(found, receipt.content())]
    if faults:
        more = f" and {len(faults) - 5} more" if len(faults) > 5 else ""  # noqa: PLR2004 — enough to begin with
        raise MergeRefusedError("LA701", f"{folder}: {'; '.join(faults[:5])}{more}")
    return found


class _Job:
    def __init__(self, order: Order, stack: ExitStack) -> None:
        self.order = order
        adapter = open_adapter(order.adapter, stack)
        base = open_base(order.base, stack)
        all_finite(adapter)
        planned = merge_plan(base, adapter, partial(same_bytes, adapter))
        self.work = Work(
            base=base,
            adapter=adapter,
            plan=planned,
            rounding=order.rounding,
            chunk=order.chunk,
            threads=order.threads,
        )
        self.companions = _companions(order, base, planned)
        self.headers = {file: layout(self.work, file) for file in base.shards}
        self.size = sum(header.size for header in self.headers.values())
        self.done = 0

    def beside_size(self) -> int:
        found = self.companions.files.values()
        return sum(len(c) if isinstance(c, bytes) else c.stat().st_size for c in found)

    def run(self, destination: Destination) -> Receipt:
        digests = Digests()
        for file in self.work.base.shards:
            with destination.weights(file) as sink:
                made = merge_shard(self.work, file, sink, self._progress)
            digests.before.update(made.before)
            digests.after.update(made.after)
        changed = {n for n, d in digests.after.items() if digests.before.get(n) != d}
        if not changed:
            raise MergeRefusedError(
                "LA505", "no byte of the base changes: B is zero, or alpha, or all is rounded away"
            )
        beside = dict(self.companions.files)
        if (index := self._index()) is not None:
            beside[INDEX] = index
        for name, content in beside.items():
            destination.beside(name, content)
        return self._receipt(digests, changed, beside)

    def _progress(self, count: int) -> None:
        self.done += count
        self.order.progress(self.done, self.size)

    def _index(self) -> Path | bytes | None:
        index = self.work.base.index
        if index is None:
            return None
        spans = [s for header in self.headers.values() for s in header.tensors.values()]
        metadata = dict(index.get("metadata") or {})
        metadata["total_size"] = sum(span.nbytes for span in spans)
        if "total_parameters" in metadata:
            metadata["total_parameters"] = sum(math.prod(span.shape) for span in spans)
        weights = {n: f for f, header in self.headers.items() for n in header.tensors}
        written = dict(index) | {"metadata": metadata, "weight_map": dict(sorted(weights.items()))}
        if written == index:
            return self.order.base / INDEX
        return (json.dumps(written, indent=2, ensure_ascii=False) + "\n").encode()

    def _receipt(
        self, digests: Digests, changed: set[str], beside: Mapping[str, Path | bytes]
    ) -> Receipt:
        untouched = {n: digest for n, digest in digests.after.items() if n not in changed}
        order, settings = self.order, self.work.adapter.settings
        return Receipt(
            rounding=order.rounding,
            base={
                "path": str(order.base.resolve()),
                "weights": _summary(digests.before),
                "files": {CONFIG: sha256_of(order.base / CONFIG)},
            },
            adapter={
                "path": str(order.adapter.resolve()),
                "files": {n: sha256_of(order.adapter / n) for n in (ADAPTER_CONFIG, WEIGHTS)},
                "base_label": settings.base_label,
            },
            output={
                "weights": _summary(digests.after),
                "files": {name: _sha256(content) for name, content in beside.items()},
            },
            changed=tensors(self.work.plan, {n: digests.after[n] for n in changed}),
            added=self.work.plan.added,
            unchanged=_summary(untouched),
            config_changes=self.work.plan.config_changes,
            notes=(*_base_notes(order, settings.base_label), *self._all_notes()),
            left_out=self.companions.left_out,
        )

    def _all_notes(self) -> tuple[str, ...]:
        return (*self.work.plan.notes, *self.companions.notes)


def _companions(order: Order, base: Base, planned: MergePlan) -> Companions:
    embedding = BaseNames(base).embedding
    if embedding is None:
        rows = None
    elif embedding in planned.tensors:
        rows = planned.tensors[embedding].shape[0]
    else:
        rows = base.span(embedding).shape[0]
    return companions(order.base, order.adapter, planned.config_changes, rows=rows)


def _base_notes(order: Order, label: str) -> tuple[str, ...]:
    """The adapter names its base; a name is not proof, and for QLoRA it names quantised weights."""
    found = small_json(order.base / CONFIG, rule="LA401").get("_name_or_path")
    named = {
        order.base.resolve().name,
        Path(found).name if isinstance(found, str) and found else "",
    }
    if not label or Path(label).name in named:
        return ()
    quantised = any(word in label.lower() for word in ("4bit", "8bit", "bnb", "gptq", "awq", "fp8"))
    hint = ": trained on a quantised base, merged into the weights given" if quantised else ""
    return (f"the adapter calls its base {label}, the base given is {order.base.name}{hint}",)


def _summary(named: Mapping[str, str]) -> dict[str, Any]:
    return {"count": len(named), "sha256": digest_of_all(named)}


def _sha256(content: Path | bytes) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    return sha256_of(content)
