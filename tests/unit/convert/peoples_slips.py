"""Files with slips that were met once; each keeps its verdict and its advice. As in `peoples_dialects`."""

import json

from convert.peoples_dialects import (
    ANSWER,
    ANSWERED,
    chat,
    lines,
    message,
    pair,
    shared,
    talk,
    ten,
)
from convert.written_tool_use import GLAIVE, HERMES, XLAM

PAIRS = [pair(n) for n in range(10)]
ROWS = b"".join(b"Hi %d,Ho\n" % n for n in range(10))
TWICE = message("user", "Are you there?")
SLIPS = {
    "xlam.jsonl": (lines(*[{"id": n, **XLAM} for n in range(10)]), 10),
    "glaive.jsonl": ten(GLAIVE),
    "hermes.jsonl": ten(HERMES),
    "user-twice.jsonl": ten(talk(TWICE, *ANSWERED)),
    "human-twice.jsonl": ten(shared(("human", "Hi"), ("human", "there"), ("gpt", "Ho"))),
    "assistant-first.jsonl": ten(talk(ANSWER, *ANSWERED), None),
    "null-system.jsonl": ten(talk(message("system", None), *ANSWERED)),
    "null-answers.jsonl": ten({"prompt": "Hi", "completion": None}, None),
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
    "chosen-response.jsonl": ten(
        {"question": "Hi", "chosen_response": "Ho", "rejected_response": "Hm"}
    ),
    "response-chosen.jsonl": ten(
        {"prompt": "Hi", "response_chosen": "Ho", "response_rejected": "Hm"}
    ),
    "half-and-one.jsonl": (lines(*[chat("Q", "A")] * 11, *PAIRS), 11),
}
