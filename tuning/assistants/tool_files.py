"""The tools in an assistant's file: a table `[[tools]]` for each, read and checked."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NoReturn, get_args

from tuning.assistants.assistant_tools import AssistantTool, ToolKind
from tuning.datasets.formats.schemas import check_schema
from tuning.datasets.formats.walk import Walk
from tuning.errors import nearest
from tuning.toml_files import refuse_unknown_keys

Refuse = Callable[[str, str], NoReturn]
"""What is wrong, and why: it raises, with the file's name."""

_MOST_TOOLS = 16
"""UNCONFIRMED that Converse has a limit of its own. Each is in every request, and paid for as input."""
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolSpecification.html"""
_FUNCTION = re.compile(
    r"(arn:aws(-[a-z]+)*:lambda:[a-z0-9-]+:\d{12}:function:)?[a-zA-Z0-9_-]{1,64}(:[a-zA-Z0-9_-]{1,128})?"
)
"""https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""
_LONGEST_DESCRIPTION = 1_000
_LARGEST_SCHEMA = 4_000
"""Characters, as JSON."""
_MOST_SECONDS = 20
"""API Gateway waits 29 for all of an answer."""
_KEYS = ("name", "description", "kind", "function", "input", "changes", "seconds")


def read_tools(raw: object, *, has_documents: bool, refuse: Refuse) -> tuple[AssistantTool, ...]:
    """`has_documents`: whether the assistant has a knowledge base."""
    if not isinstance(raw, list) or not raw or not all(isinstance(each, dict) for each in raw):
        refuse("tools", "must be tables, [[tools]] before each")
    if len(raw) > _MOST_TOOLS:
        refuse("tools", f"{len(raw)} of them; the limit is {_MOST_TOOLS}")
    read = []
    for number, each in enumerate(raw, 1):
        at = f"tools[{each.get('name', number)}]."
        refuse_unknown_keys(each, _KEYS, at, refuse)
        read.append(_tool(each, at, refuse))
    names = [each.name for each in read]
    if twice := {one for one in names if names.count(one) > 1}:
        refuse("tools", f"named more than once: {', '.join(sorted(twice))}")
    documents = [each for each in read if each.kind == "documents"]
    if documents and not has_documents:
        refuse(
            f"tools[{documents[0].name}].kind",
            'this assistant has no documents to search; add [knowledge_base], or make it kind = "function"',
        )
    if has_documents and not documents:
        refuse(
            "tools",
            'none of them searches the documents of [knowledge_base]; add one with kind = "documents", or leave '
            "[knowledge_base] out",
        )
    if len(documents) > 1:
        refuse("tools", "an assistant has one knowledge base: name one tool of kind documents")
    return tuple(read)


def _tool(raw: Mapping[str, Any], at: str, refuse: Refuse) -> AssistantTool:
    name, said = raw.get("name"), raw.get("description")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        refuse(f"{at}name = {name!r}", "must be 1 to 64 letters, digits, - and _")
    if not isinstance(said, str) or not said.strip() or len(said) > _LONGEST_DESCRIPTION:
        refuse(f"{at}description", f"must be text of 1 to {_LONGEST_DESCRIPTION:,} characters")
    kind = raw.get("kind", "function")
    if kind not in get_args(ToolKind):
        near = nearest(kind, get_args(ToolKind)) if isinstance(kind, str) else ""
        refuse(f"{at}kind = {kind!r}", f"must be one of {', '.join(get_args(ToolKind))}{near}")
    changes, seconds = raw.get("changes", False), raw.get("seconds", AssistantTool.seconds)
    if type(changes) is not bool:
        refuse(f"{at}changes = {changes!r}", "must be true or false")
    if type(seconds) is not int or not 1 <= seconds <= _MOST_SECONDS:
        refuse(f"{at}seconds = {seconds!r}", f"must be a whole number, 1 to {_MOST_SECONDS}")
    if kind == "documents" and changes:
        refuse(f"{at}changes", "searching documents changes nothing; omit it")
    return AssistantTool(
        name=name,
        description=said,
        input_schema=_schema(raw, kind, at, refuse),
        kind=kind,
        function=_function(raw, kind, at, refuse),
        changes=changes,
        seconds=seconds,
    )


def _function(raw: Mapping[str, Any], kind: ToolKind, at: str, refuse: Refuse) -> str | None:
    given = raw.get("function")
    if kind == "documents":
        if given is not None:
            refuse(f"{at}function", "a tool of kind documents calls none; leave it out")
        return None
    if given is None:
        refuse(f"{at}function", "missing: the name or the ARN of the Lambda function that it calls")
    if not isinstance(given, str) or not _FUNCTION.fullmatch(given):
        refuse(f"{at}function = {given!r}", "must be the name of a Lambda function, or its ARN")
    return given


_QUESTION: Mapping[str, Any] = {
    "type": "object",
    "properties": {"question": {"type": "string", "description": "What to look for."}},
    "required": ["question"],
    "additionalProperties": False,
}


def _schema(raw: Mapping[str, Any], kind: ToolKind, at: str, refuse: Refuse) -> Mapping[str, Any]:
    """By the rule that datasets with tools are held to (DS419)."""
    if kind == "documents":
        if "input" in raw:
            refuse(f"{at}input", "a tool of kind documents takes a question; leave it out")
        return _QUESTION
    if "input" not in raw:
        refuse(f"{at}input", 'missing: the JSON Schema of its input, such as {type = "object"}')
    schema, walk = _as_json(raw["input"]), Walk()
    check_schema(schema, "input", walk)
    for fault in walk.faults:
        refuse(f"{at}{fault.field or 'input'}", fault.message)
    if _refers(schema):
        refuse(f"{at}input", "$ref and $dynamicRef are not supported: write out what they refer to")
    if len(json.dumps(schema, ensure_ascii=False)) > _LARGEST_SCHEMA:
        refuse(f"{at}input", f"there is room for {_LARGEST_SCHEMA:,} characters of JSON")
    return dict(schema)


def _refers(part: Any) -> bool:
    """A reference could be to a page elsewhere, or to itself without end."""
    match part:
        case dict():
            found: Sequence[Any] = tuple(part.values())
            return "$ref" in part or "$dynamicRef" in part or any(map(_refers, found))
        case list():
            return any(map(_refers, part))
    return False


def _as_json(part: Any) -> Any:
    """TOML as it is read here has decimals in place of floats."""
    match part:
        case dict():
            return {name: _as_json(each) for name, each in part.items()}
        case list():
            return [_as_json(each) for each in part]
        case Decimal():
            return float(part)
    return part
