"""What is known of a recipe's versions, read anew from the ledger's table each time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tuning.aws.candidates import Candidates
from tuning.aws.ledger import Ledger, Unreadable
from tuning.aws.live_models import LiveModels
from tuning.aws.model_deletions import ModelDeletions
from tuning.aws.model_registry import ModelRegistry
from tuning.releases.evaluated_version import EvaluatedVersion
from tuning.releases.kept_versions import KnownVersion
from tuning.releases.live_model import LiveModel


@dataclass(frozen=True, kw_only=True)
class KnownVersions:
    ledger: Ledger

    @property
    def registry(self) -> ModelRegistry:
        return ModelRegistry(ledger=self.ledger)

    @property
    def deletions(self) -> ModelDeletions:
        return ModelDeletions(ledger=self.ledger)

    def of(self, recipe: str) -> Iterator[KnownVersion | Unreadable]:
        """All of a recipe, the newest first. Raises RecordError when what is beside a version cannot be read."""
        for model in self.registry.versions(recipe):
            if isinstance(model, Unreadable):
                yield model
            else:
                yield KnownVersion(
                    model=model,
                    evaluated=self.evaluated(recipe, model.version),
                    deletion=self.deletions.of(recipe, model.version),
                )

    def live(self, recipe: str) -> LiveModel:
        return LiveModels(ledger=self.ledger).read(recipe)

    def evaluated(self, recipe: str, version: int | None) -> EvaluatedVersion | None:
        """None of a version that was never evaluated, or when there is none."""
        return Candidates(ledger=self.ledger).of(recipe, version) if version else None

    def again(self, known: KnownVersion) -> KnownVersion:
        model = known.model
        return replace(known, evaluated=self.evaluated(model.recipe, model.version))
