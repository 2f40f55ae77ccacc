"""What the state machine sends to people: each text that comes from outside stays within its own line.

Keys of objects, words of AWS and answers of functions may hold anything, such as a line break and then a line
that looks like ours. The functions and the command line spell such characters out (tuning/reports/visible_text.py);
JSONata knows no code of a character, so that a notice has a question mark for each.
"""

from collections.abc import Sequence

from tuning.constructs.steps import expression
from tuning.reports.visible_text import LONGEST_SUBJECT

IN_NO_LINE = (
    r"/[\u0000-\u001f\u007f-\u009f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e"
    r"\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\uf8ff\ufeff\ufff0-\ufffb]/"
)
"""What `visible_text` spells out, as far as it is assigned, and halves of what is beyond 16 bits."""
_NOT_ASCII = "/[^ -~]/"


def subject(jsonata: str) -> str:
    """The subject of a notice, whatever the expression comes to."""
    plain = f"$replace({jsonata}, {_NOT_ASCII}, '?')"
    return expression(f"$substring({plain}, 0, {LONGEST_SUBJECT})")


def message(lines: Sequence[str]) -> str:
    """A line for each expression that has a value."""
    return expression(f"$join([{', '.join(lines)}].$replace($, {IN_NO_LINE}, '?'), '\\n')")
