"""From an upload to a verdict: what is checked beyond the records themselves, and what follows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from tuning.catalog import catalog
from tuning.dataset.check import Part, Policy, check
from tuning.dataset.report import Finding, Report
from tuning.dataset.rules import rules
from tuning.estimate import estimated
from tuning.recipes import Recipe
from tuning.render.page import html
from tuning.runs import Run
from tuning.uploads import PREFIX, TRAINING, VALIDATION, Upload


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

    @property
    def tokens(self) -> int:
        """Of the training set, one epoch, estimated."""
        training = self.report.statistics.get("training", {})
        return int(training.get("estimated_tokens", 0))

    def page(self, run: Run) -> str:
        """The report as one HTML page for people."""
        facts = {
            "run": run.id,
            "recipe": run.recipe.name,
            "base_model": run.recipe.base_model,
            "upload": run.upload.uri,
            "version": run.upload.version_id,
            **{f"SHA-256 of {name}, as trained": digest for name, digest in self.digests.items()},
        }
        price = estimated(run.recipe, tokens=self.tokens).to_dict() if self.digests else None
        title = run.upload.key.removeprefix(PREFIX)
        return html(self.report, title=title, run=facts, estimate=price)

    def answer(self, *, report_uri: str, uris: Mapping[str, str]) -> dict[str, Any]:
        """What the state machine goes on with."""
        return {
            "verdict": self.report.verdict,
            "summary": _summary(self.report),
            "records": self.report.records,
            "training_tokens": self.tokens,
            "training_uri": uris.get(TRAINING),
            "validation_uri": uris.get(VALIDATION),
            "report_uri": report_uri,
        }


def prepare(recipe: Recipe, training: Source, validation: Source | None = None) -> Prepared:
    """Check a dataset for a recipe, and write its prepared copies on the way."""
    if misplaced := _misplaced(recipe, validation):
        return misplaced
    method = catalog().model(recipe.base_model).methods[recipe.method]
    parts = [_part(source) for source in (training, validation) if source]
    policy = Policy(strict=frozenset(recipe.strict))
    report = check(*parts, method=method, policy=policy)
    if report.verdict == "refused":
        return Prepared(report=report)
    names = {"training": TRAINING, "validation": VALIDATION}
    digests = {names[part]: facts["sha256"] for part, facts in report.statistics.items()}
    return Prepared(report=report, digests=digests)


def too_large(name: str, size: int, *, limit_mb: int) -> Prepared | None:
    """The refusal of a file of `size` bytes that the environment does not take, unread."""
    if size <= limit_mb * 1_000_000:
        return None
    return _refused("DS901", name, f"{size:,} bytes; the limit is {limit_mb:,} MB.")


def deleted(key: str) -> Prepared:
    """The refusal of an upload that was gone before it could be read."""
    name = key.rsplit("/", 1)[-1]
    return _refused("DS902", name, f"The uploaded version of {key} is gone.")


def _misplaced(recipe: Recipe, validation: Source | None) -> Prepared | None:
    if recipe.validation == "required" and validation is None:
        why = f"Recipe {recipe.name} requires {VALIDATION}, and there is none."
        return _refused("DS903", VALIDATION, why)
    if recipe.validation == "refused" and validation is not None:
        why = f"Recipe {recipe.name} takes no {VALIDATION}, and there is one."
        return _refused("DS904", VALIDATION, why)
    return None


def _part(source: Source) -> Part:
    return Part(name=source.name, stream=source.stream, prepared=source.copy)


def _refused(rule: str, file: str, message: str) -> Prepared:
    finding = Finding(
        rule=rule,
        severity="error",
        file=file,
        line=None,
        message=message,
        fix=rules()[rule].fix,
    )
    report = Report(verdict="refused", records=0, findings=(finding,), counts={rule: 1})
    return Prepared(report=report)


def _summary(report: Report) -> str:
    if report.verdict == "accepted":
        return f"Accepted: {report.records:,} records."
    errors = [f for f in report.findings if f.severity == "error"]
    listed = {f.rule for f in errors}
    total = sum(count for rule, count in report.counts.items() if rule in listed)
    first = errors[0]
    where = f"{first.file} line {first.line}" if first.line else first.file
    number = "1 error" if total == 1 else f"{total:,} errors"
    # Titles are ours; a finding's own message may quote the data, which stays in the report.
    return f"Refused: {number}. First, in {where}: {rules()[first.rule].title} ({first.rule})."
