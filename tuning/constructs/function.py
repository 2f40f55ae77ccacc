"""One Lambda function of a step, with its own role, its own log group and nothing it does not need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from tuning.constructs.config import Config
from tuning.constructs.config_assistants import assistant_files
from tuning.constructs.functions_code import (
    Bundle,
    BundleContents,
    BundleError,
    BundleTarget,
    with_recipes,
)
from tuning.constructs.log_groups import log_group
from tuning.constructs.policies import Statement, allow, allow_key, made_after, managed_policy
from tuning.pipeline.step import Step


@dataclass(frozen=True, kw_only=True)
class FunctionDefaults:
    """What all functions of a stack share: where they run and which keys they are given."""

    config: Config
    logs_key: kms.IKey
    environment_key: kms.IKey
    wildcard: iam.IManagedPolicy
    """Actions without a resource type, apart, so that their `*` covers nothing else."""
    vpc: ec2.IVpc | None = None
    """None for a function that runs outside of it and sees no data."""
    security_groups: Sequence[ec2.ISecurityGroup] | None = None
    dead_letters: sqs.Queue | sns.Topic | None = None
    """Takes events of which nobody awaits the answer; encrypted with `environment_key`."""

    @property
    def subnets(self) -> ec2.SubnetSelection | None:
        if self.vpc is None:
            return None
        zones = [f"{self.config.region}{zone}" for zone in self.config.endpoint_zones]
        return ec2.SubnetSelection(subnet_group_name="Functions", availability_zones=zones)


class HandlerFunction(Construct):
    """Runs `lambdas/<step>.py`, with exactly the permissions it is given."""

    def __init__(
        self,
        scope: Construct,
        *,
        step: Step,
        defaults: FunctionDefaults,
        environment: Mapping[str, str],
        statements: Sequence[Statement],
    ) -> None:
        super().__init__(scope, step.construct_id)
        self.step, self._defaults = step, defaults
        self.log_group = log_group(self, "Logs", key=defaults.logs_key, config=defaults.config)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            managed_policies=[defaults.wildcard],
        )
        self.policy, kept = self._permit(statements), defaults.dead_letters
        self.function = lambda_.Function(
            self,
            "Function",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"lambdas.{step.name}.handler",
            code=_code(self, defaults.config, step),
            role=self.role.without_policy_updates(),
            environment={
                **environment,
                "POWERTOOLS_SERVICE_NAME": step.name,
                "POWERTOOLS_METRICS_NAMESPACE": "Tuning",
            },
            environment_encryption=defaults.environment_key,
            log_group=self.log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
            timeout=cdk.Duration.seconds(step.timeout_seconds),
            memory_size=step.memory_mb,
            ephemeral_storage_size=cdk.Size.mebibytes(_storage_mb(step, defaults.config)),
            reserved_concurrent_executions=defaults.config.reserved_concurrency,
            vpc=defaults.vpc,
            vpc_subnets=defaults.subnets,
            security_groups=defaults.security_groups,
            dead_letter_queue=kept if isinstance(kept, sqs.Queue) else None,
            dead_letter_topic=kept if isinstance(kept, sns.Topic) else None,
        )
        # Lambda refuses a function whose role may not send to its dead-letter queue yet.
        # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
        made_after(self.function, self.policy)

    def _permit(self, statements: Sequence[Statement]) -> iam.CfnManagedPolicy:
        work = [*statements, *self._put_aside(), self._write_logs(), self._read_environment()]
        return managed_policy(self, "Policy", roles=[self.role], statements=work)

    def _put_aside(self) -> list[Statement]:
        if self._defaults.dead_letters is None:
            return []
        service, action, arn = _sending(self._defaults.dead_letters)
        key = self._defaults.environment_key.key_arn
        return [
            allow(actions=[action], resources=[arn]),
            allow_key(self, key, service, "Decrypt", "GenerateDataKey"),
        ]

    def _write_logs(self) -> Statement:
        return allow(
            actions=["logs:CreateLogStream", "logs:PutLogEvents"],
            resources=[self.log_group.log_group_arn],
        )

    def _read_environment(self) -> Statement:
        return allow(actions=["kms:Decrypt"], resources=[self._defaults.environment_key.key_arn])


def _storage_mb(step: Step, config: Config) -> int:
    """512 MB for everything else: https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html"""
    return 512 + (2 * config.max_dataset_mb if step.holds_dataset else 0)


def _sending(place: sqs.Queue | sns.Topic) -> tuple[str, str, str]:
    """Service, action and ARN with which something is put there."""
    if isinstance(place, sqs.Queue):
        return "sqs", "sqs:SendMessage", place.queue_arn
    return "sns", "sns:Publish", place.topic_arn


def _code(scope: Construct, config: Config, step: Step) -> lambda_.Code:
    """The bundle's name says what is in it, so CDK need not read it for every function."""
    contents: BundleContents = "merging" if step.merges else "functions"
    files = assistant_files(config) if step.kind == "assistant" else ()
    path = functions_code(scope, config, contents, files).path
    return lambda_.Code.from_asset(
        str(path), asset_hash=path.stem, asset_hash_type=cdk.AssetHashType.CUSTOM
    )


def functions_code(
    scope: Construct,
    config: Config,
    contents: BundleContents = "functions",
    assistants: Sequence[Path] = (),
) -> Bundle:
    """The code for Lambda, or with the context `functions=laptop` that for the emulator."""
    return with_recipes(laptop_or_lambda(scope), config.recipe_files, contents, assistants)


def laptop_or_lambda(scope: Construct) -> BundleTarget:
    """By the context `functions`. Raises BundleError."""
    match scope.node.try_get_context("functions"):
        case None | "lambda":
            return "lambda"
        case "laptop":
            return "laptop"
        case other:
            raise BundleError(f"context functions = {other!r}: must be lambda or laptop")


def deployment_function(
    scope: Construct,
    step: Step,
    *,
    config: Config,
    logs_key: kms.IKey,
    wildcard: iam.IManagedPolicy,
    dead_letters: sns.Topic,
    statements: Sequence[Statement],
) -> HandlerFunction:
    """What CloudFormation invokes: it runs outside of the VPC, knows nothing of the environment and sees no data."""
    defaults = FunctionDefaults(
        config=config,
        logs_key=logs_key,
        environment_key=logs_key,
        wildcard=wildcard,
        dead_letters=dead_letters,
    )
    return HandlerFunction(
        scope, step=step, defaults=defaults, environment={}, statements=statements
    )
