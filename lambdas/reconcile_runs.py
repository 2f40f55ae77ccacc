"""Find runs, executions and jobs that lost each other, and bring them together or to an end."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from lambdas import run_metrics
from lambdas.apart import Apart, NotReconciled
from lambdas.kept_models import charge_storage
from lambdas.observe import logger, metrics, observed
from tuning.aws.arrivals import begin
from tuning.aws.budgets import Budgets
from tuning.aws.customization_jobs import CustomizationJobs
from tuning.aws.executions import Executions
from tuning.aws.ledger import Ledger, Unreadable
from tuning.aws.traces import Traces
from tuning.runs.budget import month_of
from tuning.runs.customization_job import Job
from tuning.runs.json_record import RecordError
from tuning.runs.rebuild import rebuilt
from tuning.runs.reconcile import (
    Action,
    Escalate,
    Rebuild,
    Settle,
    Start,
    Stop,
    Trace,
    Write,
    decide,
)
from tuning.runs.run import Misdirected
from tuning.runs.run_record import OpenRun
from tuning.runs.run_states import ENDED
from tuning.runs.uploads import Upload
from tuning.runs.validation_sets import GRACE, ValidationSet, fate
from tuning.runs.watching_settings import ReconcilerSettings

_settings = cache(ReconcilerSettings.from_env)


@observed
def handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """What one run raises must not hide another, nor the metrics. A fault of AWS is raised once all
    are treated; a run that cannot be read is reported, since the next round could not read it either.
    """
    settings, now, apart = _settings(), datetime.now(UTC), Apart(what="not reconciled")
    traces = _traces(settings)
    open_runs = traces.ledger.open_runs()
    with apart.each("storage of models"):
        charge_storage(traces, settings.budgets_table, month_of(now), apart)
    run_metrics.publish_metrics(open_runs, traces.ledger, settings, now, apart)
    running = traces.executions.running()
    jobs = traces.jobs_in_progress(settings.environment, apart.each)
    healed: dict[str, list[str]] = {}
    for run_id in sorted(_lost(open_runs, running, set(jobs))):
        with apart.each(run_id):
            if done := _healed(traces, run_id, jobs.get(run_id, []), now):
                healed[run_id] = done
    for each in traces.ledger.unread_validation_sets(now - GRACE):
        with apart.each(each.id):
            _answer(each, traces, now)
    if healed:
        _count("RunsHealed", len(healed))
    unreadable = dict.fromkeys(apart.unreadable)
    if unreadable:
        _count("RunsNotHealed", len(unreadable))
    if apart.missed:
        raise NotReconciled(", ".join(dict.fromkeys(apart.missed)))
    return {"healed": healed | {name: ["escalate"] for name in unreadable}}


def _traces(settings: ReconcilerSettings) -> Traces:
    return Traces(
        ledger=Ledger(table=settings.ledger_table),
        executions=Executions(machine=settings.state_machine_arn),
        jobs=CustomizationJobs(),
    )


def _lost(
    open_runs: Mapping[str, OpenRun | Unreadable], running: set[str], jobs: set[str]
) -> set[str]:
    """Whatever is in the ledger's index of open runs and has a running execution is sound."""
    sound = {
        run_id
        for run_id, run in open_runs.items()
        if isinstance(run, OpenRun) and run.state not in ENDED
    }
    return (set(open_runs) | running | jobs) - (sound & running)


def _answer(found: ValidationSet | Unreadable, traces: Traces, now: datetime) -> None:
    """A validation set that no run reads ends as a run that refuses it, once."""
    if isinstance(found, Unreadable):
        raise RecordError(found.why)
    upload = Upload.from_dict(found.upload)
    record = traces.ledger.newest_of_its_folder(upload)
    became, why = fate(upload, record, now)
    if became == "waits":
        return
    if became == "unread":
        refused = Misdirected.new(upload=upload, refusal=why)
        begin(refused, traces.ledger, traces.executions)
        if record:
            traces.ledger.amend(record.id, unread_validation=upload.uri)
        logger.info("answered", run=refused.id, upload=upload.uri)
    traces.ledger.amend(found.id, close=True)


def _healed(traces: Traces, run_id: str, jobs: list[Job], now: datetime) -> list[str]:
    trace = traces.of(run_id, jobs)
    done = []
    for action in decide(trace, now):
        _do(action, trace, traces)
        what = type(action).__name__.lower()
        logger.warning("reconciled", run=run_id, action=what, why=getattr(action, "why", None))
        done.append(what)
    return done


def _do(action: Action, trace: Trace, traces: Traces) -> None:
    match action:
        case Start():
            _start(action, trace, traces)
        case Stop():
            if why := traces.jobs.stop(action.job_arn):
                logger.info("not stopped", job_arn=action.job_arn, why=why)
        case Write():
            traces.ledger.amend(trace.run_id, close=action.close, **action.facts)
        case Settle():
            kept = Budgets(ledger=traces.ledger, table=_settings().budgets_table)
            kept.settle(trace.run_id, action.charge)
        case Rebuild():
            _rebuild(trace, traces)
        case Escalate():
            _count("RunsNotHealed", 1)


def _count(name: str, value: int) -> None:
    metrics.add_metric(name=name, unit="Count", value=value)


def _start(action: Start, trace: Trace, traces: Traces) -> None:
    """Under its name it is started once. The record says which is the newest."""
    if not traces.executions.start(action.name, action.given):
        logger.info("already started", run=trace.run_id, execution=action.name)
    traces.ledger.amend(trace.run_id, execution=action.name)


def _rebuild(trace: Trace, traces: Traces) -> None:
    execution = trace.execution
    assert execution  # noqa: S101 — a run without one is not rebuilt
    history = list(traces.executions.history(execution.name))
    traces.ledger.put_new(rebuilt(execution, jobs=trace.jobs, history=history))
