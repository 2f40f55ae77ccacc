"""What the page of a run is made of, gathered from the ledger, the reports and the registry."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tuning.datasets.report import Report
from tuning.evaluation.gate import Evaluation
from tuning.releases.live_model import LiveModel
from tuning.releases.model_version import ModelVersion
from tuning.reports.visible_text import printable
from tuning.runs.json_record import converted
from tuning.runs.progress_bar import words
from tuning.runs.recipes import Recipe
from tuning.runs.run_record import RunRecord
from tuning.runs.uploads import PREFIX

_EMULATED = ":000000000000:"
"""The account of the emulator, in its ARNs. AWS gives nobody that number."""


@dataclass(frozen=True, kw_only=True)
class RunPage:
    record: RunRecord
    environment: str
    made_at: str
    """ISO 8601, UTC."""
    check: Mapping[str, Any] | None = None
    """The document `report.json` of the run; None before it was checked, or when it cannot be read."""
    check_missing: str | None = None
    """Why it cannot be read."""
    model: ModelVersion | None = None
    live: LiveModel | None = None
    """What is live of the run's recipe."""
    evaluation: Evaluation | None = None
    evaluation_missing: str | None = None
    """Why there is none, of a model whose release was to evaluate it."""
    evaluated_from: str | None = None
    """The file that somebody gave it in; None when the platform itself has evaluated the model."""

    @cached_property
    def report(self) -> Report | None:
        """Raises RecordError when the document was not written by this platform."""
        return converted(self.check, Report, "report.json") if self.check else None

    @property
    def recipe(self) -> Recipe | None:
        run = self.record.training_run
        return run.recipe if run else None

    @property
    def title(self) -> str:
        """`support/2026-11`: recipe and folder of the upload."""
        _, _, key = self.record.upload.removeprefix("s3://").partition("/")
        return key.removeprefix(PREFIX).rpartition("/")[0] or key

    @property
    def heading(self) -> str:
        """The state in one or two words."""
        said = "live" if self.is_live and self.record.state == "trained" else words(self.record)
        return f"{said[:1].upper()}{said[1:]}".partition(",")[0].partition(" until ")[0]

    @property
    def copies(self) -> list[tuple[str, str]]:
        """The prepared sets with their SHA-256, by which their copies are named."""
        dataset = self.record.dataset
        if dataset is None:
            return []
        sets = {
            "training": dataset.training_uri,
            "validation": dataset.validation_uri,
            "evaluation": dataset.evaluation_uri,
        }
        found = {
            name: uri.rpartition("/")[0].rpartition("/")[2] for name, uri in sets.items() if uri
        }
        return [(f"{name} set", sha or "not known") for name, sha in found.items()]

    @property
    def has_gate(self) -> bool:
        return bool(self.recipe and self.recipe.release)

    @property
    def is_live(self) -> bool:
        return bool(self.model and self.live and self.live.version == self.model.version)

    @property
    def is_emulated(self) -> bool:
        return _EMULATED in (self.record.model_arn or self.record.job_arn or "")

    def command(self, name: str, *given: str) -> str:
        """Of ours, to be copied. What cannot be seen of a word is spelled out, so that it is another word."""
        typed = (name, "-e", self.environment, *given)
        return " ".join(("tuning", *(shlex.quote(printable(word)) for word in typed)))
