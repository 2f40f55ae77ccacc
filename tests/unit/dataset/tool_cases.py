"""Records with tools, and for each rule about them a dataset that breaks it and one that nearly does."""

from typing import Any

from builders import NOVA_2, Case, chat, converse, lines, turn

RFT = "REINFORCEMENT_FINE_TUNING"


def result(mark: Any) -> dict[str, Any]:
    return {"toolResult": {"toolUseId": mark, "content": [{"text": "found"}]}}


def use(mark: Any, name: str = "look", value: Any = None) -> dict[str, Any]:
    return {"toolUse": {"toolUseId": mark, "name": name, "input": {} if value is None else value}}


CALL = use("a")


def spec(name: str, schema: Any = None, description: str | None = "Looks.") -> dict[str, Any]:
    given = {"type": "object", "properties": {}} if schema is None else schema
    said = {} if description is None else {"description": description}
    return {"toolSpec": {"name": name, **said, "inputSchema": {"json": given}}}


def tools(used: Any, answered: Any, *specs: Any) -> dict[str, Any]:
    """A tool is used and answered; `look` is declared unless others are."""
    declared = {"tools": list(specs) or [spec("look")]}
    turns = ("a", turn("assistant", used), turn("user", answered), "c")
    return converse(*turns, toolConfig=declared)


def function(**change: Any) -> dict[str, Any]:
    said = {"name": "look", "description": "Looks.", "parameters": {"type": "object"}}
    return {"type": "function", "function": {**said, **change}}


TOOL_CASES: dict[str, Case] = {
    "DS409": Case(
        bad=lines(converse("a", turn("assistant", CALL), turn("user", result("b")), "c")),
        near=lines(converse("a", turn("assistant", CALL), turn("user", result("a")), "c")),
        model=NOVA_2,
    ),
    "DS310": Case(
        bad=lines(tools(CALL, result("a"))),
        near=lines(converse("a", "b")),
        model=NOVA_2,
    ),
    "DS416": Case(
        bad=lines(tools(CALL, result("a"), spec("look"), spec("look"))),
        near=lines(tools(CALL, result("a"), spec("look"), spec("Look"))),
        model=NOVA_2,
    ),
    "DS417": Case(
        bad=lines(tools(CALL, result("a"), spec("looks"))),
        near=lines(tools(CALL, result("a"), spec("looks"), spec("look"))),
        model=NOVA_2,
    ),
    "DS418": Case(
        bad=lines(tools(use("b" * 65), result("b" * 65))),
        near=lines(tools(use("b" * 62 + ".:"), result("b" * 62 + ".:"))),
        model=NOVA_2,
    ),
    "DS419": Case(
        bad=lines(tools(CALL, result("a"), spec("look", {}))),
        near=lines(tools(CALL, result("a"), spec("look", {"type": "object"}))),
        model=NOVA_2,
    ),
    "DS420": Case(
        bad=lines(converse("a", turn("assistant", CALL), turn("user", result("a")), "c")),
        near=lines(tools(CALL, result("a"))),
        model=NOVA_2,
    ),
    "DS421": Case(
        bad=lines(chat(tools=[{**function(), "type": "tool"}])),
        near=lines(chat(tools=[function()])),
        model=NOVA_2,
        method=RFT,
    ),
    "DS422": Case(
        bad=lines(tools(CALL, result("a"), spec("look", description=None))),
        near=lines(tools(CALL, result("a"))),
        model=NOVA_2,
    ),
}
