"""Files as other programs export them: tables that hold lists as text, traces, tokens. As in `peoples_dialects`."""

import json

from convert.peoples_dialects import ANSWER, ANSWERED, ASKED, SHARED, message, talk, ten

WRITTEN = json.dumps(ANSWERED)
NUMPY = "[{'content': 'It\\'s\\nme', 'role': 'user'}\n {'content': 'Ho', 'role': 'assistant'}]"
PARTS = json.dumps([{"type": "text", "text": "Hi"}])
FULL = {"tool_calls": None, "audio": None, "annotations": [], "refusal": None}


def _table(head, cell):
    return head + b'"%s"\n' % cell.replace('"', '""').encode() * 10, 10


EXPORTS = {
    "written.jsonl": ten({"messages": WRITTEN}),
    "written-converse.jsonl": ten(
        {
            "schemaVersion": "bedrock-conversation-2024",
            "messages": json.dumps([message(m["role"], [{"text": "Hi"}]) for m in ANSWERED]),
        }
    ),
    "written-by-python.csv": _table(b"messages\n", str(ANSWERED)),
    "written-by-numpy.csv": (b"id,messages\n" + b'7,"%s"\n' % NUMPY.encode() * 10, 10),
    "written-dialog.jsonl": ten({"dialog": WRITTEN}),
    "written-shared.csv": _table(b"conversations\n", json.dumps(SHARED["conversations"])),
    "written-parts.jsonl": ten(talk(message("user", PARTS), ANSWER)),
    "written-badly.jsonl": ten({"messages": WRITTEN[:-1]}, None),
    "whole-answer.jsonl": ten(talk(ASKED, {**ANSWER, **FULL})),
    "classified.jsonl": ten({"text": "Win now", "label": "spam"}),
    "numbers.jsonl": ten({"question": "1+1?", "answer": 2}, None),
    "chat-export.json": (
        json.dumps([{"user": "U1", "type": "message", "text": "Hi", "ts": "1"}] * 10).encode(),
        None,
    ),
    "tokens.jsonl": ten({"input_ids": [1, 2], "labels": [1, 2]}, None),
    "pairs.yaml": (b"- prompt: Hi\n  completion: Ho\n" * 10, None),
}
