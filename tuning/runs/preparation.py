"""From an upload to a verdict: what is checked beyond the records themselves, and what follows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import structs

from tuning.datasets.bounds import OutOfTimeError, OverLimitError
from tuning.datasets.check import HeldOut, Policy, check_dataset
from tuning.datasets.convert import conversion_refusals as refusals
from tuning.datasets.convert.followable import filled
from tuning.datasets.report import Finding, Report
from tuning.datasets.rules import rules
from tuning.reports.document import json
from tuning.runs.prepared_dataset import EvaluationSize, PreparedDataset
from tuning.runs.readings import AsItIs, Converted, Reader, Source, Unread, file_refusal
from tuning.runs.recipes import Recipe
from tuning.runs.run import Run
from tuning.runs.uploads import (
    EVALUATION,
    MAX_EVALUATION_MB,
    PREFIX,
    TRAINING,
    VALIDATION,
    UploadKind,
)

if TYPE_CHECKING:
    from tuning.datasets.convert.command import Command

_MB = 1_000_000
_PURPOSES = {TRAINING: "as trained", VALIDATION: "as trained", EVALUATION: "not trained"}
_UNEVALUATED = "The recipe has a table [release], but there is no evaluation set."
_MAPPED = (
    'Names of columns can also be in the recipe: map = { prompt = "question" } under [convert].'
)


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What a check came to, and the copies that were written."""

    report: Report
    digests: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of each prepared copy by file name, hex; empty when the dataset is refused."""
    validation_version: str | None = None
    """Of the validation set's object; None without one."""
    evaluation_version: str | None = None
    """Of the evaluation set's object; None without one."""

    @property
    def tokens(self) -> int:
        """Of the training set, one epoch, estimated."""
        return self.report.tokens() or 0

    @property
    def _converted(self) -> Mapping[str, str]:
        """What each file that was converted was taken for and why, and what was changed."""
        by_file = self.report.statistics.get("converted", {})
        return {
            f"{file}, read as": "; ".join(
                [facts["why"], *(f"{what} ({often:,})" for what, often in facts["changed"].items())]
            )
            for file, facts in by_file.items()
        }

    def price(self, recipe: Recipe) -> Mapping[str, Any] | None:
        """The estimate, of what will be trained."""
        if not self.digests:
            return None
        from tuning.models.estimate import estimate_of  # noqa: PLC0415 — of no use to a refused dataset

        return estimate_of(recipe, self.report).to_dict()

    def document(self, run: Run) -> str:
        """The report as one JSON document for programs."""
        return json(self.report, estimate=self.price(run.recipe))

    def page(self, run: Run) -> str:
        """The report as one HTML page for people."""
        from tuning.reports.report_page import report_html  # noqa: PLC0415 — reading need not wait for it

        facts = {
            "run": run.id,
            "recipe": run.recipe.name,
            "base_model": run.recipe.base_model,
            "upload": run.upload.uri,
            "version": run.upload.version_id,
            **self._converted,
            **{f"SHA-256 of {name}, {_PURPOSES[name]}": d for name, d in self.digests.items()},
            **({} if self.validation_version else {"validation set": _without(run.recipe)}),
        }
        title, price = run.upload.key.removeprefix(PREFIX), self.price(run.recipe)
        return report_html(self.report, title=title, run=facts, estimate=price)

    def answer(self, *, report_uri: str, uris: Mapping[str, str]) -> PreparedDataset:
        """What the state machine goes on with."""
        return PreparedDataset(
            verdict=self.report.verdict,
            summary=_summary(self.report),
            records=self.report.records,
            training_tokens=self.tokens,
            training_tokens_at_most=self.report.most_tokens(),
            training_uri=uris.get(TRAINING),
            validation_uri=uris.get(VALIDATION),
            validation_version=self.validation_version,
            evaluation_uri=uris.get(EVALUATION),
            evaluation_size=EvaluationSize.of(self.report),
            evaluation_version=self.evaluation_version,
            report_uri=report_uri,
        )


def prepare(
    recipe: Recipe,
    training: Source,
    validation: Source | None = None,
    *,
    evaluation: Source | None = None,
    limit_mb: int | None = None,
) -> Prepared:
    """Check a dataset for a recipe, and write its prepared copies on the way.

    No copy becomes larger than `limit_mb`, however small the upload was, nor one of an evaluation set larger
    than MAX_EVALUATION_MB.
    """
    if misplaced := _misplaced(recipe, validation):
        return misplaced
    reader = Reader(recipe=recipe, limit=None if limit_mb is None else limit_mb * _MB)
    try:
        report = _report(reader, training, validation, evaluation)
    except OverLimitError as over:
        most = limit_mb
        if evaluation and over.name == evaluation.name:
            most = min(limit_mb or MAX_EVALUATION_MB, MAX_EVALUATION_MB)
        grown = f"More than {most:,} MB, once unpacked or converted."
        return _refused(file_refusal("DS901", over.name, grown))
    except OutOfTimeError as out:
        return _refused(file_refusal("DS910", out.name, "Its check would not have finished."))
    if report.verdict == "refused":
        return Prepared(report=report)
    names = {"training": TRAINING, "validation": VALIDATION, "evaluation": EVALUATION}
    read = {
        name: report.statistics[part] for part, name in names.items() if part in report.statistics
    }
    return Prepared(report=report, digests={name: facts["sha256"] for name, facts in read.items()})


