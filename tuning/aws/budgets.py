"""Money: reserved once a run, never beyond a budget, settled once.

A budget's `committed` is what is spent and what is reserved. It is in a table of its own, which only the
functions write that authorize and settle. What former versions counted in the ledger stays there, and is
added. A reservation adds to it under the
condition that it still fits, in one transaction with the run's own item, so that two runs cannot both
take the last dollars:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from tuning.aws.item_updates import keyed
from tuning.aws.ledger import Ledger
from tuning.aws.transient import Transient
from tuning.releases.model_version import ModelVersion
from tuning.runs import former_version
from tuning.runs.budget import Budget, actual, budget_ids, over
from tuning.runs.ledger_item import KEY, Item
from tuning.runs.money_records import Reservation, Settlement
from tuning.runs.outcome import Charge
from tuning.runs.run import Run
from tuning.runs.run_record import READABLE_ATTRIBUTES, RunRecord
from tuning.runs.run_states import sources
from tuning.runs.same_data import TrainedData


@dataclass(frozen=True, kw_only=True)
class DataClaim:
    """That a run is the last to spend on prepared data."""

    key: str
    before: str | None
    """The run that was the last before it."""


@dataclass(frozen=True, kw_only=True)
class Budgets:
    ledger: Ledger
    table: str
    """Of the budgets."""

    @property
    def _budgets(self) -> Ledger:
        return replace(self.ledger, table=self.table)

    def reserve(
        self,
        run: Run,
        wanted: Reservation,
        budgets: tuple[Budget, ...],
        facts: Mapping[str, Any],
        data: DataClaim | None = None,
    ) -> str | None:
        """Reserve the money and authorize the run, both or neither. Returns why it does not fit. Raises
        Transient when another run reserved for the same data since they were compared.

        Tried again, it reserves nothing more. A reservation of the run's earlier try is replaced.
        """
        item = self.ledger.item(run.id, *READABLE_ATTRIBUTES) or {}
        held = RunRecord.from_item(item).reservation if item else None
        if held and held.recipe_digest == wanted.recipe_digest:
            self.ledger.move(run, "authorized", **facts)
            return None
        for budget in budgets:
            if budget.limit is not None and wanted.usd > budget.limit:
                return self._over(budget, wanted)
        limits = {budget.id: budget.limit for budget in budgets}
        changes = _differences(held, wanted)
        writes = [
            self._add(key, usd, self._limit(key, limits.get(key))) for key, usd in changes.items()
        ]
        moved = self.ledger.change(
            run,
            {**facts, "state": "authorized", "reservation": wanted},
            found_in=sources("authorized"),
        )
        # The run's own item first: a reservation that was sent twice has itself left too little.
        updates = [_if_reserved(moved, item), *writes]
        if data:
            updates.append(self._claim(data, run.id))
        broken = self.ledger.transact([{"Update": update} for update in updates])
        if broken and broken > len(writes):
            raise Transient(f"another run reserved for the same data: {run.id}")
        if not broken:  # done; or it was reserved meanwhile, or the run has ended, or is further
            return None
        return self._over(next(b for b in budgets if b.id == list(changes)[broken - 1]), wanted)

    def settle(self, run_id: str, charge: Charge) -> Decimal | None:
        """Replace a run's reservation by what it came to, or release it, once. Returns what it came
        to, or None without a reservation.
        """
        item = self.ledger.item(run_id, *READABLE_ATTRIBUTES) or {}
        record = RunRecord.from_item(item) if item else None
        if record is None or record.reservation is None or record.settlement:
            return None
        held, stored = record.reservation, _stored(item)
        assert stored  # noqa: S101 — it was just read from there
        name, as_stored = stored
        usd = actual(
            held, charge, progress=record.progress, cost=record.cost, estimate=record.estimate
        )
        writes = self.replacements(held, usd)
        settled = RunRecord.values(settlement=Settlement(usd=usd, charge=charge))
        mark = {
            "TableName": self.ledger.table,
            "Key": {KEY: {"S": run_id}},
            "UpdateExpression": "SET #settlement = :settlement",
            "ConditionExpression": "#held = :held AND attribute_not_exists(#settlement)",
            "ExpressionAttributeNames": {"#settlement": "settlement", "#held": name},
            "ExpressionAttributeValues": keyed(settled) | {":held": as_stored},
        }
        # Broken: somebody has settled it, and once is enough.
        self.ledger.transact([{"Update": update} for update in (*writes, mark)])
        return usd

    def additions(self, wanted: Reservation, budgets: tuple[Budget, ...]) -> list[dict[str, Any]]:
        """The updates of a reservation of what is no run, for the transaction that marks it as made. Each breaks where
        its budget has too little left.
        """
        return [self._add(b.id, wanted.usd, self._limit(b.id, b.limit)) for b in budgets]

    def replacements(self, held: Reservation, usd: Decimal) -> list[dict[str, Any]]:
        """The updates that replace such a reservation by what it came to."""
        keys = budget_ids(held.month, held.recipe)
        return [self._add(key, usd - held.usd, None, spent=usd) for key in keys]

    def left_of(self, budget: Budget) -> Decimal:
        """Of a budget with a limit; nothing where it is used up."""
        return max((budget.limit or Decimal(0)) - self._committed(budget.id), Decimal(0))

    def charge_storage(self, month: str, model: ModelVersion, usd: Decimal) -> None:
        """Count what a month of a model's storage costs, once. No limit keeps it out: it is billed whatever is left."""
        of_all, of_recipe = budget_ids(month, model.trained_by)
        counted = self._add(of_all, usd, None, spent=usd)
        counted["UpdateExpression"] += ", kept_models :models"
        counted["ConditionExpression"] = (
            "attribute_not_exists(kept_models) OR NOT contains(kept_models, :model)"
        )
        counted["ExpressionAttributeValues"] |= {
            ":models": {"SS": [model.id]},
            ":model": {"S": model.id},
        }
        # Broken: an earlier round has counted it.
        self.ledger.transact(
            [{"Update": counted}, {"Update": self._add(of_recipe, usd, None, spent=usd)}]
        )

    def kept_models(self, month: str) -> set[str]:
        """Ids of the models of which a month knows whether they are kept."""
        item = self._budgets.item(budget_ids(month, "")[0]) or {}
        return set(item.get("kept_models", {"SS": ()})["SS"])

    def committed(self, month: str) -> Decimal:
        """What is spent and reserved of the environment's budget of a month."""
        return self._committed(budget_ids(month, "")[0])

    def _claim(self, data: DataClaim, run_id: str) -> dict[str, Any]:
        names = {"#run_id": TrainedData.attribute("run_id")}
        values = {":run": {"S": run_id}, ":before": {"S": data.before or run_id}}
        return {
            "TableName": self.ledger.table,
            "Key": {KEY: {"S": data.key}},
            "UpdateExpression": "SET #run_id = :run",
            "ConditionExpression": "attribute_not_exists(#run_id) OR #run_id IN (:run, :before)",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": values,
        }

    def _over(self, budget: Budget, wanted: Reservation) -> str:
        return over(budget, wanted=wanted, committed=self._committed(budget.id))

    def _committed(self, key: str) -> Decimal:
        return _sum(self._budgets.item(key)) + self._counted_before(key)

    def _counted_before(self, key: str) -> Decimal:
        """By versions that kept the budgets in the ledger. Nobody writes there any more."""
        return _sum(self.ledger.item(key, KEY, "committed"))

    def _limit(self, key: str, limit: Decimal | None) -> Decimal | None:
        """What is left of it for this table to count."""
        return None if limit is None else limit - self._counted_before(key)

    def _add(
        self, key: str, usd: Decimal, limit: Decimal | None, *, spent: Decimal | None = None
    ) -> dict[str, Any]:
        update: dict[str, Any] = {
            "TableName": self.table,
            "Key": {KEY: {"S": key}},
            "UpdateExpression": "ADD committed :usd",
            "ExpressionAttributeValues": {":usd": {"N": f"{usd:f}"}},
        }
        if spent is not None:
            update["UpdateExpression"] += ", spent :spent"
            update["ExpressionAttributeValues"][":spent"] = {"N": f"{spent:f}"}
        if limit is not None and usd > 0:
            left = limit - usd
            update["ConditionExpression"] = "committed <= :left"
            # Former versions counted too: where they have used up the limit, an empty budget has no room either.
            if left >= 0:
                update["ConditionExpression"] += " OR attribute_not_exists(committed)"
            update["ExpressionAttributeValues"][":left"] = {"N": f"{left:f}"}
        return update


def _sum(item: Item | None) -> Decimal:
    return Decimal((item or {}).get("committed", {"N": "0"})["N"])


def _differences(held: Reservation | None, wanted: Reservation) -> dict[str, Decimal]:
    changes = dict.fromkeys(budget_ids(wanted.month, wanted.recipe), wanted.usd)
    if held:
        for key in budget_ids(held.month, held.recipe):
            changes[key] = changes.get(key, Decimal(0)) - held.usd
    return changes


def _if_reserved(update: dict[str, Any], item: Item) -> dict[str, Any]:
    """Only while the run has the reservation that its item has, or has none still."""
    if held := _stored(item):
        now, (name, as_stored) = "#held = :held", held
        update["ExpressionAttributeNames"]["#held"] = name
        update["ExpressionAttributeValues"][":held"] = as_stored
    else:
        now = "attribute_not_exists(#reservation)"
    update["ConditionExpression"] = f"({update['ConditionExpression']}) AND {now}"
    return update


def _stored(item: Item) -> tuple[str, Mapping[str, Any]] | None:
    """The attribute of the reservation and its value as it is stored, whichever version wrote it."""
    names = ("reservation", former_version.RESERVATION)
    return next(((name, item[name]) for name in names if name in item), None)
