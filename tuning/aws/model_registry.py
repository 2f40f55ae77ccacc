"""The registry of trained models, in the ledger's table: versions are added, and never changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tuning.aws.item_updates import new_record, whole_record
from tuning.aws.ledger import Ledger, Unreadable, readable
from tuning.aws.transient import Transient
from tuning.releases.model_version import (
    MODELS,
    ModelOfRun,
    ModelVersion,
    NewestModel,
    count_key,
    model_of_run_key,
    numbered_key,
)
from tuning.runs.ledger_item import KEY


@dataclass(frozen=True, kw_only=True)
class ModelRegistry:
    ledger: Ledger

    def register(self, model: ModelVersion) -> ModelVersion:
        """The version that the model's run has: the next of its recipe, unless it has one already.

        Raises Transient when another run of the recipe was registered at the same moment.
        """
        if known := self.of_run(model.run_id):
            return known
        newest = self.newest(model.recipe)
        numbered = model.numbered(newest + 1)
        counted = NewestModel(id=count_key(model.recipe), version=numbered.version)
        broken = self.ledger.transact(
            [
                {"Update": new_record(self.ledger.table, numbered)},
                {"Update": new_record(self.ledger.table, ModelOfRun.of(numbered))},
                {"Update": self._counted(counted, after=newest)},
            ]
        )
        if broken is not None:
            raise Transient(f"another model of {model.recipe} was registered at the same time")
        return numbered

    def of_run(self, run_id: str) -> ModelVersion | None:
        """None of a run that has not ended trained, or did so before models were registered."""
        if (item := self.ledger.item(model_of_run_key(run_id))) is None:
            return None
        known = ModelOfRun.from_item(item)
        return self.version(known.recipe, known.version)

    def version(self, recipe: str, version: int) -> ModelVersion | None:
        item = self.ledger.item(numbered_key(recipe, version))
        return ModelVersion.from_item(item) if item else None

    def versions(self, recipe: str) -> Iterator[ModelVersion | Unreadable]:
        """All of a recipe, the newest first."""
        for version in range(self.newest(recipe), 0, -1):
            if item := self.ledger.item(numbered_key(recipe, version)):
                yield readable(ModelVersion, item)

    def recipes(self) -> list[str]:
        """Those that have a version, in order of their names. Reads all keys of the table: for people, not
        for functions.
        """
        pages = self.ledger.client("dynamodb").get_paginator("scan")
        keys = (
            item[KEY]["S"]
            for page in pages.paginate(TableName=self.ledger.table, ProjectionExpression=KEY)
            for item in page["Items"]
        )
        found = (key.removeprefix(MODELS) for key in keys if key.startswith(MODELS))
        return sorted(recipe for recipe in found if "#" not in recipe)

    def newest(self, recipe: str) -> int:
        """The number of the newest version; 0 when there is none."""
        item = self.ledger.item(count_key(recipe))
        return NewestModel.from_item(item).version if item else 0

    def _counted(self, counted: NewestModel, *, after: int) -> dict[str, Any]:
        if not after:
            return new_record(self.ledger.table, counted)
        update = whole_record(self.ledger.table, counted)
        values = update["ExpressionAttributeValues"] | {":after": {"N": str(after)}}
        return {
            **update,
            "ExpressionAttributeValues": values,
            "ConditionExpression": "#version = :after",
        }
