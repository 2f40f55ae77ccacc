"""One graph for every diagram: nodes in groups, arrows between them. Two writers: Mermaid and SVG."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Shape = Literal["box", "database", "queue", "topic", "machine", "service", "choice", "end", "start"]


@dataclass(frozen=True, kw_only=True)
class Node:
    id: str
    title: str
    kind: str = ""
    """A second line, such as `DynamoDB table`."""
    shape: Shape = "box"


@dataclass(frozen=True, kw_only=True)
class Arrow:
    """From one node or group to another."""

    start: str
    to: str
    words: str = ""
    dotted: bool = False


@dataclass(frozen=True, kw_only=True)
class NodeGroup:
    id: str
    title: str
    nodes: Sequence[Node] = ()
    groups: Sequence["NodeGroup"] = ()

    def all(self) -> Iterator["NodeGroup"]:
        """Itself, and the groups within."""
        yield self
        for group in self.groups:
            yield from group.all()


@dataclass(frozen=True, kw_only=True)
class Graph:
    direction: Literal["TB", "TD", "LR"]
    groups: Sequence[NodeGroup] = ()
    nodes: Sequence[Node] = ()
    """Those in no group."""
    arrows: Sequence[Arrow] = ()

    def titles(self) -> dict[str, str]:
        """Of every node and group, by id, on one line."""
        groups = [inner for group in self.groups for inner in group.all()]
        nodes = [*self.nodes, *(node for group in groups for node in group.nodes)]
        return {group.id: group.title for group in groups} | {
            node.id: f"{node.title} {node.kind}".strip() for node in nodes
        }

    def described(self) -> list[tuple[str, str, str]]:
        """From, to, in words: for people who cannot see the picture."""
        titles = self.titles()
        return [(titles[arrow.start], titles[arrow.to], arrow.words) for arrow in self.arrows]
