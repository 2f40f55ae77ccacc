"""The resources of an environment's templates, and the arrows between them: rules, redrives, mappings, and
what a role may do.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from diagrams.graph import Arrow, Node, Shape

Templates = Mapping[str, Mapping[str, Any]]
"""A template by the name of its stack."""

_Resource = Mapping[str, Any]

BEDROCK = "Bedrock"

# Actions that are drawn: in words, and whether things move towards the one who may do it. All
# functions may update the ledger; those arrows, which `_doing` leaves out, would hide the others.
_VERBS: Mapping[str, tuple[str, bool]] = {
    "bedrock:CreateModelCustomizationJob": ("creates the job", False),
    "bedrock:GetModelCustomizationJob": ("polls it", False),
    "bedrock:StopModelCustomizationJob": ("stops it", False),
    "dynamodb:PutItem": ("records", False),
    "dynamodb:UpdateItem": ("records", False),
    "ec2:CreateNetworkInterface": ("runs in", False),
    "lambda:InvokeFunction": ("invokes", False),
    "s3:GetObject": ("reads", True),
    "s3:PutObject": ("writes", False),
    "sns:Publish": ("notifies", False),
    "states:StartExecution": ("starts", False),
}

_SHAPES: Mapping[str, tuple[Shape, str]] = {
    "AWS::Backup::BackupVault": ("database", "backup vault"),
    "AWS::DynamoDB::Table": ("database", "DynamoDB table"),
    "AWS::EC2::VPCEndpoint": ("box", "endpoint"),
    "AWS::Events::Rule": ("queue", "EventBridge rule"),
    "AWS::Lambda::Function": ("box", "function"),
    "AWS::S3::Bucket": ("database", "bucket"),
    "AWS::SNS::Topic": ("topic", "SNS topic"),
    "AWS::SQS::Queue": ("queue", "SQS queue"),
    "AWS::StepFunctions::StateMachine": ("machine", "state machine"),
}
_HASH = re.compile(r"[0-9A-F]{8}$")


class Resources:
    """The resources of all stacks, by logical id, and which refers to which."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates
        self.resources: dict[str, _Resource] = {}
        self._exports: dict[str, str] = {}
        for template in templates.values():
            self.resources |= template["Resources"]
            for output in template.get("Outputs", {}).values():
                if name := output.get("Export", {}).get("Name"):
                    self._exports[name] = next(self.named(output["Value"]))

    def of(self, stack: str) -> list[str]:
        """Names of what may be drawn of a stack. The subnets of one kind are one node."""
        return list(dict.fromkeys(self.alias(name) for name in self._templates[stack]["Resources"]))

    def named(self, value: Any) -> Iterator[str]:
        """Every resource that `value` refers to, through exports too."""
        match value:
            case {"Ref": str(name)}:
                if not name.startswith("AWS::"):
                    yield self.alias(name)
            case {"Fn::GetAtt": [str(name), _]}:
                yield self.alias(name)
            case {"Fn::ImportValue": str(export)}:
                yield self._exports[export]
            case dict():
                yield from self.named(list(value.values()))
            case list():
                for each in value:
                    yield from self.named(each)

    def alias(self, name: str) -> str:
        resource = self.resources.get(name, {})
        if resource.get("Type") != "AWS::EC2::Subnet":
            return name
        tags = {tag["Key"]: tag["Value"] for tag in resource["Properties"]["Tags"]}
        return f"{tags['aws-cdk:subnet-name']}Subnets"

    def arrows(self) -> list[Arrow]:
        """Each pair once, its words joined, in an order that does not change."""
        return joined_arrows(
            (self.node_id(start), self.node_id(to), words)
            for name, resource in self.resources.items()
            for start, to, words in self._arrows_of(name, resource)
        )

    def nodes(self, stack: str) -> list[Node]:
        """What may be drawn of a stack."""
        return [self.node(name) for name in self.of(stack) if self.is_drawn(name)]

    def node(self, name: str) -> Node:
        if name.endswith("Subnets"):
            title = f"{name.removesuffix('Subnets')} subnets"
            return Node(id=name, title=title, kind="no way out", shape="box")
        resource = self.resources[name]
        shape, kind = _SHAPES[resource["Type"]]
        return Node(id=self.node_id(name), title=_title(name, resource), kind=kind, shape=shape)

    def node_id(self, name: str) -> str:
        """Without the hash of CloudFormation; with it, where two resources differ in nothing else."""
        plain = _HASH.sub("", name)
        return (
            plain if [_HASH.sub("", other) for other in self.resources].count(plain) == 1 else name
        )

    def in_vpc(self, name: str) -> bool:
        """Whether it runs there: subnets do, and functions that have some."""
        return name.endswith("Subnets") or "VpcConfig" in self.resources[name].get("Properties", {})

    def _arrows_of(self, name: str, resource: _Resource) -> Iterator[tuple[str, str, str]]:
        kind, properties = resource["Type"], resource.get("Properties", {})
        match kind:
            case "AWS::Events::Rule":
                for source in self.named(properties.get("EventPattern")):
                    yield source, name, properties["EventPattern"]["detail-type"][0]
                for target in properties["Targets"]:
                    yield name, next(self.named(target["Arn"])), "sends"
                    for dead_letters in self.named(target.get("DeadLetterConfig")):
                        yield name, dead_letters, "undeliverable events"
            case "AWS::SQS::Queue" if redrive := properties.get("RedrivePolicy"):
                times = redrive["maxReceiveCount"]
                yield name, next(self.named(redrive)), f"after {times} receives"
            case "AWS::Lambda::EventSourceMapping":
                queue = next(self.named(properties["EventSourceArn"]))
                yield queue, next(self.named(properties["FunctionName"])), "invokes"
            case "AWS::IAM::ManagedPolicy":
                for role in self.named(properties.get("Roles", [])):
                    for actor in self._actors(role):
                        yield from self._permitted(actor, properties["PolicyDocument"])

    def _actors(self, role: str) -> Iterator[str]:
        """Who acts with a role: the functions and state machines that have it, or Bedrock."""
        trust = json.dumps(self.resources[role]["Properties"]["AssumeRolePolicyDocument"])
        if "bedrock.amazonaws.com" in trust:
            yield BEDROCK
        for name, resource in self.resources.items():
            properties = resource.get("Properties", {})
            if role in self.named([properties.get("Role"), properties.get("RoleArn")]):
                yield name

    def _permitted(self, actor: str, policy: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
        for statement in policy["Statement"]:
            actions = statement["Action"]
            for action in [actions] if isinstance(actions, str) else actions:
                if statement["Effect"] == "Allow" and action in _VERBS:
                    yield from self._doing(actor, action, statement["Resource"])

    def _doing(self, actor: str, action: str, resources: Any) -> Iterator[tuple[str, str, str]]:
        words, inward = _VERBS[action]
        others = [BEDROCK] if action.startswith("bedrock:") else self.named(resources)
        for other in others:
            if action == "dynamodb:UpdateItem" and self.node_id(other) == "Ledger":
                continue
            if other == BEDROCK or self.is_drawn(other):
                yield (other, actor, words) if inward else (actor, other, words)

    def is_drawn(self, name: str) -> bool:
        return name.endswith("Subnets") or self.resources[name]["Type"] in _SHAPES


def joined_arrows(arrows: Iterable[tuple[str, str, str]]) -> list[Arrow]:
    words: dict[tuple[str, str], list[str]] = {}
    for start, to, said in arrows:
        if said not in words.setdefault((start, to), []):
            words[start, to].append(said)
    return [
        Arrow(start=start, to=to, words=", ".join(said))
        for (start, to), said in sorted(words.items())
    ]


def _title(name: str, resource: _Resource) -> str:
    if resource["Type"] == "AWS::Lambda::Function":
        module: str = resource["Properties"]["Handler"].split(".")[1]
        return module
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", _HASH.sub("", name))
