"""Candidates, in the ledger's table: written as an evaluation begins, and as it ends."""

from dataclasses import dataclass
from typing import Any

from msgspec import structs

from tuning.aws.item_updates import item_key, whole_record
from tuning.aws.ledger import Ledger
from tuning.releases.evaluated_version import (
    EVALUATING,
    EVALUATING_KEY,
    EvaluatedVersion,
    EvaluationState,
    candidate_key,
)


@dataclass(frozen=True, kw_only=True)
class Candidates:
    ledger: Ledger

    def of(self, recipe: str, version: int) -> EvaluatedVersion | None:
        """None of a version that was never evaluated."""
        return self.by_id(candidate_key(recipe, version))

    def by_id(self, candidate: str) -> EvaluatedVersion | None:
        return self.ledger.find(EvaluatedVersion, candidate)

    def evaluating(self) -> list[str]:
        """The ids of those whose deployment may exist."""
        item = self.ledger.item(EVALUATING_KEY) or {}
        return sorted(item.get(EVALUATING, {"SS": ()})["SS"])

    def begin(self, candidate: EvaluatedVersion) -> None:
        """It is in the set before it is deployed, so that whatever is deployed is removed; and written before it
        is in the set, so that nobody takes it for one that is over.
        """
        self._write(candidate)
        self._listed("ADD", candidate.id)

    def end(self, candidate: EvaluatedVersion, outcome: EvaluationState, summary: str) -> None:
        """Unless another evaluation of the version has begun meanwhile."""
        self._write(
            structs.replace(candidate, outcome=outcome, summary=summary),
            ConditionExpression="#execution = :execution",
        )

    def removed(self, candidate: str, seen: EvaluatedVersion | None) -> None:
        """The deployment of what was `seen` is gone. Another evaluation may have begun meanwhile, and stays listed."""
        self._listed("DELETE", candidate)
        now = self.by_id(candidate)
        if now and now.execution != (seen.execution if seen else None):
            self._listed("ADD", candidate)

    def _write(self, candidate: EvaluatedVersion, **condition: str) -> None:
        update = whole_record(self.ledger.table, candidate)
        if (
            candidate.evaluation_uri is None
        ):  # that of an earlier evaluation says nothing of this one
            update["UpdateExpression"] += " REMOVE evaluation_uri"
        self.ledger.holds({**update, **condition})

    def _listed(self, action: str, candidate: str) -> None:
        values: dict[str, Any] = {":candidate": {"SS": [candidate]}}
        self.ledger.client("dynamodb").update_item(
            TableName=self.ledger.table,
            Key=item_key(EVALUATING_KEY),
            UpdateExpression=f"{action} {EVALUATING} :candidate",
            ExpressionAttributeValues=values,
        )
