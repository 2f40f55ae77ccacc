"""Which version of a recipe answers, under which deployment, and the change of it that is under way."""

from dataclasses import dataclass
from typing import Literal

from tuning.errors import TuningError
from tuning.runs.json_record import Record
from tuning.runs.ledger_item import SCHEMA, Stored

LIVE = "live#"

Kind = Literal["release", "promote", "rollback"]


class NothingLiveError(TuningError):
    def __init__(self, recipe: str) -> None:
        super().__init__(
            f"{recipe}: no model of this recipe is live; tuning releases {recipe} lists those that were "
            f"trained, and tuning promote {recipe} brings the newest live"
        )


class NotDeployedError(TuningError):
    def __init__(self, recipe: str, version: int, live: int | None) -> None:
        answers = f"version {live} is live" if live else "nothing is live"
        super().__init__(
            f"{recipe} version {version}: is not deployed, so it answers nobody; {answers}, and tuning promote "
            f"{recipe} {version} brings this one live"
        )


@dataclass(frozen=True, kw_only=True)
class Change(Record):
    """Of what is live: one at a time."""

    execution: str
    """The name of the execution that makes it, and nobody else may record its outcome."""
    version: int
    kind: Kind
    by: str
    started_at: str
    """ISO 8601, UTC."""


@dataclass(frozen=True, kw_only=True)
class LiveModel(Stored):
    """One a recipe. Its key is not a run's."""

    recipe: str
    revision: int = 0
    """How many changes have ended: who asks for one names the revision that they saw."""
    version: int | None = None
    """What answers; None when nothing does."""
    before: int | None = None
    """What answered before: the target of a rollback."""
    deployment_arn: str | None = None
    """Stable: promotion and rollback update the deployment in place."""
    change: Change | None = None
    last: str | None = None
    """What the last change came to, one sentence."""
    schema: int = SCHEMA

    def standing(self, version: int) -> str:
        """Of a version of the recipe: `live`, `before`, or nothing."""
        return {self.version: "live", self.before: "before"}.get(version, "")

    @classmethod
    def none_yet(cls, recipe: str) -> "LiveModel":
        return cls(id=live_key(recipe), recipe=recipe)


def live_key(recipe: str) -> str:
    return f"{LIVE}{recipe}"
