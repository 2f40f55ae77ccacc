"""Passages of an assistant's documents that are near a question, by Retrieve: the model is asked apart.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_Retrieve.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tuning.assistants.document_changes import folder_of
from tuning.assistants.passages import Passage
from tuning.assistants.reranking import candidates_of
from tuning.aws.clients import Clients, client

_LONGEST_QUESTION = 1000
"""Characters. A question that is longer is cut for the search, and not for the model.
https://docs.aws.amazon.com/general/latest/gr/bedrock.html lists the quota of a query; UNCONFIRMED of S3 Vectors."""
_PAGE = "x-amz-bedrock-kb-document-page-number"
_CHUNK = "x-amz-bedrock-kb-chunk-id"
_VERSION = "x-amz-bedrock-kb-source-file-version"
"""UNCONFIRMED: no page names a version; None where there is none."""


@dataclass(frozen=True, kw_only=True)
class KnowledgeBaseRetriever:
    knowledge_base: str
    """Its id."""
    assistant: str
    passages: int
    rerank: str | None = None
    """The model that puts what is found in order, by its id."""
    client: Clients = client

    def retrieve(self, question: str) -> Sequence[Passage]:
        """Best first. What is not of the assistant's own folder is dropped: its knowledge base has nothing else, and
        an answer must not rest on that.
        """
        runtime = self.client("bedrock-agent-runtime")
        found = runtime.retrieve(
            knowledgeBaseId=self.knowledge_base,
            retrievalQuery={"text": question[:_LONGEST_QUESTION]},
            retrievalConfiguration={
                "vectorSearchConfiguration": {
                    "numberOfResults": self.passages,
                    "overrideSearchType": "SEMANTIC",
                    **self._reranked(runtime),
                }
            },
        )
        passages = [passage_of(each) for each in found["retrievalResults"]]
        mine = folder_of(self.assistant)
        own = [each for each in passages if each is not None and each.document.startswith(mine)]
        return sorted(own, key=lambda each: -each.score)

    def _reranked(self, runtime: Any) -> dict[str, Any]:
        """Of more candidates the best. Bedrock asks the model as the knowledge base's role.
        https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_VectorSearchBedrockRerankingConfiguration.html
        """
        if self.rerank is None:
            return {}
        where = f"arn:{runtime.meta.partition}:bedrock:{runtime.meta.region_name}"
        said = {
            "modelConfiguration": {"modelArn": f"{where}::foundation-model/{self.rerank}"},
            "numberOfRerankedResults": self.passages,
        }
        configuration = {
            "type": "BEDROCK_RERANKING_MODEL",
            "bedrockRerankingConfiguration": said,
        }
        return {
            "numberOfResults": candidates_of(self.passages),
            "rerankingConfiguration": configuration,
        }


def passage_of(result: Mapping[str, Any]) -> Passage | None:
    """One result; None of what has no text or is no object in S3."""
    text = result.get("content", {}).get("text", "")
    uri = result.get("location", {}).get("s3Location", {}).get("uri", "")
    if not text or not uri.startswith("s3://"):
        return None
    about = result.get("metadata", {})
    version = about.get(_VERSION)
    return Passage(
        text=text,
        document=uri.removeprefix("s3://").partition("/")[2],
        version=None if version is None else str(version),
        place=_place(about),
        score=float(result.get("score", 0)),
    )


def _place(about: Mapping[str, Any]) -> str:
    """Page or chunk. Numbers come as 3.0, and pages count from 1: UNCONFIRMED of the latter."""
    if (page := about.get(_PAGE)) is not None:
        return f"page {int(float(page))}"
    return f"chunk {about[_CHUNK]}" if about.get(_CHUNK) else ""
