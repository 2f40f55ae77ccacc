"""One poll of the job: its status, and whether it must be stopped."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from lambdas.observe import logger, metrics, observed
from tuning.aws.customization_jobs import CustomizationJobs
from tuning.aws.ledger import Ledger
from tuning.runs.function_settings import RunSettings
from tuning.runs.jobs import JobStart
from tuning.runs.progress import Progress, polled
from tuning.runs.run import Run
from tuning.runs.run_record import RunRecord

_settings = cache(RunSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    run, arn, jobs = (
        Run.from_dict(event["run"]),
        JobStart.from_json(event["job"]).arn,
        CustomizationJobs(),
    )
    before = Progress.kept(event.get("progress"))
    now = polled(jobs.read(arn), run, before=before, now=datetime.now(UTC))
    record = _noted(run, now)
    asked = record is not None and record.stop_asked is not None
    if now.must_be_stopped or (asked and now.status == "InProgress"):
        _stop(jobs, arn)
    if now.state != "in_progress":
        _count(now)
    logger.info("polled", job_arn=arn, status=now.status, phase=now.phase, state=now.state)
    return now.to_json()


def _noted(run: Run, now: Progress) -> RunRecord | None:
    ledger = Ledger(table=_settings().ledger_table)
    again = now.state == "again"
    noted = ledger.move(run, "again", progress=now) if again else ledger.note(run, progress=now)
    return ledger.written(run) if noted else None


def _stop(jobs: CustomizationJobs, arn: str) -> None:
    """A job that ended before it could be stopped may be trained: the next poll will show."""
    if why := jobs.stop(arn):
        logger.info("not stopped", job_arn=arn, why=why)
    else:
        metrics.add_metric(name="JobsStopped", unit="Count", value=1)


def _count(now: Progress) -> None:
    if now.state == "overdue" and now.failure:
        metrics.add_metric(name="JobsStalled", unit="Count", value=1)
    if now.state == "again":
        metrics.add_metric(name="JobsTriedAgain", unit="Count", value=1)
