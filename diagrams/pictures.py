"""The graphs that the documents show, read from the templates of one environment."""

from collections.abc import Mapping

from diagrams.graph import Graph, Node, NodeGroup
from diagrams.resources import BEDROCK, Resources, Templates, joined_arrows
from diagrams.state_diagram import machine
from diagrams.trust_boundaries import boundaries
from tuning.pipeline.manifest import of_kind

_STACKS = ("Storage", "Training", "Network")

_OVERVIEW: Mapping[str, tuple[Node, tuple[str, ...]]] = {
    node.id: (node, parts)
    for node, parts in (
        (Node(id="uploads", title="Datasets", kind="bucket", shape="database"), ("Datasets",)),
        (
            Node(id="intake", title="Rule and queue", kind="EventBridge, SQS", shape="queue"),
            ("IntakeRule", "IntakeQueue", "IntakeDeadLetters", "IntakeBackupFailed"),
        ),
        (
            Node(
                id="run",
                title="One run per upload",
                kind="state machine, functions",
                shape="machine",
            ),
            ("TrainingRunMachine", "function"),
        ),
        (
            Node(id="release", title="Releases", kind="state machine, functions", shape="machine"),
            ("Release", *(step.construct_id for step in of_kind("release"))),
        ),
        (
            Node(
                id="watchers",
                title="Guard, reconciler and others",
                kind="scheduled functions",
            ),
            tuple(step.construct_id for step in of_kind("scheduled")),
        ),
        (Node(id="prepared", title="Prepared", kind="bucket", shape="database"), ("Prepared",)),
        (Node(id="artifacts", title="Artifacts", kind="bucket", shape="database"), ("Artifacts",)),
        (
            Node(id="ledger", title="Ledger, budgets", kind="DynamoDB tables", shape="database"),
            ("Ledger", "Budgets", "BackupVault"),
        ),
        (
            Node(id="notices", title="Notices", kind="SNS topic", shape="topic"),
            ("Notices", "DefaultGroupDeadLetters"),
        ),
        (
            Node(id="bedrock", title="Amazon Bedrock", kind="job in your VPC", shape="service"),
            (BEDROCK, "JobsSubnets"),
        ),
    )
}
"""At most ten nodes, each for the resources whose ids begin so; `function`: every other function."""


def overview(templates: Templates) -> Graph:
    """The whole in a few nodes. Raises KeyError for a resource that is in none of them."""
    resources = Resources(templates)
    functions = {
        node.id for stack in _STACKS for node in resources.nodes(stack) if node.kind == "function"
    }
    arrows = joined_arrows(
        (start, to, arrow.words.split(", ")[0])
        for arrow in resources.arrows()
        for start, to in [(_part(arrow.start, functions), _part(arrow.to, functions))]
        if start != to
    )
    return Graph(direction="LR", nodes=[node for node, _ in _OVERVIEW.values()], arrows=arrows)


def _part(name: str, functions: set[str]) -> str:
    for part, (_, beginnings) in _OVERVIEW.items():
        if name.startswith(beginnings):
            return part
    if name in functions:
        return "run"
    raise KeyError(name)


def flow(templates: Templates) -> Graph:
    """One environment: its three stacks and Bedrock, upload to model."""
    resources = Resources(templates)
    arrows = resources.arrows()
    drawn = {end for arrow in arrows for end in (arrow.start, arrow.to)}
    return Graph(
        direction="TB",
        groups=[
            NodeGroup(
                id=stack,
                title=stack,
                nodes=[node for node in resources.nodes(stack) if node.id in drawn],
            )
            for stack in _STACKS
        ],
        nodes=[Node(id=BEDROCK, title="Amazon Bedrock", kind="customization job", shape="service")],
        arrows=arrows,
    )


def pictures(templates: Templates) -> dict[str, Graph]:
    """Every graph by the name in its marker."""
    machines = {
        name: resource["Properties"]["DefinitionString"]
        for name, resource in templates["Training"]["Resources"].items()
        if resource["Type"] == "AWS::StepFunctions::StateMachine"
    }
    (run,), (release,) = (
        [definition for name, definition in machines.items() if name.startswith(beginning)]
        for beginning in ("TrainingRun", "Release")
    )
    return {
        "overview": overview(templates),
        "flow": flow(templates),
        "boundaries": boundaries(Resources(templates), _STACKS),
        "machine": machine(run),
        "release": machine(release),
    }
