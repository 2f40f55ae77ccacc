"""Measures the checker against a bare `json.loads` loop and the peers' approaches, in turns.

    PYTHONPATH=. python benchmarks/check_speed.py --megabytes 1000 --rounds 5 --write docs/performance.md

Every round runs every approach once, so that neighbours disturb all of them alike; compared are the
best of all rounds. Peers are the usual ways: the standard library with checks by hand, pydantic,
jsonschema (where installed), and they check less than we do. They run over a slice of the file.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from broken_lines import faults
from check_speed_chart import bars
from generated_datasets import write
from peers import PEERS

from tuning.datasets.files import check_files
from tuning.datasets.tally import Policy
from tuning.models.catalog import catalog

ROOT = Path(__file__).parents[1]
_SLICE = "json.loads loop over a slice, as those below"
MODELS = {
    "converse": "amazon.nova-micro-v1:0:128k",
    "prompt_completion": "meta.llama3-1-8b-instruct-v1:0:128k",
}


def baseline(path: Path) -> None:
    """What the ratio is to. Lines that are no JSON cost it what they cost, too."""
    with path.open("rb") as file:
        for line in file:
            try:
                json.loads(line)
            except ValueError:
                continue


def ours(path: Path, kind: str, jobs: int, *, thorough: bool) -> None:
    method = catalog().model(MODELS[kind]).methods["FINE_TUNING"]
    check_files(path, method=method, policy=Policy(thorough=thorough), jobs=jobs)


def contestants(
    path: Path, kind: str, small: Path, *, peers: bool
) -> Iterator[tuple[str, Callable[[], Any], int]]:
    """What runs, and how many bytes it reads."""
    size, part = path.stat().st_size, small.stat().st_size
    yield "json.loads loop", lambda: baseline(path), size
    yield "ours, error rules, 1 process", lambda: ours(path, kind, 1, thorough=False), size
    yield "ours, error rules, 2 processes", lambda: ours(path, kind, 2, thorough=False), size
    yield "ours, every rule, 1 process", lambda: ours(path, kind, 1, thorough=True), size
    yield "ours, every rule, 2 processes", lambda: ours(path, kind, 2, thorough=True), size
    yield _SLICE, lambda: baseline(small), part
    for name, peer in PEERS.items() if peers else ():
        yield name, lambda peer=peer: peer(small, kind), part


def measured(
    path: Path, kind: str, small: Path, rounds: int, *, peers: bool
) -> dict[str, tuple[float, float]]:
    """The best rates of each, in MB a second and MB a second of processor time."""
    best: dict[str, tuple[float, float]] = {}
    for _ in range(rounds):
        for name, run, size in contestants(path, kind, small, peers=peers):
            start, worked = time.perf_counter(), _worked()
            run()
            wall, cpu = time.perf_counter() - start, _worked() - worked
            before = best.get(name, (0, 0))
            best[name] = max(before[0], size / wall / 1e6), max(before[1], size / cpu / 1e6)
    return best


def _worked() -> float:
    """Seconds of processor time so far, other processes that we started included."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)  # to the microsecond; os.times is not
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, who))


def memory(path: Path, kind: str) -> float:
    """Peak memory of one process that checks the file, in MB."""
    # Not ru_maxrss: a process begins with that of the one that started it, which here is larger.
    # https://man7.org/linux/man-pages/man2/getrusage.2.html and proc_pid_status(5)
    code = (
        "import sys; sys.path[:0] = ['.', 'benchmarks']; from pathlib import Path; "
        f"from check_speed import ours; ours(Path({str(path)!r}), {kind!r}, 1, thorough=False); "
        "status = Path('/proc/self/status').read_text().split(); "
        "print(status[status.index('VmHWM:') + 1])"
    )
    done = subprocess.run(  # noqa: S603 — our own interpreter and code
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return int(done.stdout) / 1024


def table(
    kind: str, best: dict[str, tuple[float, float]], peak: float, size: int, rounds: int
) -> str:
    rows, base = [], (1.0, 1.0)
    for name, rate in best.items():
        base = rate if name.startswith("json.loads loop") else base
        wall, cpu = rate[0] / base[0], rate[1] / base[1]
        rows.append(f"| {name} | {rate[0]:,.0f} | {wall:.2f} | {rate[1]:,.0f} | {cpu:.2f} |")
    return "\n".join(
        [
            f"### {kind}, {size / 1e6:,.0f} MB, best of {rounds}\n",
            "| approach | MB/s | ratio | MB/s of processor time | ratio |",
            "|---|---:|---:|---:|---:|",
            *rows,
            f"\nPeak memory of one process: {peak:.0f} MB.\n",
            f"![{kind}](check_{kind}.svg)\n",
        ]
    )


def run() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    kinds = [*MODELS, *(f"{kind} broken" for kind in MODELS)]
    parser.add_argument("--kind", choices=kinds, help="This one alone; its tables are printed.")
    parser.add_argument("--write", type=Path, help="Put tables and charts there.")
    asked = parser.parse_args()
    parts = []
    with tempfile.TemporaryDirectory() as folder:
        for kind in [asked.kind] if asked.kind else kinds:
            plain, _, broken = kind.partition(" ")
            path, small = Path(folder, "whole.jsonl"), Path(folder, "small.jsonl")
            size = asked.megabytes * 10**6 // (8 if broken else 1)
            faulty = faults(plain) if broken else ()
            write(path, plain, size, faulty=faulty)
            write(small, plain, min(size, 8_000_000), faulty=faulty)
            # The peers stop at the first line that is not JSON, or crash at a wrong type.
            best = measured(path, plain, small, asked.rounds, peers=not broken)
            name = kind.replace(" ", "_")
            parts.append(table(name, best, memory(path, plain), path.stat().st_size, asked.rounds))
            print(parts[-1], flush=True)
            if asked.write:
                chart = asked.write.parent / f"check_{name}.svg"
                chart.write_text(
                    bars(name, {n: rate for n, (_, rate) in best.items()}), encoding="utf-8"
                )
    if asked.write:
        replaced(asked.write, "\n".join(parts))


def replaced(path: Path, tables: str) -> None:
    """Put the tables between the marks of the page."""
    start, end = "<!-- check_speed: begin -->", "<!-- check_speed: end -->"
    page = path.read_text(encoding="utf-8")
    head, _, rest = page.partition(start)
    path.write_text(f"{head}{start}\n{tables}{end}{rest.partition(end)[2]}", encoding="utf-8")


if __name__ == "__main__":
    run()
