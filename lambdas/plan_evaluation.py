"""Whether a version is to be evaluated before it goes live, on which prompts, and against what."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from lambdas import deployed_recipes
from lambdas.observe import logger, observed
from tuning.aws.answering_models import answering_models
from tuning.aws.candidates import Candidates
from tuning.aws.evaluation_files import read_prompts
from tuning.aws.ledger import Ledger
from tuning.aws.live_models import LiveModels
from tuning.aws.model_deletions import ModelDeletions
from tuning.aws.model_registry import ModelRegistry
from tuning.errors import TuningError
from tuning.evaluation.evaluation_prompts import NotAPromptError
from tuning.evaluation.records import EvaluationPrompt, Side
from tuning.evaluation.release_options import ReleaseOptions
from tuning.models.catalog import catalog
from tuning.models.serving import not_served
from tuning.releases.evaluated_version import EvaluatedVersion, candidate_key
from tuning.releases.evaluation_plan import EvaluationPlan, promoting
from tuning.releases.live_model import LiveModel
from tuning.releases.model_version import ModelVersion
from tuning.releases.release_request import ReleaseRequest
from tuning.releases.release_settings import EvaluationSettings
from tuning.releases.release_steps import ReleaseStart, candidate_name, deployment_name
from tuning.reports.scale import count
from tuning.runs.times import zulu

_settings = cache(EvaluationSettings.from_env)


class NotEvaluatedError(TuningError):
    """The version is not evaluated, so that it does not go live by itself. The message says why."""


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Everything is derived anew, by the recipe as it is deployed; of the input only what was asked for."""
    request = ReleaseRequest.from_json(event["request"])
    options = deployed_recipes.gate(request.recipe)
    if options is None:
        return EvaluationPlan(state="not_needed").to_json()
    try:
        plan = _plan(request, options, event["execution"])
    except (NotEvaluatedError, NotAPromptError) as error:
        plan = EvaluationPlan(state="held", why=str(error))
    logger.info("planned", state=plan.state, why=plan.why, recipe=request.recipe)
    return plan.to_json()


def _plan(request: ReleaseRequest, options: ReleaseOptions, execution: str) -> EvaluationPlan:
    ledger = Ledger(table=_settings().ledger_table)
    live = LiveModels(ledger=ledger).read(request.recipe)
    if live.version == request.version:
        raise NotEvaluatedError(f"version {request.version} is live already")
    model = _model(request, ledger, options)
    provisioned = not catalog().model(model.base_model).on_demand
    uri = _evaluation_set(model, ledger)
    prompts = read_prompts(uri, base_model=model.base_model)
    _assert_enough(prompts, options)
    candidate = ReleaseStart(
        state="begun",
        target=model.model_arn,
        deployment=candidate_name(_settings().environment, model.recipe, model.version),
        recipe=model.recipe,
        token=request.candidate_token,
        candidate=True,
        provisioned=provisioned,
    )
    now = datetime.now(UTC)
    begun = EvaluatedVersion(
        id=candidate_key(model.recipe, model.version),
        recipe=model.recipe,
        version=model.version,
        execution=execution,
        deployment=candidate.deployment,
        begun_at=zulu(now),
        due=zulu(now + timedelta(hours=options.candidate_hours)),
        provisioned=provisioned,
    )
    Candidates(ledger=ledger).begin(begun)
    _assert_kept(model, ledger)  # after it is said that it is evaluated, which keeps it from now on
    return EvaluationPlan(
        state="planned",
        recipe=model.recipe,
        version=model.version,
        base_model=model.base_model,
        seen=live.revision,
        candidate=candidate,
        models=_compared(model, live),
        prompts_uri=uri,
        run_id=model.run_id,
        execution=execution,
        judge=options.judge,
    )


def _model(request: ReleaseRequest, ledger: Ledger, options: ReleaseOptions) -> ModelVersion:
    model = ModelRegistry(ledger=ledger).version(request.recipe, request.version)
    if model is None:
        raise NotEvaluatedError(f"{request.recipe} has no version {request.version}")
    if model.imported:
        by_hand = promoting(model.recipe, model.version, _settings().environment)
        raise NotEvaluatedError(
            f"it was trained elsewhere and imported, before its recipe trained models; {by_hand} brings it live"
        )
    if why := not_served(catalog().model(model.base_model), options.provisioned_hours):
        raise NotEvaluatedError(why)
    _assert_kept(model, ledger)
    return model


def _assert_kept(model: ModelVersion, ledger: Ledger) -> None:
    found = ModelDeletions(ledger=ledger).of(model.recipe, model.version)
    if found and found.bars:
        raise NotEvaluatedError(found.refusal(model))


def _evaluation_set(model: ModelVersion, ledger: Ledger) -> str:
    """The URI of the copy that was prepared with the training set, and proven to share no prompt with it."""
    record = ledger.read(model.run_id)
    uri = record.dataset.evaluation_uri if record and record.dataset else None
    if uri is None:
        by_hand = promoting(model.recipe, model.version, _settings().environment)
        raise NotEvaluatedError(
            f"there was no evaluation set when run {model.run_id} was checked: put evaluation.jsonl into "
            f"the recipe's folder before the next upload; {by_hand} brings this version live without a comparison"
        )
    return uri


def _assert_enough(prompts: list[EvaluationPrompt], options: ReleaseOptions) -> None:
    """Nothing is asked where the answers could not decide."""
    different = len({prompt.id for prompt in prompts})
    if different < options.min_prompts:
        raise NotEvaluatedError(
            f"too few to decide: {count(different, 'different prompt')} in its evaluation set, "
            f"{options.min_prompts:,} needed"
        )


def _compared(model: ModelVersion, live: LiveModel) -> dict[Side, str]:
    """The base model always, and what is live, if that is another model."""
    base: dict[Side, str] = {"base": catalog().model(model.base_model).asked_as}
    if live.version is None or live.served_by == "imported":  # of a former recipe of that name
        return base
    models = answering_models(live.served_by)
    found = models.find(deployment_name(_settings().environment, model.recipe))
    another = found and found.answers and found.model_arn != model.model_arn
    return {"live": found.arn, **base} if found and another else base
