"""The tool that searches an assistant's documents: what is near enough, judged passage by passage, with numbers to cite.

A passage keeps its number for the whole conversation, so that an answer may cite what several searches found.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from tuning.assistants.agent_cost import longest_search
from tuning.assistants.answering import Guard
from tuning.assistants.assistant import KnowledgeBase
from tuning.assistants.passage_prompt import passage_shown
from tuning.assistants.passages import Passage, near_enough

_BLOCKED = "blocked"
NOTHING_NEAR = (
    "Nothing in the documents is near enough to this. Search once more in other words, or say that you do not know; do "
    "not answer it from anything else."
)


class PassageFinder(Protocol):
    def find(self, question: str, seconds: float) -> Sequence[Passage]:
        """The nearest passages of one assistant's documents. Raises ToolFailedError."""


@dataclass(frozen=True, kw_only=True)
class SearchResult:
    """What one search gives the model."""

    shown: Sequence[str] = ()
    """Passages between their marks, best first."""
    withheld: int = 0
    """Near enough, and kept back by the guardrail."""
    left_out: int = 0
    """Near enough, but without room or time for them: a part of one could say the opposite of the whole."""


@dataclass(kw_only=True)
class DocumentSearch:
    """Of one conversation."""

    knowledge: KnowledgeBase
    finder: PassageFinder
    guard: Guard
    mark: str
    clock: Callable[[], float]
    given: list[Passage] = field(default_factory=list)
    """What the model was given, by number: the first is [1]."""
    searched: bool = False
    """Whether any search came to its end, whatever it found."""

    def search(self, question: str, seconds: float) -> SearchResult:
        """`seconds`: for finding and judging. Raises ToolFailedError."""
        until = self.clock() + seconds
        near = near_enough(self.finder.find(question, seconds), self.knowledge)
        self.searched = True
        shown, withheld, room = [], 0, longest_search(self.knowledge)
        for each in near:
            if self.clock() >= until:
                break
            verdict = self.guard.asked(each.text)
            if verdict.outcome == _BLOCKED or self.mark.casefold() in verdict.text.casefold():
                withheld += 1
                continue
            passage = replace(each, text=verdict.text)
            number = self._number(passage)
            text = passage_shown(self.mark, number, passage.text)
            if (size := len(text.encode())) > room:
                continue
            room -= size
            shown.append(text)
            if number > len(self.given):
                self.given.append(passage)
        left_out = len(near) - withheld - len(shown)
        return SearchResult(shown=shown, withheld=withheld, left_out=left_out)

    def _number(self, passage: Passage) -> int:
        """That of the same passage where it was given before, else the next."""
        known = [replace(each, score=passage.score) for each in self.given]
        return (known.index(passage) if passage in known else len(known)) + 1


def search_rules(mark: str, tool: str) -> str:
    """What is said of passages in the system prompt."""
    return (
        f"What is between <passage-{mark} number=…> and </passage-{mark}> was found in documents by {tool}: call it before "
        "you answer what documents may answer. Name the passages that you used by their numbers in brackets, such as "
        "[1]. If they do not answer the question, say that you do not know."
    )
