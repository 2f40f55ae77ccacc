"""Says why a line is not JSON, in the words of one who wrote it."""

import json
import re

from tuning.datasets.formats.walk import Fault
from tuning.datasets.unseen import character_name

_PYTHON = (
    "Write the file with a JSON library (Python: json.dumps(record) plus a line feed), never with print or str. "
    "Or convert it: tuning convert PATH --model ID"
)
_LEFT_OUT = "Remove it, or convert the file, which leaves it out: tuning convert PATH --model ID"


def undecodable(line: bytes, error: UnicodeDecodeError) -> Fault:
    column = len(line[: error.start].decode("utf-8")) + 1
    byte = line[error.start]
    if re.match(rb"\xed[\xa0-\xbf]", line[error.start :]):
        return Fault("DS109", "half of a surrogate pair is stored as bytes", None, column)
    return Fault("DS101", f"byte 0x{byte:02X} is not UTF-8", None, column)


def malformed_at(text: str, error: json.JSONDecodeError) -> Fault:
    at, column = error.pos, error.pos + 1
    if error.msg == "Extra data":
        return _extra(text, at)
    if error.msg.startswith("Invalid control character"):
        sign = text[at : at + 1]
        name = {"\t": "a tab", "\r": "a carriage return", "\n": "a line feed"}.get(
            sign, f"the control character U+{ord(sign or chr(0)):04X}"
        )
        return Fault("DS105", f"{name} is unescaped inside a string", None, column)
    if not text[:at].strip() and (odd := _odd(text[at : at + 1])):
        return Fault("DS201", f"{odd} is before the record", None, column, _LEFT_OUT)
    if not text[:at].strip() and text[at : at + 1] not in ("{", "["):
        return _no_object(text, column)
    said = _explained(text, error)
    return Fault("DS201", said, None, column, _PYTHON if "Python" in said else None)


def _no_object(text: str, column: int) -> Fault:
    start = text.lstrip()
    if start.startswith("```"):
        message = "this is the fence of a Markdown block, not a record"
        return Fault("DS201", message, None, column, _LEFT_OUT)
    if start.startswith(("//", "/*", "#")):
        return Fault("DS201", "this is a comment; JSON has none", None, column, _LEFT_OUT)
    fix = (
        "Write one {…} object a line. If it is a table, convert it: tuning convert PATH --model ID"
    )
    return Fault("DS201", "the line does not start with a brace: no JSON object", None, column, fix)


def _extra(text: str, at: int) -> Fault:
    rest = text[at:].lstrip(" \t\r\n")
    if rest[:1] in ("{", "["):
        gap = text[:at]
        by_cr = "\r" in text[len(gap.rstrip()) : at + 1]
        hint = ": the line ends are carriage returns (old Mac)" if by_cr else ""
        return Fault("DS206", f"another value starts after the first one{hint}", None, at + 1)
    if text.lstrip()[:1] not in ("{", "["):
        return _no_object(text, len(text) - len(text.lstrip()) + 1)
    if rest[:1] == ",":
        fix = "Leave the commas out, or convert the file: tuning convert PATH --model ID"
        message = "there is a comma after the record: lines are not joined by commas"
        return Fault("DS201", message, None, at + 1, fix)
    sign = _odd(rest[:1])
    return Fault(
        "DS201",
        f"{sign or 'something'} is behind the record's closing brace",
        None,
        at + 1,
        _LEFT_OUT if sign else None,
    )


def _odd(sign: str) -> str | None:
    """The name of a character that nobody sees."""
    return character_name(sign) if sign and not (sign.isprintable() or sign in "\t\r\n") else None


def _explained(  # noqa: C901, PLR0911, PLR0912 — one sentence for each slip
    text: str, error: json.JSONDecodeError
) -> str:
    """Python's message in the words of one who wrote the line."""
    at = error.pos
    here, rest = text[at : at + 1], text[at:]
    if not rest.strip():
        return "the line ends in the middle of the record"
    if here == "'":
        return "single quotes; JSON wants double quotes (this looks like a Python dict)"
    for python, right in (("None", "null"), ("True", "true"), ("False", "false")):
        if rest.startswith(python):
            return f"{python} is Python's spelling; JSON writes {right}"
    if sign := _odd(here):
        return f"{sign}, which nobody sees, is outside of a string"
    if rest.startswith('\\"'):
        return "the quotes are escaped: the record was encoded twice, or cut out of a text"
    if here in "“”„":
        return "typographic quotes; JSON wants straight ones"
    match error.msg:
        case "Expecting ',' delimiter":
            return "a comma is missing, or a quote inside a text is not escaped"
        case "Expecting ':' delimiter":
            return "a colon is missing after the key"
        case "Expecting property name enclosed in double quotes":
            trailing = here == "}"
            return "a comma too many before }" if trailing else "a key in double quotes is missing"
        case "Illegal trailing comma before end of object":
            return "a comma too many before }"
        case "Illegal trailing comma before end of array":
            return "a comma too many before ]"
        case "Expecting value":
            return "a comma too many before ]" if here == "]" else "a value is missing"
        case "Unterminated string starting at":
            return "the string that starts here never ends"
        case _:
            return error.msg[0].lower() + error.msg[1:]
