"""The VPC's default security group, emptied: what names no group can talk to nobody.

EC2 makes this group with the VPC, so that no template can describe it. CDK's own way is a Node.js
function outside of our bundle, our logs and our keys; this is a function like the others.
"""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from tuning.constructs.config import Config
from tuning.constructs.function import deployment_function
from tuning.constructs.permissions import named_statements
from tuning.pipeline.watching_steps import CLOSE_DEFAULT_GROUP


class ClosedDefaultGroup(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.Vpc,
        config: Config,
        logs_key: kms.IKey,
        wildcard: iam.IManagedPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        group = vpc.vpc_default_security_group
        # CloudFormation's requests are events: Lambda gives up after three tries, and CloudFormation
        # waits for an hour. What comes here fires an alarm; the message is worth nothing afterwards, so that
        # nobody subscribes. A topic and not a queue, which somebody would have to empty.
        # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
        self.dead_letters = sns.Topic(self, "DeadLetters", master_key=logs_key, enforce_ssl=True)
        names = {
            "DefaultGroup": [
                stack.format_arn(service="ec2", resource="security-group", resource_name=group)
            ]
        }
        function = deployment_function(
            scope,
            CLOSE_DEFAULT_GROUP,
            config=config,
            logs_key=logs_key,
            wildcard=wildcard,
            dead_letters=self.dead_letters,
            statements=named_statements(stack, CLOSE_DEFAULT_GROUP.access, names),
        )
        # Where and as what CDK's own would be: cdk-nag asks for it by these names.
        # https://github.com/cdklabs/cdk-nag/blob/main/src/rules/vpc/VPCDefaultSecurityGroupClosed.ts
        resource = cdk.CustomResource(
            vpc,
            "RestrictDefaultSecurityGroupCustomResource",
            service_token=function.function.function_arn,
            resource_type="Custom::VpcRestrictDefaultSG",
            properties={"GroupId": group},
        )
        # Until it has its policies the function can do nothing.
        resource.node.add_dependency(function.policy)
