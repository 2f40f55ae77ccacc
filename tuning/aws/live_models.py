"""What is live, in the ledger's table: changed by one release at a time, under conditions."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tuning.aws.item_updates import item_key, keyed, set_terms
from tuning.aws.ledger import Ledger
from tuning.releases.live_model import Change, LiveModel, live_key
from tuning.runs.ledger_item import KEY


@dataclass(frozen=True, kw_only=True)
class LiveModels:
    ledger: Ledger

    def read(self, recipe: str) -> LiveModel:
        item = self.ledger.item(live_key(recipe))
        return LiveModel.from_item(item) if item else LiveModel.none_yet(recipe)

    def begin(
        self, recipe: str, seen: int, change: Change, *, ended: Callable[[str], bool]
    ) -> LiveModel | None:
        """Make the change the one that is under way, at the revision that was seen.

        None when another came first: its change is under way, or has ended since. One whose execution
        `ended` without recording it was killed, and is taken over.
        """
        live = self.read(recipe)
        if live.revision != seen:
            return None
        other = live.change
        if other and other.execution == change.execution:
            return live  # begun before: the answer was lost
        if other and not ended(other.execution):
            return None
        values = {"recipe": recipe, "revision": seen, "change": change, "schema": live.schema}
        condition = "#change = :other" if other else "attribute_not_exists(#change)"
        if seen or other:
            condition += " AND #revision = :revision"
        else:
            condition = f"attribute_not_exists({KEY})"
        extra = LiveModel.values(change=other)["change"] if other else None
        written = self._update(recipe, values, condition, other=extra)
        return replace(live, change=change) if written else None

    def end(
        self, live: LiveModel, execution: str, *, version: int | None, arn: str | None, last: str
    ) -> bool:
        """Record what the change came to: what answers now. False when it is not this execution's change, as
        when that was recorded already.
        """
        if live.change is None or live.change.execution != execution:
            return False
        before = live.version if version != live.version else live.before
        values = {
            "revision": live.revision + 1,
            "version": version,
            "before": before,
            "deployment_arn": arn,
            "last": last,
        }
        own = LiveModel.values(change=live.change)["change"]
        return self._update(live.recipe, values, "#change = :other", other=own, remove=("change",))

    def _update(
        self,
        recipe: str,
        facts: dict[str, Any],
        condition: str,
        *,
        other: dict[str, str] | None,
        remove: tuple[str, ...] = (),
    ) -> bool:
        """What is None is removed. False when the condition did not hold."""
        dynamodb = self.ledger.client("dynamodb")
        values = LiveModel.values(**facts)
        gone = [*remove, *(name for name in facts if name not in values)]
        parts = f"SET {set_terms(values)}"
        if gone:
            parts += " REMOVE " + ", ".join(f"#{name}" for name in gone)
        names = {f"#{name}": name for name in (*values, *gone)}
        given = keyed(values) | ({":other": other} if other else {})
        try:
            dynamodb.update_item(
                TableName=self.ledger.table,
                Key=item_key(live_key(recipe)),
                UpdateExpression=parts,
                ConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=given,
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True
