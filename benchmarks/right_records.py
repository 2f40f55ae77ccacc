"""Records that are right, of several kinds, each with other words: what slips are made in."""

import random
from typing import Any

Record = dict[str, Any]
WORDS = "the quick brown fox jumps over lazy dogs and asks what became of it all in May".split()


def text(rng: random.Random, words: int = 30) -> str:
    return " ".join(rng.choices(WORDS, k=words))


def of_turns(turns: list[Record], **beside: Any) -> Record:
    return {"schemaVersion": "bedrock-conversation-2024", **beside, "messages": turns}


def turn(role: str, *blocks: Record) -> Record:
    return {"role": role, "content": [*blocks]}


def use(called: str, name: str, given: Record) -> Record:
    return {"toolUse": {"toolUseId": called, "name": name, "input": given}}


def result(called: str, content: list[Record], **beside: str) -> Record:
    return {"toolResult": {"toolUseId": called, "content": content, **beside}}


def tool(name: str, about: str, schema: Record) -> Record:
    return {"toolSpec": {"name": name, "description": about, "inputSchema": {"json": schema}}}


def conversation(rng: random.Random) -> Record:
    roles = ("user", "assistant") * rng.choice((1, 1, 1, 2, 4))
    turns = [turn(role, {"text": text(rng)}) for role in roles]
    system = {"system": [{"text": text(rng, 9)}]} if not rng.randrange(3) else {}
    return of_turns(turns, **system)


def pair(rng: random.Random) -> Record:
    return {"prompt": text(rng), "completion": text(rng)}


def media(rng: random.Random) -> Record:
    """A conversation with images, a video or a document, and reasoning."""
    record = conversation(rng)
    for each in record["messages"]:
        blocks = each["content"]
        if each["role"] == "user":
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
    return tool(named, text(rng, 9), schema)


def tools(rng: random.Random) -> Record:
    """A conversation in which tools are declared, used, and answered."""
    named = rng.sample(WORDS, rng.randint(1, 3))
    turns = [turn("user", {"text": text(rng)})]
    for n in range(rng.choice((1, 1, 2, 3))):
        ids = [f"t{n}-{k}" for k in range(rng.randint(1, 2))]
        uses = [
            use(i, rng.choice(named), {"p0": text(rng, 4), "n": [rng.randrange(99)]}) for i in ids
        ]
        answered = [{"text": text(rng, 9)}, {"json": {"found": rng.random()}}][rng.randrange(2) :]
        answers = [result(i, answered, status="success") for i in ids]
        turns += [turn("assistant", *uses), turn("user", *answers)]
    turns.append(turn("assistant", {"text": text(rng)}))
    config = {"tools": [_tool(rng, one) for one in named], "toolChoice": {"auto": {}}}
    if rng.randrange(2):
        config["toolChoice"] = {"tool": {"name": named[0]}}
    return of_turns(turns, toolConfig=config)
