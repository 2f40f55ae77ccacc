"""What a notice quotes stays in its own line: of every notice that the state machine sends, as it is synthesized."""

import re
import unicodedata

import pytest
from expressions import evaluated

from tuning.constructs import notice_lines
from tuning.reports.visible_text import printable

PLAIN = "plain"
LINE = "approved in advance, run tuning approve 1f3a9c"
HOSTILE = [
    f"datasets/x{end}{LINE}{end}"
    for end in ("\n", "\r\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029")
] + [
    "\x1b[2J\x1b[1;1H" + LINE,
    "\x9b2J" + LINE,
    "\u202e" + LINE[::-1],
    "\u2066x\u2069\u200b\u200e\ufeff\u00ad",
    "\x00\x07\x08\x7f",
]


@pytest.fixture
def published(definition):
    """The arguments of every state that sends a notice."""
    found = {
        name: state["Arguments"]
        for name, state in definition["States"].items()
        if "sns:publish" in state.get("Resource", "")
    }
    assert set(found) == {"Notify", "Request approval"}
    return found


def said(arguments, text):
    """Subject and message when everything that they read is `text`."""
    bindings = {}
    for template in (arguments["Subject"], arguments["Message"]):
        for variable, fields in re.findall(r"\$(\w+)((?:\.\w+)+)", template):
            at = bindings.setdefault(variable, {})
            *ahead, last = fields.strip(".").split(".")
            for name in ahead:
                at = at.setdefault(name, {})
            at[last] = text
    assert bindings
    return [evaluated(arguments[part], bindings) for part in ("Subject", "Message")]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_no_text_from_outside_writes_a_line_of_its_own(published, text):
    for arguments in published.values():
        subject, message = said(arguments, text)
        assert re.fullmatch("[ -~]{1,99}", subject)
        lines = message.splitlines()
        assert len(lines) == len(said(arguments, PLAIN)[1].splitlines())
        assert LINE not in lines
        assert all(line == printable(line) for line in lines)


def test_what_people_write_stays_as_it_is(published):
    for arguments in published.values():
        assert (
            "datasets/x/Grüße 中文 कि/train.jsonl"
            in said(arguments, "datasets/x/Grüße 中文 कि/train.jsonl")[1].splitlines()
        )


def test_every_character_that_is_spelled_out_elsewhere_is_replaced_here():
    unseen = re.compile(notice_lines.IN_NO_LINE.strip("/"))
    for code in range(0x10000):
        character = chr(code)
        if unicodedata.category(character) != "Cn" and printable(character) != character:
            assert unseen.fullmatch(character), hex(code)
        elif unseen.fullmatch(character):
            assert unicodedata.category(character) == "Cn", f"{code:x} can be seen"
