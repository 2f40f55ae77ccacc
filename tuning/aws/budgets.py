"""Money in the ledger: reserved once a run, never beyond a budget, settled once.

A budget's `committed` is what is spent and what is reserved. A reservation adds to it under the
condition that it still fits, in one transaction with the run's own item, so that two runs cannot both
take the last dollars:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tuning.aws.ledger import Ledger, keyed
from tuning.aws.transient import Transient
from tuning.runs.budget import Budget, Reservation, Settlement, actual, budget_ids, over
from tuning.runs.outcome import Charge
from tuning.runs.run import Run
from tuning.runs.run_record import KEY, RunRecord
from tuning.runs.run_states import sources


@dataclass(frozen=True, kw_only=True)
class Budgets:
    ledger: Ledger

    def reserve(
        self,
        run: Run,
        wanted: Reservation,
        budgets: tuple[Budget, ...],
        facts: Mapping[str, Any],
    ) -> str | None:
        """Reserve the money and authorize the run, both or neither. Returns why it does not fit.

        Tried again, it reserves nothing more. A reservation of the run's earlier try is replaced.
        """
        record = self.ledger.read(run.id)
        held = record.reservation if record else None
        if held and held.recipe_digest == wanted.recipe_digest:
            self.ledger.move(run, "authorized", **facts)
            return None
        for budget in budgets:
            if budget.limit is not None and wanted.usd > budget.limit:
                return self._over(budget, wanted)
        limits = {budget.id: budget.limit for budget in budgets}
        changes = _differences(held, wanted)
        writes = [self._add(key, usd, limits.get(key)) for key, usd in changes.items()]
        moved = self.ledger.change(
            run,
            {**facts, "state": "authorized", "reservation": wanted},
            found_in=sources("authorized"),
        )
        # The run's own item first: a reservation that was sent twice has itself left too little.
        broken = self._transact([_if_reserved(moved, held), *writes])
        if not broken:  # done; or it was reserved meanwhile, or the run has ended, or is further
            return None
        return self._over(next(b for b in budgets if b.id == list(changes)[broken - 1]), wanted)

    def settle(self, run_id: str, charge: Charge) -> Decimal | None:
        """Replace a run's reservation by what it came to, or release it, once. Returns what it came
        to, or None without a reservation.
        """
        record = self.ledger.read(run_id)
        if record is None or record.reservation is None or record.settlement:
            return None
        held = record.reservation
        usd = actual(held, charge, progress=record.progress, cost=record.cost)
        writes = [
            self._add(key, usd - held.usd, None, spent=usd)
            for key in budget_ids(held.month, held.recipe)
        ]
        values = RunRecord.values(settlement=Settlement(usd=usd, charge=charge), reservation=held)
        mark = {
            "TableName": self.ledger.table,
            "Key": {KEY: {"S": run_id}},
            "UpdateExpression": "SET #settlement = :settlement",
            "ConditionExpression": (
                "#reservation = :reservation AND attribute_not_exists(#settlement)"
            ),
            "ExpressionAttributeNames": {f"#{name}": name for name in values},
            "ExpressionAttributeValues": keyed(values),
        }
        self._transact([*writes, mark])  # broken: somebody has settled it, and once is enough
        return usd

    def committed(self, month: str) -> Decimal:
        """What is spent and reserved of the environment's budget of a month."""
        return self._committed(budget_ids(month, "")[0])

    def _over(self, budget: Budget, wanted: Reservation) -> str:
        return over(budget, wanted=wanted.usd, committed=self._committed(budget.id))

    def _committed(self, key: str) -> Decimal:
        item = self.ledger.item(key) or {}
        return Decimal(item.get("committed", {"N": "0"})["N"])

    def _add(
        self, key: str, usd: Decimal, limit: Decimal | None, *, spent: Decimal | None = None
    ) -> dict[str, Any]:
        update: dict[str, Any] = {
            "TableName": self.ledger.table,
            "Key": {KEY: {"S": key}},
            "UpdateExpression": "ADD committed :usd",
            "ExpressionAttributeValues": {":usd": {"N": f"{usd:f}"}},
        }
        if spent is not None:
            update["UpdateExpression"] += ", spent :spent"
            update["ExpressionAttributeValues"][":spent"] = {"N": f"{spent:f}"}
        if limit is not None and usd > 0:
            update["ConditionExpression"] = "attribute_not_exists(committed) OR committed <= :left"
            update["ExpressionAttributeValues"][":left"] = {"N": f"{limit - usd:f}"}
        return update

    def _transact(self, updates: list[dict[str, Any]]) -> int | None:
        """All or none. Returns the number of the first whose condition did not hold."""
        dynamodb = self.ledger.client("dynamodb")
        try:
            dynamodb.transact_write_items(TransactItems=[{"Update": each} for each in updates])
        except dynamodb.exceptions.TransactionCanceledException as error:
            codes = [reason.get("Code") for reason in error.response["CancellationReasons"]]
            if "ConditionalCheckFailed" in codes:
                return codes.index("ConditionalCheckFailed")
            raise Transient(f"the ledger was busy: {', '.join(map(str, codes))}") from error
        return None


def _differences(held: Reservation | None, wanted: Reservation) -> dict[str, Decimal]:
    changes = dict.fromkeys(budget_ids(wanted.month, wanted.recipe), wanted.usd)
    if held:
        for key in budget_ids(held.month, held.recipe):
            changes[key] = changes.get(key, Decimal(0)) - held.usd
    return changes


def _if_reserved(update: dict[str, Any], held: Reservation | None) -> dict[str, Any]:
    """Only while the run has this reservation, or has none still."""
    now = "#reservation = :held" if held else "attribute_not_exists(#reservation)"
    if held:
        reserved = RunRecord.values(reservation=held)["reservation"]
        update["ExpressionAttributeValues"][":held"] = reserved
    update["ConditionExpression"] = f"({update['ConditionExpression']}) AND {now}"
    return update
