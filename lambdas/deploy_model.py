"""One step towards a deployment that answers from the wanted model, or towards none at all."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from lambdas.observe import logger, observed
from tuning.aws.answering_models import AnsweringModels, answering_models
from tuning.aws.model_deployments import DeploymentRefusedError
from tuning.releases.deployment_status import Deployed, DeploymentStatus, todo
from tuning.releases.release_settings import ReleaseSettings
from tuning.releases.release_steps import ReleaseStart
from tuning.runs.times import zulu

_settings = cache(ReleaseSettings.from_env)
MOST_TRIES = 120
"""Polls of a minute each. A creation took seven to eight minutes in public reports, and one of Provisioned
Throughput 20 to 30; two hours is generous, and bounds how long a release waits for a free place."""


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Whatever a try that died has done, the next sees it in Bedrock: nothing is remembered but whether this
    release has asked already.
    """
    start, wanted = ReleaseStart.from_json(event["release"]), event.get("target") or None
    before = Deployed.kept(event.get("deployment")) or Deployed(state="in_progress")
    models = answering_models(start.served_by)
    if found := models.find(start.deployment):
        found = found.preferring(wanted)
    try:
        now = _step(models, start, wanted, found, before)
    except DeploymentRefusedError as error:
        now = _refused(error, asked=before.asked)
    tries = before.tries + 1 if now.state in ("in_progress", "queued") else 0
    if tries > MOST_TRIES:
        why = f"Bedrock has not finished after {MOST_TRIES} polls: {now.failure or 'it gave no reason'}"
        now = Deployed(state="failed", asked=now.asked, failure=why)
    logger.info("deployed", state=now.state, deployment=start.deployment, model_arn=wanted)
    return Deployed(
        state=now.state,
        arn=found.arn if found else None,
        asked=now.asked,
        failure=now.failure,
        tries=tries,
        converse=start.converse,
        since=zulu(datetime.now(UTC)) if start.imported else None,
        verified=before.verified,
    ).to_json()


def _step(
    models: AnsweringModels,
    start: ReleaseStart,
    wanted: str | None,
    found: DeploymentStatus | None,
    before: Deployed,
) -> Deployed:
    asked, why = before.asked, (found and found.failure) or "Bedrock gave no reason"
    # An imported model is live beside what was so far until it has answered.
    alone = before.verified or wanted != start.target
    match todo(found, wanted, asked=asked, alone=alone):
        case "done":
            return Deployed(state="active" if wanted else "removed", asked=asked)
        case "create":
            tags = start.tags(_settings().environment)
            models.create(start.deployment, str(wanted), token=start.token, tags=tags)
            asked = True
        case "update":
            models.update(start.deployment, str(wanted))
            asked = True
        case "retire":
            for each in found.others if found else ():
                models.delete(each)
        case "delete":
            models.delete(start.deployment)
            if wanted and asked:
                return Deployed(state="failed", asked=asked, failure=why)
        case "failed":
            return Deployed(state="failed", asked=asked, failure=why)
    return Deployed(state="in_progress", asked=asked)


def _refused(error: DeploymentRefusedError, *, asked: bool) -> Deployed:
    if error.for_want_of_room:
        return Deployed(state="queued", asked=asked, failure=error.message)
    if error.mutating:
        return Deployed(state="in_progress", asked=asked, failure=error.message)
    return Deployed(state="failed", asked=asked, failure=f"{error.code}: {error.message}")
