"""What must hold at the end of every history, whatever went wrong in it."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from amazon import Amazon
from domain_builders import PREPARED
from explored_calls import CallKind
from explored_faults import lasts
from explored_handlers import BUDGET_USD, RECIPES
from former_functions import Deployed
from rounds import named_by_alarms, tagged
from scenarios import Put
from schedule import LASTING, LONG, OF_BEDROCK, Kind

from tuning.aws.ledger import Ledger
from tuning.aws.model_registry import ModelRegistry
from tuning.models.prices import storage_per_month
from tuning.pipeline.run_steps import HIDDEN_SECONDS, MOST_RECEIVES
from tuning.releases.go_ahead import GoAhead
from tuning.releases.model_version import ModelVersion
from tuning.releases.release_request import ReleaseRequest
from tuning.runs.budget import month_of
from tuning.runs.machine_states import MachineState
from tuning.runs.run_states import TRANSITIONS


@dataclass(frozen=True)
class Broken:
    """A promise that was not kept."""

    words: str
    run: str | None = None
    """Whose; an alarm that names the run excuses this. Nothing excuses what has none."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    broken: list[str]
    excused: list[str]
    """What is not as it should be, of runs that an alarm names: a person is called."""


def judged(world: Amazon) -> Verdict:
    named = named_by_alarms(world)
    found = [
        *_one_paid_job_a_run(world),
        *(complaint for put in world.scenario.puts for complaint in _accounted_for(world, put)),
        *_nothing_goes_backwards(world),
        *_jobs_are_followed_to_their_end(world),
        *_trained_on_what_was_uploaded(world),
        *_within_the_budget(world),
        *_as_usual(world),
        *_nobody_is_needed(world),
        *_the_newest_wins(world),
        *_every_model_is_numbered_once(world),
        *_what_has_a_gate_is_released_once(world),
    ]
    dead = {put.run_id() for put in world.scenario.puts for m in world.dead if m.event == put.event}
    return Verdict(
        broken=[each.words for each in found if each.run not in named | dead],
        excused=[each.words for each in found if each.run in named | dead],
    )


def broken(world: Amazon) -> list[str]:
    """One sentence for each promise that was not kept."""
    return judged(world).broken


def _one_paid_job_a_run(world: Amazon) -> Iterator[Broken]:
    """A second try has a job of its own, by another name."""
    jobs = world.bedrock.all_jobs()
    tries = Counter((tagged(job), job["jobName"].endswith("-2")) for job in jobs)
    for (run, _), paid in tries.items():
        if paid > 1:
            yield Broken(f"DUPLICATE: {paid} paid jobs for run {run}")
    for run in world.stepfunctions.together:
        yield Broken(f"DUPLICATE: two executions at once of run {run}")


def _accounted_for(world: Amazon, put: Put) -> Iterator[Broken]:
    run = put.run_id()
    record = world.ledger.record(run) if run in world.ledger.items else None
    if record is None:
        yield Broken(f"LOST: nothing is known of {put.key} version {put.version}", run)
    elif not (record.ended and record.ended_at and record.outcome):
        yield Broken(f"LOST: run {run} never ended; it is {record.state}", run)
    elif record.open:
        yield Broken(f"LOST: run {run} has ended {record.state}, and still counts as open", run)
    elif not any(run[:8] in notice["Subject"] for notice in world.notices.published):
        yield Broken(f"UNNOTIFIED: run {run} ended {record.state}, and nobody was notified", run)
    elif not record.summary:
        yield Broken(f"UNEXPLAINED: run {run} ended {record.state} without a summary", run)


def _nothing_goes_backwards(world: Amazon) -> Iterator[Broken]:
    for run, states in world.ledger.passed.items():
        if any(after not in TRANSITIONS[before] for before, after in pairwise(states)):
            yield Broken(f"BACKWARDS: run {run} went {' → '.join(states)}")


