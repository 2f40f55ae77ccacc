"""Stop every customization job that uses what is ours outside of our network, and say so."""

from functools import cache
from typing import Any

from lambdas.apart import Apart
from lambdas.observe import logger, metrics, observed
from tuning.aws import customization_jobs
from tuning.aws.clients import client
from tuning.runs.function_settings import GuardSettings
from tuning.runs.job_guard import COMPLETED, custom_base, judge

_settings = cache(GuardSettings.from_env)


class NotGuarded(Exception):  # noqa: N818 — the alarm's log names it so
    """Jobs that could not be looked at or stopped in this round; the next one comes in a minute."""


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """What one job raises must not hide another: all are looked at before anything is raised."""
    stopped, apart = [], Apart(what="not guarded")
    for arn in (*_completed(event), *_in_progress()):
        with apart.each(arn):
            if _guarded(arn):
                stopped.append(arn)
    if missed := [*apart.missed, *apart.unreadable]:
        raise NotGuarded(", ".join(missed))
    return {"stopped": stopped}


def _completed(event: dict[str, Any]) -> list[str]:
    """The job of an event of Bedrock, when it has completed: only then its key is told for certain."""
    detail = event.get("detail") or {}
    return [detail["jobArn"]] if detail.get("jobStatus") == COMPLETED else []


def _in_progress() -> list[str]:
    """All, before one is stopped: that would shift the pages."""
    pages = client("bedrock").get_paginator("list_model_customization_jobs")
    found = pages.paginate(statusEquals="InProgress")
    return [job["jobArn"] for page in found for job in page["modelCustomizationJobSummaries"]]


def _guarded(arn: str) -> bool:
    bedrock = client("bedrock")
    job = bedrock.get_model_customization_job(jobIdentifier=arn)
    if job["status"] not in ("InProgress", COMPLETED):
        return False
    base = custom_base(job, _settings())
    key = bedrock.get_custom_model(modelIdentifier=base).get("modelKmsKeyArn") if base else None
    reason = judge(job, _settings(), base_key=key)
    if reason is None:
        return False
    metrics.add_metric(name="ForeignJobs", unit="Count", value=1)
    logger.warning("foreign job", job_arn=arn, reason=reason)
    if job["status"] == COMPLETED:
        _tell(job, reason, "It has completed and was not stopped: look at its model and output.")
        return False
    words = customization_jobs.stopped(bedrock, arn)
    ending = f"It could not be stopped any more: {words}" if words else "It was told to stop."
    _tell(job, reason, ending)
    return True


def _tell(job: dict[str, Any], reason: str, ending: str) -> None:
    message = f"Job {job['jobName']} ({job['jobArn']}): {reason}. {ending} See docs/operations.md."
    client("sns").publish(
        TopicArn=_settings().notices_topic_arn,
        Subject=f"Foreign customization job: {job['jobName']}",
        Message=message,
    )
