"""How an ingestion job is, and at its end what it came to: documents that failed are named."""

from functools import cache
from typing import Any

from msgspec import structs

from lambdas.observe import logger, metrics, observed
from tuning.assistants.assistant_settings import IngestionSettings
from tuning.assistants.ingestion import (
    MOST_INGESTION_POLLS,
    RUNNING,
    IngestionEnd,
    IngestionStart,
    ended,
)
from tuning.aws.ingestion_jobs import IngestionJobs

_settings = cache(IngestionSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Changes nothing, so that it may be asked as often as need be."""
    progress = IngestionStart.from_json(event["progress"])
    before = IngestionEnd.kept(event.get("followed")) or IngestionEnd()
    jobs = IngestionJobs.named(_settings().place_of(event["assistant"]))
    now = _end(jobs, str(progress.job))
    if now.state == "running" and before.polls >= MOST_INGESTION_POLLS:
        why = f"Bedrock has not finished the ingestion job {progress.job} in {MOST_INGESTION_POLLS} polls."
        now = IngestionEnd(state="failed", summary=why)
    if now.state != "running":
        metrics.add_metric(name=f"Ingestions{now.state.capitalize()}", unit="Count", value=1)
    # No names of documents: the notice has them.
    logger.info("ingestion job", assistant=event["assistant"], job=progress.job, state=now.state)
    return structs.replace(now, polls=before.polls + 1).to_json()


def _end(jobs: IngestionJobs, name: str) -> IngestionEnd:
    job = jobs.job(name)
    if job["status"] in RUNNING:
        return IngestionEnd()
    counts = job.get("statistics", {})
    failed = jobs.failed_documents() if counts.get("numberOfDocumentsFailed") else []
    return ended(job["status"], counts, job.get("failureReasons", []), failed)
