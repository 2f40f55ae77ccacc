"""A function that was taken over: what it writes in the tables is its own, whatever it asks for."""

import pytest
from taken_over import TakenOver, physical, refused

from tuning.pipeline.manifest import STEPS
from tuning.runs.ledger_item import KEY
from tuning.runs.run_record import RunRecord

COUNT_MONEY = {"authorize_spend", "settle_spend", "reconcile_runs"}
PUTS_ROWS_BACK = {"reconcile_runs"}
"""Of a row that was lost it writes all that it can find again."""
ONE, OTHER = "0a" * 16, "0b" * 16
MONTH = "budget#2026-11"
BY_NAME = {step.name: step for step in STEPS}


def every_step(but=frozenset()):
    return pytest.mark.parametrize("name", [name for name in BY_NAME if name not in but])


@pytest.fixture
def taken(world, name):
    return TakenOver(step=BY_NAME[name], world=world)


@pytest.fixture(scope="module")
def tables(world):
    return {"ledger": physical(world, "Ledger"), "budgets": physical(world, "Budgets")}


@pytest.fixture(scope="module", autouse=True)
def two_runs(world, tables):
    """That wait for approval. No index has them, so that nothing else acts on them."""
    dynamodb = world.client("dynamodb")
    for run in (ONE, OTHER):
        item = {KEY: run, "state": "awaiting_approval", "task_token": f"token of {run}"}
        wire = {name: {"S": value} for name, value in item.items()}
        dynamodb.put_item(TableName=tables["ledger"], Item=wire)
    yield
    for run in (ONE, OTHER):
        left = dynamodb.delete_item(
            TableName=tables["ledger"], Key=key(run), ReturnValues="ALL_OLD"
        )
        assert left["Attributes"]["task_token"] == {"S": f"token of {run}"}


def key(pk):
    return {KEY: {"S": pk}}


def setting(table, pk, attribute, value=None):
    return {
        "TableName": table,
        "Key": key(pk),
        "UpdateExpression": "SET #it = :it",
        "ExpressionAttributeNames": {"#it": attribute},
        "ExpressionAttributeValues": {":it": value or {"S": "planted"}},
    }


@every_step()
def test_it_writes_of_a_run_what_is_its_own_and_nothing_else(taken, tables):
    dynamodb, own = taken.client("dynamodb"), taken.written()
    for attribute in RunRecord.attributes():
        call = setting(tables["ledger"], ONE, attribute)
        if attribute not in {KEY, "id", "task_token", *own}:
            refused(dynamodb.update_item, **call)
            refused(dynamodb.transact_write_items, TransactItems=[{"Update": call}])
    for attribute in own & {"dataset", "approval", "attempt", "progress", "results", "settlement"}:
        dynamodb.update_item(**setting(tables["ledger"], ONE, attribute))  # and its own it does


@every_step(but=COUNT_MONEY)
def test_no_budget_is_written(taken, tables):
    dynamodb = taken.client("dynamodb")
    for attribute in ("committed", "spent"):
        call = setting(tables["budgets"], MONTH, attribute, {"N": "-1000000"})
        refused(dynamodb.update_item, **call)
        refused(dynamodb.transact_write_items, TransactItems=[{"Update": call}])


@every_step()
def test_no_budget_is_put_deleted_or_counted_where_former_versions_did(taken, tables):
    dynamodb = taken.client("dynamodb")
    refused(
        dynamodb.update_item, **setting(tables["ledger"], MONTH, "committed", {"N": "-1000000"})
    )
    item = {**key(MONTH), "committed": {"N": "-1000000"}}
    for table in tables.values():
        refused(dynamodb.put_item, TableName=table, Item=item)
        refused(dynamodb.delete_item, TableName=table, Key=key(MONTH))


@every_step(but=PUTS_ROWS_BACK)
def test_no_other_run_is_stopped(taken, tables):
    call = setting(tables["ledger"], OTHER, RunRecord.attribute("stop_asked"))
    refused(taken.client("dynamodb").update_item, **call)


