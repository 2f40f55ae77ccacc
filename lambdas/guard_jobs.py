"""Stop every customization job that uses what is ours outside of our network, and report it."""

from functools import cache
from typing import Any

from lambdas.apart import Apart
from lambdas.observe import logger, metrics, observed
from tuning.aws.customization_jobs import CustomizationJobs
from tuning.aws.notices_topic import NoticesTopic
from tuning.runs.job_guard import COMPLETED, custom_base, judge
from tuning.runs.watching_settings import GuardSettings

_settings = cache(GuardSettings.from_env)


class NotGuarded(Exception):  # noqa: N818 — the alarm's log names it so
    """Jobs that could not be checked or stopped in this round; the next one comes in a minute."""


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """What one job raises must not hide another: all are checked before anything is raised."""
    jobs, stopped, apart = CustomizationJobs(), [], Apart(what="not guarded")
    for arn in (*_completed(event), *(job.arn for job in jobs.in_progress())):
        with apart.each(arn):
            if _guarded(jobs, arn):
                stopped.append(arn)
    if missed := [*apart.missed, *apart.unreadable]:
        raise NotGuarded(", ".join(missed))
    return {"stopped": stopped}


def _completed(event: dict[str, Any]) -> list[str]:
    """The job of an event of Bedrock, when it has completed: only then its key is certain."""
    detail = event.get("detail") or {}
    return [detail["jobArn"]] if detail.get("jobStatus") == COMPLETED else []


def _guarded(jobs: CustomizationJobs, arn: str) -> bool:
    """Whether the job was to be stopped."""
    job = jobs.read(arn)
    if job["status"] not in ("InProgress", COMPLETED):
        return False
    base = custom_base(job, _settings())
    reason = judge(job, _settings(), base_key=jobs.model_key(base) if base else None)
    if reason is None:
        return False
    metrics.add_metric(name="ForeignJobs", unit="Count", value=1)
    logger.warning("foreign job", job_arn=arn, reason=reason)
    completed = job["status"] == COMPLETED
    if completed:
        result = "It had already completed, and was not stopped: check its model and output."
    elif why_not := jobs.stop(arn):
        result = f"It could not be stopped any more: {why_not}"
    else:
        result = "It was asked to stop."
    NoticesTopic(arn=_settings().notices_topic_arn).publish(
        f"Foreign customization job: {job['jobName']}",
        f"Job {job['jobName']} ({arn}): {reason}. {result} See docs/operations.md.",
    )
    return not completed
