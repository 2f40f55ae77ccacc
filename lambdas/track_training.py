"""One look at the job: where it stands, and whether it must be stopped."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from lambdas.observe import logger, metrics, observed
from tuning.aws import customization_jobs, ledger
from tuning.aws.clients import client
from tuning.runs.function_settings import RunSettings
from tuning.runs.progress import Progress, look
from tuning.runs.run import Run

_settings = cache(RunSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    run, bedrock = Run.from_dict(event["run"]), client("bedrock")
    arn = event["job"]["job_arn"]
    job = bedrock.get_model_customization_job(jobIdentifier=arn)
    before = Progress.kept(event.get("progress") or {})
    now = look(job, run, before=before, now=datetime.now(UTC))
    asked = "stop_asked" in (_noted(run, now) or {})
    if now.must_be_stopped or (asked and now.status == "InProgress"):
        _stop(bedrock, arn)
    if now.state != "in_progress":
        _count(now)
    logger.info("looked", job_arn=arn, status=now.status, phase=now.phase, state=now.state)
    return now.to_dict()


def _noted(run: Run, now: Progress) -> ledger.Row | None:
    table = _settings().ledger_table
    if now.state == "again":
        return ledger.move(table, run, "again", progress=now.to_dict())
    return ledger.note(table, run, progress=now.to_dict())


def _stop(bedrock: Any, arn: str) -> None:
    """A job that ended before it could be stopped may be trained: the next look will tell."""
    if words := customization_jobs.stopped(bedrock, arn):
        logger.info("not stopped", job_arn=arn, words=words)
    else:
        metrics.add_metric(name="JobsStopped", unit="Count", value=1)


def _count(now: Progress) -> None:
    if now.state == "overdue" and now.failure:
        metrics.add_metric(name="JobsStalled", unit="Count", value=1)
    if now.state == "again":
        metrics.add_metric(name="JobsTriedAgain", unit="Count", value=1)
