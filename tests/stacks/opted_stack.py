"""Environments with a stack that others have not, for their Config asks for it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from review.decide import DecisionRow, review_decisions
from review.permission_table import render, reviewed_table, table
from review.synthesis import Reviewed
from review.templates import EnvironmentTemplates


@dataclass(frozen=True, kw_only=True)
class Opted:
    name: str
    region: str
    reviewed: Reviewed
    """By all packs, the validator and the Guard rules."""

    @cached_property
    def environment(self) -> EnvironmentTemplates:
        return EnvironmentTemplates.of(self.reviewed.folder, self.name)

    @cached_property
    def reports(self) -> list[dict[str, Any]]:
        """What each pack, validator and set of rules says of the templates."""
        text = (self.reviewed.folder / "validation-report.json").read_bytes()
        reports: list[dict[str, Any]] = json.loads(text)["pluginReports"]
        return reports

    @cached_property
    def decided(self) -> Sequence[DecisionRow]:
        found = review_decisions(self.environment, region=self.region, mutated=False)
        return found.decisions


def assert_reviewed(environment, file, roles):
    """That these roles may what the file says that was reviewed, and that it is written in the one way."""
    found = {name: entry for name, entry in table(environment).items() if name in roles}
    entries, text = reviewed_table(file)
    assert found == entries
    assert render(found) == text
