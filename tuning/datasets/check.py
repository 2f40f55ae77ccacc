"""Checks a dataset: what may train a model, and what is wrong with what may not."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, BinaryIO

from msgspec import Struct

from tuning.datasets import across, quality
from tuning.datasets.formats.walk import Fault
from tuning.datasets.opening import opened
from tuning.datasets.report import Finding, Report
from tuning.datasets.scan import Copy, Scanner
from tuning.datasets.statistics import statistics
from tuning.datasets.tally import Policy, Tally
from tuning.models.catalog import Method

__all__ = ["HeldOut", "Part", "Policy", "check_dataset", "concluded"]

_MENDED = {
    "byte_order_mark": ("DS121", "a byte order mark at the start"),
    "crlf": ("DS122", "{} lines end with CR LF"),
    "blank_line": ("DS123", "{} blank lines"),
    "final_newline": ("DS124", "the last line has no line feed"),
    "gzip": ("DS125", "the file is compressed"),
    "ctrl_z": ("DS126", "Ctrl-Z (U+001A) ends {} lines"),
}


class Part(Struct, frozen=True, kw_only=True):
    """One file of the dataset, read once."""

    name: str
    """As findings name it, such as `train.jsonl`."""
    stream: BinaryIO
    prepared: BinaryIO | None = None
    """Where the fixed copy goes while the stream is read."""
    limit: int | None = None
    """Bytes that may come out of an archive."""


class HeldOut(Struct, frozen=True, kw_only=True):
    """An evaluation set, which is neither trained on nor sent to the service with the others."""

    part: Part
    fewest: int | None = None
    """How many different prompts the recipe's gate asks for; None without a gate."""


def check_dataset(
    training: Part,
    validation: Part | None = None,
    *,
    method: Method,
    policy: Policy = Policy(),  # noqa: B008 — frozen
    evaluation: HeldOut | None = None,
) -> Report:
    """The verdict on a dataset, its findings and its numbers.

    Only I/O can raise, and a part's limit: OverLimitError.
    """
    first, digest = _scanned(training, method, policy)
    second, other = _scanned(validation, method, policy) if validation else (None, None)
    third, last = _scanned(evaluation.part, method, policy) if evaluation else (None, None)
    return concluded(
        first,
        second,
        third,
        method=method,
        digests=(digest, other, last),
        fewest=evaluation.fewest if evaluation else None,
    )


def _scanned(part: Part, method: Method, policy: Policy) -> tuple[Tally, str | None]:
    copy = _copy_to(part.prepared) if part.prepared else None
    source = opened(part.stream, name=part.name, limit=part.limit)
    tally = Scanner(part.name, method, policy).scan(source, copy)
    return tally, copy.digest.hexdigest() if copy else None


def _copy_to(target: BinaryIO) -> Copy:
    import hashlib  # noqa: PLC0415 — loads OpenSSL, which a check that keeps no copy does without

    return Copy(target, hashlib.sha256())


def concluded(
    training: Tally,
    validation: Tally | None,
    evaluation: Tally | None = None,
    *,
    method: Method,
    digests: tuple[str | None, ...] = (None, None, None),
    fewest: int | None = None,
) -> Report:
    """The report of what was read, with what only shows across records. `digests` are of the prepared
    copies, `fewest` is as in HeldOut.
    """
    named = {"training": training, "validation": validation, "evaluation": evaluation}
    tallies = {name: tally for name, tally in named.items() if tally}
    copies = dict(zip(named, digests, strict=True))
    numbers: dict[str, Any] = {}
    for name, tally in tallies.items():
        _mended(tally)
        across.uneven(tally)
        across.contested(tally, method)
        quality.outliers(tally)
        numbers[name] = statistics(tally, across.repeated(tally), copies[name])
    if validation:
        numbers["validation"].update(across.leaked(training, validation))
    if evaluation:
        numbers["evaluation"].update(across.overlapping(training, validation, evaluation))
        across.too_few(evaluation, fewest)
        across.beyond_text(evaluation)
    trained = [tally for name, tally in tallies.items() if name != "evaluation"]
    across.mixed(trained)
    across.empty(tallies.values())
    across.limits(training, validation, method)
    return _report(tallies.values(), numbers, records=sum(tally.records for tally in trained))


def _mended(tally: Tally) -> None:
    for repair, (rule, message) in _MENDED.items():
        if count := tally.repairs[repair]:
            said = message.format(f"{count:,}")
            tally.add(Fault(rule, said if count > 1 else said.replace("lines", "line")), None)


def _report(tallies: Iterable[Tally], numbers: dict[str, Any], *, records: int) -> Report:
    counts: Counter[str] = Counter()
    repairs: Counter[str] = Counter()
    findings: list[Finding] = []
    refused, listed = False, 0
    for tally in tallies:
        listed = tally.policy.listed
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
