"""Budgets and approvals on the emulated account, through the deployed machine and functions."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from accounts import UNASKED, new_version, start_run, tuning
from patience import until

from tuning.aws.ledger import Ledger
from tuning.runs.budget import budget_ids, month_of
from tuning.runs.recipes import Limits

DEPLOYED = "canary"
"""A recipe that says of no data that they were trained already, and tries once."""


def start(world, *, recipe=DEPLOYED, limits=None, about="Money"):
    """A run, with limits of a recipe that is not deployed. Returns its id."""
    key = f"datasets/{recipe}/{uuid4()}/{UNASKED}"
    return start_run(world, new_version(world, key, about, limits=limits))


def reached(world, run, state):
    def there():
        found = world.account.ledger.read(run, secrets=True)
        ready = found and (state != "awaiting_approval" or found.task_token)
        return found if ready and found.state == state else None

    return until(there, f"{run} to be {state}: {world.account.ledger.read(run)}")


def test_of_two_runs_at_once_only_one_takes_the_last_dollars(world):
    recipe = f"cap-{uuid4().hex[:8]}"
    limits = Limits(monthly_usd=1.96)  # a cent, and a month of a model's storage
    with ThreadPoolExecutor(2) as both:
        runs = list(
            both.map(
                lambda n: start(world, recipe=recipe, limits=limits, about=f"Money {n}"), range(2)
            )
        )
    first = {run: reached(world, run, "awaiting_approval").task_token for run in runs}
    with ThreadPoolExecutor(2) as both:
        done = list(both.map(lambda run: tuning(world, "approve", run), runs))
    assert [each.returncode for each in done] == [0, 0]

    def at_rest():
        found = {run: world.account.ledger.read(run, secrets=True) for run in runs}
        asks = [run for run, row in found.items() if row.task_token not in (None, first[run])]
        trained = [run for run, row in found.items() if row.state == "trained"]
        return asks if len(asks) == len(trained) == 1 else None

    [waiting] = until(at_rest, "one to be trained, and the other to ask once more")
    assert "0.00 USD are left of the budget of recipe" in world.account.run(waiting).approval_reason
    assert tuning(world, "reject", waiting).returncode == 0
    reached(world, waiting, "refused")


def test_what_a_person_approves_is_trained_and_who_did_is_kept(world):
    run = start(world, recipe=f"ask-{uuid4().hex[:8]}", limits=Limits(approve_above_usd=0))
    waiting = reached(world, run, "awaiting_approval")
    notice = world.notice(run)
    assert f"tuning approve {run}" in notice["Message"]
    assert "0.01 USD" in notice["Message"]
    assert f"runs/{run}/report.html" in notice["Message"]
    assert waiting.task_token not in json.dumps(notice)
    answered = tuning(world, "approve", run, "--note", "go")
    assert answered.returncode == 0, answered.stderr
    ended = reached(world, run, "trained")
    assert ended.approval.decision == "approve"
    assert ended.approval.by.startswith("arn:aws:")
    assert (ended.approval.note, ended.approval.verified) == ("go", False)
    assert ended.task_token is None
    again = tuning(world, "approve", run)
    assert again.returncode == 2
    assert "is trained and is not waiting" in again.stderr


def test_the_same_data_by_the_same_recipe_ask_first_and_say_of_which_run(world):
    """However little they cost, and under whatever name they are uploaded."""
    given = {"recipe": "support-nova-micro", "about": "The same"}
    first = start(world, **given)
    reached(world, first, "trained")
    again = start(world, **given)
    waiting = reached(world, again, "awaiting_approval")
    assert f"Run {first} was trained" in waiting.approval_reason
    assert first in world.notice(again)["Message"]
    assert waiting.reservation is None
    assert tuning(world, "approve", again).returncode == 0
    reached(world, again, "trained")


def test_what_a_person_rejects_is_refused_and_costs_nothing(world):
    run = start(world, recipe=f"ask-{uuid4().hex[:8]}", limits=Limits(approve_above_usd=0))
    reached(world, run, "awaiting_approval")
    assert tuning(world, "reject", run).returncode == 0
    ended = reached(world, run, "refused")
    assert ended.outcome.kind == "not_approved"
    assert "Not approved by arn:aws:" in ended.summary
    assert (ended.job_arn, ended.reservation) == (None, None)


def test_nobodys_answer_is_a_refusal(world):
    limits = Limits(approve_above_usd=0, approval_hours=1)
    run = start(world, recipe=f"ask-{uuid4().hex[:8]}", limits=limits)
    ended = reached(world, run, "refused")
    assert ended.summary.startswith("Nobody approved it in time.")


def test_a_reservation_is_settled_when_the_job_has_ended(world):
    month, before = month_of(datetime.now(UTC)), counted(world)
    ended = reached(world, start(world), "trained")
    held, settled = ended.reservation, ended.settlement
    assert (held.month, settled.charge) == (month, "job")
    assert 0 < settled.usd <= held.usd
    added = counted(world) - before
    assert added == Counter(committed=settled.usd, spent=settled.usd)


def counted(world):
    """What this month has of the recipe."""
    budgets = Ledger(table=world.account.outputs["BudgetsTable"], client=world.client)
    found = budgets.item(budget_ids(month_of(datetime.now(UTC)), DEPLOYED)[1]) or {}
    names = ("committed", "spent")
    return Counter({name: Decimal(found[name]["N"]) for name in names if name in found})


def test_a_job_that_fails_before_it_trains_releases_its_reservation(world):
    world.instance.add_fault(kind="fail", phase="Validation", message="an internal error")
    try:
        ended = reached(world, start(world), "failed")
    finally:
        world.instance.clear_faults()
    assert ended.settlement.usd == 0


@pytest.mark.parametrize("command", ["approve", "reject"])
def test_an_unknown_run_is_reported_with_exit_2(world, command):
    done = tuning(world, command, "0" * 32)
    assert (done.returncode, "no such run" in done.stderr) == (2, True)