@every_step(but=PUTS_ROWS_BACK)
def test_the_tokens_of_two_approvals_are_not_swapped(taken, tables):
    dynamodb = taken.client("dynamodb")
    swap = [
        {"Update": setting(tables["ledger"], run, "task_token", {"S": f"token of {other}"})}
        for run, other in ((ONE, OTHER), (OTHER, ONE))
    ]
    refused(dynamodb.transact_write_items, TransactItems=swap)
    for each in swap:
        refused(dynamodb.update_item, **each["Update"])
        removal = {
            "TableName": tables["ledger"],
            "Key": each["Update"]["Key"],
            "UpdateExpression": "REMOVE task_token",
        }
        refused(dynamodb.update_item, **removal)


@every_step()
def test_no_row_is_deleted_or_replaced(taken, tables):
    dynamodb = taken.client("dynamodb")
    for pk in (ONE, "version#planted", "queue#job_slots"):
        row = {"TableName": tables["ledger"], "Key": key(pk)}
        refused(dynamodb.delete_item, **row)
        refused(dynamodb.transact_write_items, TransactItems=[{"Delete": row}])
    put = {"TableName": tables["ledger"], "Item": {**key(ONE), "state": {"S": "trained"}}}
    refused(dynamodb.put_item, **put)
    refused(dynamodb.transact_write_items, TransactItems=[{"Put": put}])


@every_step()
def test_no_token_of_an_approval_is_read(taken, tables):
    dynamodb, ledger = taken.client("dynamodb"), tables["ledger"]
    refused(dynamodb.get_item, TableName=ledger, Key=key(ONE))
    refused(dynamodb.get_item, TableName=ledger, Key=key(ONE), ProjectionExpression="task_token")
    refused(dynamodb.scan, TableName=ledger)
    refused(dynamodb.batch_get_item, RequestItems={ledger: {"Keys": [key(ONE)]}})
    refused(dynamodb.execute_statement, Statement=f'SELECT * FROM "{ledger}"')  # noqa: S608
    state = setting(ledger, ONE, "state", {"S": "awaiting_approval"})
    for answer in ("ALL_OLD", "ALL_NEW"):
        refused(dynamodb.update_item, **state, ReturnValues=answer)
        refused(dynamodb.update_item, TableName=ledger, Key=key(ONE), ReturnValues=answer)
    for index in ("ByMonth", "Open"):
        query = {
            "TableName": ledger,
            "IndexName": index,
            "KeyConditionExpression": "#it = :it",
            "ExpressionAttributeNames": {"#it": "open" if index == "Open" else "month"},
            "ExpressionAttributeValues": {":it": {"S": "working"}},
        }
        if not (index == "Open" and taken.step.name in PUTS_ROWS_BACK):  # which has no tokens
            refused(dynamodb.query, **query)


@every_step()
def test_who_makes_a_failed_condition_answer_with_a_token_cannot_answer_by_it(taken, tables):
    """No condition key covers what a failed condition is answered with.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
    """
    dynamodb = taken.client("dynamodb")
    failing = {
        **setting(tables["ledger"], ONE, "state"),
        "ConditionExpression": "#it = :it",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    if "state" not in taken.written():
        refused(dynamodb.update_item, **failing)
        refused(dynamodb.transact_write_items, TransactItems=[{"Update": failing}])
        return
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException) as alone:
        dynamodb.update_item(**failing)
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as together:
        dynamodb.transact_write_items(TransactItems=[{"Update": failing}])
    [reason] = together.value.response["CancellationReasons"]
    for row in (alone.value.response["Item"], reason["Item"]):
        token = row["task_token"]["S"]
        assert token == f"token of {ONE}"
        answer = {"taskToken": token, "output": '{"decision": "approve"}'}
        refused(taken.client("stepfunctions").send_task_success, **answer)
