"""Knowledge bases and their data sources.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_CreateKnowledgeBase.html
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_CreateDataSource.html
"""

import secrets
import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from emulator.bedrock.api_errors import Exists, NotFound, ValidationError
from emulator.bedrock.emulated_jobs import now
from emulator.bedrock.kept_resources import KeptResources, Requested, replayed
from emulator.bedrock.ports import Roles, Scope
from emulator.knowledge.ingestions import Ingestion
from emulator.knowledge.vector_indexes import VectorIndex, VectorStore

_EMBEDDINGS = {
    "amazon.titan-embed-text-v2:0": (1024, 512, 256),
    "amazon.titan-embed-text-v1": (1536,),
    "cohere.embed-english-v3": (1024,),
    "cohere.embed-multilingual-v3": (1024,),
}
"""https://docs.aws.amazon.com/bedrock/latest/userguide/knowledge-base-supported.html: the first is the default."""


def short_id() -> str:
    """Ten of these: `[0-9a-zA-Z]{10}`."""
    return "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(10))


@dataclass(kw_only=True)
class DocumentSource:
    id: str
    request: dict[str, Any]
    created: str = field(default_factory=now)
    ingestions: list[Ingestion] = field(default_factory=list)
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By key: etag, keys of its vectors, status and reason."""

    @property
    def folder(self) -> tuple[str, str]:
        """Bucket and prefix."""
        config = self.request["dataSourceConfiguration"]["s3Configuration"]
        prefixes = config.get("inclusionPrefixes", [""])
        return config["bucketArn"].removeprefix("arn:aws:s3:::"), prefixes[0]

    @property
    def transient_key(self) -> str | None:
        found: str | None = self.request.get("serverSideEncryptionConfiguration", {}).get(
            "kmsKeyArn"
        )
        return found

    def describe(self, knowledge: str) -> dict[str, Any]:
        kept = {
            k: v for k, v in self.request.items() if k not in ("clientToken", "knowledgeBaseId")
        }
        times = {"createdAt": self.created, "updatedAt": self.created}
        ids = {"knowledgeBaseId": knowledge, "dataSourceId": self.id, "status": "AVAILABLE"}
        return {"dataDeletionPolicy": "DELETE", **kept, **ids, **times}


@dataclass(kw_only=True)
class EmulatedBase:
    scope: Scope
    id: str
    request: dict[str, Any]
    dimensions: int
    created: str = field(default_factory=now)
    updated: str = field(default_factory=now)
    sources: dict[str, DocumentSource] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return self.scope.arn(f"knowledge-base/{self.id}")

    @property
    def name(self) -> str:
        return str(self.request["name"])

    @property
    def role(self) -> str:
        return str(self.request["roleArn"])

    @property
    def embeddings(self) -> str:
        return str(self.request["knowledgeBaseConfiguration"][_VECTORS]["embeddingModelArn"])

    @property
    def stored(self) -> dict[str, Any]:
        found: dict[str, Any] = self.request["storageConfiguration"]["s3VectorsConfiguration"]
        return found

    @property
    def tags(self) -> dict[str, str]:
        return dict(self.request.get("tags", {}))

    def describe(self) -> dict[str, Any]:
        kept = {k: v for k, v in self.request.items() if k not in ("clientToken", "tags")}
        ids = {"knowledgeBaseId": self.id, "knowledgeBaseArn": self.arn, "status": "ACTIVE"}
        return {**kept, **ids, "createdAt": self.created, "updatedAt": self.updated}

    def source(self, wanted: str) -> DocumentSource:
        if found := self.sources.get(wanted):
            return found
        # UNCONFIRMED text.
        raise NotFound(message=f"DataSource with id {wanted} in {self.id} is not found.")


_VECTORS = "vectorKnowledgeBaseConfiguration"


@dataclass(kw_only=True)
class KnowledgeBases(KeptResources[EmulatedBase]):
    kind: str = "knowledge-base"
    called: str = "KnowledgeBase"
    goes_by: Callable[[EmulatedBase], str] = attrgetter("id")
    store: VectorStore
    roles: Roles

    def create(
        self, scope: Scope, request: dict[str, Any], roles: Roles | None = None
    ) -> dict[str, Any]:
        """`roles`: as they are known where a new one is waited for."""
        with self.lock:
            mine = self.of(scope)
            if same := replayed(mine, request, Exists, "clientToken"):
                return {"knowledgeBase": same.describe()}
            _check_name("KnowledgeBase", request, mine)
            self._check_role(scope, request["roleArn"], roles or self.roles)
            made = EmulatedBase(
                scope=scope, id=short_id(), request=request, dimensions=_dimensions(request)
            )
            self._check_store(made)
            self.kept[made.arn] = made
        # Active at once: on AWS it is CREATING for some seconds.
        return {"knowledgeBase": made.describe()}

    def get(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return {"knowledgeBase": self.find(scope, request["knowledgeBaseId"]).describe()}

    def list_all(self, scope: Scope, _request: dict[str, Any]) -> dict[str, Any]:
        kept = ("knowledgeBaseId", "name", "description", "status", "updatedAt")
        found = [each.describe() for each in self.of(scope)]
        return {
            "knowledgeBaseSummaries": [{k: e[k] for k in kept if k in e} for e in found],
        }

    def update(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        """Name, description and role; the rest cannot be changed."""
        with self.lock:
            found = self.find(scope, request["knowledgeBaseId"])
            for fixed in ("knowledgeBaseConfiguration", "storageConfiguration"):
                if request.get(fixed, found.request[fixed]) != found.request[fixed]:
                    # UNCONFIRMED text.
                    raise ValidationError(message=f"{fixed} of a knowledge base cannot be changed.")
            self._check_role(scope, request["roleArn"], self.roles)
            named = {k: v for k, v in request.items() if k in ("name", "description", "roleArn")}
            found.request = {**found.request, **named}
            found.updated = now()
        return {"knowledgeBase": found.describe()}

    def delete(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        """What is in its index stays there; its data sources go with it."""
        with self.lock:
            found = self.find(scope, request["knowledgeBaseId"])
            del self.kept[found.arn]
        return {"knowledgeBaseId": found.id, "status": "DELETING"}

    def create_source(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            found = self.find(scope, request["knowledgeBaseId"])
            _check_source(request)
            if same := replayed(found.sources.values(), request, Exists, "clientToken"):
                return {"dataSource": same.describe(found.id)}
            _check_name("DataSource", request, found.sources.values())
            made = DocumentSource(id=short_id(), request=request)
            found.sources[made.id] = made
        return {"dataSource": made.describe(found.id)}

    def get_source(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        found = self.find(scope, request["knowledgeBaseId"])
        return {"dataSource": found.source(request["dataSourceId"]).describe(found.id)}

    def list_sources(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        found = self.find(scope, request["knowledgeBaseId"])
        kept = ("knowledgeBaseId", "dataSourceId", "name", "status", "updatedAt")
        described = [each.describe(found.id) for each in found.sources.values()]
        return {"dataSourceSummaries": [{k: each[k] for k in kept} for each in described]}

    def delete_source(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        """With its vectors, unless its policy is to retain them. AWS deletes them as the knowledge base's role, and
        the source becomes DELETE_UNSUCCESSFUL where it may not: not imitated.
        """
        with self.lock:
            found = self.find(scope, request["knowledgeBaseId"])
            source = found.source(request["dataSourceId"])
            if source.request.get("dataDeletionPolicy", "DELETE") == "DELETE":
                vectors = self.index(found).vectors
                for document in source.documents.values():
                    for key in document["vectors"]:
                        vectors.pop(key, None)
            del found.sources[source.id]
        ids = {"knowledgeBaseId": found.id, "dataSourceId": source.id}
        return {**ids, "status": "DELETING"}

    def find(self, scope: Scope, wanted: str) -> EmulatedBase:
        """By id or ARN; raises `NotFound`."""
        if found := self.look_up(scope, wanted):
            return found
        # UNCONFIRMED text.
        raise NotFound(message=f"KnowledgeBase with id {wanted} is not found.")

    def index(self, base: EmulatedBase) -> VectorIndex:
        return self.store.index(base.scope, base.stored)

    def _check_role(self, scope: Scope, role: str, roles: Roles) -> None:
        """UNCONFIRMED text. https://docs.aws.amazon.com/bedrock/latest/userguide/kb-permissions.html"""
        if not roles.may_be_assumed(role, scope.arn("knowledge-base/*")):
            raise ValidationError(
                message=f"Bedrock Knowledge Base was unable to assume the given role: {role}"
            )

    def _check_store(self, base: EmulatedBase) -> None:
        """UNCONFIRMED texts, and that GetIndex is asked for as the role: its page lists the right."""
        says = "The knowledge base storage configuration provided is invalid..."
        index = self.index(base)
        if not self.roles.allows(base.role, "s3vectors:GetIndex", index.arn, {}):
            raise ValidationError(message=f"{says} {base.role} may not s3vectors:GetIndex")
        if index.dimension != base.dimensions:
            why = f"vectors have {base.dimensions} dimensions, and the index {index.dimension}"
            raise ValidationError(message=f"{says} {why}")


