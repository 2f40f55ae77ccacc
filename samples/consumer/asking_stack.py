"""A stack of the consumer's own, with a function in the VPC that asks the model that is live, and may do nothing else."""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from tuning.constructs.log_groups import log_group
from tuning.constructs.training import Training

DEPLOYMENT = r"(arn:aws[a-z-]*:bedrock:[a-z0-9-]+:[0-9]{12}:custom-model-deployment/[a-z0-9]{12})?"
"""https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetCustomModelDeployment.html"""
NO_RESERVATION = (
    "HIPAA.Security::HIPAA.Security-LambdaConcurrency",
    "NIST.800.53.R5::NIST.800.53.R5-LambdaConcurrency",
)


class Asking(cdk.Stack):
    """The ARN of what is live is made at run time, with the first release of a recipe, and stays from one version to
    the next; so it is a parameter of this stack, empty at first and set once. To look it up, the function would need
    rights on Bedrock's control plane or the ledger, and a way there out of its security group.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, training: Training, recipe: str
    ) -> None:
        super().__init__(scope, construct_id)
        network = training.network
        self._logs = log_group(self, "Logs", key=network.logs_key, config=training.config)
        self._unanswered = sns.Topic(
            self, "Unanswered", master_key=network.logs_key, enforce_ssl=True
        )
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            # To be placed in the VPC, which its own code is denied, and to be traced.
            managed_policies=[network.wildcard.functions],
        )
        training.callers.attach_to(role, recipe=recipe)
        policy = self._policy(role, network.logs_key.key_arn)
        function = self._function(role, training)
        function.node.add_dependency(policy)
        # A new account has no room for reservations.
        # https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
        reason = "Lambda refuses reservations that leave less than 100 executions unreserved."
        cdk.Validations.of(function).acknowledge(
            *(cdk.Acknowledgment(id=rule, reason=reason) for rule in NO_RESERVATION)
        )

    def _policy(self, role: iam.Role, key: str) -> iam.ManagedPolicy:
        """Beside asking: to log, and to put aside what it could not do."""
        via = {"StringEquals": {"kms:ViaService": f"sns.{self.region}.amazonaws.com"}}
        return iam.ManagedPolicy(
            self,
            "Policy",
            roles=[role],
            statements=[
                iam.PolicyStatement(
                    actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                    resources=[self._logs.log_group_arn],
                ),
                iam.PolicyStatement(
                    actions=["sns:Publish"], resources=[self._unanswered.topic_arn]
                ),
                iam.PolicyStatement(
                    actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[key], conditions=via
                ),
            ],
        )

    def _guardrail(self, training: Training) -> dict[str, str]:
        """A parameter too: to import it would forbid the platform to make another version."""
        if training.config.guardrail is None:
            return {}
        named = cdk.CfnParameter(
            self,
            "Guardrail",
            default="",
            description="ARN:version, of the outputs Guardrail and GuardrailVersion of the platform's stack",
        )
        return {"GUARDRAIL": named.value_as_string}

    def _function(self, role: iam.Role, training: Training) -> lambda_.Function:
        network, config = training.network, training.config
        arn = cdk.CfnParameter(
            self,
            "DeploymentArn",
            default="",
            allowed_pattern=DEPLOYMENT,
            description="Of the live model, as tuning releases RECIPE --format json has it",
        )
        return lambda_.Function(
            self,
            "AskModel",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            handler="ask_model.handler",
            code=lambda_.Code.from_asset(str(Path(__file__).with_name("application"))),
            role=role.without_policy_updates(),
            environment={"DEPLOYMENT_ARN": arn.value_as_string, **self._guardrail(training)},
            log_group=self._logs,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
            # Four tries of a question, each silent for 15 seconds at most, and the pauses between them.
            timeout=cdk.Duration.seconds(90),
            memory_size=512,
            dead_letter_topic=self._unanswered,
            vpc=network.vpc,
            # Where the endpoints are: network.md of the platform.
            vpc_subnets=ec2.SubnetSelection(
                subnet_group_name="Functions",
                availability_zones=[f"{config.region}{zone}" for zone in config.endpoint_zones],
            ),
            security_groups=[network.callers_group.group],
        )
