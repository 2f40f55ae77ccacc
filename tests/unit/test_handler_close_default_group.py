"""The default security group loses its rules, and CloudFormation always gets an answer."""

import pytest
from botocore.exceptions import ConnectTimeoutError
from custom_resources import answered_by
from fake_aws import refusal

from lambdas import close_default_group

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
        asked = {"RequestType": kind, "ResourceProperties": {"GroupId": "sg-1"}}
        answer = answered_by(close_default_group.handler, monkeypatch, context, ec2, **asked)
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
