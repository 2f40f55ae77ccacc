"""The keys that records of a format may have: what the exact way and the kernel hold them against."""

from tuning.models.catalog import Method

_Keys = tuple[tuple[str, ...], int]

RECORD_KEYS = ("messages", "schemaVersion", "system", "toolConfig")
"""Of a converse record; the first is required."""
WITHOUT_TOOLS = RECORD_KEYS[:-1]
"""The same where a method takes no tools."""
PAIR_KEYS = ("prompt", "completion")
"""Of a prompt and its completion; both are required."""
CAPTION_KEYS = ("image-ref", "caption")
"""Of an image and what it shows; both are required."""
TEXT_KEYS = ("input",)
"""Of raw text; it is required."""
MESSAGE_KEYS = ("messages", "system")
"""Of Anthropic's messages; the first is required."""
_OF_FORMATS: dict[str, _Keys] = {
    "prompt_completion": (PAIR_KEYS, 2),
    "image_caption": (CAPTION_KEYS, 2),
    "continued_pre_training": (TEXT_KEYS, 1),
    "openai_chat": (MESSAGE_KEYS[:1], 1),
    "anthropic_messages": (MESSAGE_KEYS, 1),
}


def record_keys(method: Method) -> _Keys:
    """The keys of a record, and how many of them, the first, are required."""
    converse = RECORD_KEYS if "tools" in method.features else WITHOUT_TOOLS
    return _OF_FORMATS.get(method.format, (converse, 1))


def offered(method: Method) -> tuple[str, ...]:
    """What a content block may hold."""
    more = {"tools": ("toolUse", "toolResult"), "reasoning": ("reasoningContent",)}
    return ("text", *method.media, *(k for f in method.features for k in more[f]))
