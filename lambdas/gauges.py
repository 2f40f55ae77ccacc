"""What the dashboard and the alarms ask of all runs together, measured once a round of the reconciler."""

from collections.abc import Mapping
from datetime import UTC, datetime

from lambdas.observe import metrics
from tuning.aws.budgets import Budgets
from tuning.aws.ledger import Ledger
from tuning.runs.budget import dollars, month_of
from tuning.runs.function_settings import ReconcilerSettings
from tuning.runs.run_record import OpenRun, RunRecord
from tuning.runs.run_states import Partition


def publish(
    open_runs: Mapping[str, OpenRun],
    ledger: Ledger,
    settings: ReconcilerSettings,
    now: datetime,
    *,
    healed: int,
) -> None:
    """Metrics have a price, so there are few."""
    waiting = _whole(open_runs, "awaiting_approval", ledger)
    training = _whole(open_runs, "training", ledger)
    asked = [datetime.fromisoformat(run.approval_asked_at or run.arrived_at) for run in waiting]
    oldest = max((now - at.astimezone(UTC)).total_seconds() / 3600 for at in (*asked, now))
    _count("ApprovalsWaiting", len(waiting))
    metrics.add_metric(name="OldestApprovalHours", unit="None", value=round(oldest, 2))
    _count("RunsInLine", sum(run.open is Partition.QUEUED for run in open_runs.values()))
    _count("StalledJobs", sum(map(_stalled, training)))
    if healed:
        _count("RunsHealed", healed)
    if (limit := dollars(settings.monthly_budget_usd)) is not None:
        left = limit - Budgets(ledger=ledger).committed(month_of(now))
        metrics.add_metric(name="BudgetLeftUsd", unit="None", value=float(left))


def _count(name: str, value: int) -> None:
    metrics.add_metric(name=name, unit="Count", value=value)


def _whole(open_runs: Mapping[str, OpenRun], state: str, ledger: Ledger) -> list[RunRecord]:
    """The runs in a state, with all that the ledger has of them."""
    found = (ledger.read(run.id) for run in open_runs.values() if run.state == state)
    return [record for record in found if record and record.state == state]


def _stalled(record: RunRecord) -> bool:
    """Its job was told to stop, for it made no progress, and has not stopped yet."""
    return record.progress is not None and record.progress.failure is not None
