"""The registry of trained models, in the ledger's table: versions are added, and never changed."""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Any

from tuning.aws.item_updates import item_key, new_record, whole_record
from tuning.aws.ledger import Ledger, Unreadable, readable
from tuning.aws.transient import Transient
from tuning.releases.model_version import (
    RECIPES,
    RECIPES_KEY,
    ModelOfRun,
    ModelVersion,
    NewestModel,
    count_key,
    model_of_run_key,
    numbered_key,
)


@dataclass(frozen=True, kw_only=True)
class ModelRegistry:
    ledger: Ledger

    def register(self, model: ModelVersion) -> ModelVersion:
        """The version that the model's run has: the next of its recipe, unless it has one already.

        Raises Transient when another run of the recipe was registered at the same moment.
        """
        if known := self.of_run(model.run_id):
            return known
        newest, recipes = self.newest(model.recipe), self.recipes()
        numbered = model.numbered(newest + 1)
        counted = NewestModel(id=count_key(model.recipe), version=numbered.version)
        updates = [
            new_record(self.ledger.table, numbered),
            new_record(self.ledger.table, ModelOfRun.of(numbered)),
            self._counted(counted, after=newest),
            *([] if model.recipe in recipes else [self._named(model.recipe)]),
        ]
        broken = self.ledger.transact([{"Update": update} for update in updates])
        if broken is not None:
            raise Transient(f"another model of {model.recipe} was registered at the same time")
        return numbered

    def of_run(self, run_id: str) -> ModelVersion | None:
        """None of a run that has not ended trained, or did so before models were registered."""
        known = self.ledger.find(ModelOfRun, model_of_run_key(run_id))
        return self.version(known.recipe, known.version) if known else None

    def version(self, recipe: str, version: int) -> ModelVersion | None:
        return self.ledger.find(ModelVersion, numbered_key(recipe, version))

    def versions(
        self, recipe: str, *, but: Container[str] = ()
    ) -> Iterator[ModelVersion | Unreadable]:
        """All of a recipe but those of these ids, the newest first."""
        for version in range(self.newest(recipe), 0, -1):
            key = numbered_key(recipe, version)
            if key not in but and (item := self.ledger.item(key)):
                yield readable(ModelVersion, item)

    def recipes(self) -> list[str]:
        """Those that have a version, in order of their names, whether they are deployed still or not."""
        item = self.ledger.item(RECIPES_KEY) or {}
        return sorted(item.get(RECIPES, {"SS": ()})["SS"])

    def newest(self, recipe: str) -> int:
        """The number of the newest version; 0 when there is none."""
        found = self.ledger.find(NewestModel, count_key(recipe))
        return found.version if found else 0

    def _named(self, recipe: str) -> dict[str, Any]:
        return {
            "TableName": self.ledger.table,
            "Key": item_key(RECIPES_KEY),
            "UpdateExpression": f"ADD {RECIPES} :recipe",
            "ExpressionAttributeValues": {":recipe": {"SS": [recipe]}},
        }

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
