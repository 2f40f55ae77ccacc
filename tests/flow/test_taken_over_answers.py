"""Approvals when somebody wrote the ledger who should not: nobody is taken to have approved what they did not."""

import json
from uuid import uuid4

import pytest
from accounts import tuning
from patience import until
from taken_over import TakenOver
from test_money import reached, start

from tuning.pipeline.watching_steps import DISPATCH_QUEUE
from tuning.runs.ledger_item import KEY
from tuning.runs.recipes import Limits

SWAPPED = ("task_token", "question")


@pytest.fixture
def two(world):
    """Runs that wait for approval."""
    name = f"swap-{uuid4().hex[:8]}"
    runs = [start(world, recipe=name, limits=Limits(approve_above_usd=0)) for _ in range(2)]
    for run in runs:
        reached(world, run, "awaiting_approval")
    return runs


def rows(world, *runs):
    table = world.account.outputs["LedgerTable"]
    items = [world.client("dynamodb").get_item(TableName=table, Key=key(run)) for run in runs]
    return [each["Item"] for each in items]


def key(run):
    return {KEY: {"S": run}}


def swap(world, runs, attributes):
    one, other = rows(world, *runs)
    for run, theirs in zip(runs, (other, one), strict=True):
        world.client("dynamodb").update_item(
            TableName=world.account.outputs["LedgerTable"],
            Key=key(run),
            UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in attributes),
            ExpressionAttributeValues={f":{name}": theirs[name] for name in attributes},
        )


def asked_again(world, run, before):
    """It waits with another token, and says what became of the answer."""

    def there():
        (row,) = rows(world, run)
        new = row.get("task_token") not in (None, before)
        return row if new and "was not accepted" in row["approval_reason"]["S"] else None

    return until(there, f"{run} to ask again")


@pytest.mark.parametrize("attributes", [SWAPPED[:1], SWAPPED], ids=["tokens", "questions too"])
def test_swapped_tokens_start_nothing_and_both_runs_ask_again(world, two, attributes):
    asked, other = two
    own = [row["task_token"] for row in rows(world, *two)]
    swap(world, two, attributes)
    said = tuning(world, "approve", asked)
    assert said.returncode == 0, said.stderr
    row = asked_again(world, other, own[1])
    assert f"(run {asked}, 0.01 USD)" in row["approval_reason"]["S"]
    assert "arn:aws:" in row["approval_reason"]["S"]
    assert not {"reservation", "approval", "job_arn"} & row.keys()
    assert tuning(world, "reject", other).returncode == 0
    assert reached(world, other, "refused").job_arn is None
    assert reached(world, asked, "awaiting_approval").job_arn is None
    assert tuning(world, "stop", asked).returncode == 0


def test_the_dispatcher_approves_no_run_as_it_answers_the_queue(world):
    """Were it given the token of an approval, which it cannot read."""
    run = start(world, recipe=f"slot-{uuid4().hex[:8]}", limits=Limits(approve_above_usd=0))
    token = reached(world, run, "awaiting_approval").task_token
    TakenOver(step=DISPATCH_QUEUE, world=world).client("stepfunctions").send_task_success(
        taskToken=token, output=json.dumps({"slot": True})
    )
    row = asked_again(world, run, {"S": token})
    assert not {"reservation", "approval", "job_arn"} & row.keys()
    assert tuning(world, "reject", run).returncode == 0
    assert reached(world, run, "refused").job_arn is None
