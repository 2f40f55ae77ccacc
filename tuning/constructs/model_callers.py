"""What whoever asks the models that are live needs, to be attached by other stacks and people."""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_iam as iam
from constructs import Construct

from tuning.constructs.network import Network
from tuning.constructs.permissions import Permissions
from tuning.constructs.policies import managed_policy
from tuning.errors import ConfigError, nearest
from tuning.pipeline.grants import Access, use_key
from tuning.releases.release_steps import OF_ENVIRONMENT, OF_RECIPE


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
        recipes: Sequence[str],
        network: Network,
        permissions: Permissions,
    ) -> None:
        super().__init__(scope, construct_id)
        self._recipes, self._permissions = recipes, permissions
        self._tags = {OF_ENVIRONMENT: environment}
        self._endpoint = network.endpoints.bedrock_runtime.vpc_endpoint_id
        self._of_recipe: dict[str, iam.IManagedPolicy] = {}
        self.policy = self._policy("Policy", self._tags)
        self.policy_arn = self.policy.ref
        self._attached = self._named("Attached", self.policy)

    def attach_to(self, *roles: iam.IRole, recipe: str | None = None) -> None:
        """Let roles of this stack or of another ask: what is live of one recipe, or of all.

        Raises ConfigError for a recipe that this environment has not.
        """
        policy = self._attached if recipe is None else self._for(recipe)
        for role in roles:
            role.add_managed_policy(policy)

    def _for(self, recipe: str) -> iam.IManagedPolicy:
        """Made when it is first asked for."""
        if recipe not in self._recipes:
            raise ConfigError(
                f"recipe = {recipe!r}: not among those of this environment"
                f"{nearest(recipe, self._recipes)}; there are: {', '.join(self._recipes)}"
            )
        if recipe not in self._of_recipe:
            name = "".join(word.capitalize() for word in recipe.split("-"))
            policy = self._policy(f"Policy{name}", {**self._tags, OF_RECIPE: recipe})
            self._of_recipe[recipe] = self._named(f"Attached{name}", policy)
        return self._of_recipe[recipe]

    def _policy(self, name: str, tags: Mapping[str, str]) -> iam.CfnManagedPolicy:
        statements = self._permissions.statements(_asking(tags, self._endpoint))
        return managed_policy(self, name, statements=statements)

    def _named(self, name: str, policy: iam.CfnManagedPolicy) -> iam.IManagedPolicy:
        return iam.ManagedPolicy.from_managed_policy_arn(self, name, policy.ref)


def _asking(tags: Mapping[str, str], endpoint: str) -> Sequence[Access]:
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
                    **{f"aws:ResourceTag/{tag}": value for tag, value in tags.items()},
                    "aws:SourceVpce": endpoint,
                }
            },
        ),
        # That a deployment's caller needs it is not confirmed.
        # https://docs.aws.amazon.com/bedrock/latest/userguide/encryption-custom-job.html
        use_key("DataKey", "bedrock", "Decrypt"),
    )
