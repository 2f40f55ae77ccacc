"""Which models are deleted, in the ledger's table: claimed by one round at a time, under conditions."""

from dataclasses import dataclass
from datetime import datetime

from msgspec import structs

from tuning.aws.item_updates import whole_record
from tuning.aws.ledger import Ledger
from tuning.releases.model_deletion import DeletionState, ModelDeletion, deletion_key
from tuning.runs.times import instant


@dataclass(frozen=True, kw_only=True)
class ModelDeletions:
    ledger: Ledger

    def of(self, recipe: str, version: int) -> ModelDeletion | None:
        """None of a version whose model nobody ever was to delete."""
        return self.ledger.find(ModelDeletion, deletion_key(recipe, version))

    def claim(self, claim: ModelDeletion, *, instead_of: ModelDeletion | None) -> bool:
        """From now on no release begins on the version. False when another round was faster."""
        if instead_of is None:
            return self.ledger.put_new(claim)
        return self._replaced(instead_of, claim)

    def settle(
        self, claim: ModelDeletion, state: DeletionState, why: str, now: datetime
    ) -> ModelDeletion | None:
        """What a claim came to. None when it is another's by now, who says it."""
        settled = structs.replace(claim, state=state, why=why, at=instant(now))
        return settled if self._replaced(claim, settled) else None

    def record_notice(self, deletion: ModelDeletion) -> None:
        """Its notice was sent."""
        self._replaced(deletion, structs.replace(deletion, notified=True))

    def _replaced(self, seen: ModelDeletion, record: ModelDeletion) -> bool:
        update = whole_record(self.ledger.table, record)
        values = update["ExpressionAttributeValues"]
        values |= {":seen_state": {"S": seen.state}, ":seen_at": {"S": seen.at}}
        update["ConditionExpression"] = "#state = :seen_state AND #at = :seen_at"
        return self.ledger.holds(update)
