"""A trained model, numbered within its recipe: from which data, by which recipe and job, for how much.

A version is written once, as its run ends trained, and never changed. No key of this file is a run's.
"""

from collections.abc import Mapping
from typing import Any, Self

from msgspec import structs

from tuning.runs.approvals import Approval
from tuning.runs.ledger_item import SCHEMA, Stored
from tuning.runs.money_records import Charged
from tuning.runs.prepared_dataset import PreparedDataset
from tuning.runs.run import Run
from tuning.runs.times import zulu

MODELS = "model#"
"""What the keys of this file begin with."""


class ModelVersion(Stored, frozen=True, kw_only=True):
    recipe: str
    """Whose folder the upload was in."""
    version: int
    """From 1, in the order of registration, without gaps."""
    run_id: str
    upload: str
    """URI of the object."""
    upload_version: str
    dataset: str
    """SHA-256 of what was trained on, as `PreparedDataset.digest`."""
    records: int = 0
    """Of the training set."""
    trained_by: str
    """The recipe of the job: of a second try, the one that `[retry]` names."""
    recipe_digest: str
    base_model: str
    """Of one that was imported: the name of the base that its adapter was merged into, else its architecture."""
    job_arn: str
    model_arn: str
    trained_at: str | None = None
    """When the job ended. ISO 8601, UTC; None where Bedrock does not say."""
    approved_by: str | None = None
    """Who approved the run's price, as they said; None of a run that needed no approval."""
    cost: Charged | None = None
    imported: str | None = None
    """The architecture of a model that was trained elsewhere and imported: it answers by its own ARN, without a
    deployment, and its base is none of the catalog's. None of one that was trained here."""
    converse: bool | None = None
    """Of one that was imported: whether it takes Converse, else InvokeModel with a body in OpenAI's form."""
    schema: int = SCHEMA

    @classmethod
    def trained(
        cls,
        run: Run,
        dataset: PreparedDataset,
        job: Mapping[str, Any],
        *,
        job_arn: str,
        cost: Charged,
        approval: Approval | None = None,
    ) -> Self:
        """As the first of its recipe; `numbered` makes it another. `job` is as Bedrock describes it."""
        recipe, ended = run.upload.recipe_name, job.get("endTime")
        answered = approval and approval.decision == "approve" and approval.run == run.id
        return cls(
            id=numbered_key(recipe, 1),
            recipe=recipe,
            version=1,
            run_id=run.id,
            upload=run.upload.uri,
            upload_version=run.upload.version_id,
            dataset=dataset.digest,
            records=dataset.records,
            trained_by=run.recipe.name,
            recipe_digest=run.recipe.digest,
            base_model=run.recipe.base_model,
            job_arn=job_arn,
            model_arn=job["outputModelArn"],
            trained_at=zulu(ended) if ended else None,
            approved_by=approval.by if approval and answered else None,
            cost=cost,
        )

    def numbered(self, version: int) -> Self:
        return structs.replace(self, id=numbered_key(self.recipe, version), version=version)


class NewestModel(Stored, frozen=True, kw_only=True):
    """How many versions a recipe has."""

    version: int
    schema: int = SCHEMA


class ModelOfRun(Stored, frozen=True, kw_only=True):
    """Which version a run became: a run has one, however often its results are collected."""

    recipe: str
    version: int
    schema: int = SCHEMA

    @classmethod
    def of(cls, model: ModelVersion) -> Self:
        return cls(id=model_of_run_key(model.run_id), recipe=model.recipe, version=model.version)


RECIPES, RECIPES_KEY = "recipes", MODELS
"""An item's set of the names of all recipes that have a version, and its key."""


def count_key(recipe: str) -> str:
    """A recipe's name has neither `#` nor `/`, so that no key of a recipe is another's."""
    return f"{MODELS}{recipe}"


def numbered_key(recipe: str, version: int) -> str:
    return f"{MODELS}{recipe}#{version}"


def model_of_run_key(run_id: str) -> str:
    return f"{MODELS}#{run_id}"
