"""The only ways out of the VPC: endpoints of named services, for this account's own principals."""

from collections.abc import Iterator, Sequence

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from tuning.constructs.agent_endpoints import add_agent_endpoints
from tuning.constructs.arns import anything_of, bedrock_arn, foundation_model_arn
from tuning.constructs.bucket_policies import (
    ASSISTANT_PART,
    DELETION_PART,
    EVALUATION_PART,
    IMPORTING_PART,
    PART,
    VERIFICATION_PART,
)
from tuning.constructs.config import Config
from tuning.constructs.knowledge_endpoints import document_uploads, knowledge_endpoints
from tuning.constructs.policies import Statement, allow
from tuning.constructs.security_groups import SecurityGroup
from tuning.runs.recipes import Recipe

_S3_ACTIONS = (
    "s3:AbortMultipartUpload",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:PutObject",
)
_MERGING_ACTIONS = ("s3:ListMultipartUploadParts",)
_LEDGER_ACTIONS = (
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:UpdateItem",
)
_JOB_ACTIONS = (
    "bedrock:CreateModelCustomizationJob",
    "bedrock:GetCustomModel",
    "bedrock:GetModelCustomizationJob",
    "bedrock:ListTagsForResource",
    "bedrock:StopModelCustomizationJob",
    "bedrock:TagResource",
)
_DEPLOYMENT_ACTIONS = (
    "bedrock:CreateCustomModelDeployment",
    "bedrock:DeleteCustomModelDeployment",
    "bedrock:DeleteProvisionedModelThroughput",
    "bedrock:GetCustomModelDeployment",
    "bedrock:GetProvisionedModelThroughput",
    "bedrock:UpdateCustomModelDeployment",
)
"""What was bought is removed also where no recipe asks for it any more."""
_BUYING_ACTIONS = (
    "bedrock:CreateProvisionedModelThroughput",
    "bedrock:UpdateProvisionedModelThroughput",
)
_JUDGING_ACTIONS = (
    "bedrock:CreateEvaluationJob",
    "bedrock:GetEvaluationJob",
    "bedrock:StopEvaluationJob",
)
_IMPORT_ACTIONS = ("bedrock:GetImportedModel", "bedrock:GetModelImportJob")
_IMPORTED_ACTIONS = ("bedrock:DeleteImportedModel", "bedrock:UntagResource")
_IMPORTED_LIST_ACTIONS = ("bedrock:ListImportedModels",)  # has no resource type
_RUN_ACTIONS = (
    "states:DescribeExecution",
    "states:GetExecutionHistory",
    "states:ListExecutions",
    "states:SendTaskSuccess",
    "states:StartExecution",
)
_LIST_ACTIONS = ("bedrock:ListModelCustomizationJobs",)  # has no resource type
_IMPORT_CREATION = ("bedrock:CreateModelImportJob",)  # has none either
_DELETION_ACTIONS = (
    "bedrock:DeleteCustomModel",
    "bedrock:ListCustomModelDeployments",
    "bedrock:ListProvisionedModelThroughputs",
)
_INVOKE_ACTIONS = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")


