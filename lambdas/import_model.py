"""One step towards an imported model: the job started, found again, or asked how it is."""

from functools import cache
from typing import Any

from lambdas.observe import logger, metrics, observed
from tuning.aws.import_jobs import ImportJobRefusedError, ImportJobs
from tuning.aws.import_ledger import Imports
from tuning.aws.ledger import Ledger
from tuning.aws.transient import role_not_assumable
from tuning.imports.import_answers import ImportProgress
from tuning.imports.import_job import import_request, is_own_job, job_progress
from tuning.imports.import_settings import ImportSettings

_settings = cache(ImportSettings.from_env)
MOST_POLLS = 1500
"""Of a minute or, while it waits for others, of five: an execution's history ends at 25,000 events.
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
_IN_USE = ("ConflictException", "ValidationException")


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Whatever a try that died has done, the next sees it in Bedrock: the job has the import's name."""
    imports = Imports(ledger=Ledger(table=_settings().ledger_table))
    record = imports.record(event["import_id"])
    before = ImportProgress.kept(event.get("progress")) or ImportProgress()
    if (
        record.state == "merged"
    ):  # noted before: the step that settles knows that there may be a job
        imports.update(record.import_id, state="importing")
    now = _step(import_request(record, _settings()))
    polls = before.polls + 1
    over = polls > MOST_POLLS
    none = now.state == "failed" or (over and now.state == "queued")
    if over and now.state in ("queued", "in_progress"):
        why = f"Bedrock has not finished after {MOST_POLLS} polls. {now.why}".strip()
        now = ImportProgress(state="failed", why=why, job_arn=now.job_arn)
    facts = {"job_arn": now.job_arn, "model_arn": now.model_arn, "no_model": none or None}
    if any(each and each != getattr(record, name) for name, each in facts.items()):
        imports.update(record.import_id, **(facts | {"no_model": none}))
    logger.info("import job", state=now.state, why=now.why, job_arn=now.job_arn, polls=polls)
    return ImportProgress(
        state=now.state, why=now.why, job_arn=now.job_arn, model_arn=now.model_arn, polls=polls
    ).to_json()


def _step(request: dict[str, Any]) -> ImportProgress:
    jobs = ImportJobs()
    job = jobs.find(request["jobName"])
    if job is None:
        try:
            arn = jobs.create(request)
        except ImportJobRefusedError as error:
            return _refused(error, jobs, request)
        metrics.add_metric(name="ImportJobsStarted", unit="Count", value=1)
        return ImportProgress(state="in_progress", job_arn=arn)
    if not is_own_job(job, request):
        why = f"A job with the name of this import, {request['jobName']}, imports another folder."
        return ImportProgress(state="failed", why=why)
    return job_progress(job)


def _refused(
    error: ImportJobRefusedError, jobs: ImportJobs, request: dict[str, Any]
) -> ImportProgress:
    """A name in use may be our own, from a try that died before it could answer."""
    if error.for_want_of_room:
        return ImportProgress(state="queued", why=f"{error.code}: {error.message}")
    if error.for_its_role:
        raise role_not_assumable(error.message)
    job = jobs.find(request["jobName"]) if error.code in _IN_USE else None
    if job and is_own_job(job, request):
        return job_progress(job)
    return ImportProgress(
        state="failed", why=f"Bedrock refused the import: {error.code}: {error.message}"
    )
