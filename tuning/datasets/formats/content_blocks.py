"""Content blocks of Converse records: text, media by reference, reasoning, tools.

https://docs.aws.amazon.com/nova/latest/userguide/fine-tune-prepare-data-understanding.html
"""

from typing import Any

from tuning.datasets.formats import media_blocks as media
from tuning.datasets.formats import tools
from tuning.datasets.formats.known_keys import offered
from tuning.datasets.formats.markers import marks
from tuning.datasets.formats.walk import Walk, mark, plain_text
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
    if (text := plain_text(block)) is not None:
        if walk.marked:
            marks(text, f"{at}.text", method, walk, answer=role == "assistant")
        return text
    if not walk.is_a(block, dict, at, hint='; write {"text": "…"}'):
        return ""
    kinds = [k for k in _KINDS if k in block]
    if len(kinds) != 1:
        if block and not kinds:
            walk.keys(block, at, (), offered(method))
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
    return mark(block)


def _other(kind: str, value: object, at: str, role: str | None, method: Method, walk: Walk) -> None:
    if kind in ("image", "video", "document"):
        walk.traits.add(kind)
        media.check_media(kind, value, at, role, method, walk)
    elif kind not in offered(method):
        walk.fault("DS309", f"this model and method take no {kind} in training data", at)
    elif walk.is_a(value, dict, at):
        walk.traits.add(kind)
        if kind in ("toolUse", "toolResult") and "tools" in method.contested:
            walk.contested.add("tools")
        read = {"reasoningContent": _reasoning, "toolUse": tools.use, "toolResult": tools.result}
        read[kind](value, at, role, method, walk)


def _reasoning(
    value: dict[str, Any], at: str, role: str | None, method: Method, walk: Walk
) -> None:
    if role == "user":
        walk.fault("DS410", "reasoning in a user turn", at)
    walk.keys(value, at, ("reasoningText",))
    if walk.is_a(inner := value.get("reasoningText", {}), dict, f"{at}.reasoningText") and inner:
        walk.keys(inner, f"{at}.reasoningText", ("text",), ("signature",))
        if "text" in inner:
            text = walk.text(inner["text"], f"{at}.reasoningText.text")
            marks(text, f"{at}.reasoningText.text", method, walk, answer=True)


def check_together(record: dict[str, Any], messages: list[Any], method: Method, walk: Walk) -> None:
    """What holds between the blocks of a record: media of one kind, tools used and answered."""
    media.check_media_together(messages, method, walk)
    if not walk.traits.isdisjoint(("toolUse", "toolResult")):
        tools.check_tools_together(record, messages, walk)
