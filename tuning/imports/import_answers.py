"""What the functions of the ModelImport state machine answer it. Of its input they take the import's id alone: all else
is read from the ledger, S3 and Bedrock anew.
"""

from typing import Literal

from tuning.runs.json_record import Record


class CheckedUpload(Record, frozen=True, kw_only=True):
    """What check_adapter answers."""

    state: Literal["waiting", "refused", "ready"] = "waiting"
    """`waiting`: files of the upload are missing still; it is asked again after a minute."""
    why: str = ""
    """What is missing, or why it is refused."""
    groups: int = 0
    """How many groups of tensors there are to merge: the items of the map are 0 to groups - 1."""
    polls: int = 0
    """How often nothing new had come."""
    seen: int = 0
    """Bytes of the upload that were there at the last look."""


class ReservedImport(Record, frozen=True, kw_only=True):
    """What reserve_import answers."""

    state: Literal["reserved", "refused"] = "refused"
    why: str = ""


class MergedGroup(Record, frozen=True, kw_only=True):
    """What merge_tensors answers of a group: the rest is in `merged/<import id>/groups/<group>.json`."""

    state: Literal["merged", "refused"] = "merged"
    group: int = 0
    why: str = ""


class AssembledModel(Record, frozen=True, kw_only=True):
    """What assemble_model answers."""

    state: Literal["assembled", "refused"] = "refused"
    why: str = ""
    uri: str = ""
    """Of the folder that is imported."""


class ImportProgress(Record, frozen=True, kw_only=True):
    """What import_model answers: one step towards an imported model."""

    state: Literal["queued", "in_progress", "completed", "failed"] = "in_progress"
    """`queued`: another import is under way, and an account has one at a time."""
    why: str = ""
    job_arn: str | None = None
    model_arn: str | None = None
    polls: int = 0


class ImportVerified(Record, frozen=True, kw_only=True):
    """What verify_import answers of a short question, whose answer nobody reads."""

    state: Literal["cold", "answered", "silent"] = "cold"
    why: str = ""
    polls: int = 0


class ImportOutcome(Record, frozen=True, kw_only=True):
    """What the state machine says to finish_import."""

    state: Literal["imported", "refused", "failed"] = "failed"
    summary: str = ""
    """Why, of what was not imported."""


class FinishedImport(Record, frozen=True, kw_only=True):
    """What finish_import answers: the notice is made of it."""

    recipe: str = ""
    summary: str = ""
    version: int | None = None
