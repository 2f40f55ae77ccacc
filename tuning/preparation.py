"""From an upload to a verdict: what is checked beyond the records themselves, and what follows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from tuning.catalog import catalog
from tuning.dataset.check import Part, check
from tuning.dataset.report import Finding, Report
from tuning.recipes import Recipe
from tuning.uploads import TRAINING, VALIDATION, Upload


@dataclass(frozen=True, kw_only=True)
class Source:
    """One uploaded file, and the empty file that its prepared copy goes to."""

    name: str
    stream: BinaryIO
    copy: BinaryIO


@dataclass(frozen=True, kw_only=True)
class Prepared:
    report: Report
    digests: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of each prepared copy by file name, hex; empty when the dataset is refused."""

    def answer(self, *, report_uri: str, uris: Mapping[str, str]) -> dict[str, Any]:
        """What the state machine goes on with."""
        training = self.report.statistics.get("training", {})
        return {
            "verdict": self.report.verdict,
            "summary": _summary(self.report),
            "records": self.report.records,
            "training_tokens": training.get("estimated_tokens", 0),
            "training_uri": uris.get(TRAINING),
            "validation_uri": uris.get(VALIDATION),
            "report_uri": report_uri,
        }


def prepare(recipe: Recipe, training: Source, validation: Source | None = None) -> Prepared:
    """Check a dataset for a recipe, and write its prepared copies on the way."""
    if misplaced := _validation_policy(recipe, validation):
        return _refused(misplaced)
    method = catalog().model(recipe.base_model).methods[recipe.method]
    parts = [_part(source) for source in (training, validation) if source]
    report = check(*parts, method=method)
    if report.verdict == "refused":
        return Prepared(report=report)
    names = {"training": TRAINING, "validation": VALIDATION}
    digests = {names[part]: facts["sha256"] for part, facts in report.statistics.items()}
    return Prepared(report=report, digests=digests)


def too_large(upload: Upload, *, limit_mb: int) -> Prepared | None:
    """The refusal of an upload that is larger than the environment takes, unread."""
    if upload.size <= limit_mb * 1_000_000:
        return None
    return _refused(
        Finding(
            rule="DS001",
            severity="error",
            file=TRAINING,
            line=None,
            message=f"{upload.size:,} bytes; this environment takes {limit_mb:,} MB and read none.",
            fix="Upload fewer records, or raise max_dataset_mb in the environment's Config.",
        )
    )


def deleted(key: str) -> Prepared:
    """The refusal of an upload that was gone before it could be read."""
    return _refused(
        Finding(
            rule="DS002",
            severity="error",
            file=key.rsplit("/", 1)[-1],
            line=None,
            message=f"The uploaded version of {key} was deleted before it could be read.",
            fix="Upload the file again.",
        )
    )


def _validation_policy(recipe: Recipe, validation: Source | None) -> Finding | None:
    if recipe.validation == "required" and validation is None:
        rule, message = "DS003", f"recipe {recipe.name} requires {VALIDATION}, and there is none."
        fix = f"Upload {VALIDATION} to the same folder first, then {TRAINING} again."
    elif recipe.validation == "refused" and validation is not None:
        rule, message = "DS004", f"recipe {recipe.name} takes no {VALIDATION}, and there is one."
        fix = f"Delete {VALIDATION} from the folder, then upload {TRAINING} again."
    else:
        return None
    return Finding(
        rule=rule,
        severity="error",
        file=VALIDATION,
        line=None,
        message=message.capitalize(),
        fix=fix,
    )


def _part(source: Source) -> Part:
    return Part(name=source.name, stream=source.stream, prepared=source.copy)


def _refused(finding: Finding) -> Prepared:
    return Prepared(
        report=Report(verdict="refused", records=0, findings=(finding,), counts={finding.rule: 1})
    )


def _summary(report: Report) -> str:
    if report.verdict == "accepted":
        return f"Accepted: {report.records:,} records."
    errors = [f for f in report.findings if f.severity == "error"]
    listed = {f.rule for f in errors}
    total = sum(count for rule, count in report.counts.items() if rule in listed)
    first = errors[0]
    where = f"{first.file} line {first.line}" if first.line else first.file
    number = "1 error" if total == 1 else f"{total:,} errors"
    return f"Refused: {number}. First, in {where}: {first.message} {first.fix}"
