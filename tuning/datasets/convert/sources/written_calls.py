"""Calls of tools that are written as text: JSON, or as Python or a shell would quote it."""

import ast
import json
import re
from typing import Any

from tuning.datasets.convert.conversation import ToolCall
from tuning.datasets.convert.sources.fields import refuse
from tuning.datasets.convert.sources.strict_json import loads

_QUOTED = re.compile(r"""(?s)\s*\{\s*"name":\s*"([^"]+)",\s*"arguments":\s*'(.*)'\s*\}\s*""")
"""Glaive's: the arguments are JSON between single quotes."""


def value(written: str, at: str) -> Any:
    """What was written. Refuses what is neither JSON nor a literal of Python."""
    try:
        return loads(written)
    except ValueError as error:
        if quoted := _QUOTED.fullmatch(written):
            return {"name": quoted[1], "arguments": quoted[2].replace("\\'", "'")}
        try:
            read = ast.literal_eval(written.strip())
            json.dumps(read, allow_nan=False)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            refuse("CV210", f"a call or tool that is not JSON: {error}", "Write it as JSON.", at)
        return read


def call(written: object, number: int, at: str) -> ToolCall:
    """One call, with an id by its number. Refuses one without a name or with arguments that are no object."""
    held: Any = value(written, at) if isinstance(written, str) else written
    function = held.get("function") if isinstance(held, dict) else None
    held = function if isinstance(function, dict) else held
    arguments = (
        held.get("arguments", held.get("parameters", {})) if isinstance(held, dict) else None
    )
    if isinstance(arguments, str):
        arguments = value(arguments, at)
    name = held.get("name") if isinstance(held, dict) else None
    if not isinstance(name, str) or not isinstance(arguments, dict):
        refuse(
            "CV210",
            "a call without a name, or whose arguments are no object",
            'Write {"name": "…", "arguments": {…}}.',
            at,
        )
    return ToolCall(id=f"call_{number}", name=name, arguments=arguments)
