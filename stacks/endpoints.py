"""The only ways out of the VPC: endpoints of named services, for this account's own principals."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.config import Config
from stacks.security_groups import SecurityGroup

_S3_ACTIONS = (
    "s3:AbortMultipartUpload",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:PutObject",
)
_LEDGER_ACTIONS = (
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
)
_JOB_ACTIONS = (
    "bedrock:CreateModelCustomizationJob",
    "bedrock:GetModelCustomizationJob",
    "bedrock:ListModelCustomizationJobs",
    "bedrock:StopModelCustomizationJob",
    "bedrock:TagResource",
)
_INVOKE_ACTIONS = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")


class Endpoints(Construct):
    """Gateway endpoints for S3 and DynamoDB, PrivateLink for what functions and people call.

    Endpoint policies name the account and not the buckets: a bucket policy that names the endpoint
    and an endpoint policy that names the bucket, in two stacks, is a cycle.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.Vpc,
        config: Config,
        functions: SecurityGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        self._vpc = vpc
        self._functions = functions
        self._groups: dict[str, SecurityGroup] = {}
        self._zones = [f"{config.region}{zone}" for zone in config.endpoint_zones]
        gateways = ec2.GatewayVpcEndpointAwsService
        self.s3_gateway = self._gateway("S3Gateway", gateways.S3, _S3_ACTIONS)
        self.dynamodb = self._gateway("DynamoDb", gateways.DYNAMODB, _LEDGER_ACTIONS)
        services = ec2.InterfaceVpcEndpointAwsService
        self.bedrock = self._interface("Bedrock", services.BEDROCK, _JOB_ACTIONS)
        self.bedrock_runtime = self._interface(
            "BedrockRuntime", services.BEDROCK_RUNTIME, _INVOKE_ACTIONS
        )
        self.states = self._interface(
            "States", services.STEP_FUNCTIONS, ["states:StartExecution"], own_resources=True
        )
        self.s3 = self._interface("S3", services.S3, _S3_ACTIONS, own_resources=True)
        self._keep_vpc_traffic_on_the_gateway()
        for number, cidr in enumerate(config.uploader_cidrs):
            self._groups["S3"].allow_tls_from(cidr, f"Uploader{number}")

    def _gateway(
        self, name: str, service: ec2.GatewayVpcEndpointAwsService, actions: Sequence[str]
    ) -> ec2.GatewayVpcEndpoint:
        endpoint = ec2.GatewayVpcEndpoint(self, name, vpc=self._vpc, service=service)
        endpoint.add_to_policy(_ours_only(self, actions, own_resources=True))
        return endpoint

    def _interface(
        self,
        name: str,
        service: ec2.InterfaceVpcEndpointAwsService,
        actions: Sequence[str],
        *,
        own_resources: bool = False,
    ) -> ec2.InterfaceVpcEndpoint:
        group = SecurityGroup(
            self, f"{name}Group", vpc=self._vpc, description=f"PrivateLink endpoint {name}"
        )
        self._functions.allow_tls_to(group, name)
        self._groups[name] = group
        endpoint = ec2.InterfaceVpcEndpoint(
            self,
            name,
            vpc=self._vpc,
            service=service,
            open=False,
            private_dns_enabled=True,
            security_groups=[group.group],
            subnets=ec2.SubnetSelection(
                subnet_group_name="Functions", availability_zones=self._zones
            ),
        )
        endpoint.add_to_policy(_ours_only(self, actions, own_resources=own_resources))
        return endpoint

    def _keep_vpc_traffic_on_the_gateway(self) -> None:
        """S3's public names resolve to the interface endpoint only for resolvers outside the VPC
        (on-premises uploaders); inside, the gateway carries the traffic and costs nothing.
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html
        """
        resource = self.s3.node.default_child
        assert isinstance(resource, ec2.CfnVPCEndpoint)  # noqa: S101 — narrows a CDK type
        resource.dns_options = ec2.CfnVPCEndpoint.DnsOptionsSpecificationProperty(
            private_dns_only_for_inbound_resolver_endpoint="OnlyInboundResolver"
        )
        self.s3.node.add_dependency(self.s3_gateway)


def _ours_only(
    scope: Construct, actions: Sequence[str], *, own_resources: bool
) -> iam.PolicyStatement:
    """Foundation models belong to AWS, so Bedrock's endpoints cannot demand our own resources."""
    account = cdk.Stack.of(scope).account
    conditions = {"aws:PrincipalAccount": account}
    if own_resources:
        conditions["aws:ResourceAccount"] = account
    return iam.PolicyStatement(
        principals=[iam.AnyPrincipal()],
        actions=list(actions),
        resources=["*"],
        conditions={"StringEquals": conditions},
    )
