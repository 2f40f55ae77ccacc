"""One step towards an ingestion: changes collected, a job before it waited for, or a job started."""

from functools import cache
from typing import Any

from msgspec import structs

from lambdas.observe import logger, metrics, observed
from tuning.assistants.assistant_settings import IngestionSettings
from tuning.assistants.ingestion import MOST_INGESTION_POLLS, IngestionStart, next_step
from tuning.aws.ingestion_jobs import IngestionJobs, IngestionRefusedError

_settings = cache(IngestionSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Whatever a try that died has done, the next sees it in Bedrock: the job is labelled with the execution's id."""
    before = IngestionStart.kept(event.get("progress")) or IngestionStart()
    jobs = IngestionJobs.named(_settings().place_of(event["assistant"]))
    label = event["ingestion_id"]
    now = next_step(jobs.newest_first(), before, label) or _started(jobs, before, label)
    if before.polls >= MOST_INGESTION_POLLS and now.state in ("collecting", "waiting"):
        why = f"No job could be started in {MOST_INGESTION_POLLS} polls: {now.why}"
        now = structs.replace(now, state="failed", why=why)
    logger.info(
        "ingestion",
        assistant=event["assistant"],
        ingestion_id=label,
        state=now.state,
        job=now.job,
        why=now.why,
    )
    return structs.replace(now, polls=before.polls + 1).to_json()


def _started(jobs: IngestionJobs, before: IngestionStart, label: str) -> IngestionStart:
    try:
        job = jobs.start(label)
    except IngestionRefusedError as refused:
        why = f"{refused.code}: {refused.message}"
        if refused.for_want_of_room:
            return IngestionStart(state="waiting", after=before.after, why=why)
        return IngestionStart(state="failed", after=before.after, why=why)
    metrics.add_metric(name="IngestionJobsStarted", unit="Count", value=1)
    return IngestionStart(state="started", after=before.after, job=job)
