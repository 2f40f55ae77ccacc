"""xLAM's tool use: a question, the tools and the calls that answer it, as JSON in texts.

https://huggingface.co/datasets/Salesforce/xlam-function-calling-60k
"""

from typing import Any

from tuning.datasets.convert.conversation import Conversation, Text, Tool, Turn
from tuning.datasets.convert.sources import written_calls
from tuning.datasets.convert.sources.fields import Fields, refuse

_TYPES = {
    "str": "string",
    "string": "string",
    "int": "integer",
    "integer": "integer",
    "float": "number",
    "number": "number",
    "bool": "boolean",
    "boolean": "boolean",
    "list": "array",
    "tuple": "array",
    "set": "array",
    "array": "array",
    "dict": "object",
    "object": "object",
}
"""Python's words for types, which these tools are described in, as JSON Schema has them."""


def xlam(record: Fields) -> Conversation:
    """The user asks, the assistant calls. Tools described in Python's types get a JSON Schema."""
    asked = record.text("query")
    calls = tuple(
        written_calls.call(one, number, "answers")
        for number, one in enumerate(_listed(record, "answers"), 1)
    )
    tools = tuple(_tool(one, record) for one in _listed(record, "tools"))
    turns = [Turn(role="user", blocks=(Text(text=asked),))]
    if calls:
        turns.append(Turn(role="assistant", blocks=calls))
    return Conversation(turns=tuple(turns), tools=tools, answer_in="answers", extras=record.rest())


def _listed(record: Fields, name: str) -> list[Any]:
    given = record.value(name)
    held = written_calls.value(given, name) if isinstance(given, str) else given
    if not isinstance(held, list):
        refuse("CV202", "must be a list", "Write […].", name)
    return held


def _tool(given: object, record: Fields) -> Tool:
    inner = given.get("function") if isinstance(given, dict) else None
    tool = Fields(inner if isinstance(inner, dict) else given, "tools", record.account)
    name, description = tool.text("name"), tool.maybe_text("description")
    parameters = tool.mapping("parameters") if "parameters" in tool else {}
    tool.maybe("required")  # of xLAM's own form, in which each parameter says it
    tool.close()
    if parameters.get("type") == "object" and isinstance(parameters.get("properties"), dict):
        return Tool(name=name, description=description, schema=parameters)
    record.changed("tool described in Python's types given a JSON Schema")
    properties = {key: _property(value) for key, value in parameters.items()}
    required = [key for key, value in parameters.items() if not _optional(value)]
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    return Tool(
        name=name,
        description=description,
        schema={**schema, "required": required} if required else schema,
    )


def _property(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {}
    kept = {key: one for key, one in value.items() if key not in ("type", "required")}
    written = str(value.get("type", "")).partition(",")[0]
    kind = _TYPES.get(written.partition("[")[0].strip().lower())
    return {"type": kind, **kept} if kind else kept


def _optional(value: object) -> bool:
    return isinstance(value, dict) and (
        "default" in value or "optional" in str(value.get("type", "")).lower()
    )
