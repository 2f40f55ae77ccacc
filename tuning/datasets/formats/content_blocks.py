"""Content blocks of Converse records: text, media by reference, reasoning, tools.

https://docs.aws.amazon.com/nova/latest/userguide/fine-tune-prepare-data-understanding.html
"""

import json
from typing import Any

from tuning.datasets.formats import media_blocks as media
from tuning.datasets.formats import reserved_words as words
from tuning.datasets.formats.walk import Mark, Walk, plain
from tuning.models.catalog import Method

_KINDS = ("text", "image", "video", "document", "reasoningContent", "toolUse", "toolResult")


def content(value: object, at: str, role: str | None, method: Method, walk: Walk) -> list[str]:
    """Reads the blocks of one turn; gives its pieces for comparison."""
    hint = '; write [{"text": "…"}]' if isinstance(value, str) else ""
    items = walk.items(value, at, hint)
    if method.format == "distillation" and len(items) > 1:
        walk.fault("DS308", f"{len(items)} blocks; a distillation turn is one text block", at)
    return [_block(b, f"{at}[{i}]", role, method, walk) for i, b in enumerate(items)]


def _block(block: object, at: str, role: str | None, method: Method, walk: Walk) -> str:
    if (text := plain(block)) is not None:
        if walk.marked:
            marks(text, f"{at}.text", method, walk, answer=role == "assistant")
        return text
    if not walk.is_a(block, dict, at, hint='; write {"text": "…"}'):
        return ""
    assert isinstance(block, dict)  # noqa: S101 — for the type checker; is_a decided
    kinds = [k for k in _KINDS if k in block]
    if len(kinds) != 1:
        if block and not kinds:
            walk.keys(block, at, (), _offered(method))
        else:
            held = " and ".join(kinds) or "nothing"
            walk.fault("DS308", f"the block holds {held}; it must hold exactly one thing", at)
        walk.readable = False
        return ""
    kind = kinds[0]
    walk.keys(block, at, (kind,))
    inner = f"{at}.{kind}"
    if kind == "text":
        text = walk.text(block["text"], inner)
        marks(text, inner, method, walk, answer=role == "assistant")
        return text or ""
    _other(kind, block[kind], inner, role, method, walk)
    return Mark(json.dumps(block, sort_keys=True))


def _offered(method: Method) -> tuple[str, ...]:
    more = {"tools": ("toolUse", "toolResult"), "reasoning": ("reasoningContent",)}
    return ("text", *method.media, *(k for f in method.features for k in more[f]))


def _other(kind: str, value: object, at: str, role: str | None, method: Method, walk: Walk) -> None:
    if kind in ("image", "video", "document"):
        walk.traits.add(kind)
        media.read(kind, value, at, role, method, walk)
    elif kind not in _offered(method):
        walk.fault("DS309", f"this model and method take no {kind} in training data", at)
    elif walk.is_a(value, dict, at):
        assert isinstance(value, dict)  # noqa: S101 — for the type checker; is_a decided
        walk.traits.add(kind)
        {"reasoningContent": _reasoning, "toolUse": _tool_use, "toolResult": _tool_result}[kind](
            value, at, role, walk
        )


def _reasoning(value: dict[str, Any], at: str, role: str | None, walk: Walk) -> None:
    if role == "user":
        walk.fault("DS410", "reasoning in a user turn", at)
    walk.keys(value, at, ("reasoningText",))
    if walk.is_a(inner := value.get("reasoningText", {}), dict, f"{at}.reasoningText") and inner:
        walk.keys(inner, f"{at}.reasoningText", ("text",), ("signature",))
        if "text" in inner:
            walk.text(inner["text"], f"{at}.reasoningText.text")


def _tool_use(value: dict[str, Any], at: str, role: str | None, walk: Walk) -> None:
    if role == "user":
        walk.fault("DS409", "only the assistant uses tools", at)
    walk.keys(value, at, ("toolUseId", "name", "input"))
    for key in ("toolUseId", "name"):
        if key in value:
            walk.text(value[key], f"{at}.{key}")
    if "input" in value:
        walk.is_a(value["input"], dict, f"{at}.input")


