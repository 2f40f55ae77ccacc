"""Ingestion jobs: one at a time of a data source, by the clock, and what each of them does to the index.

https://docs.aws.amazon.com/bedrock/latest/userguide/kb-data-source-sync-ingest.html
https://docs.aws.amazon.com/bedrock/latest/userguide/kb-permissions.html
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from emulator.bedrock import listing
from emulator.bedrock.api_errors import Exists, JobFailed, NotFound, TooMany, ValidationError
from emulator.bedrock.injected_faults import Faults
from emulator.bedrock.ports import Scope
from emulator.knowledge.indexing import Indexing
from emulator.knowledge.ingestions import Ingestion
from emulator.knowledge.knowledge_bases import (
    DocumentSource,
    EmulatedBase,
    KnowledgeBases,
    short_id,
)

_MOST_AT_ONCE = 5
"""Of an account; one of a data source and one of a knowledge base.
https://docs.aws.amazon.com/general/latest/gr/bedrock.html"""


@dataclass(kw_only=True)
class Ingesting:
    bases: KnowledgeBases
    faults: Faults
    clock: Callable[[], float]
    seconds: float
    indexing: Indexing
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def start(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            base, source = self._found(scope, request)
            token = request.get("clientToken")
            for each in source.ingestions:
                if token and each.request.get("clientToken") == token:
                    return {"ingestionJob": each.describe()}
            if self.faults.take("quota", job=source.id):
                raise TooMany(message="The account's quota of concurrent ingestion jobs is in use.")
            if running := [each for other in base.sources.values() for each in _running(other)]:
                # UNCONFIRMED text.
                raise Exists(message=f"Ingestion job {running[0].id} is in progress already.")
            if (
                sum(len(_running(s)) for b in self._all(scope) for s in b.sources.values())
                >= _MOST_AT_ONCE
            ):
                # UNCONFIRMED text.
                raise TooMany(message=f"Only {_MOST_AT_ONCE} ingestion jobs may run at a time.")
            began = self.clock()
            made = Ingestion(
                id=short_id(), request=request, started=began, due=began + self.seconds
            )
            source.ingestions.append(made)
        return {"ingestionJob": made.describe()}

    def get(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return {"ingestionJob": self._job(scope, request).describe()}

    def list_all(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        """Newest first, unless asked otherwise."""
        _, source = self._found(scope, request)
        wanted = [v for each in request.get("filters", []) for v in each["values"]]
        found = [e for e in source.ingestions if not wanted or e.status in wanted]
        asked = request.get("sortBy", {})
        if asked.get("attribute", "STARTED_AT") != "STARTED_AT":
            raise ValidationError(message="The emulator sorts ingestion jobs by STARTED_AT.")
        found.sort(key=lambda each: each.started)
        if asked.get("order", "DESCENDING") == "DESCENDING":
            found.reverse()
        return listing.part([each.summary() for each in found], request, "ingestionJobSummaries")

    def stop(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            job = self._job(scope, request)
            if not job.running:
                # UNCONFIRMED text.
                raise Exists(message=f"Ingestion job {job.id} is {job.status} already.")
            job.status, job.updated = "STOPPED", self.clock()
        return {"ingestionJob": job.describe()}

    def documents(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        """What became of each, in the last job that had to do with it."""
        base, source = self._found(scope, request)
        bucket, _ = source.folder
        found = [
            {
                "knowledgeBaseId": base.id,
                "dataSourceId": source.id,
                "status": kept["status"],
                "identifier": {"dataSourceType": "S3", "s3": {"uri": f"s3://{bucket}/{key}"}},
                **({"statusReason": kept["reason"]} if kept["reason"] else {}),
            }
            for key, kept in sorted(source.documents.items())
        ]
        return listing.part(found, request, "documentDetails")

    def settle(self, scope: Scope) -> None:
        """All jobs as they are by now."""
        self._all(scope)

    def _job(self, scope: Scope, request: dict[str, Any]) -> Ingestion:
        _, source = self._found(scope, request)
        wanted = request["ingestionJobId"]
        for each in source.ingestions:
            if each.id == wanted:
                return each
        # UNCONFIRMED text.
        raise NotFound(message=f"IngestionJob with id {wanted} is not found.")

    def _found(self, scope: Scope, request: dict[str, Any]) -> tuple[EmulatedBase, DocumentSource]:
        self._all(scope)
        base = self.bases.find(scope, request["knowledgeBaseId"])
        return base, base.source(request["dataSourceId"])

    def _all(self, scope: Scope) -> list[EmulatedBase]:
        with self._lock:
            found = self.bases.of(scope)
            for base in found:
                for source in base.sources.values():
                    for job in _running(source):
                        self._advance(base, source, job)
            return found

    def _advance(self, base: EmulatedBase, source: DocumentSource, job: Ingestion) -> None:
        if self.faults.holds("stall", phase="Ingestion", job=source.id):
            return
        if self.clock() < job.due:
            job.status = "IN_PROGRESS"
            return
        job.updated = job.due
        try:
            self.faults.strike("Ingestion", source.id)
            self.indexing.run(base, source, job)
        except JobFailed as failed:
            job.status, job.reasons = "FAILED", [str(failed)]
            return
        job.status = "COMPLETE"


def _running(source: DocumentSource) -> list[Ingestion]:
    return [each for each in source.ingestions if each.running]
