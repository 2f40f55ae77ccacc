"""Records and files for tests: a literal in a test is a literal that matters."""

import io
import json
from dataclasses import dataclass, field
from typing import Any

from msgspec import structs

from tuning.datasets.check import HeldOut, Part, Policy, check_dataset
from tuning.datasets.report import Report
from tuning.models.catalog import Method, catalog

NOVA = "amazon.nova-lite-v1:0:300k"
NOVA_2 = "amazon.nova-2-lite-v1:0:256k"
LLAMA = "meta.llama3-1-8b-instruct-v1:0:128k"
LLAMA_33 = "meta.llama3-3-70b-instruct-v1:0:128k"
TITAN = "amazon.titan-image-generator-v2:0"
HAIKU = "anthropic.claude-3-haiku-20240307-v1:0:200k"


def method(model: str = NOVA, name: str = "FINE_TUNING", **limits: Any) -> Method:
    """A method of the catalog; as few as one record will do unless a test says otherwise."""
    known = {**catalog().model(model).methods, **catalog().historic_methods}
    return structs.replace(known[name], **{"min_records": 1, **limits})


def text(words: str) -> dict[str, Any]:
    return {"text": words}


def turn(role: str, *blocks: Any) -> dict[str, Any]:
    return {"role": role, "content": [text(b) if isinstance(b, str) else b for b in blocks]}


def converse(*turns: Any, **more: Any) -> dict[str, Any]:
    """A sound converse record; strings are the words of user and assistant by turns."""
    said = turns or ("What is the capital of Peru?", "Lima.")
    roles = ("user", "assistant")
    messages = [turn(roles[i % 2], t) if isinstance(t, str) else t for i, t in enumerate(said)]
    return {"schemaVersion": "bedrock-conversation-2024", **more, "messages": messages}


def pair(prompt: Any = "Two and two?", completion: Any = "Four.", **more: Any) -> dict[str, Any]:
    return {"prompt": prompt, "completion": completion, **more}


def chat(*contents: str, **more: Any) -> dict[str, Any]:
    roles = ("user", "assistant")
    messages = [{"role": roles[i % 2], "content": c} for i, c in enumerate(contents or ("Why?",))]
    return {"messages": messages, **more}


def media(
    kind: str = "image", form: str = "png", uri: str = "s3://bucket/a.png", **more: Any
) -> Any:
    place = {"uri": uri, "bucketOwner": "111122223333", **more}
    return {kind: {"format": form, "source": {"s3Location": place}}}


def lines(*records: Any) -> bytes:
    return b"".join(
        r if isinstance(r, bytes) else json.dumps(r, ensure_ascii=False).encode() + b"\n"
        for r in records
    )


def checked(
    content: bytes,
    validation: bytes | None = None,
    *,
    of: Method | None = None,
    policy: Policy = Policy(),  # noqa: B008 — frozen
    evaluation: bytes | None = None,
) -> Report:
    """Of an evaluation set the gate asks for two different prompts."""
    held_out = None
    if evaluation:
        part = Part(name="evaluation.jsonl", stream=io.BytesIO(evaluation))
        held_out = HeldOut(part=part, fewest=2)
    other = Part(name="validation.jsonl", stream=io.BytesIO(validation)) if validation else None
    training = Part(name="train.jsonl", stream=io.BytesIO(content))
    return check_dataset(training, other, method=of or method(), policy=policy, evaluation=held_out)


@dataclass(frozen=True, kw_only=True)
class Case:
    bad: bytes
    near: bytes
    model: str = NOVA
    method: str = "FINE_TUNING"
    limits: dict[str, Any] = field(default_factory=dict)
    validation: bytes | None = None
    """Beside both; the near miss may have another."""
    near_validation: bytes | None = None
    evaluation: bytes | None = None
    near_evaluation: bytes | None = None
