"""An agent on AgentCore Runtime: our own program from a zip, in the VPC, with a role that may what its assistant needs.

Its interfaces stay for up to eight hours after it was deleted, and so long Network is not deleted: docs/operations.md.
https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/agentcore-vpc.html
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from tuning.account_names import runtime_name
from tuning.assistants.assistant import Assistant
from tuning.assistants.assistant_settings import AgentSettings
from tuning.constructs.arns import anything_of
from tuning.constructs.bucket_policies import ASSISTANT_PART, PART
from tuning.constructs.config import Config
from tuning.constructs.config_assistants import agent_letters, assistant_files
from tuning.constructs.environment_parts import EnvironmentParts
from tuning.constructs.function import laptop_or_lambda
from tuning.constructs.functions_code import AGENT_ENTRY, with_agent
from tuning.constructs.log_groups import log_group
from tuning.constructs.policies import allow, assumed_by, managed_policy
from tuning.constructs.stack_maker import StackMaker
from tuning.pipeline.assistant_steps import AGENT_ACCESS

if TYPE_CHECKING:
    from aws_cdk import aws_bedrockagentcore as agentcore

_IDLE_SECONDS = 60
"""The shortest. A session is stopped with its answer; one whose caller was killed ends so.
https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_LifecycleConfiguration.html"""
_LONGEST_SECONDS = 120


class AgentRuntime(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        assistant: Assistant,
        make: StackMaker,
        places: Mapping[str, str],
    ) -> None:
        """`places`: what its rights are filled in with, as those of functions."""
        super().__init__(scope, construct_id)
        self.role = self._role(assistant)
        policy = managed_policy(
            self,
            "Policy",
            roles=[self.role],
            statements=make.permissions.statements(AGENT_ACCESS, **places),
        )
        self.runtime = self._runtime(assistant, make)
        self.runtime.add_resource_dependency(policy)  # it may what it must when it is first asked
        self.arn = self.runtime.attr_agent_runtime_arn
        self._log(make.parts)
        # Who invokes needs the right on both; the service makes this one with the runtime.
        # https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/agent-runtime-versioning.html
        self.endpoint_arn = f"{self.arn}/runtime-endpoint/DEFAULT"

    def _runtime(self, assistant: Assistant, make: StackMaker) -> "agentcore.CfnRuntime":
        # Imported where there is an agent: the module is large, and most environments have none.
        from aws_cdk.aws_bedrockagentcore import CfnRuntime as runtime  # noqa: N813, PLC0415

        parts, settings = make.parts, make.settings(AgentSettings)
        code = self._code(parts.config, assistant)
        return runtime(
            self,
            "Runtime",
            agent_runtime_name=runtime_name(settings.environment, assistant.name),
            agent_runtime_artifact=runtime.AgentRuntimeArtifactProperty(
                code_configuration=runtime.CodeConfigurationProperty(
                    code=runtime.CodeProperty(
                        s3=runtime.S3LocationProperty(
                            bucket=code.s3_bucket_name, prefix=code.s3_object_key
                        )
                    ),
                    entry_point=[AGENT_ENTRY],
                    runtime="PYTHON_3_14",
                )
            ),
            role_arn=self.role.role_arn,
            protocol_configuration="HTTP",
            network_configuration=runtime.NetworkConfigurationProperty(
                network_mode="VPC",
                network_mode_config=runtime.VpcConfigProperty(
                    subnets=_subnets(parts),
                    security_groups=[parts.network.agents_group.id],
                ),
            ),
            lifecycle_configuration=runtime.LifecycleConfigurationProperty(
                idle_runtime_session_timeout=_IDLE_SECONDS, max_lifetime=_LONGEST_SECONDS
            ),
            environment_variables=settings.to_env(),
        )

    def _log(self, parts: EnvironmentParts) -> None:
        """Under the name that the service gives it, which would make one without our key, kept for ever. UNCONFIRMED that
        it writes into one that is there, and with these rights alone: its page lets the role make and list groups, too.
        https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-permissions.html
        """
        name = f"/aws/bedrock-agentcore/runtimes/{self.runtime.attr_agent_runtime_id}-DEFAULT"
        group = log_group(self, "Logs", key=parts.network.logs_key, config=parts.config, name=name)
        writing = allow(
            actions=["logs:CreateLogStream", "logs:PutLogEvents"],
            resources=[group.log_group_arn],
        )
        managed_policy(self, "LogsPolicy", roles=[self.role], statements=[writing])

    def _role(self, assistant: Assistant) -> iam.Role:
        """https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-permissions.html"""
        service = "bedrock-agentcore"
        role = iam.Role(
            self,
            "Role",
            description="Assumed by Amazon Bedrock AgentCore for an assistant's agent",
            assumed_by=assumed_by(self, service, anything_of(self, service)),
        )
        if assistant.model:
            cdk.Tags.of(role).add(PART, ASSISTANT_PART)
        return role

    def _code(self, config: Config, assistant: Assistant) -> assets.Asset:
        """Its name says what is in it, so that CDK need not read it."""
        (file,) = [each for each in assistant_files(config) if each.stem == assistant.name]
        path = with_agent(laptop_or_lambda(self), file).path
        return assets.Asset(
            self,
            "Code",
            path=str(path),
            asset_hash=path.stem,
            asset_hash_type=cdk.AssetHashType.CUSTOM,
        )


def _subnets(parts: EnvironmentParts) -> list[str]:
    zones = [f"{parts.config.region}{each}" for each in agent_letters(parts.config)]
    vpc = parts.network.vpc
    return vpc.select_subnets(subnet_group_name="Functions", availability_zones=zones).subnet_ids