def _report(
    reader: Reader, training: Source, validation: Source | None, evaluation: Source | None
) -> Report:
    few = _MB * MAX_EVALUATION_MB
    small = replace(reader, limit=min(reader.limit or few, few))
    sources = [source for source in (training, validation) if source]
    readings = [reader.reading(source) for source in sources]
    readings += [small.reading(evaluation)] if evaluation else []
    if unread := [reading.why for reading in readings if isinstance(reading, Unread)]:
        return filled(_refused(*unread).report, lambda name: str(reader.command(name)))
    read = [reading for reading in readings if not isinstance(reading, Unread)]
    policy = Policy(strict=frozenset(reader.recipe.strict))
    parts, gate = [reading.part for reading in read], reader.recipe.release
    held_out = None
    if evaluation:
        held_out = HeldOut(part=parts.pop(), fewest=gate.min_prompts if gate else None)
    checked = check_dataset(*parts, method=reader.method, policy=policy, evaluation=held_out)
    if gate and not evaluation:
        checked = _warned(checked, file_refusal("DS911", EVALUATION, _UNEVALUATED))
    report = checked
    if converted := [r for r in read if isinstance(r, Converted)]:
        from tuning.datasets.convert.checked_stream import traced  # noqa: PLC0415 — as in readings.py

        report = traced(checked, *(r.feed for r in converted))
    remarks = [r.remark for r in read if isinstance(r, AsItIs) and r.remark]
    remarks += [
        file_refusal(
            "DS908", facts["file"], f"It names media in {', '.join(facts['media_buckets'])}."
        )
        for facts in report.statistics.values()
        if facts.get("media_buckets")
    ]
    commands = {r.feed.name: _command(reader, r) for r in converted}
    followable = [_followable(found, commands) for found in report.findings]
    report = _remarked(structs.replace(report, findings=tuple(followable)), remarks)
    return filled(report, lambda name: str(reader.command(name)))


def _warned(report: Report, warning: Finding) -> Report:
    counts = Counter(report.counts) + Counter([warning.rule])
    findings = (*report.findings, structs.replace(warning, severity="warning"))
    return structs.replace(report, findings=findings, counts=dict(sorted(counts.items())))


def _command(reader: Reader, read: Converted) -> "Command":
    """What an uploader runs to convert the file as it needs it, with the options that it lacks here."""
    remedies = read.feed.remedies
    return reader.command(read.feed.name).changed(remedies.options, remedies.withdraw)


def _remarked(report: Report, remarks: Sequence[Finding]) -> Report:
    """The report with what refuses whole files."""
    counts = Counter(report.counts) + Counter(remark.rule for remark in remarks)
    return structs.replace(
        report,
        verdict="refused" if remarks else report.verdict,
        findings=(*remarks, *report.findings),
        counts=dict(sorted(counts.items())),
    )


def _followable(found: Finding, commands: Mapping[str, "Command"]) -> Finding:
    """Fixes of a conversion name options of the command line, which an upload has not."""
    if found.rule not in refusals.RULES or found.file not in commands or "--" not in found.fix:
        return found
    mapped = f" {_MAPPED}" if "--map" in found.fix else ""
    return structs.replace(
        found, fix=f"{found.fix}{mapped} On your machine: {commands[found.file]}"
    )


def too_large(name: str, size: int, *, limit_mb: int) -> Prepared | None:
    """The refusal of a file of `size` bytes that the environment does not take, unread."""
    if size <= limit_mb * _MB:
        return None
    return _refused(file_refusal("DS901", name, f"{size:,} bytes; the limit is {limit_mb:,} MB."))


def deleted(key: str) -> Prepared:
    """The refusal of an upload that was gone before it could be read."""
    name = key.rpartition("/")[2]
    return _refused(file_refusal("DS902", name, f"The uploaded version of {key} was deleted."))


def several(names: Sequence[str], kind: UploadKind = UploadKind.VALIDATION_SET) -> Prepared | None:
    """The refusal of a folder with more than one set of that kind: nobody knows which is meant."""
    if len(names) <= 1:
        return None
    why = f"There are {len(names)} {kind}s: {', '.join(names)}."
    return _refused(file_refusal("DS905", names[0], why))


def second(name: str, training: Mapping[str, datetime], *, arrived_at: datetime) -> Prepared | None:
    """The refusal of a training set in whose folder another came before it.

    `training` has the names of all that are in the folder now, and when each was uploaded. Of one that
    was overwritten since, that is later than `arrived_at`. Times are aware, to the second.
    """
    arrived = min(arrived_at, training.get(name, arrived_at))
    before = [(at, other) for other, at in training.items() if (at, other) < (arrived, name)]
    if not before:
        return None
    at, other = min(before)
    why = f"{other} has been in the same folder since {at:%Y-%m-%d %H:%M:%S} UTC."
    return _refused(file_refusal("DS909", name, why))


def _misplaced(recipe: Recipe, validation: Source | None) -> Prepared | None:
    if recipe.validation == "required" and validation is None:
        why = f"Recipe {recipe.name} requires a validation set, and there is none."
        return _refused(file_refusal("DS903", VALIDATION, why))
    if recipe.validation == "refused" and validation is not None:
        why = f"Recipe {recipe.name} takes no validation set, and there is one."
        return _refused(file_refusal("DS904", validation.name, why))
    return None


def _refused(*findings: Finding) -> Prepared:
    counts = dict(Counter(found.rule for found in findings))
    return Prepared(report=Report(verdict="refused", records=0, findings=findings, counts=counts))


def _without(recipe: Recipe) -> str:
    if minutes := recipe.wait_for_validation_minutes:
        return f"none came within {minutes} minutes of the upload: the run has none"
    return "none was beside the upload: the run has none"


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
    return f"Refused: {number}. First, in {where}: {_title(first.rule)} ({first.rule})."


def _title(rule: str) -> str:
    if rule in refusals.RULES:
        said = refusals.RULES[rule]
        return said[0].upper() + said[1:]
    return rules()[rule].title
