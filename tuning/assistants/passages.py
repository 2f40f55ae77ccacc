"""A passage: a part of a document that was found for a question, and where it is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from tuning.assistants.assistant import KnowledgeBase


@dataclass(frozen=True, kw_only=True)
class Passage:
    text: str
    document: str
    """Its key under `documents/<assistant>/`."""
    version: str | None
    """Of the object in S3; None where nobody said it."""
    place: str
    """For people: a page or a chunk."""
    score: float
    """0 to 1: how near it is to the question."""

    def below(self, folder: str) -> "Passage":
        """The same, its document named without its folder."""
        return replace(self, document=self.document.removeprefix(folder))


class Retriever(Protocol):
    def retrieve(self, question: str) -> Sequence[Passage]:
        """The nearest passages of one assistant's documents, best first, whatever their scores."""


def near_enough(found: Sequence[Passage], knowledge: KnowledgeBase) -> list[Passage]:
    """Best first, and no more than the model is given."""
    near = [each for each in found if each.score >= knowledge.least_score]
    return sorted(near, key=lambda each: -each.score)[: knowledge.passages]
