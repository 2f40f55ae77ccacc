"""The data flow of the threat model: what is within which trust boundary, and what crosses one.

Where a resource is, and what its role may do, is read from the templates. People are in none of them;
theirs are the only arrows that are written by hand.
"""

from collections.abc import Sequence

from diagrams.graph import Arrow, Graph, Node, NodeGroup
from diagrams.resources import BEDROCK, Resources

_PEOPLE = (
    Node(id="Uploader", title="uploader", shape="start"),
    Node(id="Operator", title="operator", shape="start"),
    Node(id="Administrator", title="deployer, administrator", shape="start"),
)
_BY_HAND = (
    Arrow(start="Uploader", to="Datasets", words="uploads"),
    Arrow(start="Artifacts", to="Uploader", words="reports"),
    Arrow(start="Notices", to="Operator", words="notices"),
    Arrow(start="Operator", to="TrainingRunMachine", words="approves"),
    Arrow(start="Administrator", to="account", words="deploys, through CloudFormation"),
)


def boundaries(resources: Resources, stacks: Sequence[str]) -> Graph:
    """Arrows within one boundary are left out, and what then has none."""
    within = {
        resources.node_id(name): "vpc" if resources.in_vpc(name) else "account"
        for stack in stacks
        for name in resources.of(stack)
        if resources.is_drawn(name)
    } | {BEDROCK: "bedrock"}
    crossing = [a for a in resources.arrows() if within[a.start] != within[a.to]]
    arrows = [*_BY_HAND, *crossing]
    drawn = {end for arrow in arrows for end in (arrow.start, arrow.to)}
    nodes = [node for stack in stacks for node in resources.nodes(stack) if node.id in drawn]

    def inside(place: str) -> list[Node]:
        return [node for node in nodes if within[node.id] == place]

    vpc = NodeGroup(id="vpc", title="VPC: no way out except endpoints", nodes=inside("vpc"))
    return Graph(
        direction="LR",
        groups=[
            NodeGroup(id="people", title="People: trusted as IAM trusts them", nodes=_PEOPLE),
            NodeGroup(
                id="account", title="Your AWS account", nodes=inside("account"), groups=[vpc]
            ),
            NodeGroup(
                id="bedrock",
                title="Amazon Bedrock: AWS's account",
                nodes=[Node(id=BEDROCK, title="customization job", shape="service")],
            ),
        ],
        arrows=arrows,
    )
