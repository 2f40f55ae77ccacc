"""Records that are right, of several kinds, each with other words: what slips are made in."""

import random
from typing import Any

Record = dict[str, Any]
WORDS = "the quick brown fox jumps over lazy dogs and asks what became of it all in May".split()


def text(rng: random.Random, words: int = 30) -> str:
    return " ".join(rng.choices(WORDS, k=words))


def conversation(rng: random.Random) -> Record:
    turns = [
        {"role": ("user", "assistant")[n % 2], "content": [{"text": text(rng)}]}
        for n in range(2 * rng.choice((1, 1, 1, 2, 4)))
    ]
    system = {"system": [{"text": text(rng, 9)}]} if not rng.randrange(3) else {}
    return {"schemaVersion": "bedrock-conversation-2024", **system, "messages": turns}


def pair(rng: random.Random) -> Record:
    return {"prompt": text(rng), "completion": text(rng)}


def media(rng: random.Random) -> Record:
    """A conversation with images, a video or a document, and reasoning."""
    record = conversation(rng)
    for turn in record["messages"]:
        blocks = turn["content"]
        if turn["role"] == "user":
            kind, form = rng.choice(
                (("image", "png"), ("image", "jpeg"), ("video", "mp4"), ("document", "pdf"))
            )
            place = {
                "uri": f"s3://bucket-{rng.randrange(9)}/{rng.random()}.{form}",
                "bucketOwner": "123456789012",
            }
            block = {kind: {"format": form, "source": {"s3Location": place}}}
            blocks.insert(
                rng.randrange(2),
                block if kind != "document" else {kind: {**block[kind], "name": "a"}},
            )
        elif rng.randrange(2):
            blocks.insert(0, {"reasoningContent": {"reasoningText": {"text": text(rng, 9)}}})
    return record


def _tool(rng: random.Random, named: str) -> Record:
    kinds = [
        {"type": "string", "enum": rng.sample(WORDS, 3), "minLength": rng.randrange(9)},
        {"type": ["number", "null"], "minimum": rng.randrange(99), "default": rng.random()},
        {"type": "array", "items": {"type": "string", "description": text(rng, 5)}},
        {"anyOf": [{"type": "boolean"}, {"$ref": "#/$defs/a"}]},
    ]
    properties = {f"p{n}": kind for n, kind in enumerate(rng.sample(kinds, rng.randint(1, 4)))}
    schema = {"type": "object", "properties": properties, "required": ["p0"], "$defs": {"a": {}}}
    spec = {"name": named, "description": text(rng, 9), "inputSchema": {"json": schema}}
    return {"toolSpec": spec}


def tools(rng: random.Random) -> Record:
    """A conversation in which tools are declared, used, and answered."""
    named = rng.sample(WORDS, rng.randint(1, 3))
    turns = [{"role": "user", "content": [{"text": text(rng)}]}]
    for n in range(rng.choice((1, 1, 2, 3))):
        ids = [f"t{n}-{k}" for k in range(rng.randint(1, 2))]
        uses = [
            {
                "toolUse": {
                    "toolUseId": i,
                    "name": rng.choice(named),
                    "input": {"p0": text(rng, 4), "n": [rng.randrange(99)]},
                }
            }
            for i in ids
        ]
        answered = [{"text": text(rng, 9)}, {"json": {"found": rng.random()}}][rng.randrange(2) :]
        answers = [
            {"toolResult": {"toolUseId": i, "content": answered, "status": "success"}} for i in ids
        ]
        turns += [{"role": "assistant", "content": uses}, {"role": "user", "content": answers}]
    turns.append({"role": "assistant", "content": [{"text": text(rng)}]})
    config = {"tools": [_tool(rng, one) for one in named], "toolChoice": {"auto": {}}}
    if rng.randrange(2):
        config["toolChoice"] = {"tool": {"name": named[0]}}
    return {"schemaVersion": "bedrock-conversation-2024", "toolConfig": config, "messages": turns}
