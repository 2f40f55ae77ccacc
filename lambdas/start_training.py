"""Start the run's one customization job, or adopt it when an earlier try has started it."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from lambdas.observe import logger, metrics, observed
from tuning.aws.customization_jobs import CustomizationJobs, JobRefusedError
from tuning.aws.ledger import Ledger
from tuning.aws.queued_runs import QueuedRuns
from tuning.aws.transient import role_not_assumable
from tuning.runs.failures import Failure, classify
from tuning.runs.function_settings import RunSettings
from tuning.runs.job_queue import Place
from tuning.runs.jobs import Start, is_ours, request
from tuning.runs.prepared_dataset import PreparedDataset
from tuning.runs.run import Run
from tuning.runs.run_record import RunRecord
from tuning.runs.run_states import Partition

_settings = cache(RunSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    run, now = Run.from_dict(event["run"]), datetime.now(UTC)
    place = Place.after(event.get("job") or {}, now=now)
    start = _in_turn(run, PreparedDataset.from_json(event["dataset"]), place, now)
    if start.job_arn:
        facts = {"open": Partition.WORKING, "job_arn": start.job_arn, "attempt": run.attempt}
        _ledger().move(run, "training", **facts)
    logger.info("start", state=start.state, job_arn=start.job_arn, ahead=place.ahead)
    return start.to_json()


def _ledger() -> Ledger:
    return Ledger(table=_settings().ledger_table)


def _in_turn(run: Run, dataset: PreparedDataset, place: Place, now: datetime) -> Start:
    """Only behind others that wait, or once Bedrock was full, does a run wait in the queue. One that
    has its job already does neither wait nor stop here: whoever tracks the job sees to it.
    """
    queue = QueuedRuns(ledger=_ledger())
    record = queue.look(run)
    if record is None:
        return Start(state="stopped")
    stop, others = record.stop_asked is not None, queue.ahead(run, now)
    job_arn = _noted_job(record, run)
    if not job_arn and (stop or others):  # a try that died before it could answer may have made it
        job_arn = _own_job(run, dataset)
    if job_arn:
        return Start(state="started", job_arn=job_arn)
    if stop:
        return Start(state="stopped")
    if others:
        return _wait(run, place.behind(others), now)
    return _try(run, dataset, place, now)


def _noted_job(record: RunRecord, run: Run) -> str | None:
    this_try = record.state == "training" and record.attempt == run.attempt
    return record.job_arn if this_try else None


def _try(run: Run, dataset: PreparedDataset, place: Place, now: datetime) -> Start:
    start = _start(run, dataset)
    if start.state != "no_room":
        return start
    why = start.failure or classify("no words were given")
    if end := place.given_up(now, why.message):
        return Start(state="failed", failure=end)
    metrics.add_metric(name="QuotaFull", unit="Count", value=1)
    return _wait(run, place.full(), now, why)


def _wait(run: Run, place: Place, now: datetime, why: Failure | None = None) -> Start:
    QueuedRuns(ledger=_ledger()).stand(run, place, now)
    return Start(state="no_room", failure=why, line=place)


def _start(run: Run, dataset: PreparedDataset) -> Start:
    try:
        arn = CustomizationJobs().create(request(run, _settings(), dataset))
    except JobRefusedError as error:
        return _resolve(error, run, dataset)
    metrics.add_metric(name="JobsStarted", unit="Count", value=1)
    return Start(state="started", job_arn=arn)


def _resolve(error: JobRefusedError, run: Run, dataset: PreparedDataset) -> Start:
    """A name in use may be our own, from a try that died before it could answer; nor need Bedrock check
    names before it checks the quota, which our own job may have filled.
    """
    failure = classify(error.message)
    full = error.code == "ServiceQuotaExceededException"  # HTTP 400, but it passes
    if full or error.code in ("ConflictException", "ValidationException"):
        if job_arn := _own_job(run, dataset):
            return Start(state="started", job_arn=job_arn)
        if failure.kind == role_not_assumable.__name__:
            raise role_not_assumable(failure.message)
    return Start(state="no_room" if full else "failed", failure=failure)


def _own_job(run: Run, dataset: PreparedDataset) -> str | None:
    """ARN of the job of this try, when there is one."""
    job = CustomizationJobs().described(run.job_name)
    return str(job["jobArn"]) if job and is_ours(job, run, dataset) else None
