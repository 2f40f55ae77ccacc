"""Every policy document of the templates, by a name that people can read."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from review.physical import EXAMPLE_ACCOUNT, Physical

PolicyKind = Literal["identity", "trust", "resource", "endpoint"]

# By type: the property that holds the document, and the one that names whose policy it is.
_OWNED = {
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SNS::TopicPolicy": "Topics",
    "AWS::SQS::QueuePolicy": "Queues",
}


@dataclass(frozen=True, kw_only=True)
class PolicyDocument:
    name: str
    kind: PolicyKind
    owners: tuple[str, ...]
    """Names of the roles that have it, perhaps none, or of the one resource that it guards."""
    content: dict[str, Any]


def documents(physical: Physical) -> Iterator[PolicyDocument]:
    for resource in physical.environment.resources:
        template = physical.environment.templates[resource.stack]
        given = template["Resources"][resource.id].get("Properties", {})
        match resource.type:
            case "AWS::IAM::Role":
                yield _document(
                    physical, f"trust of {resource.name}", "trust", (resource.name,),
                    given["AssumeRolePolicyDocument"],
                )  # fmt: skip
            case "AWS::IAM::ManagedPolicy":
                owners = tuple(_holders(physical, resource.ref, resource.properties))
                yield _document(
                    physical, resource.name, "identity", owners, given["PolicyDocument"]
                )
            case "AWS::KMS::Key":
                yield _resource(physical, resource.name, given["KeyPolicy"])
            case "AWS::ApiGateway::RestApi":
                yield _resource(physical, resource.name, _of_api(physical, resource.id, given))
            case "AWS::EC2::VPCEndpoint":
                yield _document(
                    physical, f"endpoint {resource.name}", "endpoint", (resource.name,),
                    given["PolicyDocument"],
                )  # fmt: skip
            case kind if kind in _OWNED:
                owned = resource.properties[_OWNED[kind]]
                (owner,) = owned if isinstance(owned, list) else [owned]
                yield _resource(physical, owner.strip("{}"), given["PolicyDocument"])


def _of_api(physical: Physical, api: str, given: Any) -> Any:
    """API Gateway puts the API's own ARN before what such a policy begins with.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-policy-language-overview.html
    """
    own = f"arn:aws:execute-api:{physical.region}:{EXAMPLE_ACCOUNT}:{physical.name(api)}/"
    return json.loads(json.dumps(given["Policy"]).replace('"execute-api:/', f'"{own}'))


def _holders(physical: Physical, ref: str, properties: Any) -> Iterator[str]:
    for role in physical.environment.of_type("AWS::IAM::Role"):
        attached = role.properties.get("ManagedPolicyArns", [])
        if ref in attached or role.ref in properties.get("Roles", []):
            yield role.name


def _resource(physical: Physical, owner: str, content: Any) -> PolicyDocument:
    return _document(physical, f"policy of {owner}", "resource", (owner,), content)


def _document(
    physical: Physical, name: str, kind: PolicyKind, owners: tuple[str, ...], content: Any
) -> PolicyDocument:
    return PolicyDocument(name=name, kind=kind, owners=owners, content=physical.value(content))
