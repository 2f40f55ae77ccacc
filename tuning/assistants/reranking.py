"""Reranking: a model reads the question with each of many passages, and the nearest by its scores go on.

https://docs.aws.amazon.com/bedrock/latest/userguide/rerank.html
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from tuning.assistants.assistant import KnowledgeBase
from tuning.models.prices import RERANKING, prices

_CANDIDATES = 5
"""For each passage that goes to the model."""
_MOST_CANDIDATES = 100
"""What one search finds at most, and one query of a reranker holds.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_KnowledgeBaseVectorSearchConfiguration.html"""
_OF_A_QUERY = 100
"""Documents. https://docs.aws.amazon.com/bedrock/latest/userguide/rerank-pricing.html"""
_OF_A_DOCUMENT = 512 - 256
"""Tokens of a passage that count as one document: 512 with the question's, as quoted from
https://aws.amazon.com/bedrock/pricing/, of which the question has 256 at most (https://docs.cohere.com/docs/reranking-best-practices).
UNCONFIRMED of longer questions and of Amazon's own model."""


def candidates_of(passages: int) -> int:
    """How many are looked for where so many are to be left."""
    return min(_MOST_CANDIDATES, passages * _CANDIDATES)


def rerank_queries(passages: int, chunk_tokens: int) -> int:
    """That one question is billed at most: longer passages count several times."""
    documents = candidates_of(passages) * -(-chunk_tokens // _OF_A_DOCUMENT)
    return -(-documents // _OF_A_QUERY)


def rerank_usd(knowledge: KnowledgeBase | None) -> Decimal:
    """Of one question at most; nothing where nothing is reranked."""
    if knowledge is None or knowledge.rerank is None:
        return Decimal(0)
    query = Decimal(prices()[RERANKING][knowledge.rerank]["usd"]) / 1000
    return rerank_queries(knowledge.passages, knowledge.chunk_tokens) * query


class RerankBudget(Protocol):
    """What one reranking takes of an assistant's day: a reservation beside that for the model."""

    def reserve(self, usd: Decimal) -> bool: ...

    def settle(self, usd: Decimal) -> None: ...


@dataclass(frozen=True, kw_only=True)
class PaidReranking:
    """Its price is known before; that of a search which fails stays reserved: spent rather than free."""

    budget: RerankBudget
    usd: Decimal

    def begin(self) -> bool:
        """Whether enough of the day is left."""
        return self.budget.reserve(self.usd)

    def end(self) -> None:
        self.budget.settle(self.usd)
