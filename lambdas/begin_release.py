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
from tuning.releases.release_settings import ReleaseSettings
from tuning.releases.release_steps import ReleaseStart, ServedBy, deployment_name
from tuning.runs.times import zulu

_settings = cache(ReleaseSettings.from_env)
_NOT_IMPORTED_HERE = "it is an imported model, and no recipe of method IMPORT has its name as the environment is deployed"


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
    lives, executions = LiveModels(ledger=ledger), Executions(machine=settings.release_machine_arn)
    live, name = lives.read(request.recipe), deployment_name(settings.environment, request.recipe)
    served_by = _served_by(model)
    if why := _served_otherwise(live, name, served_by):
        return _refused(why)
    change = _change(request, execution, served_by)
    seen = live.revision if request.seen is None else request.seen
    if lives.begin(request.recipe, seen, change, ended=executions.has_ended) is None:
        other = lives.read(request.recipe).change
        what = (
            f"version {other.version} is being released by {other.by}"
            if other
            else "it has changed"
        )
        return _refused(f"what is live of {request.recipe} is no longer what you saw: {what}")
    # delete_models claims a model before it looks for a release: here it is the other way round.
    if why := _going(deletions, model):
        return _refused(why)
    if change.due:
        lives.provision(request.recipe)
    if found := answering_models(served_by).find(name):
        found = found.preferring(live.deployment_arn)
    answers = found.model_arn if found and found.answers else None
    return ReleaseStart(
        state="begun",
        target=model.model_arn,
        before=answers,
        deployment=name,
        recipe=request.recipe,
        token=request.token,
        provisioned=served_by == "provisioned",
        imported=served_by == "imported",
        converse=model.converse,
    )


def _served_by(model: ModelVersion) -> ServedBy:
    if model.imported:
        return "imported"
    return "on_demand" if catalog().model(model.base_model).on_demand else "provisioned"


def _change(request: ReleaseRequest, execution: str, served_by: ServedBy) -> Change:
    now, hours = datetime.now(UTC), None if served_by == "on_demand" else _hours(request.recipe)
    return Change(
        execution=execution,
        version=request.version,
        kind=request.kind,
        by=request.go_ahead.giver,
        started_at=zulu(now),
        # From here on, and not from when it answers: what it may cost is known beforehand.
        due=zulu(now + timedelta(hours=hours)) if hours else None,
        served_by=served_by,
    )


def _hours(recipe: str) -> int | None:
    """For how long what is billed while it is live may be so."""
    if imports := deployed_recipes.import_recipe(recipe):
        return imports.limits.awake_hours
    gate = deployed_recipes.gate(recipe)
    return gate.provisioned_hours if gate else None


def _barred(request: ReleaseRequest, model: ModelVersion, deletions: ModelDeletions) -> str | None:
    """Why it may not go live, whatever is live."""
    if model.imported:
        why = None if deployed_recipes.import_recipe(model.recipe) else _NOT_IMPORTED_HERE
    else:
        why = not_served(catalog().model(model.base_model), _hours(model.recipe))
    if why := why or _going(deletions, model):
        return why
    if why := withheld(request.go_ahead):
        return f"version {request.version} may not go live: {why}"
    return None


def _going(deletions: ModelDeletions, model: ModelVersion) -> str | None:
    """Why the version's model cannot be deployed: it is deleted, or about to be."""
    found = deletions.of(model.recipe, model.version)
    return found.refusal(model) if found and found.bars else None


def _served_otherwise(live: LiveModel, name: str, served_by: ServedBy) -> str | None:
    """Why a version cannot take the place of what answers: both would be there, and callers would have to ask another
    ARN.
    """
    was = live.served_by
    if "imported" in (was, served_by) and live.deployment_arn and was != served_by:
        return (
            f"{live.recipe} is served by {live.deployment_arn}, and this version is not served that way; give the "
            "recipe of one of them another name"
        )
    if live.due and served_by == "on_demand":
        return (
            f"{live.recipe} is served by Provisioned Throughput until {live.due}; a version that is deployed on demand "
            "can go live once that is removed"
        )
    if served_by == "provisioned" and (found := ModelDeployments().find(name)):
        return (
            f"{live.recipe} is deployed on demand, as {found.arn}, and this version is served by Provisioned "
            "Throughput only; it can go live once that deployment is deleted"
        )
    return None


def _refused(why: str) -> ReleaseStart:
    return ReleaseStart(state="refused", why=why)
