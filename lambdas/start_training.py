"""Start the run's one customization job, or adopt it when an earlier try has started it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from lambdas import deployed_recipes, polling_queue
from lambdas.observe import logger, metrics, observed
from tuning.aws.customization_jobs import CustomizationJobs, JobRefusedError
from tuning.aws.ledger import Ledger
from tuning.aws.slot_queue import SlotQueue
from tuning.aws.transient import name_in_use, role_not_assumable
from tuning.runs.failures import classify, failure
from tuning.runs.function_settings import RunSettings
from tuning.runs.job_queue import LEFT, MOST_WAITING, PATIENCE, expected_wait
from tuning.runs.jobs import JobStart, foreign, is_ours, request
from tuning.runs.newest_version import who_stops
from tuning.runs.prepared_dataset import PreparedDataset
from tuning.runs.run import Run
from tuning.runs.run_record import RunRecord
from tuning.runs.run_states import Partition
from tuning.runs.times import instant

_settings = cache(RunSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    run, now = Run.from_dict(event["run"]), datetime.now(UTC)
    start = _start_or_queue(
        run, PreparedDataset.from_json(event["dataset"]), event.get("queue") or {}, now
    )
    if start.job_arn:
        facts = {"open": Partition.WORKING, "job_arn": start.job_arn, "attempt": run.attempt}
        if not _ledger().move(run, "training", without=LEFT, **facts):
            # Given up while it was at work, and its run went on to an end: the reconciler sees to the job.
            _ledger().amend(run.id, open=Partition.WORKING)
    logger.info("start", state=start.state, job_arn=start.job_arn)
    if start.state == "queued" and "queue" not in event:
        return polling_queue.answer_poll(start, event.get("job") or {}, now)
    return start.to_json()


def _ledger() -> Ledger:
    return Ledger(table=_settings().ledger_table)


def _start_or_queue(
    run: Run, dataset: PreparedDataset, answer: Mapping[str, Any], now: datetime
) -> JobStart:
    """Only behind others that wait, or once Bedrock was full, does a run wait in the queue; one that
    was let out of it tries the run that waits. One that has its job already does neither wait nor stop here:
    the step that tracks the job sees to it.
    """
    queue = SlotQueue(ledger=_ledger())
    record = queue.enter(run)
    if record is None:
        return JobStart(state="stopped")
    # `Authorize spend` has stopped one that gives way; the first state machine goes on to here all the same.
    by = who_stops(run, record.stop_asked)
    stop = by is not None
    ahead = 0 if answer.get("slot") else queue.ahead(run)
    wait = ahead > 0
    job_arn = _noted_job(record, run)
    if not job_arn and (stop or wait):  # a try that died before it could answer may have made it
        job_arn = _own_job(run, dataset)
    if job_arn:
        return JobStart(state="started", job_arn=job_arn)
    if stop:
        return JobStart(state="stopped", by=by)
    if wait:
        return _queued(run, record, queue, ahead)
    start = _start(run, dataset, record)
    if start.state == "queued":
        return _refused(run, start, now, last_try=bool(answer.get("last_try")))
    return start


def _queued(run: Run, record: RunRecord, queue: SlotQueue, ahead: int) -> JobStart:
    """Where the queue is too long, a newcomer hears so at once, instead of after weeks."""
    if ahead < MOST_WAITING or record.queued_at:
        return JobStart(state="queued")
    wait = expected_wait(
        MOST_WAITING + 1, slots=queue.state().slots, max_hours=run.recipe.limits.max_hours
    )
    why = f"{MOST_WAITING} runs wait for a job slot before it; its wait would be {wait}."
    return JobStart(state="failed", failure=failure("queue_full", why))


def _refused(run: Run, start: JobStart, now: datetime, *, last_try: bool) -> JobStart:
    """Bedrock had no slot. Its words may mean the quota of custom models as well."""
    words = start.failure.message if start.failure else "no message was given"
    if last_try:
        why = f"No job slot was free for {PATIENCE.days} days: {words}"
        return JobStart(state="failed", failure=failure("quota_full", why))
    metrics.add_metric(name="QuotaFull", unit="Count", value=1)
    SlotQueue(ledger=_ledger()).refused(run, instant(now))
    return start


def _noted_job(record: RunRecord, run: Run) -> str | None:
    this_try = record.state == "training" and record.attempt == run.attempt
    return record.job_arn if this_try else None


def _start(run: Run, dataset: PreparedDataset, record: RunRecord) -> JobStart:
    if why := foreign(run, dataset, _settings(), recipes=_recipes(run, record)):
        return JobStart(
            state="failed", failure=failure("foreign_input", f"No job was started: {why}.")
        )
    try:
        arn = CustomizationJobs().create(request(run, _settings(), dataset))
    except JobRefusedError as error:
        return _resolve(error, run, dataset)
    metrics.add_metric(name="JobsStarted", unit="Count", value=1)
    return JobStart(state="started", job_arn=arn)


def _recipes(run: Run, record: RunRecord) -> set[str]:
    """Digests of the recipes that the run may train by: of what is deployed, and of what its money was reserved
    for, since a recipe may be edited between the two.
    """
    deployed, held = deployed_recipes.of(run), record.reservation
    digests = (deployed and deployed.content_digest, held and held.recipe_digest)
    return {each for each in digests if each}


def _resolve(error: JobRefusedError, run: Run, dataset: PreparedDataset) -> JobStart:
    """A name in use may be our own, from a try that died before it could answer, and may not be found
    yet; nor need Bedrock check names before it checks the quota, which our own job may have filled.
    """
    words = classify(error.message)
    full = error.code == "ServiceQuotaExceededException"  # HTTP 400, but it passes
    if full or error.code in ("ConflictException", "ValidationException"):
        job = CustomizationJobs().described(run.job_name)
        if job and is_ours(job, run, dataset):
            return JobStart(state="started", job_arn=str(job["jobArn"]))
        conflict = error.code == "ConflictException" or words.kind == name_in_use.__name__
        if job is None and conflict:
            raise name_in_use(words.message)
        if words.kind == role_not_assumable.__name__:
            raise role_not_assumable(words.message)
    return JobStart(state="queued" if full else "failed", failure=words)


def _own_job(run: Run, dataset: PreparedDataset) -> str | None:
    """ARN of the job of this try, when there is one."""
    job = CustomizationJobs().described(run.job_name)
    return str(job["jobArn"]) if job and is_ours(job, run, dataset) else None
