"""Retrieve: passages of a knowledge base that are near a question.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_Retrieve.html
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from emulator.bedrock.api_errors import Denied, JobFailed, ValidationError
from emulator.bedrock.offered_models import reranks
from emulator.bedrock.ports import Roles, Scope
from emulator.knowledge.hashed_embeddings import covered, embed, shared
from emulator.knowledge.indexing import ALL, TEXT, URI, Indexing
from emulator.knowledge.ingesting import Ingesting
from emulator.knowledge.knowledge_bases import EmulatedBase, KnowledgeBases

_DEFAULT, _MOST = 5, 100
_LONGEST = 1000
"""Characters of a question, of Retrieve with S3 Vectors UNCONFIRMED.
https://docs.aws.amazon.com/general/latest/gr/bedrock.html"""
_COMPARED = {
    "equals": "$eq",
    "notEquals": "$ne",
    "in": "$in",
    "notIn": "$nin",
    "greaterThan": "$gt",
    "greaterThanOrEquals": "$gte",
    "lessThan": "$lt",
    "lessThanOrEquals": "$lte",
}


@dataclass(frozen=True, kw_only=True)
class Retrieving:
    bases: KnowledgeBases
    roles: Roles
    ingesting: Ingesting
    indexing: Indexing

    def retrieve(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        self.ingesting.settle(scope)
        base = self.bases.find(scope, request["knowledgeBaseId"])
        text = request["retrievalQuery"].get("text", "")
        if not text or len(text) > _LONGEST:
            # UNCONFIRMED text.
            raise ValidationError(message=f"A question has between 1 and {_LONGEST} characters.")
        asked = request.get("retrievalConfiguration", {}).get("vectorSearchConfiguration", {})
        _check_search(request, asked)
        reranking = _reranking(scope, asked)
        self._may(base, reranking)
        query = {
            **base.stored,
            "topK": _MOST,
            "queryVector": {"float32": embed(text, base.dimensions)},
            "returnMetadata": True,
            **({"filter": _filter(asked["filter"])} if "filter" in asked else {}),
        }
        near = self.bases.store.query(scope, query)["vectors"]
        found = [_passage(text, each["metadata"]) for each in near]
        found = _best(each for each in found if each["score"])
        found = found[: asked.get("numberOfResults", _DEFAULT)]
        if reranking:
            found = _best(
                {**each, "score": shared(text, each["content"]["text"])} for each in found
            )[: reranking.results]
        return {"retrievalResults": found}

    def _may(self, base: EmulatedBase, reranking: "_Reranking | None") -> None:
        """As the knowledge base's role. UNCONFIRMED which error the caller sees.
        https://docs.aws.amazon.com/bedrock/latest/userguide/kb-permissions.html
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_S3VectorBuckets_QueryVectors.html
        """
        index = self.bases.index(base)
        needed = [
            ("bedrock:InvokeModel", base.embeddings),
            ("s3vectors:QueryVectors", index.arn),
            ("s3vectors:GetVectors", index.arn),
        ]
        if reranking:
            # https://docs.aws.amazon.com/bedrock/latest/userguide/rerank-prereq.html
            needed += [("bedrock:Rerank", "*"), ("bedrock:InvokeModel", reranking.model)]
        for action, resource in needed:
            if not self.roles.allows(base.role, action, resource, {}):
                what = f"perform: {action} on resource: {resource}"
                raise Denied(message=f"{base.role} is not authorized to {what}")
        try:
            self.indexing.use_key(base, "s3vectors", index.key, "kms:Decrypt")
        except JobFailed as refused:
            raise Denied(message=str(refused)) from None


def _check_search(request: dict[str, Any], asked: dict[str, Any]) -> None:
    if asked.get("overrideSearchType") == "HYBRID":
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-bedrock-kb.html; UNCONFIRMED text
        raise ValidationError(message="HYBRID search is not supported with S3 Vectors.")
    if "implicitFilterConfiguration" in asked:
        raise ValidationError(message="The emulator has no implicitFilterConfiguration.")
    if "guardrailConfiguration" in request:
        raise ValidationError(message="The emulator applies guardrails by ApplyGuardrail.")


@dataclass(frozen=True, kw_only=True)
class _Reranking:
    model: str
    """Its ARN."""
    results: int


def _reranking(scope: Scope, asked: dict[str, Any]) -> _Reranking | None:
    """https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_VectorSearchRerankingConfiguration.html"""
    if "rerankingConfiguration" not in asked:
        return None
    said = asked["rerankingConfiguration"].get("bedrockRerankingConfiguration")
    if said is None:
        # UNCONFIRMED text.
        raise ValidationError(message="bedrockRerankingConfiguration is required for this type.")
    model = said["modelConfiguration"]
    if "metadataConfiguration" in said or "additionalModelRequestFields" in model:
        raise ValidationError(message="The emulator reranks by the text alone.")
    where, _, name = model["modelArn"].partition("::foundation-model/")
    if where.split(":")[3] != scope.region or not reranks(name, scope.region):
        # As of a Region without it: https://github.com/awslabs/mcp/pull/128
        raise ValidationError(message="Your account is unauthorized to use RerankingConfiguration.")
    looked_for = asked.get("numberOfResults", _DEFAULT)
    results = said.get("numberOfRerankedResults", looked_for)
    if results > looked_for:
        # Of the operation Rerank: https://github.com/langgenius/dify/pull/12774; of Retrieve UNCONFIRMED.
        raise ValidationError(
            message="Cannot provide numberOfResults value that exceeds the number of sources."
        )
    return _Reranking(model=model["modelArn"], results=results)


def _best(passages: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(passages, key=lambda each: -each["score"])


def _filter(asked: dict[str, Any]) -> dict[str, Any]:
    """As S3 Vectors writes it; it has neither startsWith nor stringContains: UNCONFIRMED text."""
    ((name, value),) = asked.items()
    if name in ("andAll", "orAll"):
        return {"$and" if name == "andAll" else "$or": [_filter(each) for each in value]}
    if name not in _COMPARED:
        raise ValidationError(message=f"The filter {name} is not supported with S3 Vectors.")
    return {value["key"]: {_COMPARED[name]: value["value"]}}


def _passage(question: str, metadata: dict[str, Any]) -> dict[str, Any]:
    """On AWS the score is of the distance: how it is reckoned is UNCONFIRMED."""
    return {
        "content": {"text": metadata[TEXT], "type": "TEXT"},
        "location": {"type": "S3", "s3Location": {"uri": metadata[URI]}},
        "score": covered(question, metadata[TEXT]),
        "metadata": {k: v for k, v in metadata.items() if k not in (TEXT, ALL)},
    }
