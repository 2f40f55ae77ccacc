"""`tuning show`: all that is known of one run."""

from collections.abc import Iterator
from typing import Any

from rich.console import Console

from tuning.cli.account import Account
from tuning.cli.aws_errors import speaks_to_aws
from tuning.cli.deployed_options import EnvironmentOption, FormatOption, Region, RunId
from tuning.cli.output import print_json
from tuning.reports.advice import dollars
from tuning.reports.visible_text import printable
from tuning.runs.run_details import RunDetails, run_details
from tuning.runs.training_metrics import Results

Lines = Iterator[tuple[str, str]]


@speaks_to_aws
def show_command(
    run: RunId,
    environment: EnvironmentOption = "dev",
    region: Region = None,
    shown: FormatOption = "text",
) -> None:
    """Show everything about a run: upload, verdict, decisions, steps, job, losses, cost, and what to do next."""
    account = Account.of(environment, region)
    record = account.run(run)
    details = run_details(
        record,
        entered=account.executions.entered(record.last_execution),
        job=account.jobs.described(record.job_arn) if record.job_arn else None,
        position=account.queue.positions().get(record.id),
        slots=account.queue.state().slots,
    )
    if shown == "json":
        print_json(details.to_dict())
    else:
        _print(details)


def _print(details: RunDetails) -> None:
    out = Console(markup=False, highlight=False, emoji=False, soft_wrap=True)
    out.print(f"Run {details.run}: {printable(details.status)}", style="bold")
    for heading, lines in (
        ("", _outcome(details)),
        ("Upload", _upload(details)),
        ("Dataset", _dataset(details)),
        ("Decisions", (("", decision) for decision in details.decisions)),
        ("Steps", _steps(details)),
        ("Job", _job(details)),
        ("Losses", _losses(details)),
        ("Cost", _cost(details)),
        ("Reports", (("", uri) for uri in details.reports)),
        ("What to do next", iter([("", details.next)])),
    ):
        _section(out, heading, list(lines))


def _section(out: Console, heading: str, lines: list[tuple[str, str]]) -> None:
    """Whole lines, however long: names of AWS are there to be copied."""
    if lines and heading:
        out.print(f"\n{heading}", style="bold")
    width = max((len(name) for name, _ in lines), default=0)
    for name, value in lines:
        out.print(f"  {name:<{width}}{'  ' if width else ''}{printable(value)}".rstrip())


def _outcome(details: RunDetails) -> Lines:
    if details.expected_wait:
        yield "", f"Its wait: {details.expected_wait}."
    if details.outcome and details.outcome.summary:
        yield "", details.outcome.summary
    if details.outcome and details.outcome.kind:
        yield "", f"Kind: {details.outcome.kind}"


def _upload(details: RunDetails) -> Lines:
    upload = details.upload
    yield "object", str(upload.get("uri"))
    yield "version", str(upload.get("version_id", "not known"))
    yield "arrived", str(upload.get("arrived_at"))
    if recipe := details.recipe:
        yield "recipe", f"{recipe['name']}: {recipe['method']} of {recipe['base_model']}"
        hyperparameters = recipe.get("hyperparameters") or {"the service's": "defaults"}
        yield "with", ", ".join(f"{name} {value}" for name, value in hyperparameters.items())


def _dataset(details: RunDetails) -> Lines:
    if details.dataset:
        yield "verdict", details.dataset.summary
        yield "validation", _validation(details)
        if details.dataset.evaluation_uri:
            yield "evaluation", "a set of its own, which is not trained on"
        yield "tokens", f"{details.dataset.training_tokens:,} an epoch, estimated"


def _validation(details: RunDetails) -> str:
    if details.unread_validation:
        return f"{details.unread_validation} came too late: the run did not use it"
    if details.dataset and details.dataset.validation_uri:
        return "a set of its own"
    came = (
        f"none came until {_at(details.waits_until)}" if details.waits_until else "none was there"
    )
    return f"{came}: the run has none"


def _steps(details: RunDetails) -> Lines:
    for step in details.steps:
        often = "" if step.times == 1 else f", {step.times} times until {_at(step.last_at)}"
        yield _at(step.first_at), f"{step.name}{often}"


def _job(details: RunDetails) -> Lines:
    job = details.job
    if not job:
        return
    yield "job", job["arn"]
    yield "status", f"{job.get('status')} ({job['seen']})"
    for phase in job.get("phases", ()):
        began, changed = _at(phase["began_at"]), _at(phase["changed_at"])
        yield phase["name"], f"{phase['status']}, began {began}, changed {changed}"
    if words := job.get("failure_message"):
        yield "Bedrock says", words
    if model := job.get("model_arn"):
        yield "model", model


def _at(moment: str | None) -> str:
    """For people, in UTC like everything here: `2026-11-23 07:00:00`."""
    return "at an unknown time" if moment is None else moment[:19].replace("T", " ")


def _losses(details: RunDetails) -> Lines:
    results = details.results or Results()
    for name, curve in (("training", results.training), ("validation", results.validation)):
        if curve:
            losses = f"{curve.first:g} to {curve.last:g}, lowest {curve.lowest:g}"
            yield name, f"{losses}, {curve.steps:,} steps"


def _cost(details: RunDetails) -> Lines:
    cost: dict[str, Any] = dict(details.cost)
    if all(cost[name] is None for name in ("estimated_usd", "storage_usd_per_month")):
        return
    spread = " to ".join(dollars(cost[f"estimated_{end}_usd"]) for end in ("low", "high"))
    yield "estimated", f"{dollars(cost['estimated_usd'])} ({spread})"
    if cost["evaluation_high_usd"]:
        yield "to evaluate it", f"{dollars(cost['evaluation_high_usd'])} at most"
    if cost["actual_basis"]:
        yield "actual", f"{dollars(cost['actual_usd'])}, {cost['actual_basis']}"
    if cost["settled_usd"]:
        yield (
            "settled",
            f"{dollars(cost['settled_usd'])} of the budgets, the most that it may have cost",
        )
    yield "to keep it", f"{dollars(cost['storage_usd_per_month'])} a month"
