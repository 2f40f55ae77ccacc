"""A merge from folder to folder, and its verification: the same work against what lies there."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuning.adapters.companion_files import RECEIPT
from tuning.adapters.destination import Comparison, Destination, new_folder
from tuning.adapters.merge_inputs import Folders, MergeInputs, open_work
from tuning.adapters.model_folder import LocalFolder
from tuning.adapters.receipt import Receipt, differences, read_receipt
from tuning.adapters.refused import MergeRefusedError
from tuning.adapters.rounding import Rounding
from tuning.adapters.shard_merge import CHUNK_ELEMENTS, Digests, merge_shard

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
    converted: bool = False
    """Whether the small files are written as Custom Model Import reads them."""


def merge(order: Order, place: Path) -> Receipt:
    """Merge into the new folder `place`. Raises MergeRefusedError or OSError; then nothing is left."""
    with ExitStack() as stack:
        inputs = _inputs(order, stack)
        with new_folder(place, inputs.size + inputs.beside_size()) as folder:
            receipt = _run(inputs, folder, order.progress)
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
        converted=bool(found.get("converted_for")),
    )
    comparison = Comparison(folder)
    with ExitStack() as stack:
        receipt = _run(_inputs(again, stack), comparison, order.progress)
    comparison.beside(RECEIPT, (folder / RECEIPT).read_bytes())
    faults = comparison.faults + comparison.unexpected()
    faults += [f"{RECEIPT}: {name} differs" for name in differences(found, receipt.content())]
    if faults:
        more = f" and {len(faults) - 5} more" if len(faults) > 5 else ""  # noqa: PLR2004 — enough to begin with
        raise MergeRefusedError("LA701", f"{folder}: {'; '.join(faults[:5])}{more}")
    return found


def _inputs(order: Order, stack: ExitStack) -> MergeInputs:
    folders = Folders(base=LocalFolder(order.base), adapter=LocalFolder(order.adapter))
    work = open_work(
        folders, stack, rounding=order.rounding, chunk=order.chunk, threads=order.threads
    )
    return MergeInputs.of(folders, work, converted=order.converted)


def _run(inputs: MergeInputs, destination: Destination, progress: MergeProgress) -> Receipt:
    digests, done = Digests(), 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        progress(done, inputs.size)

    for file in inputs.work.base.shards:
        with destination.weights(file) as sink:
            made = merge_shard(inputs.work, file, sink, advance)
        digests.before.update(made.before)
        digests.after.update(made.after)
    beside = inputs.beside()
    receipt = inputs.receipt(digests, beside)
    for name, content in beside.items():
        destination.beside(name, content)
    return receipt
