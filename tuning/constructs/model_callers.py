"""What whoever asks the models that are live needs, to be attached by other stacks and people."""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from constructs import Construct

from tuning.constructs.network import Network
from tuning.constructs.permissions import Permissions
from tuning.constructs.policies import managed_policy
from tuning.pipeline.grants import Access, use_key
from tuning.releases.release_steps import OF_ENVIRONMENT


class ModelCallers(Construct):
    """A managed policy: to ask this environment's deployments, through its VPC endpoint and in no other way.

    The group is Network's, `callers_group`; it reaches that endpoint and nothing else.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: str,
        network: Network,
        permissions: Permissions,
    ) -> None:
        super().__init__(scope, construct_id)
        endpoint = network.endpoints.bedrock_runtime.vpc_endpoint_id
        self.policy = managed_policy(
            self,
            "Policy",
            statements=permissions.statements(_asking(environment, endpoint)),
        )
        self.policy_arn = self.policy.ref
        self._attached = iam.ManagedPolicy.from_managed_policy_arn(
            self, "Attached", self.policy_arn
        )

    def attach_to(self, *roles: iam.IRole) -> None:
        """Let roles of this stack or of another ask."""
        for role in roles:
            role.add_managed_policy(self._attached)


def _asking(environment: str, endpoint: str) -> Sequence[Access]:
    return (
        Access(
            # They authorise Converse and ConverseStream too.
            # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
            actions=("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"),
            on=("Deployments", "BoughtModels"),
            # Ids of deployments are made at run time, so that their tags say whose they are.
            # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
            conditions={
                "StringEquals": {
                    f"aws:ResourceTag/{OF_ENVIRONMENT}": environment,
                    "aws:SourceVpce": endpoint,
                }
            },
        ),
        # That a deployment's caller needs it is not confirmed.
        # https://docs.aws.amazon.com/bedrock/latest/userguide/encryption-custom-job.html
        use_key("DataKey", "bedrock", "Decrypt"),
    )
