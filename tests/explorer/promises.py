"""What must hold at the end of every history, whatever went wrong in it."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from amazon import Amazon
from domain_builders import PREPARED
from explored_handlers import BUDGET_USD
from former_functions import Deployed
from rounds import alarm_fires
from scenarios import Put
from schedule import LASTING

from tuning.aws.ledger import Ledger
from tuning.aws.model_registry import ModelRegistry
from tuning.releases.model_version import ModelVersion
from tuning.runs.machine_states import MachineState
from tuning.runs.run_states import TRANSITIONS


def broken(world: Amazon) -> list[str]:
    """One sentence for each promise that was not kept."""
    return [
        *_one_paid_job_a_run(world),
        *(complaint for put in world.scenario.puts for complaint in _accounted_for(world, put)),
        *_nothing_goes_backwards(world),
        *_jobs_are_followed_to_their_end(world),
        *_trained_on_what_was_checked(world),
        *_within_the_budget(world),
        *_as_usual(world),
        *_the_newest_wins(world),
        *_every_model_is_numbered_once(world),
    ]


def _one_paid_job_a_run(world: Amazon) -> Iterator[str]:
    """A second try has a job of its own, by another name."""
    jobs = world.bedrock.all_jobs()
    tries = Counter((_run_of(job), job["jobName"].endswith("-2")) for job in jobs)
    yield from (f"DUPLICATE: {n} paid jobs for run {run}" for (run, _), n in tries.items() if n > 1)
    for run in world.stepfunctions.together:
        yield f"DUPLICATE: two executions at once of run {run}"


def _accounted_for(world: Amazon, put: Put) -> Iterator[str]:
    run = put.run_id()
    record = world.ledger.record(run) if run in world.ledger.items else None
    if any(message.event == put.event for message in world.dead) or alarm_fires(world):
        return  # an alarm fires: on dead letters, which a person can redrive again, or on this
    if record is None:
        yield f"LOST: nothing is known of {put.key} version {put.version}"
    elif not (record.ended and record.ended_at and record.outcome):
        yield f"LOST: run {run} never ended; it is {record.state}"
    elif record.open:
        yield f"LOST: run {run} has ended {record.state}, and still counts as open"
    elif not any(run in notice["Subject"] for notice in world.notices.published):
        yield f"UNNOTIFIED: run {run} ended {record.state}, and nobody was notified"
    elif not record.summary:
        yield f"UNEXPLAINED: run {run} ended {record.state} without a summary"


def _nothing_goes_backwards(world: Amazon) -> Iterator[str]:
    for run, states in world.ledger.passed.items():
        if any(after not in TRANSITIONS[before] for before, after in pairwise(states)):
            yield f"BACKWARDS: run {run} went {' → '.join(states)}"


def _jobs_are_followed_to_their_end(world: Amazon) -> Iterator[str]:
    """A job whose run could not follow it is stopped, or its model is reported."""
    for job in world.bedrock.all_jobs():
        run = _run_of(job)
        row = world.ledger.items.get(run, {})
        if row.get("state") == "trained" and job["status"] != "Completed":
            yield f"WRONG: run {run} is recorded as trained, and its job is {job['status']}"
        elif alarm_fires(world):
            continue
        elif job["status"] not in ("Completed", "Failed", "Stopped"):
            yield f"FORGOTTEN: job {job['jobName']} of run {run} is still {job['status']}"
        elif job["status"] == "Completed" and "model_arn" not in row:
            yield f"FORGOTTEN: run {run} has a model, and is {row.get('state')!r}"


def _within_the_budget(world: Amazon) -> Iterator[str]:
    """At no moment more is committed than a month may cost; at the end every claim is settled, and
    what is committed is what was spent.
    """
    spent: Counter[str] = Counter()
    for record in world.ledger.records():
        if (held := record.reservation) and record.settlement:
            spent[held.month] += record.settlement.usd
        elif held and not alarm_fires(world):
            yield f"UNSETTLED: run {record.id} has reserved {held.usd} USD, and has ended"
    for pot, most in world.ledger.committed.items():
        if most > BUDGET_USD:
            yield f"OVERSPENT: {most} USD were committed of {pot}"
        _, _, month = pot.partition("#")
        row = world.ledger.budgets[pot]
        if "#" not in month and row["committed"] != spent[month] and not alarm_fires(world):
            yield f"MISCOUNTED: {pot} has {row['committed']}, and its runs {spent[month]} USD"


def _trained_on_what_was_checked(world: Amazon) -> Iterator[str]:
    for job in world.bedrock.all_jobs():
        key = job["trainingDataConfig"]["s3Uri"].removeprefix(f"s3://{PREPARED}/")
        versions = list(world.storage.versions.get((PREPARED, key), {}).values())
        digests = [hashlib.sha256(content).hexdigest() for content in versions]
        if digests != [key.split("/")[1]]:
            yield f"OTHER BYTES: job {job['jobName']} read {key}, which holds {digests}"


def _as_usual(world: Amazon) -> Iterator[str]:
    """Faults that pass by themselves change nothing about how the runs end."""
    if not LASTING.isdisjoint(world.strikes.values()):
        return
    runs = [put.run_id() for put in world.scenario.puts]
    states = sorted(str(world.ledger.items.get(run, {}).get("state")) for run in runs)
    scenario = world.scenario
    also = scenario.or_each if world.strikes or _with_former_parts(world) else ()
    if states not in (sorted(scenario.ends), sorted(also)):
        yield f"OTHERWISE: the runs ended {states}, not {sorted(world.scenario.ends)}"


def _with_former_parts(world: Amazon) -> bool:
    """Whether a machine or functions of a former version took part, which have no version give way."""
    former_functions = isinstance(world.functions, Deployed)
    return former_functions or MachineState.STOP_EARLIER_VERSION not in world.definition["States"]


def _the_newest_wins(world: Amazon) -> Iterator[str]:
    """Never two of those of which one gave way, and never none."""
    if not LASTING.isdisjoint(world.strikes.values()):
        return
    gave_way = [record for record in world.ledger.records() if record.stop_asked]
    yield from (
        f"TWICE: run {record.id} gave way, and was trained all the same"
        for record in gave_way
        if record.state == "trained"
    )
    newest = world.ledger.items.get(world.scenario.puts[-1].run_id(), {})
    if gave_way and newest.get("state") != world.scenario.end:
        yield f"NONE: a run gave way to one that ended {newest.get('state')}"


def _every_model_is_numbered_once(world: Amazon) -> Iterator[str]:
    """A trained run has one version of its recipe, and versions have no gaps. Functions of a former version
    register none.
    """
    if isinstance(world.functions, Deployed):
        return
    registry = ModelRegistry(ledger=Ledger(table="ledger", client=lambda _: world.ledger))
    models = [model for recipe in registry.recipes() for model in registry.versions(recipe)]
    of_runs = Counter(model.run_id for model in models if isinstance(model, ModelVersion))
    for record in world.ledger.records():
        if record.state == "trained" and of_runs[record.id] != 1:
            yield f"UNREGISTERED: run {record.id} is trained, and has {of_runs[record.id]} versions"
    for recipe in registry.recipes():
        numbers = [
            model.version
            for model in models
            if isinstance(model, ModelVersion) and model.recipe == recipe
        ]
        if numbers != list(range(len(numbers), 0, -1)):
            yield f"GAP: the models of {recipe} are {numbers}"


def _run_of(job: dict[str, Any]) -> str:
    return next(str(tag["value"]) for tag in job["tags"] if tag["key"] == "run")