def _tool_result(value: dict[str, Any], at: str, role: str | None, walk: Walk) -> None:
    if role == "assistant":
        walk.fault("DS409", "a tool's result stands in a user turn", at)
    walk.keys(value, at, ("toolUseId", "content"), ("status",))
    if "toolUseId" in value:
        walk.text(value["toolUseId"], f"{at}.toolUseId")
    if "content" not in value:
        return
    for i, item in enumerate(walk.items(value["content"], f"{at}.content")):
        where = f"{at}.content[{i}]"
        if walk.is_a(item, dict, where):
            walk.keys(item, where, (), ("text", "json"))
            if "text" in item:
                walk.text(item["text"], f"{where}.text")


def tool_config(value: object, method: Method, walk: Walk) -> None:
    """The tools that the conversation may use."""
    walk.traits.add("toolConfig")
    if "tools" not in method.features:
        walk.fault("DS309", "this model and method take no tools in training data", "toolConfig")
        return
    if not walk.is_a(value, dict, "toolConfig"):
        return
    assert isinstance(value, dict)  # noqa: S101 — for the type checker; is_a decided
    walk.keys(value, "toolConfig", ("tools",), ("toolChoice",))
    for i, tool in enumerate(walk.items(value.get("tools", [None]), "toolConfig.tools")):
        at = f"toolConfig.tools[{i}]"
        if "tools" in value and walk.is_a(tool, dict, at):
            walk.keys(tool, at, ("toolSpec",))
            spec = tool.get("toolSpec")
            if "toolSpec" in tool and walk.is_a(spec, dict, f"{at}.toolSpec"):
                walk.keys(spec, f"{at}.toolSpec", ("name", "inputSchema"), ("description",))
    walk.prompt.append(Mark(json.dumps(value, sort_keys=True)))


def together(messages: list[Any], method: Method, walk: Walk) -> None:
    """What holds between the blocks of a record: media of one kind, tools used and answered."""
    media.together(messages, method, walk)
    if not walk.traits.isdisjoint(("toolUse", "toolResult")):
        _pairs(messages, walk)


def _pairs(messages: list[Any], walk: Walk) -> None:
    open_uses: dict[str, str] = {}
    seen: set[str] = set()
    for at, block in _flat(messages):
        match block:
            case {"toolUse": {"toolUseId": str(use)}}:
                if use in seen:
                    walk.fault("DS409", "the toolUseId was used before", f"{at}.toolUse.toolUseId")
                seen.add(use)
                open_uses[use] = f"{at}.toolUse"
            case {"toolResult": {"toolUseId": str(use)}}:
                if open_uses.pop(use, None) is None:
                    walk.fault(
                        "DS409",
                        "no earlier tool use waits for this result",
                        f"{at}.toolResult.toolUseId",
                    )
    last = f"messages[{len(messages) - 1}]."
    for at in open_uses.values():
        if not at.startswith(last):  # a last turn may end in the call that the model learns
            walk.fault("DS409", "the tool use has no result", at)


def _flat(messages: list[Any]) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for i, message in enumerate(messages):
        blocks = message.get("content") if isinstance(message, dict) else None
        if isinstance(blocks, list):
            found.extend((f"messages[{i}].content[{k}]", b) for k, b in enumerate(blocks))
    return found


def marks(text: str | None, at: str, method: Method, walk: Walk, *, answer: bool) -> None:
    """Refuses reserved words in what the model is given; warns of those only AWS's SDK refuses."""
    if not text or not walk.marked:
        return
    if word := words.reserved(text, method.reserved_words):
        rule = "DS413" if answer else "DS406"
        where = "an answer; only AWS's SDK refuses it there" if answer else "the text"
        walk.fault(rule, f"the reserved word {word!r} stands in {where}", at)
    elif word := words.reserved(text, method.reserved_words_sdk):
        walk.fault("DS413", f"the word {word!r}, reserved by AWS's SDK, stands in the text", at)
