"""Why a record is not converted: one table of kinds, and the refusal that names the place.

Every kind has a permanent id, so that scripts can count on it.
"""

from dataclasses import dataclass
from types import MappingProxyType

RULES = MappingProxyType(
    {
        "CV101": "the bytes are not text in UTF-8",
        "CV102": "the line is not sound JSON",
        "CV103": "the record is not a JSON object",
        "CV104": "the table is ragged or badly quoted",
        "CV105": "the record is too large for any Bedrock format",
        "CV106": "there is no record",
        "CV107": "the cell holds a spreadsheet's formula or error, not text",
        "CV108": "the file is not what it is read as",
        "CV109": "the record is in another dialect than most of the file",
        "CV201": "a field is missing",
        "CV202": "a field has the wrong type",
        "CV203": "a field would be lost",
        "CV204": "a role is unknown",
        "CV205": "a text is blank",
        "CV206": "the turns are out of order",
        "CV207": "a system message is in the middle",
        "CV208": "a kind of content is unknown",
        "CV209": "a picture or video is not in S3",
        "CV210": "a tool, its call or its result is unsound",
        "CV211": "the record is preference data, which no Bedrock method takes",
        "CV301": "the target holds no dialogue of several turns",
        "CV302": "the target holds no tools",
        "CV303": "the target holds no pictures or videos",
        "CV304": "the target holds no reasoning",
        "CV305": "the target holds no system text",
        "CV306": "the target holds one text per message",
        "CV307": "the target is made of another kind of record",
        "CV308": "the target cannot say this in the same order or with the same detail",
        "CV309": "the target needs an answer",
        "CV310": "the target is a question, into which the answer would slip",
    }
)


Option = tuple[str, str]
"""An option of `tuning convert` and its value, such as `("--drop", "id")`; "" for a plain switch."""


@dataclass(frozen=True)
class RecordRefusedError(Exception):
    """One record cannot be converted whole. Caught for each record; never reaches the user raw."""

    rule: str
    message: str
    fix: str
    field: str | None = None
    line: int | None = None
    """Where it was found, if that is more exact than the record's first line."""
    column: int | None = None
    ends: bool = False
    """Whether nothing that follows in the file could be read."""
    options: tuple[Option, ...] = ()
    """What the command needs beside, all of it, for this to be converted."""
    choices: tuple[Option, ...] = ()
    """Options of which a person has to choose one."""
    withdraw: tuple[Option, ...] = ()
    """Options that were given and must not be."""

    def __post_init__(self) -> None:
        assert self.rule in RULES  # noqa: S101 — a kind without a row in the table is our own bug


def unreadable(
    message: str, fix: str, choices: tuple[Option, ...] = (), rule: str = "CV108"
) -> RecordRefusedError:
    """Why nothing of a file, or nothing that follows in it, can be read."""
    return RecordRefusedError(rule=rule, message=message, fix=fix, ends=True, choices=choices)
