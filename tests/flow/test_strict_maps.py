"""As strict as AWS: distributed maps. docs/emulator.md has the table."""

import json

import pytest
from strict import ACCOUNT, executed, may, refused, role_for

ROLE = f"arn:aws:iam::{ACCOUNT}:role/mapper"
STAGE = {"wait_scale": 0.001, "enforce": True}


MAPPED = {
    "QueryLanguage": "JSONata",
    "StartAt": "Prepare",
    "States": {
        "Prepare": {
            "Type": "Pass",
            "Assign": {"outside": 1, "groups": "{% $states.input.groups %}"},
            "Next": "Each",
        },
        "Each": {
            "Type": "Map",
            "Items": "{% [0..$groups - 1] %}",
            "ItemSelector": {"group": "{% $states.context.Map.Item.Value %}"},
            "MaxConcurrency": "{% 10 + 10 %}",
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "One",
                "States": {
                    "One": {
                        "Type": "Pass",
                        "Output": "{% $states.input.group * 10 %}",
                        "End": True,
                    }
                },
            },
            "Output": "{% {'count': $count($states.result), 'sum': $sum($states.result)} %}",
            "Assign": {"last": "{% $states.result[-1] %}"},
            "Next": "Look",
        },
        "Look": {
            "Type": "Pass",
            "Output": "{% $merge([$states.input, {'last': $last, 'outside': $outside}]) %}",
            "End": True,
        },
    },
}


@pytest.fixture(scope="module")
def mapper(stage):
    """mapper(name, definition, actions, input) → how an execution ends, and its machine."""

    def run(name, definition, *statements, **given):
        role = role_for(stage, "states", name, *statements)
        return executed(stage, name, definition, role, **given)

    return run


def machine(name):
    return f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:{name}"


def starts(name):
    return may("states:StartExecution", resource=machine(name))


def changed(inner=None, **outer):
    definition = json.loads(json.dumps(MAPPED))
    each = definition["States"]["Each"]
    each.update(outer)
    if inner:
        each["ItemProcessor"]["States"]["One"].update(inner)
    return definition


def test_a_distributed_map_runs_an_execution_for_each_item(stage, mapper):
    found = mapper("seven", MAPPED, starts("seven"), groups=7)
    assert found["status"] == "SUCCEEDED", found
    assert json.loads(found["output"]) == {"count": 7, "sum": 210, "last": 60, "outside": 1}
    states = stage.client("stepfunctions")
    (run,) = states.list_map_runs(executionArn=found["executionArn"])["mapRuns"]
    described = states.describe_map_run(mapRunArn=run["mapRunArn"])
    assert (described["status"], described["maxConcurrency"]) == ("SUCCEEDED", 20)
    assert described["itemCounts"]["succeeded"] == 7
    children = states.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    assert {each["status"] for each in children} == {"SUCCEEDED"}
    assert len(children) == 7


def test_a_distributed_map_needs_the_right_to_start_its_own_machine(mapper):
    found = mapper("unallowed", MAPPED, starts("another"), groups=2)
    assert (found["status"], found["error"]) == ("FAILED", "States.AccessDeniedException")
    assert f"states:StartExecution on resource: {machine('unallowed')}" in found["cause"]


def test_a_child_of_a_distributed_map_sees_nothing_of_its_parent(mapper):
    sees = {"Output": "{% $outside %}"}
    found = mapper("outer", changed(sees), starts("outer"), groups=1)
    assert found["status"] == "FAILED"
    itself = {"Output": "{% $contains($states.context.Execution.Id, 'itself/') ? 1 : 0 %}"}
    found = mapper("itself", changed(itself), starts("itself"), groups=2)
    assert json.loads(found["output"])["sum"] == 2


def test_tasks_of_children_are_held_to_the_machines_role(stage, mapper):
    topic = stage.client("sns").create_topic(Name="told-by-children")["TopicArn"]
    tell = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Arguments": {"TopicArn": topic, "Message": "{% $string($states.input.group) %}"},
        "Output": 1,
    }
    found = mapper("mute", changed(tell), starts("mute"), groups=2)
    assert found["status"] == "FAILED"
    publish = may("sns:Publish", resource=topic)
    found = mapper("tells", changed(tell), starts("tells"), publish, groups=3)
    assert json.loads(found["output"])["sum"] == 3


FAILS = {
    "StartAt": "Which",
    "States": {
        "Which": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input.group < 2 %}", "Next": "Bad"}],
            "Default": "Good",
        },
        "Bad": {"Type": "Fail", "Error": "Refused"},
        "Good": {"Type": "Pass", "End": True},
    },
    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
}


@pytest.mark.parametrize(
    ("name", "tolerated", "status"),
    [
        ("none", {}, "FAILED"),
        ("one", {"ToleratedFailureCount": 1}, "FAILED"),
        ("two", {"ToleratedFailureCount": "{% $groups - 5 %}"}, "SUCCEEDED"),
        ("half", {"ToleratedFailurePercentage": 50}, "SUCCEEDED"),
    ],
)
def test_a_distributed_map_tolerates_as_many_failures_as_it_says(mapper, name, tolerated, status):
    words = {"Output": "{% $states.input %}", "Assign": {"last": 0}}
    definition = changed(ItemProcessor=FAILS, **words, **tolerated)
    name = f"tolerates-{name}"
    found = mapper(name, definition, starts(name), groups=7)
    assert found["status"] == status, found
    if status == "FAILED":
        assert found["error"] == "States.ExceedToleratedFailureThreshold"


@pytest.mark.parametrize("where", ["a child", "all together"])
def test_what_a_distributed_map_carries_has_256_kilobytes(mapper, where):
    size = 300_000 if where == "a child" else 100_000
    name = f"carries-{size}"
    grown = {"Output": "{% $pad('', " + str(size) + ", 'x') %}"}
    found = mapper(name, changed(grown), starts(name), groups=3)
    assert found["status"] == "FAILED"
    assert found["error"] in ("States.DataLimitExceeded", "States.ExceedToleratedFailureThreshold")


def test_a_distributed_map_says_what_its_children_are(stage):
    create = stage.client("stepfunctions").create_state_machine
    definition = changed()
    definition["States"]["Each"]["ItemProcessor"]["ProcessorConfig"] = {"Mode": "DISTRIBUTED"}
    given = {"name": "unsaid", "roleArn": ROLE}
    assert refused(create, definition=json.dumps(definition), **given)[0] == "InvalidDefinition"
    express = {"type": "EXPRESS", "definition": json.dumps(MAPPED)}
    assert refused(create, **express, **given)[0] == "InvalidDefinition"
