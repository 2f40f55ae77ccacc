"""What a cold start of each function costs before its first line of work, against `import boto3`.

A fresh process each time, alternating; medians of processor time, which neighbours move least; the
interpreter's own start is taken off both.
The functions run from the laptop's bundle, unpacked: what Lambda does with the deployed one.
"""

import os
import resource
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tuning.constructs.bundle import build_bundle
from tuning.pipeline.manifest import STEPS

ROUNDS = 15
BARE, BASELINE = "pass", "import boto3"


def cold_starts() -> dict[str, float]:
    """Processor seconds above a bare interpreter, by function, and of the baseline."""
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(build_bundle("laptop").path) as bundle:
            bundle.extractall(folder)
        packages = {BARE: folder, BASELINE: sysconfig.get_paths()["purelib"]}
        programs = {BARE: BARE, BASELINE: BASELINE} | {
            step.name: _program(step.name) for step in STEPS
        }
        taken: dict[str, list[float]] = {name: [] for name in programs}
        for _ in range(ROUNDS):
            for name, program in programs.items():
                taken[name].append(_run(program, packages.get(name, folder)))
    medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
    bare = medians.pop(BARE)
    return {name: seconds - bare for name, seconds in medians.items()}


def _program(name: str) -> str:
    return f"import lambdas.{name}; from tuning.aws.clients import client; client('s3')"


def _run(program: str, packages: str) -> float:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": packages,
        # As Lambda sets them: without, the client asks the network for credentials.
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "benchmark",
        "AWS_SECRET_ACCESS_KEY": "benchmark",
        "POWERTOOLS_SERVICE_NAME": "benchmark",
        "POWERTOOLS_METRICS_NAMESPACE": "benchmark",
    }
    # -S: neither this environment's packages nor its start-up hooks.
    command = [str(Path(sys.executable).absolute()), "-S", "-c", program]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, env=environment, cwd=packages)  # noqa: S603 — our own words
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    measured = cold_starts()
    baseline = measured.pop(BASELINE)
    table = Table("function", "import + S3 client, ms", f"x {BASELINE}")
    table.add_row(BASELINE, f"{baseline * 1000:.0f}", "1.00")
    for name, seconds in measured.items():
        table.add_row(name, f"{seconds * 1000:.0f}", f"{seconds / baseline:.2f}")
    size = Path(build_bundle("laptop").path).stat().st_size / 1e6
    Console().print(table, f"bundle for this machine: {size:.1f} MB", f"median of {ROUNDS}")


if __name__ == "__main__":
    main()
