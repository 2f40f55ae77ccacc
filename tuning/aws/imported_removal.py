"""An imported model that has had its time: it is live no longer, and is deleted from Bedrock, which bills it until then.

https://docs.aws.amazon.com/bedrock/latest/userguide/import-model-calculate-cost.html
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from msgspec import structs

from tuning.aws.imported_models import ImportedModels
from tuning.aws.ledger import Ledger
from tuning.aws.live_models import LiveModels
from tuning.aws.model_deletions import ModelDeletions
from tuning.aws.model_registry import ModelRegistry
from tuning.releases.live_model import LiveModel
from tuning.releases.model_deletion import ModelDeletion
from tuning.releases.model_version import ModelVersion

_WHY = "it was live for the awake_hours of its recipe"


@dataclass(frozen=True, kw_only=True)
class ImportedRemoval:
    ledger: Ledger
    models: ImportedModels = field(default_factory=ImportedModels)

    def step(self, live: LiveModel, name: str) -> bool:
        """Whether nothing is live under that name any more; else the next round looks again. `live`: as it is since
        that nothing answers was recorded.

        What had its time is deleted; what a release that was killed left beside it was never live, and is kept.
        """
        found = self.models.find(name)
        tagged = {found.model_arn, *found.others} if found else set()
        stopped = live.stopped and ModelRegistry(ledger=self.ledger).version(
            live.recipe, live.stopped
        )
        if stopped:
            if stopped.model_arn not in tagged:
                self._settled(stopped)
            elif not self._deleted(stopped, live):
                return False
            tagged.discard(stopped.model_arn)
        for each in sorted(tagged):
            self.models.delete(each)
        return found is None

    def _deleted(self, model: ModelVersion, live: LiveModel) -> bool:
        """False where a release came first. It is said before it is done, as of every deletion: who begins a release
        says so before it looks for a claim, and of the two that meet one gives way, or both.
        """
        deletions, now = ModelDeletions(ledger=self.ledger), datetime.now(UTC)
        seen = deletions.of(model.recipe, model.version)
        claim = structs.replace(
            ModelDeletion.of(model, _WHY, now), notified=True
        )  # with that it had its time
        if not deletions.claim(claim, instead_of=seen):
            return False
        latest = LiveModels(ledger=self.ledger).read(model.recipe)
        if latest.change or latest.revision != live.revision:
            deletions.settle(claim, "withdrawn", "a release came first", datetime.now(UTC))
            return False
        self.models.remove(model.model_arn)
        deletions.settle(claim, "deleted", claim.why, datetime.now(UTC))
        return True

    def _settled(self, model: ModelVersion) -> None:
        """A round may have died after it had deleted the model. What somebody has taken the tags off is kept."""
        deletions = ModelDeletions(ledger=self.ledger)
        claim = deletions.of(model.recipe, model.version)
        if claim and claim.state == "claimed":
            deletions.settle(claim, "deleted", claim.why, datetime.now(UTC))
