"""Says what a file or a record looks like when it is not what was expected."""

import re
from collections.abc import Mapping
from typing import Any

_SIGNATURES = (
    (b"PAR1", "a Parquet file"),
    (b"PK\x03\x04", "a ZIP archive or a spreadsheet"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"ARROW1", "an Arrow file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x80\x02", "a Python pickle"),
    (b"\x80\x03", "a Python pickle"),
    (b"\x80\x04", "a Python pickle"),
    (b"\x80\x05", "a Python pickle"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"{\\rtf", "an RTF document"),
)
_REMEDIES = {
    "an Arrow file": "Write it as Parquet or JSONL (Python: datasets.Dataset.from_file(PATH).to_json).",
    "an old Excel or Word file": "Save it as .xlsx, or as CSV in UTF-8.",
    "a PDF": "Nothing here reads a PDF: write questions and answers from it, one JSON object a line.",
    "an SQLite database": "Export the table that is meant as CSV in UTF-8.",
}
_EXPORT = "Unpack or export it as CSV in UTF-8, JSONL, Parquet or .xlsx."
_TAR = slice(257, 262), b"ustar"
_SWITCH = re.compile(rb"\x1b(?:\$[@B]|\([BJI]|\$\))")
"""How ISO-2022 changes from one set of letters to another."""
_UTF16 = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
BATCH = "requests for batch inference"
KINDS_OF_RECORDS = (
    ("prompt_completion", {"prompt", "completion"}),
    ("Alpaca", {"instruction"}),
    ("ShareGPT", {"conversations"}),
    ("image_caption", {"image-ref", "caption"}),
    ("preference pairs (DPO)", {"chosen", "rejected"}),
    ("preference pairs (DPO)", {"chosen_response", "rejected_response"}),
    ("preference pairs (DPO)", {"response_chosen", "response_rejected"}),
    ("preference pairs (DPO)", {"preferred_output", "non_preferred_output"}),
    ("Gemini contents", {"contents"}),
    (BATCH, {"recordId", "modelInput"}),
    (BATCH, {"custom_id", "body"}),
    ("tool use as in xLAM", {"query", "answers", "tools"}),
    ("transcripts as in Glaive", {"system", "chat"}),
    ("question and answer", {"question", "answer"}),
    ("input and output", {"input", "output"}),
)
LIKED = "preference data (KTO)"
CHAT_TEMPLATES = (
    ("<|im_start|>", "ChatML"),
    ("<|start_header_id|>", "Llama 3"),
    ("[INST]", "Llama 2 or Mistral"),
    ("<start_of_turn>", "Gemma"),
    ("<|user|>", "Zephyr or Phi"),
    ("### Instruction:", "Alpaca"),
    ("\n\nHuman:", "Anthropic"),
    ("### Human:", "Vicuna"),
)
RFT = "records for reinforcement fine-tuning"
TEMPLATED = "dialogues written as one text"
ERROR_ANSWER = "the error answer of a server"
_CALLING = frozenset({"tool_calls", "tool_call_id", "function_call"})
_ANTHROPIC = ("tool_use", "tool_result", "thinking", "redacted_thinking")
_SIGNS = frozenset().union(*(signs for _, signs in KINDS_OF_RECORDS))
_BEFORE = b"\xef\xbb\xbf \t\r\n"
_ARRAY = re.compile(rb"\[\s*\{")
_POINTER = b"version https://git-lfs.github.com/spec/"
_MARKUP = re.compile(rb"<[a-z!?]", re.IGNORECASE)
_PAGE = re.compile(
    rb"(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_XML_ERROR = re.compile(rb"<Error>\s*<Code>([A-Za-z]{1,64})</Code>")
_COLUMN = re.compile(rb"[A-Za-z_][\w .-]{0,40}")
_SEPARATOR = re.compile(rb"sep=.")
_LOOKED_AT = 6
_STATUS = re.compile(
    rb"([45]\d\d[: ] ?[\w ]+|(file |page |entry |repository |object )?not found|access to (dataset|model) .*"
    rb"|access denied|forbidden|unauthorized|bad gateway|gateway time-?out|service unavailable"
    rb"|internal server error|too many requests|request has expired|invalid username or password)\.?\s*$",
    re.IGNORECASE,
)
"""A whole answer such as `404: Not Found`."""
SERVERS = frozenset(
    {"error", "errors", "message", "status", "code", "detail", "documentation_url", "request_id"}
)
"""The fields of a server's error answers."""


def binary(head: bytes) -> str | None:
    """What kind of file starts with these bytes, when it is none of text."""
    if head[_TAR[0]] == _TAR[1]:
        return "a tar archive"
    return next((name for magic, name in _SIGNATURES if head.startswith(magic)), None)


def remedy(kind: str) -> str:
    """What to do with a file that `binary` names."""
    return _REMEDIES.get(kind, _EXPORT)


def utf16(head: bytes) -> bool:
    """Whether the file is text in two or four bytes a letter."""
    if head.startswith(_UTF16):
        return True
    pairs = head[:64]
    zeros = max(pairs[::2].count(0), pairs[1::2].count(0))
    return zeros > max(1, len(pairs) // 6)


def switching(head: bytes) -> str | None:
    """The encoding of text whose bytes are ASCII and change meaning by escape sequences."""
    if not head.isascii() or not (found := _SWITCH.search(head)):
        return None
    return "iso2022_kr" if found[0] == b"\x1b$)" else "iso2022_jp"


def template(text: str) -> str | None:
    """The chat template that a text holds, and the sign that shows it."""
    found = next(((sign, name) for sign, name in CHAT_TEMPLATES if sign in text), None)
    return f"the chat template of {found[1]} ({found[0].strip()})" if found else None


def document(head: bytes) -> str | None:
    """What one JSON document the file is, shown by its first line, when it is not JSON Lines."""
    first, _, rest = head.lstrip(_BEFORE).partition(b"\n")
    first = first.strip()
    if first in (b"[", b"{") and rest.strip():
        return "one JSON document over several lines"
    if not _ARRAY.match(first):
        return None
    if not rest.strip():
        return "one JSON array on one line"
    return None if first.endswith(b"]") else "one JSON array over several lines"


def stray(head: bytes) -> tuple[str, str] | None:
    """Rule and words for what was saved in place of the data: a pointer to it, a page, a message."""
    start = head.lstrip(_BEFORE)
    if start.startswith(_POINTER):
        return "DS112", "this is a Git LFS pointer: the data was never fetched"
    if start.startswith(b"\x1e"):
        return "DS114", "an RS character (U+001E) precedes each record: a JSON text sequence"
    if code := _XML_ERROR.search(start[:1024]) if start.startswith(b"<") else None:
        return "DS113", f"this is an error message of Amazon S3 or the like: {code[1].decode()}"
    if _PAGE.match(start):
        return "DS113", "this is a web page (HTML)"
    if start.startswith(b"<?xml"):
        return "DS113", "this is XML"
    answer = _STATUS.match(start[:512])
    return ("DS113", "this is the error answer of a server") if answer else None


def markup(head: bytes) -> tuple[str, str] | None:
    """The same for what begins with a tag, as no dataset does, though running text may."""
    if _MARKUP.match(head.lstrip(_BEFORE)):
        return "DS113", "this is markup (HTML or XML)"
    return None


TOKENS = "input_ids"
"""What a tokenizer's numbers are called."""


def columns(record: Mapping[str, Any]) -> bool:
    """Whether an object holds whole columns of a table, not a record: what pandas writes by default."""
    values = list(record.values())
    if len(values) < len(("prompt", "completion")) or TOKENS in record:
        return False
    if all(isinstance(v, dict) and v and all(k.isdigit() for k in v) for v in values):
        return len({tuple(v) for v in values}) == 1
    plain = all(isinstance(v, list) and not any(isinstance(c, dict) for c in v) for v in values)
    return plain and len({len(v) for v in values}) == 1 and len(values[0]) > 1


def error_answer(record: Mapping[str, Any]) -> bool:
    """Whether an object is what a server answers in place of data."""
    return record.keys() <= SERVERS and (
        "error" in record or isinstance(record.get("message"), str)
    )


def table_columns(head: bytes) -> list[str] | None:
    """The columns of a CSV file: a first line of plain names, and no brace in the lines after it. A line that
    names the separator may be before them, as Excel has it, and a column without a name, as pandas writes its index.
    """
    lines = head.lstrip(_BEFORE).splitlines()[: _LOOKED_AT + 1]
    if lines and _SEPARATOR.fullmatch(lines[0]):
        del lines[0]
    first, *following = lines or [b""]
    if not following or any(b"{" in line for line in following):
        return None
    for separator in (b",", b";", b"\t"):
        names = [name.strip().strip(b'"') for name in first.split(separator)]
        named = names if names[0] else names[1:]
        if len(names) > 1 and all(map(_COLUMN.fullmatch, named)):
            return [name.decode() for name in named]
    return None


def another_format(record: dict[str, Any], expected: str) -> str | None:
    """The format that the record is in, when it is none of the expected one."""
    found = _recognised(record)
    return None if found == expected else found


def _recognised(record: dict[str, Any]) -> str | None:
    if error_answer(record):
        return ERROR_ANSWER
    if columns(record):
        return "whole columns of a table, as pandas writes them by default"
    if found := _by_fields(record) or _by_text(record):
        return found
    messages = record.get("messages")
    if isinstance(messages, list) and messages and all(isinstance(m, dict) for m in messages):
        return _messages(record, messages)
    return None


def _by_fields(record: dict[str, Any]) -> str | None:
    keys = record.keys()
    if _SIGNS.isdisjoint(keys):
        return None
    found = next((name for name, signs in KINDS_OF_RECORDS if signs <= keys), None)
    return LIKED if found and _judged(record) else found


def _by_text(record: dict[str, Any]) -> str | None:
    text = record.get("text")
    if isinstance(text, str) and (found := template(text)):
        return f"{TEMPLATED}, with {found}"
    return "continued_pre_training" if record.keys() <= {"input", "text"} else None


def _judged(record: dict[str, Any]) -> bool:
    """Whether an answer is only said to be liked or not."""
    return any(isinstance(record.get(name), bool) for name in ("label", "thumbs_up"))


def _messages(record: dict[str, Any], messages: list[dict[str, Any]]) -> str | None:
    texts = lists = 0
    for message in messages:
        role, content = message.get("role"), message.get("content")
        if role in ("tool", "function") or not _CALLING.isdisjoint(message):
            return "openai_chat"
        if role == "system" and "system" not in record:
            return "openai_chat"
        texts += isinstance(content, str)
        if isinstance(content, list):
            lists += 1
            if kinds := {str(b["type"]) for b in content if isinstance(b, dict) and "type" in b}:
                return "openai_chat" if kinds.isdisjoint(_ANTHROPIC) else "anthropic_messages"
    if texts < len(messages):
        return "converse" if lists == len(messages) else None
    if "reference_answer" in record:
        return RFT
    return "anthropic_messages" if "system" in record else "openai_chat"