class Endpoints(Construct):
    """Gateway endpoints for S3 and DynamoDB, PrivateLink for what functions and people call.

    Storage refers to the VPC, so nothing here can refer to buckets and table. CloudFormation begins
    their names with the stack's, which is known; a foreign account that takes such a name is not
    this account. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.Vpc,
        config: Config,
        functions: SecurityGroup,
        callers: SecurityGroup,
        storage_name: str,
        weights: str,
        documents: str,
    ) -> None:
        """`weights`: the bucket of weights, where a recipe imports models; `documents`: that of documents, where an
        assistant has any; else none.
        """
        super().__init__(scope, construct_id)
        self._vpc = vpc
        self._functions = functions
        self._groups: dict[str, SecurityGroup] = {}
        self._zones = [f"{config.region}{zone}" for zone in config.endpoint_zones]
        tables = cdk.Stack.of(self).format_arn(
            service="dynamodb", resource="table", resource_name=f"{storage_name}-*"
        )
        storing = [*self._storing(storage_name, weights, documents)]
        gateways = ec2.GatewayVpcEndpointAwsService
        self.s3_gateway = self._gateway("S3Gateway", gateways.S3, *storing)
        self.dynamodb = self._gateway(
            "DynamoDb", gateways.DYNAMODB, self.let(_LEDGER_ACTIONS, [tables], ours=True)
        )
        foundation = foundation_model_arn(self, "*")
        models = [foundation, anything_of(self, "bedrock")]
        imports = bool(config.load_imports())
        kinds, changed = _asked_for(config.load_recipes(), imports=imports)
        deployments = [bedrock_arn(self, kind) for kind in kinds]
        services = ec2.InterfaceVpcEndpointAwsService
        self.bedrock = self.interface(
            "Bedrock",
            services.BEDROCK,
            self.let(sorted(changed), models),
            self.let([*_LIST_ACTIONS, *(_IMPORTED_LIST_ACTIONS if imports else ())]),
            *([self.let(_IMPORT_CREATION, part=IMPORTING_PART)] if imports else []),
            self.let(_DELETION_ACTIONS[:1], models[1:], part=DELETION_PART),
            self.let(_DELETION_ACTIONS[1:], part=DELETION_PART),
        )
        # Deployments have ids that are made at run time: all of the account, and no other model but for the one
        # role that compares a candidate with its base.
        self.bedrock_runtime = self.interface(
            "BedrockRuntime",
            services.BEDROCK_RUNTIME,
            *self._invocations(config, deployments, foundation),
            self.let(_INVOKE_ACTIONS[1:], [foundation], part=EVALUATION_PART),
        )
        callers.allow_tls_to(self._groups["BedrockRuntime"], "BedrockRuntime")
        self.states = self.interface(
            "States", services.STEP_FUNCTIONS, self.let(_RUN_ACTIONS, ours=True)
        )
        # The guard must be able to notify of what it stopped.
        self.sns = self.interface("Sns", services.SNS, self.let(["sns:Publish"], ours=True))
        self.s3 = self.interface("S3", services.S3, *storing)
        self._keep_vpc_traffic_on_the_gateway()
        self.execute_api = self._assistants(config) if config.assistants else None
        for number, cidr in enumerate(config.uploader_cidrs):
            self._groups["S3"].allow_tls_from(cidr, f"Uploader{number}")

    def _assistants(self, config: Config) -> ec2.InterfaceVpcEndpoint:
        """For those who ask assistants, and not for the functions. The id of the API is made after this stack, so that
        all of the account are admitted; which methods, the API's policy and its callers' say.
        https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-vpc-endpoint-policies.html
        """
        assistants = config.load_assistants()
        knowledge_endpoints(self, assistants)
        self.for_agents = add_agent_endpoints(self, assistants)
        apis = anything_of(self, "execute-api")
        return self.interface(
            "ExecuteApi",
            ec2.InterfaceVpcEndpointAwsService.APIGATEWAY,
            self.let(["execute-api:Invoke"], [apis], ours=True),
            functions=False,
        )

    def reached_by(self, group: SecurityGroup, name: str) -> None:
        group.allow_tls_to(self._groups[name], name)

    def _storing(self, storage_name: str, weights: str, documents: str) -> Iterator[Statement]:
        """Large objects are written in parts where models are imported."""
        buckets = [f"arn:{cdk.Aws.PARTITION}:s3:::{storage_name.lower()}-*"]
        actions = [*_S3_ACTIONS, *(_MERGING_ACTIONS if weights else ())]
        yield self.let(actions, [*buckets, *([weights] if weights else [])], ours=True)
        if documents:
            yield from document_uploads(self, documents)

    def _invocations(
        self, config: Config, deployments: Sequence[str], foundation: str
    ) -> Iterator[Statement]:
        """With a guardrail, nobody in the VPC asks without a numbered version of one: of this environment's, says the
        callers' policy, which knows its id. But for the roles that measure and verify models, and answer nobody.
        https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-permissions-id.html
        """
        guardrails = bedrock_arn(self, "guardrail")
        named = {"StringLike": {"bedrock:GuardrailIdentifier": f"{guardrails}:*"}}
        based = [each for each in config.load_assistants() if each.model]
        if ways := sorted({_INVOKE_ACTIONS[0 if each.tools else 1] for each in based}):
            bases = self.let(ways, [foundation], part=ASSISTANT_PART)
            yield {**bases, "Condition": {**bases["Condition"], **named}}
        if config.guardrail is None:
            yield self.let(_INVOKE_ACTIONS, deployments)
            if config.assistants:
                yield self.let(["bedrock:ApplyGuardrail"], [guardrails])
            return
        asked = self.let(_INVOKE_ACTIONS, deployments)
        yield {**asked, "Condition": {**asked["Condition"], **named}}
        yield self.let(_INVOKE_ACTIONS[1:], deployments, part=EVALUATION_PART)
        yield self.let(_INVOKE_ACTIONS[:1], deployments, part=VERIFICATION_PART)
        yield self.let(["bedrock:ApplyGuardrail"], [guardrails])

    def _gateway(
        self, name: str, service: ec2.GatewayVpcEndpointAwsService, *statements: Statement
    ) -> ec2.GatewayVpcEndpoint:
        endpoint = ec2.GatewayVpcEndpoint(self, name, vpc=self._vpc, service=service)
        for statement in statements:
            endpoint.add_to_policy(iam.PolicyStatement.from_json(statement))
        return endpoint

    def interface(
        self,
        name: str,
        service: ec2.InterfaceVpcEndpointAwsService,
        *statements: Statement,
        functions: bool = True,
    ) -> ec2.InterfaceVpcEndpoint:
        """`functions`: whether the platform's own call it."""
        group = SecurityGroup(
            self, f"{name}Group", vpc=self._vpc, description=f"PrivateLink endpoint {name}"
        )
        if functions:
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
        for statement in statements:
            endpoint.add_to_policy(iam.PolicyStatement.from_json(statement))
        return endpoint

    def let(
        self,
        actions: Sequence[str],
        resources: Sequence[str] = ("*",),
        *,
        ours: bool = False,
        part: str = "",
    ) -> Statement:
        """`ours`: the resource must be this account's, which foundation models are not. `part`: of the roles
        that may.
        """
        account = cdk.Stack.of(self).account
        conditions = {"aws:PrincipalAccount": account}
        if ours:
            conditions["aws:ResourceAccount"] = account
        if part:
            conditions[f"aws:PrincipalTag/{PART}"] = part
        statement = allow(
            actions=actions, resources=resources, conditions={"StringEquals": conditions}
        )
        return {**statement, "Principal": "*"}

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


def _asked_for(recipes: Sequence[Recipe], *, imports: bool) -> tuple[list[str], list[str]]:
    """Kinds of resources that answer, and what may be changed in Bedrock: more only where a recipe asks for it."""
    kinds, actions = ["custom-model-deployment"], [*_JOB_ACTIONS, *_DEPLOYMENT_ACTIONS]
    if any(each.provisioned_hours for each in recipes):
        kinds.append("provisioned-model")
        actions += _BUYING_ACTIONS
    if any(each.judge for each in recipes):
        actions += _JUDGING_ACTIONS
    if imports:
        kinds.append("imported-model")
        actions += [*_IMPORTED_ACTIONS, *_IMPORT_ACTIONS]
    return kinds, actions
