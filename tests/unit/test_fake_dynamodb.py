"""The dictionary in DynamoDB's place refuses what DynamoDB refuses."""

from functools import partial

import pytest
from botocore.exceptions import ClientError
from fake_dynamodb import FakeDynamoDB


def ledger(**items):
    return FakeDynamoDB(items={pk: {"pk": pk, **item} for pk, item in items.items()})


def update(table, expression, condition=None, **values):
    named = {"ConditionExpression": condition} if condition else {}
    table.update_item(
        TableName="ledger",
        Key={"pk": {"S": "a"}},
        UpdateExpression=expression,
        ExpressionAttributeNames={"#s": "state"} if "#s" in f"{expression}{condition}" else {},
        ExpressionAttributeValues={
            f":{name}": {"N": str(value)} if isinstance(value, int) else {"S": value}
            for name, value in values.items()
        },
        **named,
    )
    return table.items["a"]


def code(call):
    with pytest.raises(ClientError) as refused:
        call()
    return refused.value.response["Error"]["Code"]


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("#s = :x", True),
        ("#s <> :x", False),
        ("absent = :x", False),
        ("absent <> :x", True),
        ("spent < :n", True),
        ("spent + :n < :n", None),
        ("attribute_exists(spent) AND NOT #s = :y", True),
        ("attribute_not_exists(spent) OR #s = :x", True),
        ("#s IN (:x, :y)", True),
        ("spent BETWEEN :n AND :n", False),
        ("(#s = :y OR #s = :x) AND begins_with(#s, :x)", True),
        ("size(#s) = :n", False),
    ],
)
def test_conditions(condition, holds):
    table = ledger(a={"state": "x", "spent": 3})
    given = {n: v for n, v in {"x": "x", "y": "y", "n": 5}.items() if f":{n}" in condition}

    def call():
        return update(table, "SET seen = :seen", condition, seen="yes", **given)

    if holds:
        assert call()["seen"] == "yes"
    else:
        refused = "ConditionalCheckFailedException" if holds is False else "ValidationException"
        assert code(call) == refused
        assert "seen" not in table.items["a"]


@pytest.mark.parametrize(
    ("expression", "after"),
    [
        ("SET spent = spent + :n", {"spent": 8}),
        ("SET spent = if_not_exists(held, :n)", {"spent": 5}),
        ("ADD spent :n", {"spent": 8}),
        ("ADD held :n", {"spent": 3, "held": 5}),
        ("REMOVE spent SET held = :n", {"held": 5}),
        ("SET spent = :n, held = spent", {"spent": 5, "held": 3}),
    ],
)
def test_updates(expression, after):
    assert update(ledger(a={"spent": 3}), expression, n=5) == {"pk": "a", **after}


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param("SET state = :n", id="reserved word"),
        pytest.param("SET spent = held + :n", id="sum with what is not there"),
        pytest.param("SET spent = :m", id="value that is not given"),
        pytest.param("SET spent = spent", id="value that is not used"),
        pytest.param("PUT spent = :n", id="no clause"),
    ],
)
def test_an_update_that_dynamodb_would_refuse_is_refused(expression):
    assert code(lambda: update(ledger(a={"spent": 3}), expression, n=5)) == "ValidationException"


def test_a_transaction_is_all_or_nothing():
    table = ledger(a={"spent": 1}, b={"spent": 9})

    def claim(pk):
        return {
            "Update": {
                "TableName": "ledger",
                "Key": {"pk": {"S": pk}},
                "UpdateExpression": "ADD spent :n",
                "ConditionExpression": "spent < :limit",
                "ExpressionAttributeValues": {":n": {"N": "1"}, ":limit": {"N": "5"}},
            }
        }

    def both():
        table.transact_write_items(TransactItems=[claim("a"), claim("b")])

    assert code(both) == "TransactionCanceledException"
    assert {pk: item["spent"] for pk, item in table.items.items()} == {"a": 1, "b": 9}
    table.transact_write_items(TransactItems=[claim("a")])
    assert table.items["a"]["spent"] == 2


def test_a_read_without_consistency_may_be_from_before_the_last_write():
    table = ledger(a={"spent": 3})
    update(table, "SET spent = :n", n=4)
    read = partial(table.get_item, TableName="ledger", Key={"pk": {"S": "a"}})
    assert read()["Item"]["spent"] == {"N": "3"}
    assert read(ConsistentRead=True)["Item"]["spent"] == {"N": "4"}
