"""Records of the formats beside conversations and pairs: distillation, reinforcement fine-tuning, captions, raw text."""

import random
from collections.abc import Callable

from benchmarks.right_records import Record, of_turns, text, turn


def _messages(rng: random.Random, last: str, *, system: bool) -> list[Record]:
    """Turns of plain text, as many as are drawn, of which the last is of a role."""
    count = 2 * rng.choice((1, 1, 1, 2, 3)) - (last == "user")
    roles = ["system"] * (system and not rng.randrange(3)) + ["user", "assistant"] * 3
    roles = roles[: count + (roles[0] == "system")]
    return [{"role": role, "content": text(rng)} for role in roles]


def distillation(rng: random.Random) -> Record:
    """A prompt for a teacher, in a third of them with its answer."""
    roles = ("user", "assistant")[: rng.choice((1, 1, 2))]
    system = {"system": [{"text": text(rng, 9)}]} if not rng.randrange(3) else {}
    return of_turns([turn(role, {"text": text(rng)}) for role in roles], **system)


def chat(rng: random.Random) -> Record:
    """Reinforcement fine-tuning: messages, what a grader compares with, and what is only its own."""
    record: Record = {"messages": _messages(rng, "user", system=True)}
    if rng.randrange(4):
        answer = {"answer": text(rng, 4), "steps": rng.sample(range(99), 3), "share": rng.random()}
        record["reference_answer"] = answer if rng.randrange(2) else text(rng, 9)
    if rng.randrange(2):
        record["id"] = f"r{rng.random()}"
    if rng.randrange(2):
        record["level"], record["source"] = rng.randrange(9), {"of": [text(rng, 2), rng.random()]}
    return record


def _function(rng: random.Random, n: int) -> Record:
    kinds = ({"type": "string"}, {"type": "integer", "minimum": rng.randrange(9)})
    named = {f"p{k}": {**rng.choice(kinds), "description": text(rng, 5)} for k in range(3)}
    schema = {"type": "object", "properties": named, "required": ["p0"]}
    function = {"name": f"look_{n}", "description": text(rng, 9), "parameters": schema}
    return {"type": "function", "function": function}


def chat_with_tools(rng: random.Random) -> Record:
    """The same with functions that the model may call."""
    return {**chat(rng), "tools": [_function(rng, n) for n in range(rng.randint(1, 3))]}


def anthropic(rng: random.Random) -> Record:
    system = {"system": text(rng, 9)} if not rng.randrange(3) else {}
    return {**system, "messages": _messages(rng, "assistant", system=False)}


def captions(rng: random.Random) -> Record:
    """Short, as they are: a record has some 120 bytes."""
    at = f"s3://bucket-{rng.randrange(9)}/images/{rng.random()}.png"
    return {"image-ref": at, "caption": text(rng, rng.randint(3, 16))}


def raw_text(rng: random.Random) -> Record:
    return {"input": text(rng, rng.choice((9, 60, 400)))}


OTHER_FORMATS: dict[str, Callable[[random.Random], Record]] = {
    "distillation": distillation,
    "chat": chat,
    "chat with tools": chat_with_tools,
    "anthropic": anthropic,
    "captions": captions,
    "raw text": raw_text,
}
_NOVA_2 = "amazon.nova-2-lite-v1:0:256k"
METHODS = {
    "distillation": ("amazon.nova-lite-v1:0:300k", "DISTILLATION"),
    "chat": (_NOVA_2, "REINFORCEMENT_FINE_TUNING"),
    "chat with tools": (_NOVA_2, "REINFORCEMENT_FINE_TUNING"),
    "anthropic": ("anthropic.claude-3-haiku-20240307-v1:0:200k", "FINE_TUNING"),
    "captions": ("amazon.titan-image-generator-v2:0", "FINE_TUNING"),
    "raw text": (_NOVA_2, "CONTINUED_PRE_TRAINING"),
}
"""Model and method of each."""
