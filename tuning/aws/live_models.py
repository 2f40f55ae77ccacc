"""What is live, in the ledger's table: changed by one release at a time, under conditions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from msgspec import structs

from tuning.aws.item_updates import item_key, keyed, set_terms
from tuning.aws.ledger import Ledger
from tuning.releases.live_model import (
    PROVISIONED_LIVE,
    PROVISIONED_LIVE_KEY,
    Change,
    LiveModel,
    live_key,
)
from tuning.runs.ledger_item import KEY


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What a change came to."""

    version: int | None
    """What answers now, as Bedrock says; None when nothing does."""
    arn: str | None
    last: str
    released: bool
    """Whether it did what it was to do."""


@dataclass(frozen=True, kw_only=True)
class LiveModels:
    ledger: Ledger

    def read(self, recipe: str) -> LiveModel:
        return self.ledger.find(LiveModel, live_key(recipe)) or LiveModel.none_yet(recipe)

    def provisioned(self) -> list[str]:
        """The recipes for which Provisioned Throughput may be live, or an imported model that has its time."""
        item = self.ledger.item(PROVISIONED_LIVE_KEY) or {}
        return sorted(item.get(PROVISIONED_LIVE, {"SS": ()})["SS"])

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
        condition = _unchanged(live)
        if seen or other:
            condition += " AND #revision = :revision"
        else:
            condition = f"attribute_not_exists({KEY})"
        written = self._update(recipe, values, condition, against=_other(live))
        return structs.replace(live, change=change) if written else None

    def provision(self, recipe: str) -> None:
        """After the change has begun and before anything is bought, so that whatever is bought is removed."""
        self._listed("ADD", recipe)

    def end(self, live: LiveModel, execution: str, ended: Ended) -> bool:
        """Record what the change came to. False when it is not this execution's change, as when that was
        recorded already.
        """
        change, version = live.change, ended.version
        if change is None or change.execution != execution:
            return False
        former = live.stopped if live.version is None else live.version
        changed = version != former and not (version is None and live.version is None)
        # What goes on answering after a failure has the time that it had.
        due = live.due if live.due and not ended.released else change.due
        values = {
            "revision": live.revision + 1,
            "version": version,
            "before": former if changed else live.before,
            "deployment_arn": ended.arn,
            "last": ended.last,
            "due": due if version else None,
            "stopped": None if version else live.stopped,
        }
        condition = _unchanged(live)
        return self._update(
            live.recipe, values, condition, against=_other(live), remove=("change",)
        )

    def stop(self, live: LiveModel, *, last: str) -> bool:
        """Record that nothing answers, for its time is over. False when a release came first.

        Until when it was to run is kept as long as it may be there still, and of an imported model which it was.
        """
        values = {
            "revision": live.revision + 1,
            "version": None,
            "stopped": live.version or live.stopped,
            "deployment_arn": live.deployment_arn if live.served_by == "imported" else None,
            "due": live.latest,
            "last": last,
        }
        against = {**_other(live), ":seen": {"N": str(live.revision)}}
        condition = f"{_unchanged(live)} AND #revision = :seen"
        return self._update(live.recipe, values, condition, against=against, remove=("change",))

    def removed(self, live: LiveModel) -> bool:
        """Its Provisioned Throughput is gone, or its imported model, or that one goes on without an end. False when a
        release came first, which may have its own.
        """
        arn = live.deployment_arn if live.version else None
        values = {"revision": live.revision, "due": None, "deployment_arn": arn}
        condition = "attribute_not_exists(#change) AND #revision = :revision"
        if live.revision and not self._update(live.recipe, values, condition, against={}):
            return False
        self._listed("DELETE", live.recipe)
        change = self.read(live.recipe).change
        if change and change.due:  # it began between the two
            self.provision(live.recipe)
        return True

    def _update(
        self,
        recipe: str,
        facts: dict[str, Any],
        condition: str,
        *,
        against: dict[str, dict[str, str]],
        remove: tuple[str, ...] = (),
    ) -> bool:
        """What is None is removed. False when the condition did not hold."""
        values = LiveModel.values(**facts)
        gone = [*remove, *(name for name in facts if name not in values)]
        parts = f"SET {set_terms(values)}"
        if gone:
            parts += " REMOVE " + ", ".join(f"#{name}" for name in gone)
        names = {f"#{name}": name for name in (*values, *gone, "change")}
        if "#change" not in condition + parts:
            del names["#change"]
        return self.ledger.holds(
            {
                "TableName": self.ledger.table,
                "Key": item_key(live_key(recipe)),
                "UpdateExpression": parts,
                "ConditionExpression": condition,
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": keyed(values) | against,
            }
        )

    def _listed(self, action: str, recipe: str) -> None:
        self.ledger.client("dynamodb").update_item(
            TableName=self.ledger.table,
            Key=item_key(PROVISIONED_LIVE_KEY),
            UpdateExpression=f"{action} {PROVISIONED_LIVE} :recipe",
            ExpressionAttributeValues={":recipe": {"SS": [recipe]}},
        )


def _unchanged(live: LiveModel) -> str:
    return "#change = :other" if live.change else "attribute_not_exists(#change)"


def _other(live: LiveModel) -> dict[str, dict[str, str]]:
    """The change that was under way as it was read."""
    return {":other": LiveModel.values(change=live.change)["change"]} if live.change else {}
