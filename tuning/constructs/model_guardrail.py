"""The guardrail of an environment: one draft, and a numbered version of what its file says.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-bedrock-guardrail.html
"""

from dataclasses import dataclass
from typing import Any

from constructs import Construct

from tuning.account_names import account_name
from tuning.constructs.arns import bedrock_arn
from tuning.errors import ConfigError
from tuning.guardrails.guardrail import Guardrail
from tuning.guardrails.guardrail_request import as_request, guardrail_digest

_LONGEST = 50
"""Of its name: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateGuardrail.html"""

_TIERS = {
    "ContentPolicyConfig": "ContentFiltersTierConfig",
    "TopicPolicyConfig": "TopicsTierConfig",
}
"""What CloudFormation calls by another name than the API."""


@dataclass(frozen=True, kw_only=True)
class NumberedGuardrail:
    arn: str
    version: str

    @property
    def identifier(self) -> str:
        """As IAM knows it.
        https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-permissions-id.html
        """
        return f"{self.arn}:{self.version}"


def make_guardrail(
    scope: Construct, guardrail: Guardrail, *, environment: str, key: str
) -> NumberedGuardrail:
    """A version has no property that can be changed: another content is another resource, by its logical id, and the
    former version goes when all that refers to it has the new one. Raises ConfigError.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-bedrock-guardrailversion.html

    UNCONFIRMED that Bedrock uses the key as `bedrock` (kms:ViaService), as it does for models; who makes the
    guardrail has the rights on it by the key's statement for its account.
    https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-permissions-kms.html
    """
    from aws_cdk import aws_bedrock as bedrock  # noqa: PLC0415 — large, and most environments need none

    name = account_name(environment, guardrail.name)
    if len(name) > _LONGEST:
        raise ConfigError(
            f"guardrail = {guardrail.name!r}: {name} has {len(name)} characters; Bedrock takes {_LONGEST}: shorten the "
            "file's name"
        )
    request = _capitalized(as_request(guardrail))
    made = bedrock.CfnGuardrail(
        scope,
        "Guardrail",
        name=name,
        description=request.pop("Description"),
        blocked_input_messaging=request.pop("BlockedInputMessaging"),
        blocked_outputs_messaging=request.pop("BlockedOutputsMessaging"),
        kms_key_arn=key,
    )
    if profile := request.pop("CrossRegionConfig", None):
        arn = bedrock_arn(scope, "guardrail-profile", profile["GuardrailProfileIdentifier"])
        request["CrossRegionConfig"] = {"GuardrailProfileArn": arn}
    for policy, said in request.items():
        if tier := said.pop("TierConfig", None):
            said[_TIERS[policy]] = tier
        made.add_property_override(policy, said)
    version = bedrock.CfnGuardrailVersion(
        scope,
        f"GuardrailVersion{guardrail_digest(guardrail)}",
        guardrail_identifier=made.attr_guardrail_arn,
    )
    return NumberedGuardrail(arn=made.attr_guardrail_arn, version=version.attr_version)


def _capitalized(part: Any) -> Any:
    """Members as CloudFormation calls them."""
    match part:
        case dict():
            return {name[0].upper() + name[1:]: _capitalized(each) for name, each in part.items()}
        case list():
            return [_capitalized(each) for each in part]
    return part
