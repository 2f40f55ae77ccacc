"""What a release came to: what answers now, as Bedrock says, whatever the execution believes."""

from functools import cache
from typing import Any

from msgspec import structs

from lambdas.observe import logger, metrics, observed
from tuning.aws.answering_models import answering_models
from tuning.aws.candidates import Candidates
from tuning.aws.ledger import Ledger
from tuning.aws.live_models import Ended, LiveModels
from tuning.aws.model_registry import ModelRegistry
from tuning.releases.evaluation_plan import GateOutcome
from tuning.releases.release_request import ReleaseRequest
from tuning.releases.release_settings import ReleaseSettings
from tuning.releases.release_steps import answering, deployment_name

_settings = cache(ReleaseSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answers with the version that is live, if any, and one sentence that says so."""
    request, outcome = ReleaseRequest.from_json(event["request"]), event["outcome"]
    settings = _settings()
    ledger = Ledger(table=settings.ledger_table)
    lives, registry = LiveModels(ledger=ledger), ModelRegistry(ledger=ledger)
    live = lives.read(request.recipe)
    models = answering_models(live.served_by)
    found = models.find(deployment_name(settings.environment, request.recipe))
    if found and found.others:
        model = registry.version(request.recipe, request.version)
        was = model.model_arn if model and outcome["state"] == "released" else live.deployment_arn
        found = found.preferring(was)
    # Of all versions: a release that was killed may have deployed one that nobody here speaks of.
    now = answering(found, registry.versions(request.recipe))
    says = f"version {now} is live" if now else "nothing is live"
    last = f"{outcome['summary']} Of {request.recipe}, {says}."
    ended = Ended(
        version=now,
        arn=found.arn if found else None,
        last=last,
        released=outcome["state"] == "released",
    )
    recorded = lives.end(live, event["execution"], ended)
    _end_evaluation(ledger, request, event, last)
    if recorded:
        name = "Released" if outcome["state"] == "released" else "NotReleased"
        metrics.add_metric(name=name, unit="Count", value=1)
    logger.info("finished", live=now, recorded=recorded, outcome=outcome["state"])
    return {"version": now, "summary": last}


def _end_evaluation(
    ledger: Ledger, request: ReleaseRequest, event: dict[str, Any], last: str
) -> None:
    """What the version's evaluation came to, where it is this execution's."""
    candidates = Candidates(ledger=ledger)
    candidate = candidates.of(request.recipe, request.version)
    if candidate is None or candidate.execution != event["execution"]:
        return
    gate = GateOutcome.kept(event.get("gate"))  # executions of the former version do not say
    uri = gate.uri if gate else None
    candidates.end(structs.replace(candidate, evaluation_uri=uri), event["outcome"]["state"], last)
