"""Tools of Converse records: what is declared, what is called, what comes back.

Names and ids are held against the patterns of the Converse API, the rest against AWS's SDK too:
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolUseBlock.html
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolSpecification.html
https://github.com/aws/nova-forge-sdk
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tuning.datasets.formats import schemas
from tuning.datasets.formats.markers import marks
from tuning.datasets.formats.walk import Walk, mark, shown
from tuning.errors import nearest
from tuning.models.catalog import Method

_LONGEST = 64
_NAME = re.compile(r"[a-zA-Z0-9_-]+")
_ID = re.compile(r"[a-zA-Z0-9_.:-]+")
_COMPARED = 32
"""Names that a misspelt one is compared with; with more, each takes longer than the rest of the record."""
_STATUS = ("success", "error")


def use(value: dict[str, Any], at: str, role: str | None, _method: Method, walk: Walk) -> None:
    if role == "user":
        walk.fault("DS409", "only the assistant uses tools", at)
    walk.keys(value, at, ("toolUseId", "name", "input"))
    if "toolUseId" in value:
        _spelt(value["toolUseId"], _ID, "letters, digits and _ . : -", f"{at}.toolUseId", walk)
    if "name" in value:
        _name(value["name"], f"{at}.name", walk)
    if "input" in value:
        walk.is_a(value["input"], dict, f"{at}.input")


def result(value: dict[str, Any], at: str, role: str | None, method: Method, walk: Walk) -> None:
    if role == "assistant":
        walk.fault("DS409", "a tool's result belongs in a user turn", at)
    walk.keys(value, at, ("toolUseId", "content"), ("status",))
    if "toolUseId" in value:
        _spelt(value["toolUseId"], _ID, "letters, digits and _ . : -", f"{at}.toolUseId", walk)
    if "status" in value and walk.is_a(value["status"], str, f"{at}.status"):
        status = value["status"]
        if status not in _STATUS:
            message = f"{shown(status)} is not a status; success and error are"
            walk.fault("DS409", message, f"{at}.status", "Write success or error, or leave it out.")
    if "content" in value:
        for i, item in enumerate(walk.items(value["content"], f"{at}.content")):
            _piece(item, f"{at}.content[{i}]", method, walk)


def _piece(item: object, at: str, method: Method, walk: Walk) -> None:
    if not walk.is_a(item, dict, at):
        return
    walk.keys(item, at, (), ("text", "json"))
    held = [kind for kind in ("text", "json") if kind in item]
    if len(held) != 1:
        said = " and ".join(held) or "neither text nor json"
        walk.fault("DS308", f"the result holds {said}; it must hold exactly one thing", at)
    if "text" in item:
        text = walk.text(item["text"], f"{at}.text")
        marks(text, f"{at}.text", method, walk, answer=True)
    if "json" in item:
        walk.is_a(item["json"], dict, f"{at}.json")


def config(value: object, method: Method, walk: Walk) -> None:
    """The tools that the conversation may use."""
    at = "toolConfig"
    walk.traits.add(at)
    if "tools" not in method.features:
        walk.fault("DS309", "this model and method take no tools in training data", at)
        return
    if "tools" in method.contested:
        walk.contested.add("tools")
    if not walk.is_a(value, dict, at):
        return
    walk.keys(value, at, ("tools",), ("toolChoice",))
    if "tools" in value:
        tools = walk.items(value["tools"], f"{at}.tools")
        declared = [_declared(tool, f"{at}.tools[{i}]", walk) for i, tool in enumerate(tools)]
        twice(declared, f"{at}.tools", "toolSpec.name", walk)
        if "toolChoice" in value:
            _choice(value["toolChoice"], f"{at}.toolChoice", declared, walk)
    walk.prompt.append(mark(value))


def _declared(tool: object, at: str, walk: Walk) -> str | None:
    """The name of a tool, where it is known."""
    if not walk.is_a(tool, dict, at):
        return None
    walk.keys(tool, at, ("toolSpec",))
    spec, at = tool.get("toolSpec"), f"{at}.toolSpec"
    if "toolSpec" not in tool or not walk.is_a(spec, dict, at):
        return None
    return check_tool(spec, at, "inputSchema", _schema, walk)


def check_tool(
    spec: dict[str, Any],
    at: str,
    schema: str,
    check_schema: Callable[[object, str, Walk], None],
    walk: Walk,
) -> str | None:
    """The name of a tool, where it is known. `schema` is the key of what it takes."""
    walk.keys(spec, at, ("name", schema), ("description", "strict"))
    if "description" in spec:
        walk.text(spec["description"], f"{at}.description")
    else:
        walk.fault("DS422", "the tool has no description", at)
    if "strict" in spec:
        walk.is_a(spec["strict"], bool, f"{at}.strict")
    if schema in spec:
        check_schema(spec[schema], f"{at}.{schema}", walk)
    return _name(spec["name"], f"{at}.name", walk) if "name" in spec else None


def _schema(value: object, at: str, walk: Walk) -> None:
    if walk.is_a(value, dict, at):
        walk.keys(value, at, ("json",))
        if "json" in value:
            schemas.check_schema(value["json"], f"{at}.json", walk)


def _name(value: object, at: str, walk: Walk) -> str | None:
    """A tool's name; None with a fault when it is not text."""
    return _spelt(value, _NAME, "letters, digits, _ and -", at, walk)


