"""Files as public reports have them: what people trained elsewhere, and what they took for data. As in `peoples_dialects`."""

import io
import json
import tarfile

from convert.peoples_dialects import (
    ANSWER,
    ASKED,
    RAIN,
    WORSE,
    call,
    chat,
    contents,
    lines,
    message,
    pair,
    talk,
    ten,
)

PAIRS = [pair(n) for n in range(10)]
SPEC = {"name": "look", "description": "Looks.", "parameters": {"type": "object", "properties": {}}}
IS_DRY = message("assistant", "It is dry.")
DIALOGUE = talk(
    RAIN,
    message("assistant", None, tool_calls=[{"id": "c1", **call(arguments="{}")}]),
    {"role": "tool", "tool_call_id": "c1", "content": "No."},
    IS_DRY,
    tools=[{"type": "function", "function": SPEC}],
)
CLAUDE = talk(
    RAIN,
    message("assistant", [{"type": "tool_use", "id": "t", "name": "look", "input": {}}]),
    message("user", [{"type": "tool_result", "tool_use_id": "t", "content": "No."}]),
    IS_DRY,
    tools=[{"name": "look", "description": "Looks.", "input_schema": {"type": "object"}}],
)
TEMPLATES = {
    "chatml": "<|im_start|>user\nHi {}<|im_end|>\n<|im_start|>assistant\nHo<|im_end|>",
    "llama-2": "<s>[INST] Hi {} [/INST] Ho </s>",
    "llama-3": "<|start_header_id|>user<|end_header_id|>\n\nHi {}<|eot_id|>",
    "gemma": "<start_of_turn>user\nHi {}<end_of_turn>",
    "alpaca": "### Instruction:\nHi {}\n\n### Response:\nHo",
    "vicuna": "### Human: Hi {} ### Assistant: Ho",
}


def _tar(mode):
    content, held = lines(*PAIRS), io.BytesIO()
    with tarfile.open(fileobj=held, mode=mode) as archive:
        member = tarfile.TarInfo("train.jsonl")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return held.getvalue()


def _each_of_ten(asked, answer, encoding):
    written = lines(*[{"prompt": asked.format(n), "completion": answer} for n in range(10)])
    return written.decode().encode(encoding), 10


REPORTS = {
    **{
        f"{name}.jsonl": (lines(*[{"text": t.format(n)} for n in range(10)]), None)
        for name, t in TEMPLATES.items()
    },
    "kto.jsonl": (lines(*[{**pair(n), "label": n % 4 > 0} for n in range(20)]), 15),
    "preferred.jsonl": ten(
        {
            "input": talk(ASKED),
            "preferred_output": [ANSWER],
            "non_preferred_output": [WORSE],
        }
    ),
    "gemini.jsonl": (lines(*[contents(f"Hi {n}", "Ho") for n in range(10)]), 10),
    "batch.jsonl": (
        lines(*[{"recordId": str(n), "modelInput": {"messages": []}} for n in range(10)]),
        None,
    ),
    "requests.jsonl": (
        lines(
            *[{"custom_id": str(n), "method": "POST", "url": "/v1", "body": {}} for n in range(10)]
        ),
        None,
    ),
    "rft.jsonl": (lines(*[talk(ASKED, reference_answer=str(n)) for n in range(10)]), None),
    "openai-tools.jsonl": (lines(*[DIALOGUE] * 200), 200),
    "claude-tools.jsonl": (lines(*[CLAUDE] * 200), 200),
    "one-line.jsonl": (b"".join(json.dumps(one).encode() for one in PAIRS), 10),
    "two-a-line.jsonl": (lines(*PAIRS).replace(b"\n", b"", 1).replace(b"\n", b"", 1), 10),
    "old-mac.jsonl": (lines(*PAIRS).replace(b"\n", b"\r"), 10),
    "commas.jsonl": (lines(*PAIRS).replace(b"\n", b",\n"), 10),
    "comment.jsonl": (b"// mine\n" + lines(*PAIRS), 10),
    "fenced.jsonl": (b"```json\n" + lines(*PAIRS) + b"```\n", 10),
    "twice-encoded.jsonl": (lines(*[json.dumps(one) for one in PAIRS]), 10),
    "escaped.jsonl": (lines(*PAIRS).replace(b'"', b'\\"'), None),
    "printed.jsonl": ("".join(f"{one!r}\n" for one in PAIRS).encode(), 10),
    "constants.jsonl": (
        lines(*[{**one, "ok": True} for one in PAIRS]).replace(b"true", b"True"),
        10,
    ),
    "archive.tar": (_tar("w"), None),
    "archive.tar.gz": (_tar("w:gz"), None),
    "jis.jsonl": _each_of_ten("今日の天気は{}", "晴れです", "iso2022_jp"),
    "hkscs.jsonl": _each_of_ten("佢喺邊度{}嘅嘢", "我哋唔知啲嚟", "big5hkscs"),
    "half.jsonl": (lines(*PAIRS[:5], *[{**one, "completion": ""} for one in PAIRS[5:]]), None),
    "other-roles.jsonl": ten(chat("Hi", "Ho", roles=("usuario", "asistente")), None),
    "system-inside.jsonl": ten(talk(ASKED, message("system", "S"), ANSWER), None),
    "later-nan.jsonl": (lines(*[chat("Q", "A")] * 10).replace(b"}\n", b', "score": NaN}\n', 1), 9),
}
