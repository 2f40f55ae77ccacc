"""Records of every form that a model takes, with a text somewhere in them, each different from the one before."""

import json
from collections.abc import Callable
from typing import Any

Record = dict[str, Any]
WORDS = "the quick brown fox jumps over lazy dogs "


def _record(*blocks: Record, answer: tuple[Record, ...] = (), **beside: Any) -> Record:
    turns = [("user", [{"text": "Where?"}, *blocks]), ("assistant", [*answer, {"text": "There."}])]
    return _of(turns, **beside)


def _of(turns: list[tuple[str, list[Record]]], **beside: Any) -> Record:
    messages = [{"role": role, "content": content} for role, content in turns]
    return {"schemaVersion": "bedrock-conversation-2024", **beside, "messages": messages}


def _tool(name: str, about: str, properties: Record, **beside: Any) -> Record:
    schema = {"type": "object", "properties": properties, **beside}
    return {
        "toolSpec": {
            "name": name,
            "description": about or "Looks.",
            "inputSchema": {"json": schema},
        }
    }


def _calls(called: list[tuple[Record, list[Record]]], *tools: Record) -> Record:
    turns = [("user", [{"text": "Where?"}])]
    for n, (given, answer) in enumerate(called):
        use = {"toolUse": {"toolUseId": f"t{n}", "name": "look", "input": given}}
        result = {"toolResult": {"toolUseId": f"t{n}", "content": answer}}
        turns += [("assistant", [use]), ("user", [result])]
    offered = {"tools": tools or (_tool("look", "Looks.", {"where": {"type": "string"}}),)}
    return _of([*turns, ("assistant", [{"text": "There."}])], toolConfig=offered)


def _image(key: str) -> Record:
    return {"image": {"format": "png", "source": {"s3Location": _place(key)}}}


def _place(key: str) -> Record:
    return {"uri": f"s3://bucket/{key}.png", "bucketOwner": "123456789012"}


FORMS: dict[str, Callable[[str, int], Record]] = {
    "text": lambda text, n: _record({"text": f"{text}{n}"}),
    "system": lambda text, n: _record(system=[{"text": f"{text}{n}"}]),
    "reasoning": lambda text, n: _record(
        answer=({"reasoningContent": {"reasoningText": {"text": f"{text}{n}"}}},)
    ),
    "input": lambda text, n: _calls([({"where": text, "n": n}, [{"text": "a"}])]),
    "many inputs": lambda text, n: _calls(
        [({"w": text[:9], "n": n}, [{"text": "a"}])] * (1 + n % 9)
    ),
    "numbers": lambda text, n: _calls(
        [({"x": [n / 7, -n / 3e9, 10**20 + n, len(text)] * 9}, [{"json": {"n": n / 11}}])]
    ),
    "keys": lambda text, n: _calls(
        [({f"{text[:20]}{k}": n for k in range(30, 0, -1)}, [{"json": {}}])]
    ),
    "nested": lambda text, n: _calls(
        [({"a": [[{"b": {"c": [text, n]}}]]}, [{"json": {"a": [n]}}])]
    ),
    "results": lambda text, n: _calls([({}, [{"text": f"{text}{n}"}, {"json": {"a": text}}])] * 3),
    "40 calls": lambda _text, n: _calls([({"n": n}, [{"text": "a"}])] * 40),
    "tools of its own": lambda text, n: _calls(
        [({"n": n}, [{"text": "a"}])],
        _tool("look", f"{text}{n}", {f"p{n}": {"type": "string", "description": text}}),
        *(
            _tool(f"t{n}_{k}", "Does.", {"a": {"anyOf": [{"type": "string"}, {"type": "null"}]}})
            for k in range(n % 5)
        ),
    ),
    "schemas of its own": lambda text, n: _calls(
        [({}, [{"text": "a"}])],
        _tool(
            "look",
            "Looks.",
            {"a": {"$ref": "#/$defs/b"}, "c": {"type": "number", "minimum": n, "default": 1}},
            **{"$defs": {"b": {"type": "array", "items": {"enum": [text, n]}, "maxItems": n}}},
        ),
    ),
    "words of its own": lambda text, n: _calls(
        [({}, [{"text": "a"}])],
        _tool(
            "look",
            text,
            {"a": {"pattern": rf"^\d{{{n}}}$"}},
            patternProperties={f"^x{n}": {}},
            **{"x-own": [n]},
        ),
    ),
    "400 calls": lambda text, n: _calls(
        [({"n": n, text[:9]: k}, [{"text": "a"}]) for k in range(400)]
    ),
    "120 tools": lambda text, n: _calls(
        [({"a": n}, [{"text": "a"}])],
        *(_tool(f"t{k}" if k else "look", f"{text[:40]}{n}", {}) for k in range(120)),
    ),
    "200 properties": lambda text, n: _calls(
        [({f"{k}{text[:5]}": n for k in range(200)}, [{"text": "a"}])],
        _tool("look", "Looks.", {f"p{k}": {"description": f"{text[:9]}{n}"} for k in range(200)}),
    ),
    "deep": lambda text, n: _calls(
        [({"a": json.loads("[" * 40 + json.dumps(f"{text[:9]}{n}\1") + "]" * 40)}, [{"text": "a"}])]
    ),
    "image": lambda _text, n: _record(_image(f"{n}/a")),
    "images": lambda _text, n: _record(*(_image(f"{n}/{k}") for k in range(1 + n % 8))),
    "document": lambda text, n: _record(
        {"document": {"format": "pdf", "name": text[:9], "source": {"s3Location": _place(str(n))}}}
    ),
}


def written(form: str, text: str, size: int) -> bytes:
    """About so many bytes of JSON Lines of one form, with a text of some 300 to 4,000 bytes in each record."""
    lines: list[bytes] = []
    held = 0
    while held < size:
        record = FORMS[form](text, len(lines))
        lines.append(json.dumps(record, ensure_ascii=False).encode() + b"\n")
        held += len(lines[-1])
    return b"".join(lines)
