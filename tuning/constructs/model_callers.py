"""What callers of the live models need, to be attached by other stacks and people."""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_iam as iam
from constructs import Construct

from tuning.constructs.environment_parts import EnvironmentParts
from tuning.constructs.model_guardrail import NumberedGuardrail, make_guardrail
from tuning.constructs.permissions import Permissions
from tuning.constructs.policies import deny, managed_policy
from tuning.errors import ConfigError, nearest
from tuning.pascal_case import pascal
from tuning.pipeline.grants import Access, use_key
from tuning.releases.release_steps import OF_ENVIRONMENT, OF_RECIPE


class ModelCallers(Construct):
    """A managed policy: to ask this environment's deployments, through its VPC endpoint and in no other way; where there
    is a guardrail, with its numbered version in the request and never without (docs/decisions/0044).

    The group is Network's, `callers_group`; it reaches that endpoint and nothing else.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parts: EnvironmentParts,
        permissions: Permissions,
    ) -> None:
        super().__init__(scope, construct_id)
        self._recipes, self._permissions = parts.config.recipes, permissions
        self._tags = {OF_ENVIRONMENT: parts.name}
        self._endpoint = parts.network.endpoints.bedrock_runtime.vpc_endpoint_id
        self._of_recipe: dict[str, iam.IManagedPolicy] = {}
        self.guardrail = self._guardrail(parts)
        self.policy = self._policy("Policy", self._tags)
        self.policy_arn = self.policy.ref
        self._attached = self._named("Attached", self.policy)

    @property
    def outputs(self) -> dict[str, str]:
        """What commands read of the stack."""
        found = self.guardrail
        guardrail = {"Guardrail": found.arn, "GuardrailVersion": found.version} if found else {}
        return {"CallersPolicy": self.policy_arn, **guardrail}

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
            name = pascal(recipe)
            policy = self._policy(f"Policy{name}", {**self._tags, OF_RECIPE: recipe})
            self._of_recipe[recipe] = self._named(f"Attached{name}", policy)
        return self._of_recipe[recipe]

    def _policy(self, name: str, tags: Mapping[str, str]) -> iam.CfnManagedPolicy:
        """The Deny holds whatever else the role may, on what answers for this environment."""
        guarded = self.guardrail.identifier if self.guardrail else None
        asking = _asking(tags, self._endpoint, guarded)
        statements = self._permissions.statements(asking)
        if guarded:
            resources = [arn for each in asking[0].on for arn in self._permissions.names[each]]
            unguarded = {
                "StringEquals": _tagged(self._tags),
                "StringNotEquals": {"bedrock:GuardrailIdentifier": guarded},
            }
            statements.append(
                deny(actions=asking[0].actions, resources=resources, conditions=unguarded)
            )
        return managed_policy(self, name, statements=statements)

    def _guardrail(self, parts: EnvironmentParts) -> NumberedGuardrail | None:
        said = parts.config.load_guardrail()
        if said is None:
            return None
        key = parts.storage.data_key.key_arn
        made = make_guardrail(self, said, environment=parts.name, key=key)
        self._permissions.names["Guardrail"] = [made.arn]
        return made

    def _named(self, name: str, policy: iam.CfnManagedPolicy) -> iam.IManagedPolicy:
        return iam.ManagedPolicy.from_managed_policy_arn(self, name, policy.ref)


def _tagged(tags: Mapping[str, str]) -> dict[str, str]:
    """Ids of deployments are made at run time, so that their tags say whose they are. UNCONFIRMED of imported models:
    that Bedrock compares their tags as it invokes them, as this page says of their resource type.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
    """
    return {f"aws:ResourceTag/{tag}": value for tag, value in tags.items()}


def _asking(tags: Mapping[str, str], endpoint: str, guarded: str | None) -> Sequence[Access]:
    through = {"aws:SourceVpce": endpoint}
    named = {"bedrock:GuardrailIdentifier": guarded} if guarded else {}
    apply = Access(
        actions=("bedrock:ApplyGuardrail",),
        on=("Guardrail",),
        conditions={"StringEquals": through},
    )
    return (
        Access(
            # They authorise Converse and ConverseStream too.
            # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
            actions=("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"),
            on=("Deployments", "BoughtModels", "ImportedModels"),
            conditions={"StringEquals": {**_tagged(tags), **through, **named}},
        ),
        # That a deployment's caller needs it is not confirmed; a guardrail's does, whose key it is too.
        # https://docs.aws.amazon.com/bedrock/latest/userguide/encryption-custom-job.html
        # https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-permissions-kms.html
        use_key("DataKey", "bedrock", "Decrypt"),
        *([apply] if guarded else []),
    )
