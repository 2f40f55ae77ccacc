"""Checks a dataset: what may train a model, and what is wrong with what may not."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, BinaryIO

from tuning.datasets import across, quality
from tuning.datasets.formats.walk import Fault
from tuning.datasets.opening import opened
from tuning.datasets.report import Finding, Report
from tuning.datasets.scan import Copy, Scanner
from tuning.datasets.statistics import statistics
from tuning.datasets.tally import Policy, Tally
from tuning.models.catalog import Method

__all__ = ["Part", "Policy", "check_dataset", "concluded"]

_MENDED = {
    "byte_order_mark": ("DS121", "a byte order mark at the start"),
    "crlf": ("DS122", "{} lines end with CR LF"),
    "blank_line": ("DS123", "{} blank lines"),
    "final_newline": ("DS124", "the last line has no line feed"),
    "gzip": ("DS125", "the file is compressed"),
    "ctrl_z": ("DS126", "Ctrl-Z (U+001A) ends {} lines"),
}


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file of the dataset, read once."""

    name: str
    """As findings name it, such as `train.jsonl`."""
    stream: BinaryIO
    prepared: BinaryIO | None = None
    """Where the fixed copy goes while the stream is read."""
    limit: int | None = None
    """Bytes that may come out of an archive."""


def check_dataset(
    training: Part,
    validation: Part | None = None,
    *,
    method: Method,
    policy: Policy = Policy(),  # noqa: B008 — frozen
) -> Report:
    """The verdict on a dataset, its findings and its numbers.

    Only I/O can raise, and a part's limit: OverLimitError.
    """
    first, digest = _scanned(training, method, policy)
    second, other = _scanned(validation, method, policy) if validation else (None, None)
    return concluded(first, second, method=method, digests=(digest, other))


def _scanned(part: Part, method: Method, policy: Policy) -> tuple[Tally, str | None]:
    copy = Copy(part.prepared, hashlib.sha256()) if part.prepared else None
    source = opened(part.stream, name=part.name, limit=part.limit)
    tally = Scanner(part.name, method, policy).scan(source, copy)
    return tally, copy.digest.hexdigest() if copy else None


def concluded(
    training: Tally,
    validation: Tally | None,
    *,
    method: Method,
    digests: tuple[str | None, str | None] = (None, None),
) -> Report:
    """The report of what was read, with what only shows across records."""
    tallies = (training, validation) if validation else (training,)
    numbers: dict[str, Any] = {}
    for name, tally, digest in zip(("training", "validation"), tallies, digests, strict=False):
        _mended(tally)
        across.uneven(tally)
        across.contested(tally, method)
        quality.outliers(tally)
        numbers[name] = statistics(tally, across.repeated(tally), digest)
    if validation:
        numbers["validation"].update(across.leaked(training, validation))
    across.mixed(tallies)
    across.limits(training, validation, method)
    return _report(tallies, numbers)


def _mended(tally: Tally) -> None:
    for repair, (rule, message) in _MENDED.items():
        if count := tally.repairs[repair]:
            said = message.format(f"{count:,}")
            tally.add(Fault(rule, said if count > 1 else said.replace("lines", "line")), None)


def _report(tallies: Iterable[Tally], numbers: dict[str, Any]) -> Report:
    counts: Counter[str] = Counter()
    repairs: Counter[str] = Counter()
    findings: list[Finding] = []
    refused, listed, records = False, 0, 0
    for tally in tallies:
        listed, records = tally.policy.listed, records + tally.records
        counts.update(tally.counts)
        repairs.update(tally.repairs)
        findings.extend(sorted(tally.findings, key=_place))
        refused |= tally.refused
    return Report(
        verdict="refused" if refused else "accepted",
        records=records,
        findings=_first(findings, listed),
        counts=dict(sorted(counts.items())),
        statistics=numbers,
        repairs=dict(sorted(repairs.items())),
    )


def _place(finding: Finding) -> tuple[int, int, str, str]:
    return (finding.line or 0, finding.column or 0, finding.rule, finding.field or "")


def _first(findings: Iterable[Finding], listed: int) -> tuple[Finding, ...]:
    room: Counter[str] = Counter()
    kept = []
    for finding in findings:
        room[finding.rule] += 1
        if room[finding.rule] <= listed:
            kept.append(finding)
    return tuple(kept)
