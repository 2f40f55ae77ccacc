"""Custom models as others refer to them: by name or ARN, by their tags, and by what is in the way of a deletion."""

from collections.abc import Iterable

from emulator.bedrock.api_errors import Conflict
from emulator.bedrock.emulated_jobs import TERMINAL, EmulatedJob, EmulatedModel
from emulator.bedrock.ports import Scope

_KIND = "custom-model/"


def model_named(models: Iterable[EmulatedModel], scope: Scope, wanted: str) -> EmulatedModel | None:
    """By its ARN or its name."""
    mine = (model for model in models if model.job.scope == scope)
    return next((each for each in mine if wanted in (each.arn, each.job.model_name)), None)


def model_tags(models: list[EmulatedModel], scope: Scope, resource: str) -> dict[str, str]:
    """Condition keys of a call about a model, by its ARN or one that ends in its name; none of anything else.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
    """
    if f":{_KIND}" not in resource:
        return {}
    name = resource.partition(f":{_KIND}")[2]
    model = model_named(models, scope, resource) or model_named(models, scope, name)
    tags = model.tags if model else {}
    return {f"aws:ResourceTag/{name}": value for name, value in tags.items()}


def check_no_job(model: EmulatedModel, jobs: Iterable[EmulatedJob]) -> None:
    """A model that a job goes on training stays: inferred, as of deployments, from the ConflictException that the
    operation has. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_DeleteCustomModel.html
    """
    for job in jobs:
        if job.base_model_arn == model.arn and job.status not in TERMINAL:
            # UNCONFIRMED text.
            raise Conflict(message=f"The model is used by the customization job {job.name}.")
