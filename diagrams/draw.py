"""The pictures in the documents, drawn from what is synthesized: `python -m diagrams.draw`.

Arrows of the flow are what the templates say: rules, redrives, mappings, and what a role may do.
Blocks between `<!-- diagram:… -->`, with the name of one of them, and `<!-- /diagram -->` are written
anew.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aws_cdk as cdk

from diagrams.boundaries import boundaries
from diagrams.state_diagram import state_diagram
from stacks.deployment import Deployment

DOCUMENTS = (Path("README.md"), Path("docs/security.md"), Path("docs/architecture.md"))
ENVIRONMENT = "dev"
STACKS = ("Storage", "Training", "Network")

Templates = Mapping[str, Mapping[str, Any]]
"""A template by the name of its stack in STACKS."""

Resource = Mapping[str, Any]
Arrow = tuple[str, str, str]
"""From, to, in words."""

BEDROCK = "Bedrock"

# Actions that are drawn: in words, and whether things move towards the one who may do it. All
# doors may update the ledger; those arrows would hide the others.
_VERBS: Mapping[str, tuple[str, bool]] = {
    "bedrock:CreateModelCustomizationJob": ("creates the job", False),
    "bedrock:GetModelCustomizationJob": ("looks at it", False),
    "bedrock:StopModelCustomizationJob": ("stops it", False),
    "dynamodb:PutItem": ("records", False),
    "ec2:CreateNetworkInterface": ("stands in", False),
    "lambda:InvokeFunction": ("invokes", False),
    "s3:GetObject": ("reads", True),
    "s3:PutObject": ("writes", False),
    "sns:Publish": ("tells", False),
    "states:StartExecution": ("starts", False),
}

_SHAPES: Mapping[str, tuple[str, str, str]] = {
    "AWS::DynamoDB::Table": ("[(", ")]", "DynamoDB table"),
    "AWS::EC2::VPCEndpoint": ("{{", "}}", "endpoint"),
    "AWS::Events::Rule": ("[/", "/]", "EventBridge rule"),
    "AWS::Lambda::Function": ("[", "]", "function"),
    "AWS::S3::Bucket": ("[(", ")]", "bucket"),
    "AWS::SNS::Topic": ("([", "])", "SNS topic"),
    "AWS::SQS::Queue": ("[/", "/]", "SQS queue"),
    "AWS::StepFunctions::StateMachine": ("[[", "]]", "state machine"),
}


def flow(templates: Templates) -> str:
    """Mermaid of one environment: its three stacks and Bedrock, upload to model."""
    world = _World(templates)
    arrows = world.arrows()
    drawn = {end for start, to, _ in arrows for end in (start, to)}
    lines = ["flowchart TB"]
    for stack in STACKS:
        lines.append(f'  subgraph {stack}["{stack}"]')
        lines += [f"    {_node(world, name)}" for name in world.of(stack) if name in drawn]
        lines.append("  end")
    lines.append(f'  {BEDROCK}(("Amazon Bedrock<br/>customization job"))')
    lines += [f'  {start} -- "{words}" --> {to}' for start, to, words in arrows]
    return "\n".join(lines)


class _World:
    """The resources of all stacks, and who refers to whom."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates
        self.resources: dict[str, Resource] = {}
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
        words: dict[tuple[str, str], list[str]] = {}
        for name, resource in self.resources.items():
            for start, to, said in self._arrows_of(name, resource):
                if said not in words.setdefault((start, to), []):
                    words[start, to].append(said)
        return sorted((start, to, ", ".join(said)) for (start, to), said in words.items())

    def _arrows_of(self, name: str, resource: Resource) -> Iterator[Arrow]:
        kind, properties = resource["Type"], resource.get("Properties", {})
        match kind:
            case "AWS::Events::Rule":
                for source in self.named(properties.get("EventPattern")):
                    yield source, name, "Object Created"
                for target in properties["Targets"]:
                    yield name, next(self.named(target["Arn"])), "sends"
                    for dead_letters in self.named(target.get("DeadLetterConfig")):
                        yield name, dead_letters, "what it cannot send"
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

    def _permitted(self, actor: str, policy: Mapping[str, Any]) -> Iterator[Arrow]:
        for statement in policy["Statement"]:
            actions = statement["Action"]
            for action in [actions] if isinstance(actions, str) else actions:
                if statement["Effect"] == "Allow" and action in _VERBS:
                    yield from self._doing(actor, action, statement["Resource"])

    def _doing(self, actor: str, action: str, resources: Any) -> Iterator[Arrow]:
        words, inward = _VERBS[action]
        others = [BEDROCK] if action.startswith("bedrock:") else self.named(resources)
        for other in others:
            if other == BEDROCK or self.is_drawn(other):
                yield (other, actor, words) if inward else (actor, other, words)

    def is_drawn(self, name: str) -> bool:
        return name.endswith("Subnets") or self.resources[name]["Type"] in _SHAPES


