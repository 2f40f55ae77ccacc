"""Managed policies and their statements, as plain data.

A role has policies of its own and none inline, so that each can be read, named and compared. They
are L1: one call into the CDK for a policy, where its L2 takes one for every statement.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

Statement = Mapping[str, Any]


def allow(
    *, actions: Sequence[str], resources: Sequence[str], conditions: Statement | None = None
) -> Statement:
    return _statement("Allow", actions, resources, conditions)


def deny(
    *, actions: Sequence[str], resources: Sequence[str], conditions: Statement | None = None
) -> Statement:
    return _statement("Deny", actions, resources, conditions)


def allow_equals(
    actions: Sequence[str], resources: Sequence[str], equals: Mapping[str, str]
) -> Statement:
    return allow(actions=actions, resources=resources, conditions={"StringEquals": equals})


def allow_key(scope: Construct, key: str, service: str, *uses: str) -> Statement:
    """Uses of a key through one service only, which decrypts and encrypts on the role's behalf."""
    via = {"kms:ViaService": f"{service}.{cdk.Stack.of(scope).region}.amazonaws.com"}
    return allow_equals([f"kms:{each}" for each in uses], [key], via)


def assumed_by(
    scope: Construct, service: str, source: str, operator: str = "ArnLike"
) -> iam.ServicePrincipal:
    """A service of AWS, on behalf of what is this account's and has that ARN, and of nothing else."""
    ours = {
        "StringEquals": {"aws:SourceAccount": cdk.Stack.of(scope).account},
        operator: {"aws:SourceArn": source},
    }
    return iam.ServicePrincipal(f"{service}.amazonaws.com", conditions=ours)


def managed_policy(
    scope: Construct,
    construct_id: str,
    *,
    statements: Sequence[Statement],
    roles: Sequence[iam.IRole] = (),
) -> iam.CfnManagedPolicy:
    return iam.CfnManagedPolicy(
        scope,
        construct_id,
        policy_document={"Version": "2012-10-17", "Statement": list(statements)},
        roles=[role.role_name for role in roles] or None,
    )


def made_after(construct: Construct, *policies: iam.CfnManagedPolicy) -> None:
    """Made when its role already may. The CDK would name the role here too, to which its properties
    refer anyway, and cfn-lint would say so (W3005).
    """
    resource = construct.node.default_child
    assert isinstance(resource, cdk.CfnResource)  # noqa: S101 — narrows a CDK type
    names = cdk.Stack.of(construct)
    resource.add_override("DependsOn", [names.get_logical_id(policy) for policy in policies])


def _statement(
    effect: str, actions: Sequence[str], resources: Sequence[str], conditions: Statement | None
) -> Statement:
    statement = {"Effect": effect, "Action": list(actions), "Resource": list(resources)}
    return {**statement, "Condition": conditions} if conditions else statement
