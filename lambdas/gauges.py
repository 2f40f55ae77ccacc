"""What the dashboard and the alarms ask of all runs together, told once a round of the reconciler."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from lambdas.observe import metrics
from tuning.aws import budgets, ledger
from tuning.runs.budget import dollars, month_of
from tuning.runs.function_settings import ReconcilerSettings
from tuning.runs.run_states import Partition


def publish(
    rows: Mapping[str, ledger.Row], settings: ReconcilerSettings, now: datetime, *, healed: int
) -> None:
    """`rows` are those of the index of open runs. Metrics have a price, so there are few."""
    waiting = _whole(rows, "awaiting_approval", settings.ledger_table)
    training = _whole(rows, "training", settings.ledger_table)
    asked = [datetime.fromisoformat(r.get("asked_at", r["arrived_at"])) for r in waiting]
    oldest = max((now - at.astimezone(UTC)).total_seconds() / 3600 for at in (*asked, now))
    _count("ApprovalsWaiting", len(waiting))
    metrics.add_metric(name="OldestApprovalHours", unit="None", value=round(oldest, 2))
    _count("RunsInLine", sum(row["open"] == Partition.QUEUED for row in rows.values()))
    _count("StalledJobs", sum(map(_stalled, training)))
    if healed:
        _count("RunsHealed", healed)
    if (limit := dollars(settings.monthly_budget_usd)) is not None:
        left = limit - budgets.committed(settings.ledger_table, month_of(now))
        metrics.add_metric(name="BudgetLeftUsd", unit="None", value=float(left))


def _count(name: str, value: int) -> None:
    metrics.add_metric(name=name, unit="Count", value=value)


def _whole(rows: Mapping[str, ledger.Row], state: str, table: str) -> list[ledger.Row]:
    """The runs in a state, with all that the ledger has of them."""
    found: Iterable[ledger.Row | None] = (
        ledger.read(table, run_id) for run_id, row in rows.items() if row["state"] == state
    )
    return [row for row in found if row and row["state"] == state]


def _stalled(row: ledger.Row) -> bool:
    """Its job was told to stop, for it did not move, and has not stopped yet."""
    return bool(json.loads(row.get("progress", "{}")).get("failure"))
