"""The default security group loses its rules, and CloudFormation always gets an answer."""

import json
from types import SimpleNamespace

import pytest
from botocore.exceptions import ConnectTimeoutError
from fake_aws import refusal

from lambdas import close_default_group
from tuning.aws import clients

RULES = [
    {"SecurityGroupRuleId": "sgr-out", "IsEgress": True},
    {"SecurityGroupRuleId": "sgr-in", "IsEgress": False},
    {"SecurityGroupRuleId": "sgr-out6", "IsEgress": True},
]


class FakeEC2:
    def __init__(self, rules, fault=None):
        self.rules, self.fault, self.revoked = rules, fault, []

    def get_paginator(self, operation):
        assert operation == "describe_security_group_rules"
        return self

    def paginate(self, **_query):
        if self.fault:
            raise self.fault
        yield from ({"SecurityGroupRules": [rule]} for rule in self.rules)

    def revoke_security_group_egress(self, **call):
        self.revoked.append(("egress", call["GroupId"], call["SecurityGroupRuleIds"]))

    def revoke_security_group_ingress(self, **call):
        self.revoked.append(("ingress", call["GroupId"], call["SecurityGroupRuleIds"]))


@pytest.fixture
def closed(monkeypatch, context):
    """Call the function; gives what EC2 was asked and what CloudFormation was answered."""

    def close(ec2, kind="Create"):
        answers = []
        monkeypatch.setattr(clients, "create", lambda _service, _region: ec2)

        def put(request, timeout):
            # Without one urllib fills in a form's type, which the URL is not signed for.
            assert request.get_header("Content-type") == ""
            answers.append((request.get_method(), json.loads(request.data)))
            assert timeout == 20  # seconds, of the 60 that the function has
            return SimpleNamespace(close=lambda: None)

        monkeypatch.setattr("urllib.request.urlopen", put)
        event = {
            "RequestType": kind,
            "ResourceProperties": {"GroupId": "sg-1"},
            "ResponseURL": "https://cloudformation.example/answer",
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "Closed",
        }
        close_default_group.handler(event, context)
        [(method, answer)] = answers
        assert method == "PUT"
        assert answer["Reason"]
        identity = {n: answer[n] for n in ("StackId", "RequestId", "LogicalResourceId")}
        assert identity == {
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "Closed",
        }
        assert answer["PhysicalResourceId"] == "sg-1"
        return answer["Status"]

    return close


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_every_rule_is_taken_out(closed, kind):
    ec2 = FakeEC2(RULES)
    assert closed(ec2, kind) == "SUCCESS"
    assert ec2.revoked == [
        ("egress", "sg-1", ["sgr-out", "sgr-out6"]),
        ("ingress", "sg-1", ["sgr-in"]),
    ]


def test_a_group_that_is_closed_already_is_left_alone(closed):
    ec2 = FakeEC2([])
    assert closed(ec2) == "SUCCESS"
    assert ec2.revoked == []


def test_a_deleted_resource_touches_nothing(closed):
    ec2 = FakeEC2(RULES)
    assert closed(ec2, "Delete") == "SUCCESS"
    assert ec2.revoked == []


@pytest.mark.parametrize(
    "fault",
    [refusal("UnauthorizedOperation"), ConnectTimeoutError(endpoint_url="https://ec2")],
    ids=["denied", "unreachable"],
)
def test_a_failure_is_answered_too(closed, fault):
    assert closed(FakeEC2(RULES, fault)) == "FAILED"
