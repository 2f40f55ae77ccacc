"""Bedrock's log of what models are asked and answer, in a log group of this environment.

AWS keeps one such setting for an account and Region, which no template can describe: one of our functions makes it
where there is none, and overwrites none of somebody else's (docs/decisions/0037).
https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
"""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from tuning.constructs.config import Config
from tuning.constructs.function import deployment_function
from tuning.constructs.log_groups import log_group
from tuning.constructs.permissions import named_statements
from tuning.constructs.policies import allow, assumed_by, managed_policy
from tuning.errors import ConfigError
from tuning.pipeline.watching_steps import SET_INVOCATION_LOG
from tuning.preflight.needs import LOG_RESOURCE

_STREAM = "aws/bedrock/modelinvocations"
_LONGEST_WAIT = cdk.Duration.minutes(20)
"""For three tries of the function, instead of CloudFormation's own hour."""


class PromptsLog(Construct):
    """A group that outlives its stack, a role with which Bedrock writes there, and the setting."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: Config,
        logs_key: kms.IKey,
        wildcard: iam.IManagedPolicy,
        dead_letters: sns.Topic,
    ) -> None:
        super().__init__(scope, construct_id)
        _only_one(self)
        stack = cdk.Stack.of(self)
        group = log_group(self, "Group", key=logs_key, config=config)
        # What was asked is kept for as long as the Config says, also when the setting goes.
        group.apply_removal_policy(cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        role = _role(self)
        written = managed_policy(
            self, "Policy", roles=[role], statements=[_write(stack, group.log_group_name)]
        )
        function = deployment_function(
            scope,
            SET_INVOCATION_LOG,
            config=config,
            logs_key=logs_key,
            wildcard=wildcard,
            dead_letters=dead_letters,
            statements=named_statements(
                stack, SET_INVOCATION_LOG.access, {"InvocationLogRole": [role.role_arn]}
            ),
        )
        resource = cdk.CustomResource(
            self,
            "Setting",
            service_token=function.function.function_arn,
            resource_type=LOG_RESOURCE,
            properties={"LogGroup": group.log_group_name, "Role": role.role_arn},
            service_timeout=_LONGEST_WAIT,
        )
        # Until both have their policies, Bedrock refuses the setting.
        resource.node.add_dependency(function.policy, written)


def _role(scope: Construct) -> iam.Role:
    # The page has `*`: which resource of the account asks, it does not say.
    anything = cdk.Stack.of(scope).format_arn(service="bedrock", resource="*")
    return iam.Role(
        scope,
        "Role",
        description="Assumed by Amazon Bedrock to log what models are asked and answer",
        assumed_by=assumed_by(scope, "bedrock", anything),
    )


def _write(stack: cdk.Stack, group: str) -> dict[str, object]:
    """UNCONFIRMED that who writes needs no right on the group's key, which CloudWatch Logs uses by itself:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    stream = stack.format_arn(
        service="logs",
        resource="log-group",
        resource_name=f"{group}:log-stream:{_STREAM}",
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )
    return {**allow(actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[stream])}


def _only_one(log: PromptsLog) -> None:
    """A second one in the same account and Region would be refused when it is deployed, or take turns with the
    first. Raises ConfigError. Accounts that are not named at synth are the same one.
    """
    stack = cdk.Stack.of(log)
    account = "unnamed" if cdk.Token.is_unresolved(stack.account) else stack.account
    # A construct without resources, at the root, where every environment of the app can see it.
    name = f"ModelInvocationLog-{account}-{stack.region}"
    root = log.node.root
    assert isinstance(root, Construct)  # noqa: S101 — narrows a CDK type
    known = root.node.try_find_child(name)
    if known:
        other = known.node.children[0].node.id
        raise ConfigError(
            f"log_account_prompts: {other} and {stack.stack_name} both ask for it in {stack.region}, and "
            "Bedrock has one log for an account and Region: set it in one of them; it logs for both"
        )
    Construct(Construct(root, name), stack.stack_name)
