"""Files as other programs export them: tables that hold lists as text, traces, tokens. As in `peoples_dialects`."""

import json

from convert.peoples_dialects import ANSWERED, lines

WRITTEN = json.dumps(ANSWERED)
NUMPY = "[{'content': 'It\\'s\\nme', 'role': 'user'}\n {'content': 'Ho', 'role': 'assistant'}]"
PARTS = json.dumps([{"type": "text", "text": "Hi"}])
FULL = {"tool_calls": None, "audio": None, "annotations": [], "refusal": None}
SHARED = [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Ho"}]
EXPORTS = {
    "written.jsonl": (lines(*[{"messages": WRITTEN}] * 10), 10),
    "written-converse.jsonl": (
        lines(
            *[
                {
                    "schemaVersion": "bedrock-conversation-2024",
                    "messages": json.dumps(
                        [{"role": m["role"], "content": [{"text": "Hi"}]} for m in ANSWERED]
                    ),
                }
            ]
            * 10
        ),
        10,
    ),
    "written-by-python.csv": (
        b"messages\n" + b'"%s"\n' % str(ANSWERED).replace('"', '""').encode() * 10,
        10,
    ),
    "written-by-numpy.csv": (b"id,messages\n" + b'7,"%s"\n' % NUMPY.encode() * 10, 10),
    "written-dialog.jsonl": (lines(*[{"dialog": WRITTEN}] * 10), 10),
    "written-shared.csv": (
        b"conversations\n" + b'"%s"\n' % json.dumps(SHARED).replace('"', '""').encode() * 10,
        10,
    ),
    "written-parts.jsonl": (
        lines(*[{"messages": [{"role": "user", "content": PARTS}, ANSWERED[1]]}] * 10),
        10,
    ),
    "written-badly.jsonl": (lines(*[{"messages": WRITTEN[:-1]}] * 10), None),
    "whole-answer.jsonl": (lines(*[{"messages": [ANSWERED[0], {**ANSWERED[1], **FULL}]}] * 10), 10),
    "classified.jsonl": (lines(*[{"text": "Win now", "label": "spam"}] * 10), 10),
    "numbers.jsonl": (lines(*[{"question": "1+1?", "answer": 2}] * 10), None),
    "chat-export.json": (
        json.dumps([{"user": "U1", "type": "message", "text": "Hi", "ts": "1"}] * 10).encode(),
        None,
    ),
    "tokens.jsonl": (lines(*[{"input_ids": [1, 2], "labels": [1, 2]}] * 10), None),
    "pairs.yaml": (b"- prompt: Hi\n  completion: Ho\n" * 10, None),
}