def _dimensions(request: dict[str, Any]) -> int:
    """UNCONFIRMED texts."""
    if request["knowledgeBaseConfiguration"]["type"] != "VECTOR":
        raise ValidationError(message="The emulator has knowledge bases of vectors only.")
    if request.get("storageConfiguration", {}).get("type") != "S3_VECTORS":
        raise ValidationError(message="The emulator keeps vectors in S3 Vectors only.")
    config = request["knowledgeBaseConfiguration"][_VECTORS]
    model = config["embeddingModelArn"].rpartition("/")[2]
    if model not in _EMBEDDINGS:
        raise ValidationError(message=f"{model} is no embedding model that the emulator knows.")
    detailed = config.get("embeddingModelConfiguration", {})
    asked = detailed.get("bedrockEmbeddingModelConfiguration", {})
    if asked.get("embeddingDataType", "FLOAT32") != "FLOAT32":
        raise ValidationError(message="S3 Vectors keeps FLOAT32 only.")
    dimensions = int(asked.get("dimensions", _EMBEDDINGS[model][0]))
    if dimensions not in _EMBEDDINGS[model]:
        raise ValidationError(message=f"{model} has no vectors of {dimensions} dimensions.")
    return dimensions


def _check_source(request: dict[str, Any]) -> None:
    if request["dataSourceConfiguration"]["type"] != "S3":
        raise ValidationError(message="The emulator reads documents in S3 only.")
    if "s3Configuration" not in request["dataSourceConfiguration"]:
        raise ValidationError(message="s3Configuration is required for a data source of type S3.")


def _check_name(called: str, request: dict[str, Any], mine: Iterable[Requested]) -> None:
    if request["name"] in {each.request["name"] for each in mine}:
        # UNCONFIRMED text.
        raise Exists(message=f"{called} with name {request['name']} already exists.")
