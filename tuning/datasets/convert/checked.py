"""Converted lines, held against the checker: none is written that it would refuse."""

from array import array
from collections import Counter
from collections.abc import Sequence
from typing import IO, BinaryIO, cast

from msgspec import structs

from tuning.datasets.check import Part, check_dataset
from tuning.datasets.convert.conversion import ConvertedLine, Summary
from tuning.datasets.report import Finding
from tuning.datasets.tally import Policy
from tuning.models.catalog import Method

_LISTED = 20
_ALL = 1 << 31
_EMPTY = "DS106"


class Places:
    """From which file and line each converted line was made: a few bytes a line."""

    def __init__(self) -> None:
        self._files = array("L")
        self._lines = array("Q")
        self._records = array("Q")

    def add(self, file: int, line: ConvertedLine) -> None:
        self._files.append(file)
        self._lines.append(line.source_line)
        self._records.append(line.number or 0)

    def file(self, line: int) -> int:
        """The index of the file that a converted line was made from."""
        return self._files[line - 1]

    def moved(self, found: Finding, file: str) -> Finding:
        """A finding of a converted line, where it is in the file that the line was made from."""
        at = (found.line or 1) - 1
        return structs.replace(
            found, file=file, line=self._lines[at], record=self._records[at] or None
        )


def checked(
    file: IO[bytes], summaries: Sequence[Summary], places: Places, method: Method
) -> tuple[tuple[Summary, ...], tuple[str, ...]]:
    """The summaries with what the checker refuses of the lines that were written, and what it says of
    the file as a whole, such as that it has too few records.

    The file is left without those lines, at its end.
    """
    file.seek(0)
    part = Part(name="converted", stream=cast("BinaryIO", file))
    report = check_dataset(part, method=method, policy=Policy(listed=_ALL, thorough=False))
    wrong: dict[int, list[Finding]] = {}
    for found in report.findings:
        if found.severity == "error" and found.line:
            wrong.setdefault(found.line, []).append(found)
    if wrong:
        _rewritten(file, frozenset(wrong))
    file.seek(0, 2)
    notes = tuple(
        f"{found.rule} {found.message}"
        for found in report.findings
        if found.severity == "error" and not found.line and found.rule != _EMPTY
    )
    return tuple(_summarised(i, s, wrong, places) for i, s in enumerate(summaries)), notes


def _rewritten(file: IO[bytes], left_out: frozenset[int]) -> None:
    """Take the lines out, in place: what is written never overtakes what is read."""
    file.seek(0)
    end = 0
    at = 0
    for number, line in enumerate(iter(file.readline, b""), 1):
        at += len(line)
        if number in left_out:
            continue
        file.seek(end)
        file.write(line)
        end += len(line)
        file.seek(at)
    file.truncate(end)


def _summarised(
    index: int, summary: Summary, wrong: dict[int, list[Finding]], places: Places
) -> Summary:
    mine = [found for line, found in wrong.items() if places.file(line) == index]
    if not mine:
        return summary
    counts = Counter(summary.counts)
    findings = list(summary.findings)
    for faults in mine:
        for fault in faults:
            counts[fault.rule] += 1
            if counts[fault.rule] <= _LISTED:
                findings.append(places.moved(fault, summary.file))
    return structs.replace(
        summary,
        verdict="refused",
        written=summary.written - len(mine),
        refused=summary.refused + len(mine),
        counts=dict(sorted(counts.items())),
        findings=tuple(sorted(findings, key=lambda found: found.line or 0)),
    )
