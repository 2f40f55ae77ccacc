"""Every permission that names no resource, because its action has no resource type: IAM takes only `*`.

Policies of this construct, for roles of all stacks, and one statement for Storage, so that who has read this
file has read every `*`. The construct is part of Network, which comes first; Storage stays when Network goes.
"""

from functools import cached_property

from aws_cdk import aws_iam as iam
from constructs import Construct

from tuning.constructs.policies import Statement, allow, deny, managed_policy


class WildcardPermissions(Construct):
    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.default_group = self._policy("DefaultGroup", _trace(), _describe_rules())
        self.functions = self._policy("Functions", _trace(), *_place_interfaces())
        self.jobs = self._policy("Jobs", _describe_vpc())
        self.machine = self._policy("Machine", _deliver_logs_and_traces())
        self.job_listing = self._policy("JobListing", _list_jobs())
        self.use_listing = self._policy("UseListing", _list_uses())

    def set_invocation_log(self) -> iam.IManagedPolicy:
        """Made only where it is asked for; for one role."""
        return self._policy("InvocationLog", _trace(), _set_invocation_log())

    @cached_property
    def import_creation(self) -> iam.IManagedPolicy:
        """Made only where a recipe imports models; for one role."""
        return self._policy("ImportCreation", _create_imports())

    @cached_property
    def imported_listing(self) -> iam.IManagedPolicy:
        """Made only where a recipe imports models."""
        return self._policy("ImportedListing", _list_imported())

    @cached_property
    def reranking(self) -> iam.IManagedPolicy:
        """Made only where an assistant's documents are reranked; for the roles of their knowledge bases."""
        return self._policy("Reranking", _rerank())

    def _policy(self, name: str, *statements: Statement) -> iam.IManagedPolicy:
        policy = managed_policy(self, name, statements=statements)
        return iam.ManagedPolicy.from_managed_policy_arn(self, f"{name}Arn", policy.ref)


def look_for_resources() -> Statement:
    """AWS Backup refuses a selection whose role lacks it: "is not authorized to call tag:GetResources". It tells
    names and tags of resources, and nothing of what is in them.

    https://github.com/hashicorp/terraform-provider-aws/issues/10511
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonresourcegrouptaggingapi.html
    """
    return _anywhere("tag:GetResources")


def _trace() -> Statement:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html"""
    return _anywhere("xray:PutTelemetryRecords", "xray:PutTraceSegments")


def _place_interfaces() -> list[Statement]:
    """Lambda's right to place the functions' network interfaces in the VPC.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
    The functions' own code is denied them, so that only Lambda, which calls without
    lambda:SourceFunctionArn, can use the permission:
    https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
    """
    interfaces = [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
    ]
    from_code = {"Null": {"lambda:SourceFunctionArn": "false"}}
    return [
        _anywhere(*interfaces),
        deny(actions=interfaces, resources=["*"], conditions=from_code),
    ]


def _describe_rules() -> Statement:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html"""
    return _anywhere("ec2:DescribeSecurityGroupRules")


def _describe_vpc() -> Statement:
    """https://docs.aws.amazon.com/bedrock/latest/userguide/custom-model-job-access-security.html"""
    return _anywhere(
        "ec2:DescribeDhcpOptions",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
    )


def _list_jobs() -> Statement:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html"""
    return _anywhere("bedrock:ListModelCustomizationJobs")


def _set_invocation_log() -> Statement:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html"""
    return _anywhere(
        "bedrock:DeleteModelInvocationLoggingConfiguration",
        "bedrock:GetModelInvocationLoggingConfiguration",
        "bedrock:PutModelInvocationLoggingConfiguration",
    )


def _create_imports() -> Statement:
    """What it may be created with is bound by the role that it is given, and by whom iam:PassRole lets give it.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
    """
    return _anywhere("bedrock:CreateModelImportJob")


def _list_imported() -> Statement:
    """Which of them are live is in their tags, and that is a right on each.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
    """
    return _anywhere("bedrock:ListImportedModels")


def _rerank() -> Statement:
    """By which model is a right on that model, bedrock:InvokeModel.
    https://docs.aws.amazon.com/bedrock/latest/userguide/rerank-prereq.html
    """
    return _anywhere("bedrock:Rerank")


def _list_uses() -> Statement:
    """What uses a custom model, no matter who made it.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
    """
    return _anywhere(
        "bedrock:ListCustomModelDeployments", "bedrock:ListProvisionedModelThroughputs"
    )


def _deliver_logs_and_traces() -> Statement:
    """Log delivery and X-Ray of the state machine.

    https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
    https://docs.aws.amazon.com/step-functions/latest/dg/xray-iam.html
    """
    return _anywhere(
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    )


def _anywhere(*actions: str) -> Statement:
    return allow(actions=actions, resources=["*"])
