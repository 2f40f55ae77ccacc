"""What a change under `documents/` means: which assistant is to learn of it, or why it is not accepted.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
https://docs.aws.amazon.com/bedrock/latest/userguide/knowledge-base-ds.html
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from tuning.errors import TuningError

DOCUMENTS_PREFIX = "documents/"
READ = (".csv", ".doc", ".docx", ".html", ".md", ".pdf", ".txt", ".xls", ".xlsx")
"""What Bedrock's default parser reads."""
SCHEDULED = "Scheduled Event"
"""Of a rule: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html"""
_BESIDE = ".metadata.json"
"""Attributes of the document of the same name: https://docs.aws.amazon.com/bedrock/latest/userguide/kb-metadata.html"""
_MOST_BYTES = 50 * 1024 * 1024
"""https://docs.aws.amazon.com/bedrock/latest/userguide/knowledge-base-ds.html"""
_MOST_REFUSED = 20
"""Named in one notice; of the others, how many there are."""


class ChangeError(TuningError):
    """A message that speaks of no object. It comes again, and then a person reads it."""


def folder_of(assistant: str) -> str:
    """Where the documents of an assistant are."""
    return f"{DOCUMENTS_PREFIX}{assistant}/"


@dataclass(frozen=True, kw_only=True)
class DocumentChange:
    """One object that was written or deleted."""

    event: str
    """Its id, by which a second delivery is known."""
    key: str
    deleted: bool = False
    size: int = 0
    scheduled: bool = False
    """No change: all assistants compare their folders with their answers, for an event may be lost."""

    @property
    def assistant(self) -> str:
        """By the folder; empty of what lies in none."""
        name, slash, rest = self.key.removeprefix(DOCUMENTS_PREFIX).partition("/")
        return name if slash and rest else ""


@dataclass(frozen=True, kw_only=True)
class ChangedDocuments:
    """What one execution is started for: changes of one assistant that arrived together."""

    assistant: str
    """Empty: of none, and all of them are refused."""
    changes: int = 0
    """How many there are to ingest."""
    refused: tuple[str, ...] = ()
    """Why, a sentence for each that is named."""
    events: tuple[str, ...] = field(default=(), repr=False)

    @property
    def ingestion_id(self) -> str:
        """The same for the same events, so that what is received twice is started once."""
        named = "\n".join([self.assistant, *sorted(self.events)])
        return hashlib.sha256(named.encode()).hexdigest()

    def to_input(self) -> dict[str, Any]:
        """Of the state machine."""
        return {
            "assistant": self.assistant or "none",
            "ingestion_id": self.ingestion_id,
            "changes": self.changes,
            "refused": list(self.refused),
        }


def document_change(event: Mapping[str, Any]) -> DocumentChange:
    """Raises ChangeError."""
    try:
        if event["detail-type"] == SCHEDULED:
            return DocumentChange(event=str(event["id"]), key=DOCUMENTS_PREFIX, scheduled=True)
        found = event["detail"]["object"]
        return DocumentChange(
            event=str(event["id"]),
            key=str(found["key"]),
            deleted=event["detail-type"] == "Object Deleted",
            size=int(found.get("size", 0)),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ChangeError(f"not an event of an object: {error!r}") from None


def change_refusal(change: DocumentChange, assistants: Collection[str]) -> str | None:
    """Why nobody will find the object in an answer, and what to do; None of what is ingested. What is deleted is
    never refused.
    """
    if change.deleted or change.scheduled:
        return None
    if change.assistant not in assistants:
        known = ", ".join(sorted(assistants))
        return (
            f"{change.key}: no assistant has this folder; upload under documents/<one of: {known}>/"
        )
    suffix = PurePosixPath(change.key).suffix.lower()
    if not change.key.endswith(_BESIDE) and suffix not in READ:
        return f"{change.key}: Bedrock reads {', '.join(READ)}; save it as one of them"
    if change.size > _MOST_BYTES:
        return f"{change.key}: {change.size:,} bytes; a document has {_MOST_BYTES:,} at most: cut it up"
    return None


def sorted_out(
    changes: Sequence[DocumentChange], assistants: Collection[str]
) -> list[ChangedDocuments]:
    """By assistant; those of none come under the empty name. A deletion in a folder of none changes no answer, and
    neither does a folder that the console made.
    """
    found: dict[str, list[DocumentChange]] = {}
    for change in changes:
        name = change.assistant if change.assistant in assistants else ""
        for each in assistants if change.scheduled else ():
            found.setdefault(each, []).append(change)
        if not change.key.endswith("/") and (name or not change.deleted):
            found.setdefault(name, []).append(change)
    return [_together(name, mine, assistants) for name, mine in sorted(found.items())]


def _together(
    name: str, changes: Sequence[DocumentChange], assistants: Collection[str]
) -> ChangedDocuments:
    reasons = [change_refusal(each, assistants) for each in changes]
    refused = sorted({why for why in reasons if why})
    named = refused[:_MOST_REFUSED]
    if more := len(refused) - len(named):
        named.append(f"and {more} more")
    return ChangedDocuments(
        assistant=name,
        changes=sum(why is None for why in reasons),
        refused=tuple(named),
        events=tuple(each.event for each in changes),
    )
