"""That a version's model is deleted: said before it is, so that no release begins on what is about to go."""

from datetime import datetime, timedelta
from typing import Literal, Self

from tuning.releases.model_version import ModelVersion, numbered_key
from tuning.releases.release_request import NotReleasableError
from tuning.runs.ledger_item import SCHEMA, Stored
from tuning.runs.times import instant, utc_time

OF_DELETIONS = "#deletion"
"""What the keys of this file end with."""
CLAIM_LASTS = timedelta(minutes=15)
"""Longer than any invocation, so that the invocation that made an older claim has ended and makes no further call.
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

DeletionState = Literal["claimed", "deleted", "withdrawn"]


class DeletedModelError(NotReleasableError):
    """Of a version that is asked for, and whose model is gone or about to go."""


class ModelDeletion(Stored, frozen=True, kw_only=True):
    """One a version, beside its record, which never changes."""

    recipe: str
    version: int
    state: DeletionState = "claimed"
    """`claimed`: nobody may release it, and its model is about to be deleted. `withdrawn`: it is kept after all."""
    why: str
    at: str
    """When it came to this state; a claim is known by it. ISO 8601, UTC."""
    notified: bool = False
    """Whether people were notified that it is deleted."""
    schema: int = SCHEMA

    @classmethod
    def of(cls, model: ModelVersion, why: str, now: datetime) -> Self:
        """A claim."""
        return cls(
            id=deletion_key(model.recipe, model.version),
            recipe=model.recipe,
            version=model.version,
            why=why,
            at=instant(now),
        )

    @property
    def bars(self) -> bool:
        """Whether no release may begin on the version."""
        return self.state != "withdrawn"

    def is_held(self, now: datetime) -> bool:
        """Whether the round that made the claim may be at work still."""
        return self.state == "claimed" and now < utc_time(self.at) + CLAIM_LASTS

    def refusal(self, model: ModelVersion | None) -> str:
        """What a person who asks for the version reads: what, why, and what to do."""
        now = f"was deleted on {self.at[:10]}" if self.state == "deleted" else "is being deleted"
        again = f"tuning retrain {model.run_id if model else 'RUN'} trains its data again"
        if model and model.imported:
            again = "an upload of it is imported again"
        return f"{self.recipe} version {self.version} {now}: {self.why}; {again}, as a new version"


def deletion_key(recipe: str, version: int) -> str:
    return f"{numbered_key(recipe, version)}{OF_DELETIONS}"
