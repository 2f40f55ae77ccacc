"""What the dashboard and the alarms ask of all runs together, measured once a round of the reconciler."""

from collections.abc import Mapping
from datetime import datetime

from lambdas.apart import Apart
from lambdas.observe import metrics
from tuning.aws.budgets import Budgets
from tuning.aws.ledger import Ledger, Unreadable
from tuning.runs.budget import month_of, parse_limit
from tuning.runs.run_record import OpenRun
from tuning.runs.times import utc_time
from tuning.runs.watching_settings import ReconcilerSettings


def publish_metrics(
    open_runs: Mapping[str, OpenRun | Unreadable],
    ledger: Ledger,
    settings: ReconcilerSettings,
    now: datetime,
    apart: Apart,
) -> None:
    """A run that cannot be read is left out of the metrics. Metrics have a price, so there are few."""
    asked, stalled, queued = [], 0, 0
    for run in open_runs.values():
        with apart.each(run.id):
            if isinstance(run, Unreadable):
                continue  # the reconciler reports it
            queued += run.state == "queued"
            if run.state == "awaiting_approval":
                asked.append(_asked_at(run.id, ledger))
            elif run.state == "training":
                stalled += _stalled(run.id, ledger)
    moments = [at for at in asked if at is not None]
    oldest = max((now - at).total_seconds() / 3600 for at in (*moments, now))
    _count("ApprovalsWaiting", len(moments))
    metrics.add_metric(name="OldestApprovalHours", unit="None", value=round(oldest, 2))
    _count("RunsQueued", queued)
    _count("StalledJobs", stalled)
    with apart.each("budget"):
        if (limit := parse_limit(settings.monthly_budget_usd)) is not None:
            kept = Budgets(ledger=ledger, table=settings.budgets_table)
            left = limit - kept.committed(month_of(now))
            metrics.add_metric(name="BudgetLeftUsd", unit="None", value=float(left))


def _count(name: str, value: int) -> None:
    metrics.add_metric(name=name, unit="Count", value=value)


def _asked_at(run_id: str, ledger: Ledger) -> datetime | None:
    """Since when the run waits for approval; None when it does no longer."""
    record = ledger.read(run_id)
    if record is None or record.state != "awaiting_approval":
        return None
    asked_at = record.approval_asked_at or record.arrived_at
    return utc_time(asked_at)


def _stalled(run_id: str, ledger: Ledger) -> bool:
    """Its job was asked to stop, for it made no progress, and has not stopped yet."""
    record = ledger.read(run_id)
    progress = record.progress if record and record.state == "training" else None
    return progress is not None and progress.failure is not None
