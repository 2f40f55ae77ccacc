"""Start the run's one customization job, or adopt it when an earlier try has started it."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from lambdas import polling_queue
from lambdas.observe import logger, metrics, observed
from tuning.aws import customization_jobs, ledger, slot_queue
from tuning.aws.clients import client
from tuning.aws.transient import passes, role_not_assumable
from tuning.runs.failures import Failure, classify, failure
from tuning.runs.function_settings import RunSettings
from tuning.runs.job_queue import PATIENCE, instant
from tuning.runs.jobs import Start, is_ours, request
from tuning.runs.run import Run
from tuning.runs.run_states import Partition

_settings = cache(RunSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    run, now = Run.from_dict(event["run"]), datetime.now(UTC)
    start = _start_or_queue(run, event, now)
    if start.job_arn:
        facts = {"open": Partition.WORKING, "job_arn": start.job_arn, "attempt": str(run.attempt)}
        ledger.move(_settings().ledger_table, run, "training", without=slot_queue.LEFT, **facts)
    logger.info("start", state=start.state, job_arn=start.job_arn)
    if start.state == "queued" and "queue" not in event:
        return polling_queue.answer(start, event.get("job") or {}, now)
    return start.to_dict()


def _start_or_queue(run: Run, event: dict[str, Any], now: datetime) -> Start:
    """Only behind others that wait, or once Bedrock was full, does a run wait in the queue; one that
    was let out of it tries whoever waits. One that has its job already does neither wait nor stop here:
    whoever tracks the job sees to it.
    """
    settings, dataset, answer = _settings(), event["dataset"], event.get("queue") or {}
    row = slot_queue.enter(settings.ledger_table, run)
    if row is None:
        return Start(state="stopped")
    stop = "stop_asked" in row
    wait = not answer.get("slot") and slot_queue.others_first(settings.ledger_table, run)
    job_arn = _noted_job(row, run)
    if not job_arn and (stop or wait):  # a try that died before it could tell may have made it
        job_arn = _own_job(run, dataset["training_uri"])
    if job_arn:
        return Start(state="started", job_arn=job_arn)
    if stop:
        return Start(state="stopped")
    if wait:
        return Start(state="queued")
    start = _start(run, settings, dataset)
    if start.state == "queued":
        return _refused(run, start, now, last_try=bool(answer.get("last_try")))
    return start


def _refused(run: Run, start: Start, now: datetime, *, last_try: bool) -> Start:
    """Bedrock had no slot. Its words may mean the quota of custom models as well."""
    words = start.failure.message if start.failure else "no words were given"
    if last_try:
        why = f"Nobody got a job slot for {PATIENCE.days} days: {words}"
        return Start(state="failed", failure=failure("quota_full", why))
    metrics.add_metric(name="QuotaFull", unit="Count", value=1)
    slot_queue.refused(_settings().ledger_table, run, instant(now))
    return start


def _noted_job(row: ledger.Row, run: Run) -> str | None:
    this_try = row["state"] == "training" and row.get("attempt") == str(run.attempt)
    return row["job_arn"] if this_try else None


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
    words: Failure = classify(error.response["Error"].get("Message", code))
    full = code == "ServiceQuotaExceededException"  # HTTP 400, but it passes
    if full or code in ("ConflictException", "ValidationException"):
        if job_arn := _own_job(run, training_uri):
            return Start(state="started", job_arn=job_arn)
        if words.kind == role_not_assumable.__name__:
            raise role_not_assumable(words.message)
    elif passes(error):
        raise error
    return Start(state="queued" if full else "failed", failure=words)


def _own_job(run: Run, training_uri: str) -> str | None:
    """ARN of the job of this try, when there is one."""
    job = customization_jobs.described(client("bedrock"), run.job_name)
    return str(job["jobArn"]) if job and is_ours(job, run, training_uri=training_uri) else None
