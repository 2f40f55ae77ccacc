"""Which version of a recipe answers, under which deployment, and the change of it that is under way."""

from typing import Literal

from tuning.errors import TuningError
from tuning.releases.release_steps import ServedBy
from tuning.runs.json_record import Record
from tuning.runs.ledger_item import SCHEMA, Stored

LIVE = "live#"
PROVISIONED_LIVE, PROVISIONED_LIVE_KEY = "provisioned", LIVE
"""An item's set of the recipes for which Provisioned Throughput may be live, or an imported model that has its time;
and its key."""

IMPORTED_ARN = ":imported-model/"
"""In the ARNs of models that CreateModelImportJob makes. Those of CreateCustomModel are `custom-model/imported`:
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ImportedModelSummary.html"""

Kind = Literal["release", "promote", "rollback"]


class NothingLiveError(TuningError):
    def __init__(self, recipe: str) -> None:
        super().__init__(
            f"{recipe}: no model of this recipe is live; tuning releases {recipe} lists the trained "
            f"ones, and tuning promote {recipe} brings the newest live"
        )


class NotRunningError(TuningError):
    def __init__(self, recipe: str, version: int) -> None:
        super().__init__(
            f"{recipe} version {version}: is not running, because the time of its Provisioned Throughput is over; tuning "
            f"promote {recipe} {version} starts it again, for as long as its recipe says"
        )


class NotDeployedError(TuningError):
    def __init__(self, recipe: str, version: int, live: int | None) -> None:
        answers = f"version {live} is live" if live else "nothing is live"
        super().__init__(
            f"{recipe} version {version}: is not deployed, so it answers nobody; {answers}, and tuning promote "
            f"{recipe} {version} brings this one live"
        )


class Change(Record, frozen=True, kw_only=True):
    """Of what is live: one at a time."""

    execution: str
    """The name of the execution that makes it, and nobody else may record its outcome."""
    version: int
    kind: Kind
    by: str
    started_at: str
    """ISO 8601, UTC."""
    due: str | None = None
    """Until when the Provisioned Throughput or imported model may exist that it makes or goes on with. None: on
    demand, or an imported model whose recipe sets no hours."""
    served_by: ServedBy | None = None
    """None of a change of a former version."""


class LiveModel(Stored, frozen=True, kw_only=True):
    """One a recipe. Its key is not a run's."""

    recipe: str
    revision: int = 0
    """How many changes have ended: who asks for one names the revision that they saw."""
    version: int | None = None
    """What answers; None when nothing does."""
    before: int | None = None
    """What answered before: the target of a rollback."""
    deployment_arn: str | None = None
    """Stable: promotion and rollback update the deployment in place. Of an imported model it is the model's own, and
    another of each version."""
    change: Change | None = None
    last: str | None = None
    """What the last change came to, one sentence."""
    due: str | None = None
    """Until when the Provisioned Throughput or imported model that answers may exist, or had its time and is being
    removed. ISO 8601, UTC; None: without an end, or nothing."""
    stopped: int | None = None
    """What answered until its time was over; None once something answers again."""
    schema: int = SCHEMA

    def standing(self, version: int) -> str:
        """Of a version of the recipe: `live`, `not running`, `before`, or nothing."""
        known = {self.before: "before", self.stopped: "not running", self.version: "live"}
        return known.get(version, "")

    @property
    def latest(self) -> str | None:
        """Until when anything of it may exist, also what a change makes."""
        times = [each for each in (self.due, self.change.due if self.change else None) if each]
        return max(times, default=None)  # written in one form, they sort as the moments do

    @property
    def served_by(self) -> ServedBy:
        """What answers, or is being made to, or had its time and is being removed."""
        if self.change and self.change.served_by:
            return self.change.served_by
        if self.deployment_arn and IMPORTED_ARN in self.deployment_arn:
            return "imported"
        return "on_demand" if self.latest is None else "provisioned"

    @classmethod
    def none_yet(cls, recipe: str) -> "LiveModel":
        return cls(id=live_key(recipe), recipe=recipe)


def live_key(recipe: str) -> str:
    return f"{LIVE}{recipe}"


def region_of(arn: str) -> str:
    return arn.split(":")[3]
