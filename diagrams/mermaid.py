"""A graph as Mermaid: https://mermaid.js.org/syntax/flowchart.html"""

from collections.abc import Iterator, Mapping

from diagrams.graph import Arrow, Graph, Node, NodeGroup, Shape

_SHAPES: Mapping[Shape, tuple[str, str]] = {
    "box": ("[", "]"),
    "database": ("[(", ")]"),
    "queue": ("[/", "/]"),
    "topic": ("([", "])"),
    "machine": ("[[", "]]"),
    "service": ("((", "))"),
    "choice": ("{", "}"),
    "end": ("(((", ")))"),
    "start": ("([", "])"),
}


def mermaid(graph: Graph) -> str:
    lines = [f"flowchart {graph.direction}"]
    for group in graph.groups:
        lines += _group(group, "  ")
    lines += [f"  {_node(node)}" for node in graph.nodes]
    lines += [f"  {_arrow(arrow)}" for arrow in graph.arrows]
    return "\n".join(lines)


def _group(group: NodeGroup, indent: str) -> Iterator[str]:
    yield f'{indent}subgraph {group.id}["{group.title}"]'
    yield from (f"{indent}  {_node(node)}" for node in group.nodes)
    for inner in group.groups:
        yield from _group(inner, f"{indent}  ")
    yield f"{indent}end"


def _node(node: Node) -> str:
    opening, closing = _SHAPES[node.shape]
    words = "<br/>".join(filter(None, (node.title, node.kind)))
    return f'{node.id}{opening}"{words}"{closing}'


def _arrow(arrow: Arrow) -> str:
    if arrow.dotted:
        return f'{arrow.start} -. "{arrow.words}" .-> {arrow.to}'
    line = f'-- "{arrow.words}" -->' if arrow.words else "-->"
    return f"{arrow.start} {line} {arrow.to}"
