"""Find runs, executions and jobs that lost each other, and bring them together or to an end."""

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

from lambdas import gauges
from lambdas.apart import Apart
from lambdas.observe import logger, metrics, observed
from tuning.aws import budgets, customization_jobs, ledger, traces
from tuning.aws.clients import client
from tuning.runs.function_settings import ReconcilerSettings
from tuning.runs.rebuild import Job, rebuilt
from tuning.runs.reconcile import Action, Rebuild, Report, Settle, Start, Stop, Trace, Write, decide
from tuning.runs.run_states import ENDED

_settings = cache(ReconcilerSettings.from_env)


class NotReconciled(Exception):  # noqa: N818 — the alarm's log names it so
    """Runs that could not be looked at or healed in this round; the next one comes soon."""


@observed
def handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """What one run raises must not hide another, nor the metrics. A fault of AWS is raised once all
    are treated; a run that cannot be read is reported, since the next round could not read it either.
    """
    settings, now, apart = _settings(), datetime.now(UTC), Apart(what="not reconciled")
    rows = traces.open_rows(settings.ledger_table)
    gauges.publish(rows, settings, now, apart)
    running = traces.running(settings.state_machine_arn)
    jobs = traces.jobs_in_progress(settings.environment, apart.each)
    healed: dict[str, list[str]] = {}
    for run_id in sorted(_lost(rows, running, set(jobs))):
        with apart.each(run_id):
            if done := _healed(run_id, jobs.get(run_id, []), now):
                healed[run_id] = done
    if healed:
        _count("RunsHealed", len(healed))
    unreadable = dict.fromkeys(apart.unreadable)
    if unreadable:
        _count("RunsNotHealed", len(unreadable))
    if apart.missed:
        raise NotReconciled(", ".join(dict.fromkeys(apart.missed)))
    return {"healed": healed | {name: ["report"] for name in unreadable}}


def _lost(rows: dict[str, ledger.Row], running: set[str], jobs: set[str]) -> set[str]:
    """Whoever is in the ledger's index of open runs and has a running execution is sound."""
    ended = {run_id for run_id, row in rows.items() if row.get("state") in ENDED}
    return (set(rows) | running | jobs) - (set(rows) & running - ended)


def _healed(run_id: str, jobs: list[Job], now: datetime) -> list[str]:
    settings = _settings()
    trace = traces.of(run_id, settings.ledger_table, settings.state_machine_arn, jobs)
    done = []
    for action in decide(trace, now):
        _do(action, trace)
        what = type(action).__name__.lower()
        logger.warning("reconciled", run=run_id, action=what, why=getattr(action, "why", None))
        done.append(what)
    return done


def _do(action: Action, trace: Trace) -> None:
    table = _settings().ledger_table
    match action:
        case Start():
            _start(action, trace)
        case Stop():
            _stop(action.job_arn)
        case Write():
            ledger.amend(table, trace.run_id, action.facts, close=action.close)
        case Settle():
            budgets.settle(table, trace.run_id, action.charge)
        case Rebuild():
            _rebuild(trace)
        case Report():
            _count("RunsNotHealed", 1)


def _count(name: str, value: int) -> None:
    metrics.add_metric(name=name, unit="Count", value=value)


def _start(action: Start, trace: Trace) -> None:
    """Under its name it is started once. The row says which is the newest."""
    machine, settings = client("stepfunctions"), _settings()
    try:
        machine.start_execution(
            stateMachineArn=settings.state_machine_arn,
            name=action.name,
            input=json.dumps(action.given),
        )
    except machine.exceptions.ExecutionAlreadyExists:
        logger.info("already started", run=trace.run_id, execution=action.name)
    ledger.amend(settings.ledger_table, trace.run_id, {"execution": action.name})


def _stop(arn: str) -> None:
    if words := customization_jobs.stopped(client("bedrock"), arn):
        logger.info("not stopped", job_arn=arn, words=words)


def _rebuild(trace: Trace) -> None:
    settings, execution = _settings(), trace.execution
    assert execution  # noqa: S101 — a run without one is not rebuilt
    events = traces.history(settings.state_machine_arn, execution.name)
    ledger.put_back(
        settings.ledger_table, rebuilt(execution, jobs=trace.jobs, history=list(events))
    )
