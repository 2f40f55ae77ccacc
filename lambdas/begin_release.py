"""Whether a version may be released, and that this release is the one that changes what is live."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from lambdas import deployed_recipes
from lambdas.observe import logger, observed
from tuning.aws.answering_models import answering_models
from tuning.aws.executions import Executions
from tuning.aws.ledger import Ledger
from tuning.aws.live_models import LiveModels
from tuning.aws.model_deletions import ModelDeletions
from tuning.aws.model_deployments import ModelDeployments
from tuning.aws.model_registry import ModelRegistry
from tuning.models.catalog import catalog
from tuning.models.serving import not_served
from tuning.releases.go_ahead import withheld
from tuning.releases.live_model import Change, LiveModel
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
    deletions, gate = ModelDeletions(ledger=ledger), deployed_recipes.gate(request.recipe)
    hours = gate.provisioned_hours if gate else None
    if why := _barred(request, model, deletions, hours):
        return _refused(why)
    lives, executions = LiveModels(ledger=ledger), Executions(machine=settings.release_machine_arn)
    live, name = lives.read(request.recipe), deployment_name(settings.environment, request.recipe)
    provisioned = not catalog().model(model.base_model).on_demand
    if why := _served_otherwise(live, name, provisioned=provisioned):
        return _refused(why)
    now = datetime.now(UTC)
    change = Change(
        execution=execution,
        version=request.version,
        kind=request.kind,
        by=request.go_ahead.giver,
        started_at=zulu(now),
        # From here on, and not from when it answers: what it may cost is known beforehand.
        due=zulu(now + timedelta(hours=hours)) if provisioned and hours else None,
    )
    seen = live.revision if request.seen is None else request.seen
    if lives.begin(request.recipe, seen, change, ended=executions.has_ended) is None:
        other = lives.read(request.recipe).change
        what = (
            f"version {other.version} is being released by {other.by}"
            if other
            else "it has changed"
        )
        return _refused(f"what is live of {request.recipe} is no longer what you saw: {what}")
    # Whoever deletes models claims one before it looks for a release: here it is the other way round.
    if why := _going(deletions, model):
        return _refused(why)
    if provisioned:
        lives.provision(request.recipe)
    found = answering_models(provisioned=provisioned).find(name)
    answers = found.model_arn if found and found.answers else None
    return ReleaseStart(
        state="begun",
        target=model.model_arn,
        before=answers,
        deployment=name,
        recipe=request.recipe,
        token=request.token,
        provisioned=provisioned,
    )


def _barred(
    request: ReleaseRequest, model: ModelVersion, deletions: ModelDeletions, hours: int | None
) -> str | None:
    """Why it may not go live, whatever is live. `hours`: for which Provisioned Throughput may be bought."""
    if why := not_served(catalog().model(model.base_model), hours) or _going(deletions, model):
        return why
    if why := withheld(request.go_ahead):
        return f"version {request.version} may not go live: {why}"
    return None


def _going(deletions: ModelDeletions, model: ModelVersion) -> str | None:
    """Why the version's model cannot be deployed: it is deleted, or about to be."""
    found = deletions.of(model.recipe, model.version)
    return found.refusal(model.run_id) if found and found.bars else None


def _served_otherwise(live: LiveModel, name: str, *, provisioned: bool) -> str | None:
    """Why a version cannot take the place of what answers: callers would have to ask another ARN."""
    if live.due and not provisioned:
        return (
            f"{live.recipe} is served by Provisioned Throughput until {live.due}; a version that is deployed on demand "
            "can go live once that is removed"
        )
    if provisioned and (found := ModelDeployments().find(name)):
        return (
            f"{live.recipe} is deployed on demand, as {found.arn}, and this version is served by Provisioned "
            "Throughput only; it can go live once that deployment is deleted"
        )
    return None


def _refused(why: str) -> ReleaseStart:
    return ReleaseStart(state="refused", why=why)