def _jobs_are_followed_to_their_end(world: Amazon) -> Iterator[Broken]:
    """A job whose run could not follow it is stopped, or its model is reported."""
    for job in world.bedrock.all_jobs():
        run = tagged(job)
        row = world.ledger.items.get(run, {})
        if row.get("state") == "trained" and job["status"] != "Completed":
            yield Broken(f"WRONG: run {run} is recorded as trained; its job is {job['status']}")
        elif job["status"] not in ("Completed", "Failed", "Stopped"):
            words = f"FORGOTTEN: job {job['jobName']} of run {run} is still {job['status']}"
            yield Broken(words, run)
        elif job["status"] == "Completed" and "model_arn" not in row:
            yield Broken(f"FORGOTTEN: run {run} has a model, and is {row.get('state')!r}", run)


def _within_the_budget(world: Amazon) -> Iterator[Broken]:
    """At no moment more is committed than a month may cost; at the end every reservation is settled, and
    what is committed is what was spent.
    """
    kept: Counter[str] = Counter()
    for record in world.ledger.records():
        if (held := record.reservation) is None:
            continue
        kept[held.month] += record.settlement.usd if record.settlement else held.usd
        if not record.settlement:
            words = f"UNSETTLED: run {record.id} has reserved {held.usd} USD, and has ended"
            yield Broken(words, record.id)
    for budget, most in world.ledger.committed.items():
        if most > BUDGET_USD:
            yield Broken(f"OVERSPENT: {most} USD were committed of {budget}")
        _, _, month = budget.partition("#")
        row = world.ledger.budgets[budget]
        usd = kept[month] + _stored(world, month, row.get("kept_models", ()))
        if "#" not in month and row["committed"] != usd:
            words = (
                f"MISCOUNTED: {budget} has {row['committed']}, and its runs and models {usd} USD"
            )
            yield Broken(words)


def _stored(world: Amazon, month: str, asked: Iterable[str]) -> Decimal:
    """What the models cost that are of earlier months, of those that the month asked for."""
    made = {
        job["outputModelArn"]: month_of(job["endTime"])
        for job in world.bedrock.all_jobs()
        if job["status"] == "Completed"
    }
    ledger = Ledger(table="ledger", client=lambda _: world.ledger)
    models = [ModelVersion.from_item(ledger.item(each) or {}) for each in asked]
    return storage_per_month() * sum(made[model.model_arn] < month for model in models)


def _trained_on_what_was_uploaded(world: Amazon) -> Iterator[Broken]:
    """A job reads the records of the version that its run is of, and nobody has changed them since."""
    uploaded = {put.run_id(): put.content for put in world.scenario.puts}
    for job in world.bedrock.all_jobs():
        key = job["trainingDataConfig"]["s3Uri"].removeprefix(f"s3://{PREPARED}/")
        copies = list(world.storage.versions.get((PREPARED, key), {}).values())
        digests = [hashlib.sha256(content).hexdigest() for content in copies]
        name = job["jobName"]
        if digests != [key.split("/")[1]]:
            yield Broken(f"OTHER BYTES: job {name} read {key}, which holds {digests}")
        elif copies != [uploaded[tagged(job)]]:
            yield Broken(f"OTHER UPLOAD: job {name} read what another upload brought: {key}")


def _as_usual(world: Amazon) -> Iterator[Broken]:
    """Faults that pass by themselves change nothing about how the runs end."""
    if not all(_passes(world, call, kind) for call, kind in world.struck):
        return
    runs = [put.run_id() for put in world.scenario.puts]
    states = sorted(str(world.ledger.items.get(run, {}).get("state")) for run in runs)
    scenario = world.scenario
    also = scenario.or_each if world.strikes or _with_former_parts(world) else ()
    if states not in (sorted(scenario.ends), sorted(also)):
        yield Broken(f"OTHERWISE: the runs ended {states}, not {sorted(scenario.ends)}")


def _nobody_is_needed(world: Amazon) -> Iterator[Broken]:
    """No upload is put aside for faults that pass within the hours for which its message is tried again."""
    if not all(_passes(world, call, kind) for call, kind in world.struck):
        return
    if sum(map(lasts, world.strikes.values())) >= (MOST_RECEIVES - 1) * HIDDEN_SECONDS:
        return
    for message in world.put_aside:
        if message.event in world.scenario.events:
            yield Broken(f"PUT ASIDE: {message.id} waits for a person, and the fault has passed")


