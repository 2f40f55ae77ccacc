"""What the dashboard and the alarms ask of all runs together, told once a round of the reconciler."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from lambdas.apart import Apart
from lambdas.observe import metrics
from tuning.aws import budgets, ledger
from tuning.runs.budget import dollars, month_of
from tuning.runs.function_settings import ReconcilerSettings


def publish(
    rows: Mapping[str, ledger.Row], settings: ReconcilerSettings, now: datetime, apart: Apart
) -> None:
    """`rows` are those of the index of open runs. A row that cannot be read is left out of the metrics.
    Metrics have a price, so there are few.
    """
    asked, stalled = [], 0
    for run_id, row in rows.items():
        with apart.each(run_id):
            if (state := row.get("state")) == "awaiting_approval":
                asked.append(_asked_at(run_id, settings.ledger_table))
            elif state == "training":
                stalled += _stalled(run_id, settings.ledger_table)
    moments = [at for at in asked if at is not None]
    oldest = max((now - at).total_seconds() / 3600 for at in (*moments, now))
    _count("ApprovalsWaiting", len(moments))
    metrics.add_metric(name="OldestApprovalHours", unit="None", value=round(oldest, 2))
    _count("RunsQueued", sum(row.get("state") == "queued" for row in rows.values()))
    _count("StalledJobs", stalled)
    with apart.each("budget"):
        if (limit := dollars(settings.monthly_budget_usd)) is not None:
            left = limit - budgets.committed(settings.ledger_table, month_of(now))
            metrics.add_metric(name="BudgetLeftUsd", unit="None", value=float(left))


def _count(name: str, value: int) -> None:
    metrics.add_metric(name=name, unit="Count", value=value)


def _asked_at(run_id: str, table: str) -> datetime | None:
    """Since when the run waits for a person; None when it does no longer."""
    row = ledger.read(table, run_id)
    if row is None or row["state"] != "awaiting_approval":
        return None
    return datetime.fromisoformat(row.get("asked_at", row["arrived_at"])).astimezone(UTC)


def _stalled(run_id: str, table: str) -> bool:
    """Its job was told to stop, for it did not move, and has not stopped yet."""
    row = ledger.read(table, run_id)
    if row is None or row["state"] != "training":
        return False
    return bool(json.loads(row.get("progress", "{}")).get("failure"))
