"""Compares ratios that docs/performance.md states with what a short run of the benchmarks gives now.

`PYTHONPATH=. python -m benchmarks.documented_ratios`, the last step of `make bench`: not of CI, whose machines differ from
run to run. Only ratios of processor time are compared, which neighbours move least; exit 1 when one is worse than
documented by more than a quarter.
"""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
TOLERANCE = 1.25


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """A ratio that the page states, and where a benchmark prints it."""

    name: str
    documented: str
    """What is before the figure, on its line of the page, as a regular expression."""
    command: tuple[str, ...]
    printed: str
    """Idem, on a line of the output."""
    more_is_worse: bool = False

    def stated(self, page: str) -> float:
        return _figure(self.documented, page)

    def measured(self, output: str) -> float:
        return _figure(self.printed, output)

    def drifted(self, stated: float, measured: float) -> bool:
        """Whether it is worse than stated by more than the tolerance."""
        worse = measured / stated if self.more_is_worse else stated / measured
        return worse > TOLERANCE


_WHOLE = ("benchmarks/whole_command.py", "3")
_START = ("-m", "benchmarks.cold_start")
RATIOS = (
    Ratio(
        name="tuning check on one core against json.loads",
        documented=r"\| `tuning check --jobs 1` \|[^|]*\| ",
        command=_WHOLE,
        printed=r"tuning check, 1 core .*processor .*\), ",
    ),
    Ratio(
        name="tuning check of 100 records against json.loads of 20,000",
        documented=r"\| `tuning check` of 100 records \|[^|]*\| ",
        command=_WHOLE,
        printed=r"tuning check, 100 records .*processor .*\), ",
    ),
    Ratio(
        name="cold start of prepare_dataset against import boto3",
        documented=r"\| `prepare_dataset` \|[^|]*\| ",
        command=_START,
        printed=r"prepare_dataset\D+\d+\D+",
        more_is_worse=True,
    ),
)


def _figure(before: str, text: str) -> float:
    """The one figure after what is before it. Raises ValueError when there is none, or more than one."""
    found = re.findall(rf"(?m)^.*?{before}(\d+\.\d+)", text)
    if len(found) != 1:
        raise ValueError(f"{len(found)} figures after {before!r}; there must be one")
    return float(found[0])


def main() -> int:
    outputs: dict[tuple[str, ...], str] = {}
    page, drifted = PAGE.read_text("utf-8"), 0
    for ratio in RATIOS:
        if ratio.command not in outputs:
            words = [sys.executable, *ratio.command]
            outputs[ratio.command] = subprocess.check_output(words, text=True)  # noqa: S603 — our own
        stated, measured = ratio.stated(page), ratio.measured(outputs[ratio.command])
        worse = ratio.drifted(stated, measured)
        drifted += worse
        print(
            f"{'DRIFTED' if worse else 'holds':8} {ratio.name}: {stated} stated, {measured} measured"
        )
    return 1 if drifted else 0


if __name__ == "__main__":
    sys.exit(main())
