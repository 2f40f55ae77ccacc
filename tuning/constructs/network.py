"""Network: a VPC without a way out, and the endpoints that lead to the services we use."""

from functools import cached_property

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from tuning.constructs.config import PREFIX_LISTS, Config
from tuning.constructs.default_group import ClosedDefaultGroup
from tuning.constructs.endpoints import Endpoints
from tuning.constructs.log_groups import log_group, logs_key
from tuning.constructs.placement import documents_of, prepare_scope, weights_of
from tuning.constructs.policies import allow, assumed_by, managed_policy
from tuning.constructs.prompts_log import PromptsLog
from tuning.constructs.security_groups import SecurityGroup
from tuning.constructs.wildcard_permissions import WildcardPermissions


class Network(Construct):
    """In a stack of its own it can be replaced while Storage stays (docs/operations.md)."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: Config,
        storage_name: str,
        imports_name: str = "",
        assistants_name: str = "",
    ) -> None:
        """`storage_name`: of the stack whose buckets and table the endpoints lead to; `imports_name`: of that with
        the bucket of weights, where a recipe imports models; `assistants_name`: of that with the bucket of documents,
        where an assistant has any.
        """
        super().__init__(scope, construct_id)
        prepare_scope(self, config)
        self.logs_key = logs_key(self)
        self.vpc = _vpc(self, config)
        lists = PREFIX_LISTS[config.region]
        s3, dynamodb = ("S3", lists["s3"]), ("DynamoDB", lists["dynamodb"])
        self.functions_group = SecurityGroup(
            self,
            "Functions",
            vpc=self.vpc,
            description="The functions of the tuning platform",
            prefix_lists=[s3, dynamodb],
        )
        self.jobs_group = SecurityGroup(
            self,
            "Jobs",
            vpc=self.vpc,
            description="Bedrock model customization jobs",
            prefix_lists=[s3],
        )
        self.callers_group = SecurityGroup(
            self, "Callers", vpc=self.vpc, description="Callers of the live models"
        )
        if config.job_nodes_talk:
            self.jobs_group.allow_everything_among_members()
        self.endpoints = Endpoints(
            self,
            "Endpoints",
            vpc=self.vpc,
            config=config,
            functions=self.functions_group,
            callers=self.callers_group,
            storage_name=storage_name,
            weights=weights_of(config, imports_name),
            documents=documents_of(config, assistants_name),
        )
        _flow_log(self, self.vpc, self.logs_key, config)
        self.wildcard = WildcardPermissions(self, "WildcardPermissions")
        self.default_group = ClosedDefaultGroup(
            self,
            "DefaultGroup",
            vpc=self.vpc,
            config=config,
            logs_key=self.logs_key,
            wildcard=self.wildcard.default_group,
        )
        if config.log_account_prompts:
            self._log_prompts(config)

    @cached_property
    def askers_group(self) -> SecurityGroup:
        """Of those who ask assistants; it reaches their API and nothing else, no model either."""
        group = SecurityGroup(
            self, "Askers", vpc=self.vpc, description="Those who ask the assistants"
        )
        self.endpoints.reached_by(group, "ExecuteApi")
        return group

    @cached_property
    def agents_group(self) -> SecurityGroup:
        """Of assistants' agents: they reach models, and where tools take them functions and documents; nothing else."""
        group = SecurityGroup(self, "Agents", vpc=self.vpc, description="Agents of the assistants")
        for name in self.endpoints.for_agents:
            self.endpoints.reached_by(group, name)
        return group

    def _log_prompts(self, config: Config) -> None:
        PromptsLog(
            self,
            "InvocationLog",
            config=config,
            logs_key=self.logs_key,
            wildcard=self.wildcard.set_invocation_log(),
            dead_letters=self.default_group.dead_letters,
        )

    @cached_property
    def job_subnet_ids(self) -> list[str]:
        return self.vpc.select_subnets(subnet_group_name="Jobs").subnet_ids


def _vpc(scope: Construct, config: Config) -> ec2.Vpc:
    """Isolated subnets only: no internet gateway, no NAT, no route but the local one and those of
    the gateway endpoints.
    """
    isolated = ec2.SubnetType.PRIVATE_ISOLATED
    return ec2.Vpc(
        scope,
        "Vpc",
        ip_addresses=ec2.IpAddresses.cidr(config.cidr),
        availability_zones=config.availability_zones,
        create_internet_gateway=False,
        nat_gateways=0,
        restrict_default_security_group=False,  # ClosedDefaultGroup does it
        subnet_configuration=[
            ec2.SubnetConfiguration(name="Jobs", subnet_type=isolated),
            ec2.SubnetConfiguration(name="Functions", subnet_type=isolated),
        ],
    )


def _flow_log(scope: Construct, vpc: ec2.Vpc, key: kms.IKey, config: Config) -> None:
    """https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html"""
    flow_logs = cdk.Stack.of(scope).format_arn(
        service="ec2", resource="vpc-flow-log", resource_name="*"
    )
    group = log_group(scope, "FlowLogs", key=key, config=config)
    role = iam.Role(
        scope,
        "FlowLogsRole",
        assumed_by=assumed_by(scope, "vpc-flow-logs", flow_logs),
    )
    policy = managed_policy(
        scope,
        "FlowLogsPolicy",
        roles=[role],
        statements=[
            allow(
                actions=[
                    "logs:CreateLogStream",
                    "logs:DescribeLogStreams",
                    "logs:PutLogEvents",
                ],
                resources=[group.log_group_arn],
            )
        ],
    )
    flow_log = ec2.CfnFlowLog(
        scope,
        "FlowLog",
        resource_id=vpc.vpc_id,
        resource_type="VPC",
        traffic_type="ALL",
        log_destination_type="cloud-watch-logs",
        log_group_name=group.log_group_name,
        deliver_logs_permission_arn=role.role_arn,
        max_aggregation_interval=60,
    )
    flow_log.node.add_dependency(policy)
