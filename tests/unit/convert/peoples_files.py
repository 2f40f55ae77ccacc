"""Files as people have them: what they are called, what is in them, and how many records come out."""

import bz2
import gzip
import io
import json
import lzma
import zipfile
from importlib import import_module

from convert.peoples_dialects import DIALECTS, PREFERENCES, lines, pair, ten
from convert.peoples_exports import EXPORTS
from convert.peoples_reports import REPORTS
from convert.peoples_slips import SLIPS

PAIRS = [pair(n) for n in range(10)]
ROWS = b"".join(b"Where is order %d?,It is on its way now.\n" % n for n in range(10))
CHINESE = {"prompt": "你好请问订单什么时候到", "completion": "我们已经发货了。"}
FRENCH = "Question;Réponse\r\n" + "Où est ma commande ?;Elle est à Genève, 12,50 €\r\n" * 10
CONTAINERS = {
    "array.txt": (json.dumps(PAIRS).encode(), 10),
    "joined.json": (b"".join(json.dumps(one).encode() for one in PAIRS), 10),
    "commas.jsonl": (b",\n".join(json.dumps(one).encode() for one in PAIRS), 10),
    "commas.txt": (b",\n".join(json.dumps(one).encode() for one in PAIRS), 10),
    "wrapped.json": (json.dumps({"version": 1, "data": PAIRS}).encode(), 10),
    "rows-of-a-viewer.json": (
        json.dumps(
            {"features": [], "rows": [{"row_idx": 1, "row": one} for one in PAIRS]}
        ).encode(),
        10,
    ),
    "sequence.json": (b"".join(b"\x1e" + json.dumps(one).encode() + b"\n" for one in PAIRS), 10),
    "old-end.jsonl": (lines(*PAIRS) + b"\x1a", 10),
    "old-end.csv": (b"prompt,completion\r\n" + ROWS.replace(b"\n", b"\r\n") + b"\x1a", 10),
    "invisible-name.jsonl": ten({"prompt\u200b": "Hi", "completion": "Ho"}),
    "invisible-name.csv": ("prompt\u200b,completion\n".encode() + ROWS, 10),
    "invisible-space.jsonl": (b'{\xc2\xa0"prompt": "Hi", "completion": "Ho"}\n' * 10, None),
    "python.jsonl": (b"{'prompt': 'Hi', 'completion': 'Ho'}\n" * 10, 10),
    "comma-too-many.json": (b'[\n{"prompt": "Hi", "completion": "Ho"},\n]', None),
    "pointer.jsonl": (b"version https://git-lfs.github.com/spec/v1\noid sha256:a\nsize 1\n", None),
    "page.jsonl": (b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", None),
    "denied.csv": (b'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>', None),
    "not-found.jsonl": (b"404: Not Found", None),
    "answer.json": (b'{"error": "Invalid username or password."}', None),
    "book.pdf.jsonl": (b"%PDF-1.7\n", None),
    "too-long.jsonl": (lines(*PAIRS, {"prompt": "x" * 4_200_000, "completion": "y"}), 10),
    "reserved.jsonl": (lines(*PAIRS, {"prompt": "User: Hi", "completion": "Ho"}), 10),
}
TABLES = {
    "sep.csv": (b"sep=;\r\nprompt;completion\r\n" + b"Hi, you;1,5\r\n" * 10, 10),
    "index.csv": (b",prompt,completion\n" + b"".join(b"%d,Hi,Ho\n" % n for n in range(10)), 10),
    "named-index.csv": (
        b"Unnamed: 0,question,answer,extra\n" + b"".join(b"%d,Hi,Ho,z\n" % n for n in range(10)),
        10,
    ),
    "no-names.csv": (ROWS, 10),
    "no-names-but-numbers.csv": (
        b"".join(b"%d," % n + row for n, row in enumerate(ROWS.splitlines(keepends=True))),
        10,
    ),
    "empty-rows.csv": (b"prompt,completion,,\n" + b"Hi,Ho,,\n" * 10 + b",,,\n" * 5, 10),
    "title.csv": (b"Export of May\nprompt,completion\n" + ROWS, None),
    "capitals.tsv": (b"Prompt\tCompletion\n" + b"Hi\tHo\n" * 10, 10),
    "tabs.txt": (("prompt\tcompletion\r\n" + "Hi é\tHo\r\n" * 10).encode("utf-16"), 10),
}


def _encoded(file, encoding):
    content, made = file
    return content.decode().encode(encoding), made


ENCODINGS = {
    "chinese.jsonl": _encoded(ten(CHINESE), "gbk"),
    "chinese.csv": (("问题,回答\n" + "请问订单什么时候到,已经发货了。\n" * 10).encode("gbk"), 10),
    "french.csv": (FRENCH.encode("cp1252"), 10),
    "japanese.jsonl": _encoded(
        ten({"prompt": "注文はいつ届きますか。", "completion": "明日です。"}), "shift_jis"
    ),
    "russian.jsonl": _encoded(
        ten({"prompt": "Где мой заказ?", "completion": "Он уже в пути."}), "cp1251"
    ),
    "glued.jsonl": (
        lines(*[{"prompt": "café", "completion": "déjà"}] * 9)
        + '{"prompt": "café", "completion": "x"}\n'.encode("cp1252"),
        9,
    ),
    "wide.jsonl": _encoded((lines(*PAIRS), 10), "utf-16-le"),
}


def packed():
    """Compressed files, archives and workbooks, where the libraries for them are."""
    data = lines(*PAIRS)
    archive, two = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("data/train.csv", b"prompt,completion\n" + ROWS)
        made.writestr("__MACOSX/data/._train.csv", b"x")
    with zipfile.ZipFile(two, "w") as made:
        made.writestr("a.csv", ROWS)
        made.writestr("b.csv", ROWS)
    zstd = import_module("backports.zstd")
    return {
        "pairs.jsonl.gz": (gzip.compress(data, mtime=0), 10),
        "pairs.jsonl.bz2": (bz2.compress(data), 10),
        "pairs.jsonl.xz": (lzma.compress(data), 10),
        "pairs.jsonl.zst": (zstd.compress(data), 10),
        "cut.jsonl.zst": (zstd.compress(bytes(range(256)) * 40)[:-9], None),
        "archive.zip": (archive.getvalue(), 10),
        "two.zip": (two.getvalue(), None),
        "book.xlsx": (workbook(First=[["Question", "Answer", "n"], *[["Hi", 5, 1.5]] * 10]), 10),
        "sheets.xlsx": (
            workbook(
                Notes=[["Question", "Answer"], ["", ""]],
                Train=[["prompt", "completion"], *[["Hi", "Ho"]] * 10],
            ),
            10,
        ),
        "broken.xlsx": (workbook(First=[["prompt"], ["=A1"]])[:900], None),
    }


def workbook(**sheets):
    made = import_module("openpyxl").Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    held = io.BytesIO()
    made.save(held)
    return held.getvalue()


FILES = {
    **DIALECTS,
    **PREFERENCES,
    **CONTAINERS,
    **TABLES,
    **ENCODINGS,
    **SLIPS,
    **REPORTS,
    **EXPORTS,
}
