"""What the manifest lets functions write in the tables, as whole sets."""

from collections import defaultdict

from tuning.pipeline.ledger_grants import MACHINE_WRITES
from tuning.pipeline.manifest import STEPS
from tuning.runs.run_record import SECRET

UPDATE = "dynamodb:UpdateItem"
OF_RUNS = "ForAllValues:StringNotLike"
SHARED = {"pk", "state", "arrived_at", "month", "upload", "recipe", "open", "turn"}
"""The state, and what each writes anew of a row that was lost."""


def attributes(access):
    return set(access.conditions["ForAllValues:StringEquals"]["dynamodb:Attributes"])


def writers():
    """Steps by the attribute of runs that they may write."""
    found = defaultdict(set)
    for step in STEPS:
        for access in step.access:
            if UPDATE in access.actions and OF_RUNS in access.conditions:
                for name in attributes(access) - SHARED:
                    found[name].add(step.name)
    return found


def test_an_attribute_has_one_function_that_writes_it_beside_the_reconciler():
    several = {name: who for name, who in writers().items() if len(who - {"reconcile_runs"}) > 1}
    money = {"authorize_spend", "settle_spend", "reconcile_runs"}
    assert several == {"reservation": money, "claim": money}


def test_the_machine_alone_writes_tokens_outcomes_and_who_asked_to_stop():
    """Beside the reconciler, which puts them back; start_training takes away what is of the queue."""
    found = writers()
    for name in ("task_token", "outcome", "ended_at", "stop_asked"):
        assert found[name] == {"reconcile_runs"}
        assert name in attributes(MACHINE_WRITES)
    assert found["slot_token"] == {"reconcile_runs", "start_training"}


def test_those_that_count_money_write_the_budgets_and_nobody_else():
    counting = {
        step.name
        for step in STEPS
        if any(UPDATE in access.actions and "Budgets" in access.on for access in step.access)
    }
    assert counting == {"authorize_spend", "settle_spend", "reconcile_runs"}


def test_every_update_names_its_attributes_its_items_and_its_answer():
    """A right to update without one of them is a right to update all."""
    for step in STEPS:
        for access in step.access:
            if UPDATE in access.actions and "Ledger" in access.on:
                keys = {key for asked in access.conditions.values() for key in asked}
                assert keys == {
                    *("dynamodb:Attributes", "dynamodb:LeadingKeys", "dynamodb:ReturnValues")
                }
                assert access.conditions["Null"] == {"dynamodb:LeadingKeys": "false"}


def test_no_function_may_put_or_delete_a_run_or_name_a_token_that_it_reads():
    for step in STEPS:
        for access in step.access:
            assert not {"dynamodb:DeleteItem", "dynamodb:Scan"} & set(access.actions)
            if "dynamodb:PutItem" in access.actions:
                assert step.name == "dispatch_queue"
            if "dynamodb:GetItem" in access.actions and "Ledger" in access.on:
                asked = access.conditions.get("ForAllValues:StringEquals", {})
                assert not set(SECRET) & set(asked.get("dynamodb:Attributes", ()))
                assert "#" in str(access.conditions) or "SPECIFIC" in str(access.conditions)
