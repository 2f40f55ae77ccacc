"""Which version of an object is the newest, where the recipe has older ones give way."""

from datetime import datetime
from typing import Self

from tuning.errors import TuningError
from tuning.runs.ledger_item import Stored
from tuning.runs.run import Run, object_digest
from tuning.runs.uploads import Upload


class OvertakenError(TuningError):
    """A version that was the newest when it was compared, and is no longer."""


class NewestVersion(Stored, frozen=True, kw_only=True):
    """The newest version of an object, as far as it was received. Its key is no run's."""

    version_of: str
    """URI of the object."""
    run_id: str
    arrived_at: str
    sequencer: str = ""
    before: str | None = None
    """The run of the version that was the newest before it."""

    @classmethod
    def of(cls, upload: Upload, run_id: str, *, before: str | None) -> Self:
        return cls(
            id=newest_key(upload),
            version_of=upload.uri,
            run_id=run_id,
            arrived_at=upload.arrived_at,
            sequencer=upload.sequencer,
            before=before,
        )

    def follows(self, upload: Upload) -> bool:
        """Whether it came after that version of its object. Events may come in another order. Where S3 gives
        no order, of two versions of the same second the one that is received later is the newer one.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
        """
        if self.sequencer and upload.sequencer:
            width = max(len(self.sequencer), len(upload.sequencer))
            mine, its = (
                each.upper().ljust(width, "0") for each in (self.sequencer, upload.sequencer)
            )
            return mine > its
        return datetime.fromisoformat(self.arrived_at) > datetime.fromisoformat(upload.arrived_at)


def newest_key(upload: Upload) -> str:
    return f"newest#{object_digest(upload)}"


def gave_way_to(run_id: str) -> str:
    """Who asks a run to stop that gives way."""
    return f"run {run_id}, of a newer version of the same object"


def who_stops(run: Run, of_record: str | None) -> str | None:
    """Who asks the run to stop: the newer version that has overtaken it, or the person its record names."""
    return gave_way_to(run.overtaken_by) if run.overtaken_by else of_record
