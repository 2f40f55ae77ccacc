"""Models beyond what their recipes keep: which, what they cost a month together, and what has them deleted."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tuning.aws.known_versions import KnownVersions
from tuning.cli.account import Account
from tuning.evaluation.release_options import ReleaseOptions
from tuning.models.prices import storage_per_month
from tuning.releases.kept_versions import KnownVersion, keeping
from tuning.releases.standing_costs import StandingCost
from tuning.reports.advice import dollars


@dataclass(frozen=True, kw_only=True)
class Beyond:
    """Of one recipe."""

    recipe: str
    versions: tuple[int, ...]
    """The oldest first."""
    options: ReleaseOptions

    @property
    def usd_per_month(self) -> Decimal:
        return storage_per_month() * len(self.versions)

    @property
    def words(self) -> str:
        one = len(self.versions) == 1
        numbers = ", ".join(map(str, self.versions))
        which = f"{self.recipe} {'version' if one else 'versions'} {numbers}"
        cost = f"{dollars(self.usd_per_month)} a month{'' if one else ' together'}"
        beyond = f"beyond keep_models = {self.options.keep_models}"
        if self.options.delete_models:
            return f"{which}: {beyond}, {cost}; deleted with the next round, within six hours"
        return (
            f"{which}: {beyond}, {cost}; delete_models = true in [release] of the recipe has them deleted, or "
            f"aws bedrock delete-custom-model deletes one"
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "recipe": self.recipe,
            "versions": list(self.versions),
            "keep_models": self.options.keep_models,
            "delete_models": self.options.delete_models,
            "usd_per_month": f"{self.usd_per_month:f}",
        }


def beyond_kept(
    account: Account, gates: Mapping[str, ReleaseOptions], costs: Iterable[StandingCost]
) -> Iterator[Beyond]:
    """`gates`: of the recipes as they are deployed. `costs`: all of the account, which say what is kept and used."""
    billed = list(costs)
    there = {each.model_arn for each in billed if each.kind == "custom model"}
    used = {each.model_arn: each.name for each in billed if each.kind != "custom model"}
    versions = KnownVersions(ledger=account.ledger)
    for recipe in versions.registry.recipes():
        if (options := gates.get(recipe)) is None:
            continue
        known = [
            replace(each, used_by=used.get(each.model.model_arn, ""))
            for each in versions.of(recipe)
            if isinstance(each, KnownVersion)
        ]
        found = keeping(known, versions.live(recipe), options, datetime.now(UTC))
        # One that somebody deleted by hand costs nothing any more.
        if left := [each.version for each in found.beyond if each.model_arn in there]:
            yield Beyond(recipe=recipe, versions=tuple(left), options=options)
