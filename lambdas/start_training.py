"""Start the run's one customization job, or adopt it when an earlier try has started it."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from lambdas.observe import logger, metrics, observed
from tuning.aws import ledger, queued_runs
from tuning.aws.clients import client
from tuning.aws.transient import passes, role_not_assumable
from tuning.runs.failures import Failure, classify
from tuning.runs.function_settings import RunSettings
from tuning.runs.job_queue import Place
from tuning.runs.jobs import Start, is_ours, request
from tuning.runs.run import Run
from tuning.runs.run_states import Partition

_settings = cache(RunSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    run, settings, now = Run.from_dict(event["run"]), _settings(), datetime.now(UTC)
    place = Place.kept(event.get("job") or {}, now=now)
    start = _in_turn(run, settings, event["dataset"], place, now)
    if start.job_arn:
        facts = {"open": Partition.WORKING, "job_arn": start.job_arn, "attempt": str(run.attempt)}
        ledger.move(settings.ledger_table, run, "training", **facts)
    logger.info("start", state=start.state, job_arn=start.job_arn, ahead=place.ahead)
    return start.to_dict()


def _in_turn(
    run: Run, settings: RunSettings, dataset: dict[str, Any], place: Place, now: datetime
) -> Start:
    """Only behind others that wait, or once Bedrock was full, does a run stand in the line. One that
    has its job already does neither wait nor stop here: whoever tracks the job sees to it.
    """
    row = queued_runs.look(settings.ledger_table, run)
    if row is None:
        return Start(state="stopped")
    stop, others = "stop_asked" in row, queued_runs.ahead(settings.ledger_table, run, now)
    job_arn = _noted_job(row, run)
    if not job_arn and (stop or others):  # a try that died before it could tell may have made it
        job_arn = _own_job(run, dataset["training_uri"])
    if job_arn:
        return Start(state="started", job_arn=job_arn)
    if stop:
        return Start(state="stopped")
    if others:
        return _wait(run, settings, place.behind(others), now)
    return _try(run, settings, dataset, place, now)


def _noted_job(row: ledger.Row, run: Run) -> str | None:
    this_try = row["state"] == "training" and row.get("attempt") == str(run.attempt)
    return row["job_arn"] if this_try else None


def _try(
    run: Run, settings: RunSettings, dataset: dict[str, Any], place: Place, now: datetime
) -> Start:
    start = _start(run, settings, dataset)
    if start.state != "no_room":
        return start
    why = start.failure or classify("no words were given")
    if end := place.given_up(now, why.message):
        return Start(state="failed", failure=end)
    metrics.add_metric(name="QuotaFull", unit="Count", value=1)
    return _wait(run, settings, place.full(), now, why)


def _wait(
    run: Run, settings: RunSettings, place: Place, now: datetime, why: Failure | None = None
) -> Start:
    queued_runs.stand(settings.ledger_table, run, place, now)
    return Start(state="no_room", failure=why, line=place)


def _start(run: Run, settings: RunSettings, dataset: dict[str, Any]) -> Start:
    uris = {name: dataset[name] for name in ("training_uri", "validation_uri")}
    try:
        job = client("bedrock").create_model_customization_job(**request(run, settings, **uris))
    except ClientError as error:
        return _resolve(error, run, dataset["training_uri"])
    metrics.add_metric(name="JobsStarted", unit="Count", value=1)
    return Start(state="started", job_arn=job["jobArn"])


def _resolve(error: ClientError, run: Run, training_uri: str) -> Start:
    """A name in use may be our own, from a try that died before it could tell; nor need Bedrock look
    at names before it looks at the quota, which our own job may have filled.
    """
    code = error.response["Error"]["Code"]
    failure: Failure = classify(error.response["Error"].get("Message", code))
    full = code == "ServiceQuotaExceededException"  # HTTP 400, but it passes
    if full or code in ("ConflictException", "ValidationException"):
        if job_arn := _own_job(run, training_uri):
            return Start(state="started", job_arn=job_arn)
        if failure.kind == role_not_assumable.__name__:
            raise role_not_assumable(failure.message)
    elif passes(error):
        raise error
    return Start(state="no_room" if full else "failed", failure=failure)


def _own_job(run: Run, training_uri: str) -> str | None:
    """ARN of the job of this try, when there is one. UNCONFIRMED: with which of the two errors Bedrock
    says that no job has that name.
    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetModelCustomizationJob.html
    """
    bedrock = client("bedrock")
    try:
        job = bedrock.get_model_customization_job(jobIdentifier=run.job_name)
    except (bedrock.exceptions.ResourceNotFoundException, bedrock.exceptions.ValidationException):
        return None
    return str(job["jobArn"]) if is_ours(job, run, training_uri=training_uri) else None
