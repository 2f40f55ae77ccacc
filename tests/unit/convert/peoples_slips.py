"""Files with slips that were met once; each keeps its verdict and its advice. As in `peoples_dialects`."""

import json

from convert.peoples_dialects import ANSWERED, chat, lines, pair
from convert.written_tool_use import GLAIVE, HERMES, XLAM

PAIRS = [pair(n) for n in range(10)]
ROWS = b"".join(b"Hi %d,Ho\n" % n for n in range(10))
TWICE = {"role": "user", "content": "Are you there?"}
SLIPS = {
    "xlam.jsonl": (lines(*[{"id": n, **XLAM} for n in range(10)]), 10),
    "glaive.jsonl": (lines(*[GLAIVE] * 10), 10),
    "hermes.jsonl": (lines(*[HERMES] * 10), 10),
    "user-twice.jsonl": (lines(*[{"messages": [TWICE, *ANSWERED]}] * 10), 10),
    "human-twice.jsonl": (
        lines(
            *[
                {
                    "conversations": [
                        {"from": "human", "value": "Hi"},
                        {"from": "human", "value": "there"},
                        {"from": "gpt", "value": "Ho"},
                    ]
                }
            ]
            * 10
        ),
        10,
    ),
    "assistant-first.jsonl": (lines(*[{"messages": [ANSWERED[1], *ANSWERED]}] * 10), None),
    "null-system.jsonl": (
        lines(*[{"messages": [{"role": "system", "content": None}, *ANSWERED]}] * 10),
        10,
    ),
    "null-answers.jsonl": (lines(*[{"prompt": "Hi", "completion": None}] * 10), None),
    "named-records.json": (json.dumps({f"k{n}": one for n, one in enumerate(PAIRS)}).encode(), 10),
    "columns.json": (
        json.dumps({name: [one[name] for one in PAIRS] for name in PAIRS[0]}).encode(),
        None,
    ),
    "pandas.json": (
        json.dumps(
            {name: {str(n): one[name] for n, one in enumerate(PAIRS)} for name in PAIRS[0]}
        ).encode(),
        None,
    ),
    "quoted-sep.csv": (b'"sep=;"\r\nprompt;completion\r\n' + b"Hi, you;1,5\r\n" * 10, 10),
    "float-index.csv": (
        b",prompt,completion\n" + b"".join(b"%d.0,Hi,Ho\n" % n for n in range(10)),
        10,
    ),
    "text-index.csv": (
        b",prompt,completion\n" + b"".join(b"row%d,Hi,Ho\n" % n for n in range(10)),
        10,
    ),
    "old-end-and-line-end.jsonl": (lines(*PAIRS) + b"\x1a\r\n", 10),
    "separators-behind.jsonl": (lines(*PAIRS).replace(b"\n", b"\x1e\n"), 10),
    "mark-inside.jsonl": (lines(*PAIRS) + b"\xef\xbb\xbf" + lines(*PAIRS), 20),
    "space-before.jsonl": (b"\xc2\xa0" + lines(*PAIRS), 10),
    "unseen-before.jsonl": (lines(*PAIRS).replace(b'{"prompt"', b'\xe2\x80\x8b{"prompt"'), 10),
    "script.jsonl": (b"<!-- x --><script>1</script>", None),
    "html-table.csv": (b"<table><tr><td>1</td></tr></table>", None),
    "forbidden.jsonl": (b"Access denied", None),
    "password.jsonl": (b"Invalid username or password.", None),
    "answered.jsonl": (b'{"message":"Not Found","documentation_url":"https://x"}', None),
    "thumbs.jsonl": (lines(*[{**pair(n), "thumbs_up": n % 3 > 0} for n in range(15)]), 10),
    "chosen-response.jsonl": (
        lines(*[{"question": "Hi", "chosen_response": "Ho", "rejected_response": "Hm"}] * 10),
        10,
    ),
    "response-chosen.jsonl": (
        lines(*[{"prompt": "Hi", "response_chosen": "Ho", "response_rejected": "Hm"}] * 10),
        10,
    ),
    "half-and-one.jsonl": (lines(*[chat("Q", "A")] * 11, *PAIRS), 11),
}