def _node(world: _World, name: str) -> str:
    if name.endswith("Subnets"):
        return f'{name}["{name.removesuffix("Subnets")} subnets<br/>no way out"]'
    resource = world.resources[name]
    opening, closing, kind = _SHAPES[resource["Type"]]
    return f'{name}{opening}"{_title(name, resource)}<br/>{kind}"{closing}'


def _title(name: str, resource: Resource) -> str:
    if resource["Type"] == "AWS::Lambda::Function":
        module: str = resource["Properties"]["Handler"].split(".")[1]
        return module
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", re.sub(r"[0-9A-F]{8}$", "", name))


def draw(templates: Templates) -> dict[str, str]:
    """Every picture by the name in its marker."""
    machines = [
        resource
        for resource in templates["Training"]["Resources"].values()
        if resource["Type"] == "AWS::StepFunctions::StateMachine"
    ]
    definition = machines[0]["Properties"]["DefinitionString"]
    world = _World(templates)
    nodes = {n: _node(world, n) for stack in STACKS for n in world.of(stack) if world.is_drawn(n)}
    crossing = boundaries(world.resources, nodes, world.arrows())
    return {
        "flow": flow(templates),
        "boundaries": crossing,
        "machine": state_diagram(definition),
    }


def renew(text: str, pictures: Mapping[str, str]) -> str:
    """`text` with each marked block drawn anew."""
    for name, picture in pictures.items():
        block = f"<!-- diagram:{name} -->\n```mermaid\n{picture}\n```\n<!-- /diagram -->"
        start, mark, rest = text.partition(f"<!-- diagram:{name} -->")
        if mark:
            text = start + block + rest.partition("<!-- /diagram -->")[2]
    return text


def templates_of(deployment: Deployment, folder: str) -> Templates:
    """The templates of one environment, out of a synthesized folder."""
    constructs = {
        "Network": deployment.network,
        "Storage": deployment.storage,
        "Training": deployment.training,
    }
    return {
        name: json.loads(
            (Path(folder) / cdk.Stack.of(construct).template_file).read_text(encoding="utf-8")
        )
        for name, construct in constructs.items()
    }


def synthesize(folder: str) -> Templates:
    """The templates of ENVIRONMENT as `app.py` and `cdk.json` say."""
    from app import build  # noqa: PLC0415 — app.py imports the stacks

    context = json.loads(Path("cdk.json").read_text(encoding="utf-8"))["context"]
    app = cdk.App(outdir=folder, context=context, builtin_cloud_formation_validation=False)
    build(app)
    app.synth()
    deployment = app.node.find_child(ENVIRONMENT)
    assert isinstance(deployment, Deployment)  # noqa: S101 — narrows a CDK type
    return templates_of(deployment, folder)


def run() -> None:
    with TemporaryDirectory() as folder:
        pictures = draw(synthesize(folder))
    for document in DOCUMENTS:
        if document.exists():
            text = document.read_text(encoding="utf-8")
            document.write_text(renew(text, pictures), encoding="utf-8")


if __name__ == "__main__":
    run()
