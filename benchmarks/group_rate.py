"""What a group of a distributed merge costs: the processor's time and memory of one function, without the network.

    PYTHONPATH=. python benchmarks/group_rate.py --megabytes 512 --rounds 3

One process per row. Reads come from a disk that has the files in its cache, parts are hashed and sent to nowhere, as
`PartSink` does it; so to these seconds come those in which S3 is waited for. Rates are of processor time, which
neighbours disturb less than the clock. Then what follows for models of 8 and 70 billion parameters on paper.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from merge_rate import HIDDEN, RANK, adapter, base

from tuning.adapters.distributed_merge import group_work, planned
from tuning.adapters.model_folder import LocalFolder
from tuning.adapters.rounding import Rounding
from tuning.adapters.tensor_groups import GROUP_BYTES, merge_group
from tuning.aws import multipart
from tuning.aws.multipart import MultipartUpload, PartSink

ROOT = Path(__file__).parents[1]
STREAM = 75.0
"""MB/s of one function to and from S3 together. 600 Mbit/s a function is often measured, AWS documents no figure:
not confirmed."""
USD_A_GB_SECOND = 0.0000133334  # arm64, us-east-1: https://aws.amazon.com/lambda/pricing/
MEMORY_GB, AT_ONCE, START = 3538 / 1024, 20, 8.0
"""Of a function; how many run at once; seconds until the first byte: a cold start, and the headers of the model."""


class Nowhere:
    """S3 that takes every part and keeps none."""

    def upload_part(self, **_: object) -> dict[str, str]:
        return {"ETag": "e"}


def one(folder: Path, parts: str, rounding: Rounding) -> dict[str, float]:
    """Every group of a model, in this process."""
    multipart.client = lambda _service: Nowhere()
    adapter_folder = LocalFolder(folder / parts) if parts else None
    given = LocalFolder(folder / "base"), adapter_folder
    before = memory("VmRSS")
    plan = planned(*given, rounding=rounding)
    began, clock = time.process_time(), time.perf_counter()
    for group in plan.groups:
        upload = MultipartUpload(bucket="b", key="k", upload_id="u")
        with (
            group_work(plan, *given, threads=2) as work,
            PartSink(upload, group.first_part, group.part_sizes()) as sink,
        ):
            merge_group(work, group, sink)
    return {
        "processor": plan.bytes / (time.process_time() - began) / 1e6,
        "clock": plan.bytes / (time.perf_counter() - clock) / 1e6,
        "above": memory("VmHWM") - before,
    }


def memory(kind: str) -> float:
    """MB: of a process that another started, getrusage counts what that one had."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{kind}:")[2].split()[0]) / 1024


def measured(folder: Path, rounds: int) -> dict[str, dict[str, float]]:
    rows = {
        "passes through (full weights)": ("", "once"),
        f"every tensor changes, rank {RANK}": ("qkvo", "once"),
        f"every tensor changes, rank {RANK}, `peft`": ("qkvo", "peft"),
        "every tensor changes, rank 128": ("high", "once"),
    }
    adapter(folder / "qkvo", folder / "base", "qkvo")
    adapter(folder / "high", folder / "base", "qkvo", rank=128)
    best: dict[str, dict[str, float]] = {}
    for _ in range(rounds):
        for name, (parts, rounding) in rows.items():
            command = [sys.executable, __file__, "--one", str(folder), parts, rounding]
            done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S603 — our own words
            found = json.loads(done.stdout)
            kept = best.setdefault(name, found)
            best[name] = {key: max(kept[key], found[key]) for key in found}
    return best


def on_paper(rows: dict[str, dict[str, float]]) -> None:
    """Half of the rate that was measured, by one processor of two, and then S3, as if neither could wait for the
    other: more than there will be.
    """
    print(f"\nComputed, not run: half of these rates, and {STREAM:.0f} MB/s from and to S3\n")
    print("| model in bfloat16 | | groups | a group, s | rounds of 20 | in all, s | Lambda, USD |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for model, size in (("8 billion, 16 GB", 16.1e9), ("70 billion, 141 GB", 141.1e9)):
        for what, row in rows.items():
            groups = math.ceil(size / GROUP_BYTES)
            each = size / groups / 1e6
            seconds = START + 2 * each / STREAM + each / (row["processor"] / 2)
            rounds = math.ceil(groups / AT_ONCE)
            cost = groups * seconds * MEMORY_GB * USD_A_GB_SECOND
            print(
                f"| {model} | {what} | {groups} | {seconds:.0f} | {rounds} | {rounds * seconds:.0f} | {cost:.2f} |"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--one", nargs=3)
    asked = parser.parse_args()
    if asked.one:
        folder, parts, rounding = asked.one
        print(json.dumps(one(Path(folder), parts, "peft" if rounding == "peft" else "once")))
        return
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        size = base(folder / "base", asked.megabytes * 10**6)
        best = measured(folder, asked.rounds)
    print(f"\n{size / 1e6:,.0f} MB of {HIDDEN} x {HIDDEN}, best of {asked.rounds}, 2 threads\n")
    print("| a group in which | MB/s of processor time | MB/s | peak memory above the start, MB |")
    print("|---|---:|---:|---:|")
    for name, row in best.items():
        print(f"| {name} | {row['processor']:,.0f} | {row['clock']:,.0f} | {row['above']:,.0f} |")
    on_paper(best)


if __name__ == "__main__":
    main()
