"""An ingestion job, in the shapes that the API returns.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_IngestionJob.html
"""

from dataclasses import dataclass, field
from typing import Any

from emulator.bedrock.emulated_jobs import timestamp

_ENDED = ("COMPLETE", "FAILED", "STOPPED")
_COUNTED = (
    *("numberOfDocumentsScanned", "numberOfMetadataDocumentsScanned"),
    *("numberOfNewDocumentsIndexed", "numberOfModifiedDocumentsIndexed"),
    *("numberOfMetadataDocumentsModified", "numberOfDocumentsDeleted", "numberOfDocumentsFailed"),
)


@dataclass(kw_only=True)
class Ingestion:
    id: str
    request: dict[str, Any]
    started: float
    due: float
    status: str = "STARTING"
    updated: float = 0
    reasons: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTED, 0))

    @property
    def running(self) -> bool:
        return self.status not in _ENDED

    def count(self, name: str) -> None:
        self.counts[name] += 1

    def describe(self) -> dict[str, Any]:
        said = {"failureReasons": self.reasons} if self.reasons else {}
        return {**self.summary(), **said}

    def summary(self) -> dict[str, Any]:
        asked = ("knowledgeBaseId", "dataSourceId", "description")
        return {
            **{name: self.request[name] for name in asked if name in self.request},
            "ingestionJobId": self.id,
            "status": self.status,
            "statistics": self.counts,
            "startedAt": timestamp(self.started),
            "updatedAt": timestamp(self.updated or self.started),
        }
