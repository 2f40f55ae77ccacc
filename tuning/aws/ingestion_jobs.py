"""Ingestion jobs of a knowledge base's data source.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_StartIngestionJob.html
"""

from dataclasses import dataclass
from typing import Any, Self

from tuning.assistants.ingestion import FailedDocument, IngestionJob
from tuning.aws.clients import Clients, client
from tuning.aws.transient import RefusedByAwsError

_LISTED = 100
_FAILED = ("FAILED", "PARTIALLY_INDEXED", "METADATA_PARTIALLY_INDEXED", "METADATA_UPDATE_FAILED")
_MOST_PAGES = 20
"""Of a thousand documents each: what is beyond is counted, and not named."""


class IngestionRefusedError(RefusedByAwsError):
    """Bedrock starts no job."""

    @property
    def for_want_of_room(self) -> bool:
        """One job of a data source and of a knowledge base runs at a time, five of an account.
        https://docs.aws.amazon.com/general/latest/gr/bedrock.html
        """
        return self.code in ("ConflictException", "ServiceQuotaExceededException")


@dataclass(frozen=True, kw_only=True)
class IngestionJobs:
    knowledge_base: str
    source: str
    client: Clients = client

    @classmethod
    def named(cls, place: str) -> Self:
        """`place`: the ids of knowledge base and data source with a slash between them."""
        base, _, source = place.partition("/")
        return cls(knowledge_base=base, source=source)

    @property
    def _of(self) -> dict[str, str]:
        return {"knowledgeBaseId": self.knowledge_base, "dataSourceId": self.source}

    def newest_first(self) -> list[IngestionJob]:
        """The hundred newest."""
        newest = {"attribute": "STARTED_AT", "order": "DESCENDING"}
        asked = {**self._of, "sortBy": newest, "maxResults": _LISTED}
        found = self.client("bedrock-agent").list_ingestion_jobs(**asked)
        return [
            IngestionJob(
                id=each["ingestionJobId"],
                status=each["status"],
                label=each.get("description", ""),
            )
            for each in found["ingestionJobSummaries"]
        ]

    def start(self, label: str) -> str:
        """The id of a job. The label is its token, too, so that asking twice starts one; UNCONFIRMED what the second
        answer says, so that a job is looked for by its label before. Raises IngestionRefusedError.
        """
        asked = {**self._of, "clientToken": label, "description": label}
        with IngestionRefusedError.of_calls():
            started = self.client("bedrock-agent").start_ingestion_job(**asked)
        return str(started["ingestionJob"]["ingestionJobId"])

    def job(self, job: str) -> dict[str, Any]:
        """As GetIngestionJob answers."""
        asked = {**self._of, "ingestionJobId": job}
        found: dict[str, Any] = self.client("bedrock-agent").get_ingestion_job(**asked)
        return dict(found["ingestionJob"])

    def failed_documents(self) -> list[FailedDocument]:
        """Those that are not in the index as they are. UNCONFIRMED of a data source in S3 that all are listed: the
        job's own reasons are said where none is.
        https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_ListKnowledgeBaseDocuments.html
        """
        pages = self.client("bedrock-agent").get_paginator("list_knowledge_base_documents")
        found = []
        for number, page in enumerate(pages.paginate(**self._of), 1):
            found += [
                FailedDocument(
                    uri=each["identifier"].get("s3", {}).get("uri", "a document"),
                    why=each.get("statusReason", ""),
                )
                for each in page["documentDetails"]
                if each["status"] in _FAILED
            ]
            if number == _MOST_PAGES:
                break
        return found
