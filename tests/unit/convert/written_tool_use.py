"""Tool use as people write it in texts, and what it is in Bedrock's own words."""

import json

from builders import converse, text, turn
from convert.peoples_dialects import TOOL, shared

SCHEMA = {"type": "object", "properties": {"where": {"type": "string", "description": "City."}}}
CALL = {"toolUse": {"toolUseId": "call_1", "name": "look", "input": {"where": "Rome"}}}


def own(schema, *messages, system=None):
    tool = {"name": "look", "description": "Looks.", "inputSchema": {"json": schema}}
    more = {"system": [text(system)]} if system else {}
    return converse(*messages, toolConfig={"tools": [{"toolSpec": tool}]}, **more)


def answer(said):
    return {"toolResult": {"toolUseId": "call_1", "content": [text(said)]}}


PARAMETERS = {
    "where": {"type": "str", "description": "City."},
    "days": {"type": "List[int], optional"},
}
XLAM = {
    "query": "Rain?",
    "answers": json.dumps([{"name": "look", "arguments": {"where": "Rome"}}]),
    "tools": json.dumps([{"name": "look", "description": "Looks.", "parameters": PARAMETERS}]),
}
XLAM_READ = own(
    {
        "type": "object",
        "properties": {**SCHEMA["properties"], "days": {"type": "array"}},
        "required": ["where"],
    },
    turn("user", "Rain?"),
    turn("assistant", CALL),
)
GLAIVE = {
    "system": "SYSTEM: You have functions. Use them if required -\n"
    + json.dumps({"name": "look", "description": "Looks.", "parameters": SCHEMA}, indent=4)
    + "\n",
    "chat": "USER: Rain?\n\n\nASSISTANT: <functioncall> "
    """{"name": "look", "arguments": '{"where": "Rome"}'} <|endoftext|>"""
    "\n\n\nFUNCTION RESPONSE: sun\n\n\nASSISTANT: No. <|endoftext|>\n\n\n",
}
GLAIVE_READ = own(
    SCHEMA,
    turn("user", "Rain?"),
    turn("assistant", CALL),
    turn("user", answer("sun")),
    turn("assistant", "No."),
    system="You have functions. Use them if required -",
)
HEAD = f"You call functions. <tools>[{json.dumps({'type': 'function', 'function': TOOL})}]</tools>"
HERMES = shared(
    ("system", HEAD),
    ("human", "Rain?"),
    (
        "gpt",
        "Let me see.\n<tool_call>\n{'name': 'look', 'arguments': {'where': 'Rome'}}\n</tool_call>",
    ),
    ("tool", "<tool_response>\nsun\n</tool_response>"),
    ("gpt", "No."),
)
HERMES_READ = own(
    TOOL["parameters"],
    turn("user", "Rain?"),
    turn("assistant", "Let me see.", CALL),
    turn("user", answer("sun")),
    turn("assistant", "No."),
    system=HEAD,
)
SOUND = (
    ("xlam", XLAM, XLAM_READ),
    ("glaive", GLAIVE, GLAIVE_READ),
    ("sharegpt", HERMES, HERMES_READ),
)
