"""What a merge costs beside `cp`, and what its exactness costs beside a matrix product of BLAS.

    PYTHONPATH=. python benchmarks/merge_rate.py --gigabytes 2 --rounds 3

A synthetic base in bfloat16, two shards; adapters of rank 16. Every run is a process of its own, whose
peak memory is the kernel's figure. `cp` and the merge alternate, so that neighbours disturb both;
compared are the best of all rounds. Both end with the data on the disk (fsync).
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import ml_dtypes
import numpy as np
from safetensors.numpy import save_file

from tuning.adapters.ordered_arithmetic import add_low_rank, rounded, to_float32
from tuning.adapters.tensor_header import made_header

HIDDEN, LAYERS_A_SHARD, RANK = 4096, 30, 16
ROOT = Path(__file__).parents[1]


def base(folder: Path, size: int) -> int:
    """A base of about `size` bytes; how many bytes it has."""
    folder.mkdir()
    matrix = HIDDEN * HIDDEN * 2
    layers = max(1, size // (2 * matrix * 4))
    noise = np.random.default_rng(1).standard_normal(HIDDEN * HIDDEN, dtype=np.float32) * 0.02
    block = noise.astype(ml_dtypes.bfloat16).tobytes()
    weights: dict[str, str] = {}
    for shard in range(2):
        name = f"model-{shard + 1:05}-of-00002.safetensors"
        tensors = [
            (
                f"model.layers.{shard * layers + n}.self_attn.{part}_proj.weight",
                "BF16",
                (HIDDEN, HIDDEN),
            )
            for n in range(layers)
            for part in "qkvo"
        ]
        with (folder / name).open("wb") as file:
            file.write(made_header(tensors, {"format": "pt"}).raw)
            for tensor, _, _ in tensors:
                file.write(block)
                weights[tensor] = name
    index = {"metadata": {"total_size": len(weights) * matrix}, "weight_map": weights}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "config.json").write_text('{"model_type": "llama", "tie_word_embeddings": false}')
    return len(weights) * matrix


def adapter(folder: Path, base_folder: Path, parts: str, rank: int = RANK) -> None:
    """LoRA on some projections of every layer; "-" is one small layer alone."""
    folder.mkdir()
    index = json.loads((base_folder / "model.safetensors.index.json").read_text())
    dice = np.random.default_rng(2)
    modules = [t.removesuffix(".weight") for t in index["weight_map"]]
    chosen = modules[:1] if parts == "-" else [m for m in modules if m[-6] in parts]
    made = {}
    for module in chosen:
        for part, shape in (("A", (rank, HIDDEN)), ("B", (HIDDEN, rank))):
            key = f"base_model.model.{module}.lora_{part}.weight"
            made[key] = dice.standard_normal(shape, dtype=np.float32) * 0.02
    save_file(made, folder / "adapter_model.safetensors")
    config = {"peft_type": "LORA", "r": rank, "lora_alpha": 32}
    (folder / "adapter_config.json").write_text(json.dumps(config))


def run(command: list[str]) -> tuple[float, float]:
    """Seconds, and peak memory in MB, of a process."""
    began = time.perf_counter()
    program = (
        "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:], check=True, stdout=2);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(  # noqa: S603 — our own words
        [sys.executable, "-c", program, *command],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return time.perf_counter() - began, int(done.stdout) / 1024


def merges(folder: Path, size: int, rounds: int) -> None:
    commands = {
        "cp -r, and sync": ["sh", "-c", f"cp -r {folder}/base {folder}/out && sync {folder}/out/*"]
    }
    for name, parts, threads in (
        ("merge, one layer changes, 2 threads", "-", 2),
        ("merge, q and v change, 2 threads", "qv", 2),
        ("merge, every tensor changes, 2 threads", "qkvo", 2),
        ("merge, every tensor changes, 1 thread", "qkvo", 1),
    ):
        if not (folder / parts).exists():
            adapter(folder / parts, folder / "base", parts)
        commands[name] = [
            *(sys.executable, "-m", "tuning", "merge", str(folder / "base"), str(folder / parts)),
            *("-o", str(folder / "out"), "--threads", str(threads)),
        ]
    best = dict.fromkeys(commands, (0.0, 0.0))
    for _ in range(rounds):
        for name, command in commands.items():
            seconds, memory = run(command)
            shutil.rmtree(folder / "out")
            rate, peak = best[name]
            best[name] = max(rate, size / seconds / 1e6), max(peak, memory)
    print(f"\n{size / 1e9:.2f} GB, best of {rounds}\n")
    print("| what | MB/s | x cp | peak memory, MB |\n|---|---:|---:|---:|")
    copied = next(iter(best.values()))[0]
    for name, (rate, peak) in best.items():
        print(f"| {name} | {rate:,.0f} | {rate / copied:.2f} | {peak:,.0f} |")


def arithmetic(rounds: int) -> None:
    """One matrix, in memory: the order that is fixed, against BLAS, and both ways of rounding."""
    dice = np.random.default_rng(3)
    raw = (
        (dice.standard_normal((HIDDEN, HIDDEN), dtype=np.float32))
        .astype(ml_dtypes.bfloat16)
        .tobytes()
    )
    left, right = (
        dice.standard_normal(s, dtype=np.float32) for s in ((HIDDEN, RANK), (RANK, HIDDEN))
    )

    def blas() -> None:
        rounded(
            to_float32(raw, "BF16").reshape(HIDDEN, HIDDEN) + (left @ right) * np.float32(2), "BF16"
        )

    def ordered(*, fused: bool, through: str = "F32") -> None:
        values = to_float32(raw, "BF16").reshape(HIDDEN, HIDDEN)
        add_low_rank(values, left, right, 2, through=through, fused=fused)
        rounded(values, "BF16")

    ways = {
        "BLAS, rounded once": blas,
        "fixed order, rounded once": lambda: ordered(fused=False),
        "fixed order, fused, rounded once: `--rounding peft`": lambda: ordered(fused=True),
        "the same with the change rounded first": lambda: ordered(fused=True, through="BF16"),
    }
    best = dict.fromkeys(ways, 0.0)
    for _ in range(rounds):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            best[name] = max(best[name], len(raw) / (time.perf_counter() - began) / 1e6)
    print(f"\nOne matrix of {HIDDEN} x {HIDDEN}, rank {RANK}, one process\n")
    print("| arithmetic | MB/s of bfloat16 |\n|---|---:|")
    for name, rate in best.items():
        print(f"| {name} | {rate:,.0f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=0.25)
    parser.add_argument("--rounds", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        size = base(folder / "base", int(asked.gigabytes * 1e9))
        merges(folder, size, asked.rounds)
    arithmetic(asked.rounds + 2)
    print(
        f"\nPeak of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB"
    )


if __name__ == "__main__":
    main()
