"""What an emulated policy is told of a call to DynamoDB: all that AWS would tell it, and nothing less."""

import pytest

from emulator.item_requests import (
    LEADING_KEYS,
    NAMED_ATTRIBUTES,
    RETURN_VALUES,
    SELECT,
    condition_keys,
)

KEY = {"pk": {"S": "run"}}


def attributes(**call):
    return set(condition_keys({"Key": KEY, **call}, "pk").get(NAMED_ATTRIBUTES, []))


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("SET a = :a", {"a"}),
        ("SET a = :a, b = :b REMOVE c ADD d :d DELETE e :e", set("abcde")),
        ("SET a = if_not_exists(b, :b)", {"a", "b"}),
        ("SET a = list_append ( b , :b )", {"a", "b"}),
        ("SET a.inner.deeper = :x", {"a"}),
        ("SET a[0].inner = :x", {"a"}),
        ("SET a = b - :x", {"a", "b"}),
        ("SET a = b-:x", {"a", "b"}),
        ("SET #1 = :x", {"committed"}),
        ("SET#1=:x,a=:a", {"committed", "a"}),
        ("SET a.#1 = :x", {"a"}),
        ("REMOVE #1, a", {"committed", "a"}),
        ("set a = :or", {"a"}),
        ("ADD #set :x", {"set"}),
    ],
)
def test_an_update_names_what_it_writes_and_what_it_reads(expression, named):
    names = {"#1": "committed", "#set": "set"}
    assert attributes(UpdateExpression=expression, ExpressionAttributeNames=names) == {"pk", *named}


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("attribute_not_exists(a) OR #s IN (:x, :y)", {"a", "state"}),
        ("size(a) > :x AND NOT begins_with(b, :b)", {"a", "b"}),
        ("a BETWEEN b AND :c", {"a", "b"}),
        ("(a = :a) or(b <> :b)", {"a", "b"}),
        ("contains (a.inner, :x)", {"a"}),
    ],
)
def test_a_condition_names_what_it_asks_for(expression, named):
    names = {"#s": "state"}
    assert attributes(ConditionExpression=expression, ExpressionAttributeNames=names) == {
        "pk",
        *named,
    }


def test_a_read_names_what_it_projects_in_either_way():
    assert attributes(ProjectionExpression="a, b.c, d[1]") == {"pk", "a", "b", "d"}
    assert attributes(AttributesToGet=["a", "b"]) == {"pk", "a", "b"}


def test_an_item_that_is_put_names_all_that_it_has():
    found = condition_keys({"Item": {**KEY, "secret": {"S": "x"}}}, "pk")
    assert set(found[NAMED_ATTRIBUTES]) == {"pk", "secret"}
    assert found[LEADING_KEYS] == ["run"]


def test_updates_as_they_were_before_expressions_name_their_attributes_too():
    assert attributes(AttributeUpdates={"a": {}}, Expected={"b": {}}) == {"pk", "a", "b"}


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        ({"UpdateExpression": "SET a = :a"}, "NONE"),
        ({"UpdateExpression": "SET a = :a", "ReturnValues": "ALL_OLD"}, "ALL_OLD"),
        ({"Item": {}, "ReturnValues": "ALL_OLD"}, "ALL_OLD"),
        ({"ReturnValues": "ALL_NEW"}, "ALL_NEW"),
        ({}, None),
    ],
)
def test_a_write_says_what_it_is_answered_with(call, answer):
    assert condition_keys({"Key": KEY, **call}, "pk").get(RETURN_VALUES) == answer


def test_no_key_says_what_a_failed_condition_is_answered_with():
    call = {"Key": KEY, "UpdateExpression": "SET a = :a", "ConditionExpression": "b = :b"}
    asked = {**call, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    assert condition_keys(asked, "pk") == condition_keys(call, "pk")


@pytest.mark.parametrize(
    ("call", "how_much"),
    [
        ({}, "ALL_ATTRIBUTES"),
        ({"ProjectionExpression": "a"}, "SPECIFIC_ATTRIBUTES"),
        ({"AttributesToGet": ["a"]}, "SPECIFIC_ATTRIBUTES"),
        ({"IndexName": "Queue"}, "ALL_PROJECTED_ATTRIBUTES"),
        ({"IndexName": "Queue", "Select": "COUNT"}, "COUNT"),
    ],
)
def test_a_read_says_how_much_it_is_answered_with(call, how_much):
    assert condition_keys(call, "pk")[SELECT] == how_much


def test_what_is_malformed_names_no_item():
    for call in ({}, {"Key": "x"}, {"Key": {"pk": "x"}}, {"Key": {"pk": {}}}, {"Key": {"sk": {}}}):
        assert LEADING_KEYS not in condition_keys(call, "pk")
