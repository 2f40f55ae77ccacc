"""The explorer notices a call that the manifest does not let its function make."""

import pytest
from domain_builders import any_run_settings
from granted import assert_granted

LEDGER, BUDGETS = any_run_settings().ledger_table, any_run_settings().budgets_table
RUN, BUDGET = {"pk": {"S": "0f"}}, {"pk": {"S": "budget#2026-11"}}


def update(table, key, attribute, **more):
    return {"TableName": table, "Key": key, "UpdateExpression": f"SET {attribute} = :it", **more}


def asks(who, call, operation="update_item"):
    assert_granted(who, "dynamodb", operation, call)


def test_what_is_its_own_it_may():
    asks("prepare_dataset", update(LEDGER, RUN, "dataset"))
    asks("settle_spend", update(BUDGETS, BUDGET, "committed"))
    asks("receive_upload", update(LEDGER, {"pk": {"S": "version#0f"}}, "run_id"))


@pytest.mark.parametrize(
    ("who", "call"),
    [
        ("prepare_dataset", update(LEDGER, RUN, "task_token")),
        ("prepare_dataset", update(LEDGER, {"pk": {"S": "folder#0f"}}, "dataset")),
        ("prepare_dataset", update(LEDGER, RUN, "dataset", ReturnValues="ALL_NEW")),
        ("prepare_dataset", update(BUDGETS, BUDGET, "committed")),
        ("settle_spend", update(LEDGER, BUDGET, "committed")),
        ("the state machine", update(LEDGER, RUN, "reservation")),
    ],
)
def test_what_is_not_it_may_not_alone_or_in_a_transaction(who, call):
    for operation, given in (
        ("update_item", call),
        ("transact_write_items", {"TransactItems": [{"Update": call}]}),
    ):
        with pytest.raises(AssertionError, match="may not"):
            asks(who, given, operation)


def test_reading_all_of_a_run_it_may_not():
    with pytest.raises(AssertionError, match="may not"):
        asks("track_training", {"TableName": LEDGER, "Key": RUN}, "get_item")
