"""What AWS would refuse at deployment for its size, measured with names as CloudFormation makes them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emulator import rule_complexity
from review.findings import ToolFinding
from review.physical import Physical
from review.policy_documents import PolicyDocument, documents
from review.templates import EnvironmentTemplates

TOOL = "limits"


@dataclass(frozen=True, kw_only=True)
class Limit:
    rule: str
    most: int
    source: str


RESOURCES = Limit(
    rule="resources of a template",
    most=500,
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html",
)
BYTES = Limit(rule="bytes of a template", most=1_000_000, source=RESOURCES.source)
VARIABLES = Limit(
    rule="bytes of a function's environment",
    most=4_096,
    source="https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
)
INGRESS = Limit(
    rule="inbound rules of a security group",
    most=60,
    source="https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html",
)
PATTERN = Limit(
    rule="characters of an event pattern",
    most=2_048,
    source="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html",
)
COMPLEXITY = Limit(
    rule="complexity of an event pattern",
    most=rule_complexity.LIMIT - 1,  # what is known to be accepted
    source="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-wildcard-matching-complexity",
)
_IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
_MANAGED = Limit(rule="characters of a managed policy", most=6_144, source=_IAM)
_TRUST = Limit(rule="characters of a trust policy", most=2_048, source=_IAM)
POLICIES = {
    "AWS::S3::Bucket": Limit(
        rule="characters of a bucket policy",
        most=20_480,
        source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html",
    ),
    "AWS::KMS::Key": Limit(
        rule="characters of a key policy",
        most=32_768,
        source="https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html",
    ),
    "AWS::EC2::VPCEndpoint": Limit(
        rule="characters of an endpoint policy",
        most=20_480,
        source="https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html",
    ),
}


def exceeded(environment: EnvironmentTemplates, *, region: str) -> Iterator[ToolFinding]:
    """One finding for each thing that is larger than AWS lets it be."""
    for limit, what, size in measured(Physical(environment=environment, region=region)):
        if size > limit.most:
            text = f"{size:,} {limit.rule}, of {limit.most:,}: {limit.source}"
            yield ToolFinding(
                tool=TOOL,
                rule=f"{TOOL}::{limit.rule}",
                environment=environment.name,
                path=what,
                text=text,
            )


def measured(physical: Physical) -> Iterator[tuple[Limit, str, int]]:
    """Each thing that has a limit, with its size."""
    environment = physical.environment
    for stack, template in environment.templates.items():
        yield RESOURCES, stack, len(template["Resources"])
        yield BYTES, stack, environment.files[stack].stat().st_size
        yield from _resources(physical, template["Resources"])
    kinds = {resource.name: resource.type for resource in environment.resources}
    for document in documents(physical):
        if limit := _limit(document, kinds):
            yield limit, document.name, _length(document.content)


def _resources(
    physical: Physical, resources: dict[str, dict[str, Any]]
) -> Iterator[tuple[Limit, str, int]]:
    inbound: dict[str, int] = {}
    for logical_id, resource in resources.items():
        properties = resource.get("Properties", {})
        match resource["Type"]:
            case "AWS::Lambda::Function":
                variables = physical.value(properties["Environment"]["Variables"])
                size = sum(len(f"{k}{v}".encode()) for k, v in variables.items())
                yield VARIABLES, logical_id, size
            case "AWS::EC2::SecurityGroupIngress":
                group = physical.value(properties["GroupId"])
                inbound[group] = inbound.get(group, 0) + 1
            case "AWS::Events::Rule" if "EventPattern" in properties:
                pattern = physical.value(properties["EventPattern"])
                yield PATTERN, logical_id, _length(pattern)
                yield COMPLEXITY, logical_id, rule_complexity.complexity(pattern)
    for group, rules in inbound.items():
        yield INGRESS, group, rules


def _limit(document: PolicyDocument, kinds: Mapping[str, str]) -> Limit | None:
    """`kinds`: the type of each resource, by its name. A managed policy may have no role: it is there for others'."""
    match document.kind:
        case "identity":
            return _MANAGED
        case "trust":
            return _TRUST
    (owner,) = document.owners
    return POLICIES.get(kinds[owner])


def _length(document: Any) -> int:
    """Without white space, which IAM does not count and CloudFormation does not send."""
    return len(json.dumps(document, separators=(",", ":"), ensure_ascii=False))
