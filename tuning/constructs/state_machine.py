"""A state machine as all of this platform are: its own role, encrypted, traced, its logs without data."""

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from tuning.constructs.function import HandlerFunction
from tuning.constructs.log_groups import log_group
from tuning.constructs.placement import own_name
from tuning.constructs.policies import assumed_by, made_after, managed_policy
from tuning.constructs.stack_maker import StackMaker
from tuning.pipeline.grants import Access


def make_machine(
    scope: Construct,
    name: str,
    *,
    make: StackMaker,
    definition: sfn.IChainable,
    functions: Mapping[str, HandlerFunction],
    timeout: cdk.Duration,
    does: tuple[Access, ...] = (),
) -> sfn.StateMachine:
    """Under `scope`. `does`: what its role may beside invoking its functions and sending notices."""
    full_name = own_name(scope, name)  # known beforehand, so that its role can be for it alone
    stack, arn = cdk.Stack.of(scope), machine_arn(scope, name)
    network = make.parts.network
    logs = log_group(
        scope,
        "Logs",
        key=network.logs_key,
        config=make.parts.config,
        # Log groups of this prefix spare the resource policy of CloudWatch Logs its limit:
        # https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
        name=f"/aws/vendedlogs/states/{stack.stack_name}-{name}",
    )
    arns = [each.function.function_arn for each in functions.values()]
    role = iam.Role(scope, "Role", assumed_by=assumed_by(scope, "states", arn, "ArnEquals"))
    may = make.permissions.state_machine(name, arns, arn, does)
    role.add_managed_policy(network.wildcard.machine)
    policy = managed_policy(scope, "Policy", roles=[role], statements=may)
    machine = sfn.StateMachine(
        scope,
        "Machine",
        state_machine_name=full_name,
        definition_body=sfn.DefinitionBody.from_chainable(definition),
        query_language=sfn.QueryLanguage.JSONATA,
        role=role.without_policy_updates(),
        timeout=timeout,
        tracing_enabled=True,
        # Without execution data: it holds the task tokens that approvals are answered with.
        # Who may read it reads the execution's history.
        logs=sfn.LogOptions(destination=logs, level=sfn.LogLevel.ALL, include_execution_data=False),
    )
    # What CDK writes for a distributed map, attached to nobody: the role has what `does` says.
    machine.node.try_remove_child("DistributedMapPolicy")
    # Step Functions refuses a machine whose role may not deliver its logs yet.
    # https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
    made_after(machine, policy)
    _encrypt(machine, make.parts.storage.control_key)
    return machine


def machine_arn(
    scope: Construct, name: str, resource: str = "stateMachine", suffix: str = ""
) -> str:
    """Of a machine of the stack, or of its executions: known before it is, since functions ask for it."""
    return cdk.Stack.of(scope).format_arn(
        service="states",
        resource=resource,
        resource_name=f"{own_name(scope, name)}{suffix}",
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )


def _encrypt(machine: sfn.StateMachine, key: kms.IKey) -> None:
    """Definition and histories, with our own key. CDK's way writes into the key's policy, without
    conditions; the role and storage.py say the same with them.
    https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
    """
    resource = machine.node.default_child
    assert isinstance(resource, sfn.CfnStateMachine)  # noqa: S101 — narrows a CDK type
    resource.encryption_configuration = sfn.CfnStateMachine.EncryptionConfigurationProperty(
        type="CUSTOMER_MANAGED_KMS_KEY",
        kms_key_id=key.key_arn,
        kms_data_key_reuse_period_seconds=300,
    )
