"""Whether a version may be released, and that this release is the one that changes what is live."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from lambdas.observe import logger, observed
from tuning.aws.executions import Executions
from tuning.aws.ledger import Ledger
from tuning.aws.live_models import LiveModels
from tuning.aws.model_deletions import ModelDeletions
from tuning.aws.model_deployments import ModelDeployments
from tuning.aws.model_registry import ModelRegistry
from tuning.models.catalog import catalog
from tuning.releases.go_ahead import withheld
from tuning.releases.live_model import Change
from tuning.releases.model_version import ModelVersion
from tuning.releases.release_request import ReleaseRequest
from tuning.releases.release_steps import ReleaseStart, deployment_name
from tuning.runs.function_settings import ReleaseSettings
from tuning.runs.times import zulu

_settings = cache(ReleaseSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    request = ReleaseRequest.from_json(event["request"])
    start = _begun(request, event["execution"])
    logger.info("release", state=start.state, why=start.why, recipe=request.recipe)
    return start.to_json()


def _begun(request: ReleaseRequest, execution: str) -> ReleaseStart:
    """Everything is derived anew from the registry and from Bedrock; of the input only what was asked for."""
    settings = _settings()
    ledger = Ledger(table=settings.ledger_table)
    model = ModelRegistry(ledger=ledger).version(request.recipe, request.version)
    if model is None:
        return _refused(f"{request.recipe} has no version {request.version}")
    deletions = ModelDeletions(ledger=ledger)
    if why := _barred(request, model, deletions):
        return _refused(why)
    change = Change(
        execution=execution,
        version=request.version,
        kind=request.kind,
        by=request.go_ahead.giver,
        started_at=zulu(datetime.now(UTC)),
    )
    lives, executions = LiveModels(ledger=ledger), Executions(machine=settings.release_machine_arn)
    seen = lives.read(request.recipe).revision if request.seen is None else request.seen
    if lives.begin(request.recipe, seen, change, ended=executions.has_ended) is None:
        other = lives.read(request.recipe).change
        now = (
            f"version {other.version} is being released by {other.by}"
            if other
            else "it has changed"
        )
        return _refused(f"what is live of {request.recipe} is no longer what you saw: {now}")
    # Whoever deletes models claims one before it looks for a release: here it is the other way round.
    if why := _going(deletions, model):
        return _refused(why)
    name = deployment_name(settings.environment, request.recipe)
    found = ModelDeployments().find(name)
    answers = found.model_arn if found and found.answers else None
    return ReleaseStart(
        state="begun",
        target=model.model_arn,
        before=answers,
        deployment=name,
        recipe=request.recipe,
        token=request.token,
    )


def _barred(request: ReleaseRequest, model: ModelVersion, deletions: ModelDeletions) -> str | None:
    """Why it may not go live, whatever is live."""
    # Known of the base; Provisioned Throughput has a quota of 0 in a new account.
    if why := catalog().model(model.base_model).undeployable or _going(deletions, model):
        return why
    if why := withheld(request.go_ahead):
        return f"version {request.version} may not go live: {why}"
    return None


def _going(deletions: ModelDeletions, model: ModelVersion) -> str | None:
    """Why the version's model cannot be deployed: it is deleted, or about to be."""
    found = deletions.of(model.recipe, model.version)
    return found.refusal(model.run_id) if found and found.bars else None


def _refused(why: str) -> ReleaseStart:
    return ReleaseStart(state="refused", why=why)
