"""The operations of bedrock-agent, bedrock-agent-runtime and s3vectors that the emulator has, and who may call them.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-access-management.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from emulator.bedrock.api_errors import Denied, Internal, Throttled
from emulator.bedrock.callers import Need
from emulator.bedrock.injected_faults import Faults
from emulator.bedrock.ports import Callers, Scope
from emulator.bedrock.requests import validate
from emulator.knowledge.ingesting import Ingesting
from emulator.knowledge.knowledge_bases import KnowledgeBases
from emulator.knowledge.retrieving import Retrieving
from emulator.knowledge.vector_indexes import VectorStore, bucket_named, index_named, vectors_arn

AGENT, RUNTIME, VECTORS = "bedrock-agent", "bedrock-agent-runtime", "s3vectors"
KNOWLEDGE_OPERATIONS = {
    AGENT: {
        "CreateKnowledgeBase": "bases.create",
        "GetKnowledgeBase": "bases.get",
        "ListKnowledgeBases": "bases.list_all",
        "UpdateKnowledgeBase": "bases.update",
        "DeleteKnowledgeBase": "bases.delete",
        "CreateDataSource": "bases.create_source",
        "GetDataSource": "bases.get_source",
        "ListDataSources": "bases.list_sources",
        "DeleteDataSource": "bases.delete_source",
        "StartIngestionJob": "ingesting.start",
        "GetIngestionJob": "ingesting.get",
        "ListIngestionJobs": "ingesting.list_all",
        "StopIngestionJob": "ingesting.stop",
        "ListKnowledgeBaseDocuments": "ingesting.documents",
    },
    RUNTIME: {"Retrieve": "retrieving.retrieve"},
    VECTORS: {
        "CreateVectorBucket": "store.create_bucket",
        "GetVectorBucket": "store.get_bucket",
        "ListVectorBuckets": "store.list_buckets",
        "DeleteVectorBucket": "store.delete_bucket",
        "CreateIndex": "store.create_index",
        "GetIndex": "store.get_index",
        "ListIndexes": "store.list_indexes",
        "DeleteIndex": "store.delete_index",
        "PutVectors": "store.put",
        "GetVectors": "store.get",
        "ListVectors": "store.list_all",
        "DeleteVectors": "store.delete",
        "QueryVectors": "store.query",
    },
}
"""Each with its method; the rest of the three services is MiniStack's, or nobody's."""
_OF_BUCKETS = ("CreateVectorBucket", "GetVectorBucket", "DeleteVectorBucket", "ListIndexes")


@dataclass(kw_only=True)
class KnowledgeEngine:
    store: VectorStore
    bases: KnowledgeBases
    ingesting: Ingesting
    retrieving: Retrieving
    faults: Faults

    def of(self, service: str, callers: Callers) -> "ServedKnowledge":
        return ServedKnowledge(engine=self, service=service, callers=callers)


@dataclass(frozen=True, kw_only=True)
class ServedKnowledge:
    """One of the three services."""

    engine: KnowledgeEngine
    service: str
    callers: Callers

    def owns(self, _operation: str, _scope: Scope, _request: dict[str, Any]) -> bool:
        return True

    def call(self, operation: str, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        """One call of the API; raises `ApiError`."""
        faults = self.engine.faults
        if faults.take("throttle", operation=operation):
            raise Throttled(message="Too many requests, please wait before trying again.")
        validate(operation, request, self.service)
        for need in self._needed(operation, scope, request):
            context = need.context | self.engine.bases.condition_keys(scope, need.resource)
            if refusal := self.callers.refusal(need.action, need.resource, context):
                raise Denied(message=refusal)
        method = attrgetter(KNOWLEDGE_OPERATIONS[self.service][operation])(self.engine)
        answer: dict[str, Any] = method(scope, request)
        if fault := faults.take("lost-response", operation=operation):
            raise Internal(message=fault.message)
        return answer

    def _needed(self, operation: str, scope: Scope, request: dict[str, Any]) -> Iterator[Need]:
        if self.service == VECTORS:
            yield from _of_vectors(operation, scope, request)
            return
        action, tags = f"bedrock:{operation}", request.get("tags", {})
        given = {f"aws:RequestTag/{name}": value for name, value in tags.items()}
        if base := request.get("knowledgeBaseId"):
            plain = not base.startswith("arn:")
            resource = scope.arn(f"knowledge-base/{base}") if plain else base
            yield Need(action=action, resource=resource, context=given)
        else:
            yield Need(action=action, resource="*", context=given)
        if tags:
            yield Need(
                action="bedrock:TagResource", resource=scope.arn("knowledge-base/*"), context=given
            )
        if role := request.get("roleArn"):
            passed = {"iam:PassedToService": "bedrock.amazonaws.com"}
            yield Need(action="iam:PassRole", resource=role, context=passed)


def _of_vectors(operation: str, scope: Scope, request: dict[str, Any]) -> Iterator[Need]:
    """Of its key, the caller's rights are asked for at the data alone: UNCONFIRMED of the creation of either."""
    action = f"s3vectors:{operation}"
    if operation == "ListVectorBuckets":
        yield Need(action=action, resource="*")
        return
    if operation in _OF_BUCKETS:
        yield Need(action=action, resource=bucket_named(scope, request))
        return
    if operation == "CreateIndex":
        bucket = bucket_named(scope, request).rpartition("/")[2]
        yield Need(action=action, resource=vectors_arn(scope, bucket, request["indexName"]))
        return
    resource = index_named(scope, request)
    yield Need(action=action, resource=resource)
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_S3VectorBuckets_QueryVectors.html
    reads_more = request.get("returnMetadata") or request.get("returnData") or "filter" in request
    if operation in ("QueryVectors", "ListVectors") and reads_more:
        yield Need(action="s3vectors:GetVectors", resource=resource)
