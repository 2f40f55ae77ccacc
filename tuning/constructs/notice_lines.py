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


_FOLDER = r"$replace($run.upload.key, /^datasets\/|\/[^\/]*$/, '')"
_MOST_OF_IT = 55
"""Characters of recipe and folder: outcome and run stay in the subject, however long a key is."""
_EXECUTION = "#/v2/executions/details/"


def run_subject(outcome: str) -> str:
    """`Trained: support/2026-11 (run 1f3a9c12)`, for an inbox: the outcome, of what, and which run it was."""
    words = f"$uppercase($substring({outcome}, 0, 1)) & $substring({outcome}, 1)"
    where = f"$substring({_FOLDER}, 0, {_MOST_OF_IT})"
    return subject(f"{words} & ': ' & {where} & ' (run ' & $substring($run.id, 0, 8) & ')'")


def run_commands_of(environment: str, *names: str) -> list[str]:
    """A line for each command, with the run's id filled in."""
    commands = (name.partition(" ") for name in names)
    return [
        f"'tuning {name} ' & $run.id & '{space}{rest} -e {environment}'"
        for name, space, rest in commands
    ]


def console_link(region: str) -> str:
    """To the execution whose ARN the variable `execution` is. The address is the one that the console shows; no page of AWS documents it."""
    home = f"https://{region}.console.aws.amazon.com/states/home?region={region}{_EXECUTION}"
    return f"'{home}' & $execution"


def subject(jsonata: str) -> str:
    """The subject of a notice, whatever the expression comes to."""
    plain = f"$replace({jsonata}, {_NOT_ASCII}, '?')"
    return expression(f"$substring({plain}, 0, {LONGEST_SUBJECT})")


def message(lines: Sequence[str]) -> str:
    """A line for each expression that has a value."""
    return expression(f"$join([{', '.join(lines)}].$replace($, {IN_NO_LINE}, '?'), '\\n')")
