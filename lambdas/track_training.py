"""One look at the job: where it stands, and whether it must be stopped."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from lambdas import ledger
from lambdas.aws import client
from lambdas.observe import logger, metrics, observed
from tuning.jobs import Progress, progress
from tuning.runs import Run
from tuning.settings import RunSettings

_settings = cache(RunSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    run, bedrock = Run.from_dict(event["run"]), client("bedrock")
    arn = event["job"]["job_arn"]
    job = bedrock.get_model_customization_job(jobIdentifier=arn)
    now = progress(job, run.recipe.limits, now=datetime.now(UTC))
    if now.state == "overdue":
        now = _stop(bedrock, arn, now)
    ledger.note(_settings().ledger_table, run, progress=now.to_dict())
    logger.info("looked", job_arn=arn, status=now.status, phase=now.phase, state=now.state)
    return now.to_dict()


def _stop(bedrock: Any, arn: str, overdue: Progress) -> Progress:
    """A job that ended before it could be stopped may be trained: the next look will tell."""
    try:
        bedrock.stop_model_customization_job(jobIdentifier=arn)
    except (bedrock.exceptions.ConflictException, bedrock.exceptions.ValidationException):
        # Which of the two a job that has ended answers is not documented.
        return replace(overdue, state="in_progress", failure=None)
    metrics.add_metric(name="JobsStopped", unit="Count", value=1)
    return overdue