def _spelt(value: object, allowed: re.Pattern[str], signs: str, at: str, walk: Walk) -> str | None:
    text = walk.text(value, at)
    if text is None or not text.strip():
        return None
    if len(text) > _LONGEST:
        walk.fault("DS418", f"{len(text):,} characters; at most {_LONGEST} are taken", at)
    elif not allowed.fullmatch(text):
        walk.fault("DS418", f"{shown(text)} holds other signs than {signs}", at)
    return text


def twice(names: list[str | None], at: str, inner: str, walk: Walk) -> None:
    """Names the tools that are declared again."""
    first: dict[str, int] = {}
    for i, declared in enumerate(names):
        if declared is None:
            continue
        if declared in first:
            message = f"the tool {shown(declared)} is declared by {at}[{first[declared]}] already"
            walk.fault("DS416", message, f"{at}[{i}].{inner}")
        first.setdefault(declared, i)


def _choice(value: object, at: str, declared: list[str | None], walk: Walk) -> None:
    if not walk.is_a(value, dict, at):
        return
    walk.keys(value, at, (), ("auto", "any", "tool"))
    if len(value) != 1:
        walk.fault("DS308", "exactly one of auto, any and tool", at)
    for kind, inner in value.items():
        if kind not in ("auto", "any", "tool") or not walk.is_a(inner, dict, f"{at}.{kind}"):
            continue
        walk.keys(inner, f"{at}.{kind}", ("name",) if kind == "tool" else ())
        if kind == "tool" and "name" in inner:
            chosen = _name(inner["name"], f"{at}.tool.name", walk)
            _known(chosen, declared, f"{at}.tool.name", walk)


def _known(called: str | None, declared: list[str | None], at: str, walk: Walk) -> None:
    """Refuses a tool that is called and not declared."""
    if called is None or called in declared or None in declared:
        return
    names = [tool for tool in declared if tool is not None]
    listed = f"; declared: {', '.join(map(shown, names[:8]))}" if names else ""
    close = nearest(called, names) if len(names) <= _COMPARED else ""
    walk.fault("DS417", f"the tool {shown(called)} is not declared{close}{listed}", at)


def check_tools_together(record: dict[str, Any], messages: list[Any], walk: Walk) -> None:
    """What holds between the tools of a record: declared, called by ids of their own, answered."""
    if "toolConfig" not in record:
        walk.fault("DS420", "the record uses tools and has no toolConfig", "messages")
    declared = _names(record.get("toolConfig"))
    for turn, at in _unanswered(messages, declared, walk):
        if turn != len(messages) - 1:  # a last turn may end in the call that the model learns
            walk.fault("DS409", "the tool use has no result", at)


def _unanswered(
    messages: list[Any], declared: list[str | None], walk: Walk
) -> Iterable[tuple[int, str]]:
    """Turn and place of each tool use that no result follows."""
    waiting: dict[str, tuple[int, str]] = {}
    seen: set[str] = set()
    for turn, at, block in _blocks(messages):
        match block:
            case {"toolUse": {**call}}:
                if isinstance(called := call.get("name"), str):
                    _known(called, declared, f"{at}.toolUse.name", walk)
                if isinstance(mark := call.get("toolUseId"), str):
                    if mark in seen:
                        message = "the toolUseId was used before"
                        walk.fault("DS409", message, f"{at}.toolUse.toolUseId")
                    seen.add(mark)
                    waiting[mark] = (turn, f"{at}.toolUse")
            case {"toolResult": {"toolUseId": str(mark)}}:
                if said := _misplaced(waiting.pop(mark, None), turn, seen=mark in seen):
                    walk.fault("DS409", said, f"{at}.toolResult.toolUseId")
    return waiting.values()


def _misplaced(asked: tuple[int, str] | None, turn: int, *, seen: bool) -> str | None:
    """What is wrong with where a result is, given the turn and place of the use that waits for it."""
    if asked is None:
        said = "it is answered already" if seen else "no earlier tool use has it"
        return f"no tool use waits for this result: {said}"
    late = turn > asked[0] + 1
    return (
        f"the tool use is in turn {asked[0] + 1}; its result belongs in the turn after it"
        if late
        else None
    )


def _names(config: object) -> list[str | None]:
    """The declared names; a None stands for those that could not be determined, so that none is missed."""
    tools = config.get("tools") if isinstance(config, dict) else None
    if not isinstance(tools, list):
        return [None]
    specs = [tool.get("toolSpec") if isinstance(tool, dict) else None for tool in tools]
    found = [spec.get("name") if isinstance(spec, dict) else None for spec in specs]
    return [tool_name if isinstance(tool_name, str) else None for tool_name in found]


def _blocks(messages: list[Any]) -> Iterator[tuple[int, str, object]]:
    for i, message in enumerate(messages):
        blocks = message.get("content") if isinstance(message, dict) else None
        for k, block in enumerate(blocks if isinstance(blocks, list) else ()):
            yield i, f"messages[{i}].content[{k}]", block
