"""Money of imports: the first month's storage, reserved once for an import and settled once."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tuning.aws.budgets import Budgets
from tuning.aws.import_ledger import Imports
from tuning.aws.item_updates import item_key, keyed
from tuning.imports.import_run import ENDED_IMPORTS, ImportRecord
from tuning.runs.budget import Budget, budgets_of
from tuning.runs.money_records import Reservation, Settlement
from tuning.runs.outcome import Charge
from tuning.runs.recipes import Limits


@dataclass(frozen=True, kw_only=True)
class ImportBudgets:
    imports: Imports
    budgets: Budgets

    def reserve(
        self, record: ImportRecord, wanted: Reservation, *, monthly: Decimal | None, limits: Limits
    ) -> str | None:
        """Why it does not fit; None when it is reserved, now or before. Both or neither: the import's item is marked in
        the transaction that counts the money.
        """
        budgets = budgets_of(wanted.month, wanted.recipe, monthly=monthly, limits=limits)
        for budget in budgets:
            if budget.limit is not None and wanted.usd > budget.limit:
                return self._over(budget, wanted)
        mark = self._mark(record, reservation=wanted, state="reserved")
        updates = [mark, *self.budgets.additions(wanted, budgets)]
        broken = self.imports.ledger.transact([{"Update": update} for update in updates])
        if not broken:  # done; or it was reserved before, or the import has ended
            return None
        return self._over(budgets[broken - 1], wanted)

    def settle(self, record: ImportRecord, usd: Decimal, charge: Charge) -> Settlement | None:
        """Replace an import's reservation by what it came to, once. None without a reservation."""
        if record.reservation is None or record.settlement:
            return record.settlement
        settled = Settlement(usd=usd, charge=charge)
        updates = [
            self._mark(record, settlement=settled),
            *self.budgets.replacements(record.reservation, usd),
        ]
        # Broken: somebody has settled it, and once is enough.
        self.imports.ledger.transact([{"Update": update} for update in updates])
        return settled

    def _over(self, budget: Budget, wanted: Reservation) -> str:
        return (
            f"The first month of its storage may cost {wanted.usd} USD, and {self.budgets.left_of(budget)} USD are left of "
            f"{budget.name} ({budget.limit} USD). To import it, {budget.fix}, deploy, and upload it again."
        )

    def _mark(self, record: ImportRecord, **facts: Any) -> dict[str, Any]:
        """Set fields of an import that has not ended, unless it has the first of them."""
        values, first = ImportRecord.values(**facts), next(iter(facts))
        ended = {f":ended{n}": {"S": state} for n, state in enumerate(ENDED_IMPORTS)}
        return {
            "TableName": self.imports.ledger.table,
            "Key": item_key(record.id),
            "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in values),
            "ConditionExpression": (
                f"attribute_not_exists(#{first}) AND NOT (#state IN ({', '.join(ended)}))"
            ),
            "ExpressionAttributeNames": {f"#{name}": name for name in values} | {"#state": "state"},
            "ExpressionAttributeValues": keyed(values) | ended,
        }
