"""The data flow of the threat model: who stands within which trust boundary, and what crosses one.

Where a resource stands, and what its role may do, is read from the templates. People are in none of
them; theirs are the only arrows that are written by hand.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

Place = Literal["people", "account", "vpc", "bedrock"]
Arrow = tuple[str, str, str]

_TITLES: Mapping[Place, str] = {
    "people": "People: trusted as IAM trusts them",
    "account": "Your AWS account",
    "vpc": "VPC: no way out but endpoints",
    "bedrock": "Amazon Bedrock: AWS's account",
}
_PEOPLE: Mapping[str, str] = {
    "Uploader": "uploader",
    "Operator": "operator",
    "Administrator": "deployer, administrator",
}
# From, to, by the name of the resource without its hash; in words.
_BY_HAND: tuple[Arrow, ...] = (
    ("Uploader", "Datasets", "uploads"),
    ("Artifacts", "Uploader", "reports"),
    ("Notices", "Operator", "notices"),
    ("Operator", "TrainingRunMachine", "approves"),
    ("Administrator", "account", "deploys, through CloudFormation"),
)
_HASH = 8
"""Characters that CDK adds to a name to make it a logical id."""


def boundaries(
    resources: Mapping[str, Mapping[str, Any]], nodes: Mapping[str, str], arrows: Iterable[Arrow]
) -> str:
    """Mermaid. `nodes` says how each is drawn; arrows within one boundary are left out."""
    place = {name: _place(name, resources) for name in nodes} | {"Bedrock": "bedrock"}
    crossing = [(a, b, words) for a, b, words in arrows if place[a] != place[b]]
    drawn = {end for start, to, _ in crossing for end in (start, to)}
    by_name = {name[:-_HASH]: name for name in nodes if name in resources}
    hands = [(by_name.get(a, a), by_name.get(b, b), words) for a, b, words in _BY_HAND]
    drawn |= {end for start, to, _ in hands for end in (start, to)}

    def inside(wanted: Place) -> list[str]:
        return [f"    {nodes[name]}" for name in nodes if name in drawn and place[name] == wanted]

    return "\n".join(
        [
            "flowchart LR",
            f'  subgraph people["{_TITLES["people"]}"]',
            *(f'    {name}(["{words}"])' for name, words in _PEOPLE.items()),
            "  end",
            f'  subgraph account["{_TITLES["account"]}"]',
            *inside("account"),
            f'    subgraph vpc["{_TITLES["vpc"]}"]',
            *(f"  {line}" for line in inside("vpc")),
            "    end",
            "  end",
            f'  subgraph bedrock["{_TITLES["bedrock"]}"]',
            '    Bedrock(("customization job"))',
            "  end",
            *(f'  {a} -- "{words}" --> {b}' for a, b, words in (*hands, *crossing)),
        ]
    )


def _place(name: str, resources: Mapping[str, Mapping[str, Any]]) -> Place:
    """Subnets, and functions that stand in them, are in the VPC."""
    if name not in resources:  # the subnets of one kind, drawn as one
        return "vpc"
    return "vpc" if "VpcConfig" in resources[name].get("Properties", {}) else "account"
