"""Files that are something else than their name says, each named for what it is."""

from tuning.datasets import looks
from tuning.datasets.convert.conversion_refusals import RecordRefusedError, unreadable
from tuning.datasets.rules import rules

_READ = "DS114"
"""Text sequences with RS characters are read here."""


def wrong_file(
    head: bytes, office: str | None, *, text: bool, name: str
) -> RecordRefusedError | None:
    """Why nothing in a file with this beginning is a record; `text` is one that is read as a document."""
    if name.lower().endswith((".yaml", ".yml")):
        return unreadable(
            "the file is YAML", "Write it as JSON Lines: yq -o=json -I=0 '.[]' PATH > train.jsonl"
        )
    if office and office != "xlsx":
        return unreadable(f"the file is {office}", "Save the table as .xlsx, or as CSV in UTF-8.")
    if (found := looks.stray(head)) and found[0] != _READ:
        return unreadable(found[1], rules()[found[0]].fix)
    if not text and (found := looks.markup(head)):
        return unreadable(found[1], rules()[found[0]].fix)
    if kind := looks.binary(head):
        return unreadable(f"the file is {kind}, not text", looks.remedy(kind))
    return _other_encoding(head)


def _other_encoding(head: bytes) -> RecordRefusedError | None:
    """Why the bytes of a text are not those of UTF-8, and what they surely are."""
    encoding, message = looks.switching(head), "the letters of the file are escape sequences"
    if looks.utf16(head):
        even = head[:64][::2].count(0) > head[:64][1::2].count(0)
        encoding = "utf-16-be" if even else "utf-16-le"
        message = "the file looks like UTF-16 without a byte order mark"
    if not encoding:
        return None
    fix = f"Read it so with --encoding {encoding}, and look at what comes out."
    return unreadable(message, fix, (("--encoding", encoding),), rule="CV101")