def _passes(world: Amazon, call: CallKind, kind: Kind) -> bool:
    """Whether the platform outlasts it. A former state machine does not: it gave up after minutes, and did
    not know that a name may be in use by a job of its own.
    """
    if world.met_former_version and kind in OF_BEDROCK | LONG:
        return False
    _, _, operation = call
    if kind in OF_BEDROCK and operation == "create_model_customization_job":
        return True  # a slot will be free, and a name that is in use will be found
    return kind not in LASTING


def _with_former_parts(world: Amazon) -> bool:
    """Whether a machine or functions of a former version took part, which have no version give way."""
    former_functions = isinstance(world.functions, Deployed)
    return former_functions or MachineState.STOP_EARLIER_VERSION not in world.definition["States"]


def _the_newest_wins(world: Amazon) -> Iterator[Broken]:
    """Never two of those of which one gave way, and never none; unless its job was done before it could be
    stopped.
    """
    if not all(_passes(world, call, kind) for call, kind in world.struck):
        return
    overtaken = {each.id for each in world.ledger.records() if "overtaken_by" in (each.run or {})}
    gave_way = [each for each in world.ledger.records() if each.stop_asked or each.id in overtaken]
    for record in gave_way:
        early = record.id not in overtaken and _was_done(world, record.id)
        if record.state == "trained" and not early:
            yield Broken(f"TWICE: run {record.id} gave way, and was trained all the same")
    newest = world.ledger.items.get(world.scenario.puts[-1].run_id(), {})
    if gave_way and newest.get("state") != world.scenario.end:
        yield Broken(f"NONE: a run gave way to one that ended {newest.get('state')}")


def _every_model_is_numbered_once(world: Amazon) -> Iterator[Broken]:
    """A trained run has one version of its recipe, and versions have no gaps. Functions of a former version
    register none.
    """
    if isinstance(world.functions, Deployed) or world.met_former_version:
        return
    registry = ModelRegistry(ledger=Ledger(table="ledger", client=lambda _: world.ledger))
    models = [model for recipe in registry.recipes() for model in registry.versions(recipe)]
    of_runs = Counter(model.run_id for model in models if isinstance(model, ModelVersion))
    for record in world.ledger.records():
        if record.state == "trained" and of_runs[record.id] != 1:
            words = f"UNREGISTERED: run {record.id} is trained, with {of_runs[record.id]} versions"
            yield Broken(words, record.id)
    for recipe in registry.recipes():
        numbers = [
            model.version
            for model in models
            if isinstance(model, ModelVersion) and model.recipe == recipe
        ]
        if numbers != list(range(len(numbers), 0, -1)):
            yield Broken(f"GAP: the models of {recipe} are {numbers}")


def _what_has_a_gate_is_released_once(world: Amazon) -> Iterator[Broken]:
    """By the name of its execution, which Step Functions takes once; or its notice says how to do it. And nobody
    gave the word.
    """
    if isinstance(world.functions, Deployed) or world.met_former_version:
        return
    registry = ModelRegistry(ledger=Ledger(table="ledger", client=lambda _: world.ledger))
    gated = {
        record.id: ReleaseRequest.of_model(model).execution
        for record in world.ledger.records()
        if record.state == "trained" and record.recipe == RECIPES[0]
        if (model := registry.of_run(record.id))
    }
    said = {r.id: r.outcome.summary for r in world.ledger.records() if r.outcome}
    started = world.stepfunctions.releases
    for run, name in gated.items():
        if name not in started and "Its release was not started" not in said[run]:
            yield Broken(f"UNRELEASED: nothing evaluates the model of run {run}", run)
    for given in started.values():
        if ReleaseRequest.from_json(given).go_ahead != GoAhead():
            yield Broken(f"FORGED: {given}")


def _was_done(world: Amazon, run: str) -> bool:
    """Whether the run's job had completed before the run was asked to stop, or before Bedrock could be."""
    asked = min(
        moment
        for moment, key, row in world.ledger.written
        if key == run and row and "stop_asked" in row
    )
    outages = (until for (service, _), (_, until) in world.outages.items() if service == "bedrock")
    reached = max((asked, *outages))
    return any(
        status == "Completed" and moment < reached and tagged(world.bedrock.jobs[job]) == run
        for moment, job, status in world.bedrock.changes
    )
