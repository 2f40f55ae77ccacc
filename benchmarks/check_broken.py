"""Measures files with a fault in every line, kind of fault by kind, against a bare loop.

    PYTHONPATH=. python benchmarks/check_broken.py --megabytes 8 --rounds 5

The loop is `json.loads` for each line and nothing else. Both alternate, and the best of all rounds
counts; in processor time, for one process.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from broken_lines import faults
from check_speed import MODELS, baseline, ours
from generated_datasets import write


def measured(path: Path, kind: str, rounds: int) -> tuple[float, float]:
    """Seconds of the loop, and of ours."""
    loop, checker = [], []
    for _ in range(rounds):
        loop.append(_seconds(lambda: baseline(path)))
        checker.append(_seconds(lambda: ours(path, kind, 1, thorough=False)))
    return min(loop), min(checker)


def _seconds(run: Callable[[], None]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def row(path: Path, kind: str, faulty: Sequence[str], size: int, rounds: int) -> str:
    records = write(path, kind, size, faulty=faulty)
    loop, checker = measured(path, kind, rounds)
    each = (f"{seconds / records * 1e6:.1f}" for seconds in (loop, checker))
    name = faulty[0] if len(faulty) == 1 else "one of these, drawn"
    return f"| {kind} | {name} | {' | '.join(each)} | {loop / checker:.2f} |"


def run() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    print("| format | fault in every line | loop, µs a line | ours | ratio |")
    print("|---|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "broken.jsonl")
        for kind in MODELS:
            every = faults(kind)
            for faulty in (every, *([fault] for fault in every)):
                print(row(path, kind, faulty, asked.megabytes * 10**6, asked.rounds), flush=True)


if __name__ == "__main__":
    run()
