"""What an emulated model answers: the completion of the training example nearest to the prompt.

Nothing is learned. But the answer depends on the training data, so that a model trained on good data
passes an evaluation, and one trained on shuffled answers fails it.
"""

import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

MOST_EXAMPLES = 5_000
"""A model keeps its first so many: enough to answer by, and little memory."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, kw_only=True)
class Example:
    prompt: str
    completion: str


@dataclass(frozen=True)
class Examples:
    _lines: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, lines: Iterable[bytes] | None) -> "Examples":
        """Kept as they are: the objects may be gone when the model is asked."""
        return cls(tuple(islice(lines or (), MOST_EXAMPLES)))

    def answer(self, prompt: str) -> str | None:
        """By the cosine of words weighted by rarity, the first of equals; None without examples."""
        if not self._examples:
            return None
        scores: dict[int, float] = defaultdict(float)
        for word, weight in self._weighted(prompt).items():
            for position, other in self._index.get(word, ()):
                scores[position] += weight * other
        best = max(range(len(self._examples)), key=lambda at: (scores[at], -at))
        return self._examples[best].completion

    @cached_property
    def _examples(self) -> list[Example]:
        read = (example_of(json.loads(line)) for line in self._lines)
        return [each for each in read if each is not None]

    @cached_property
    def _rarity(self) -> dict[str, float]:
        held = Counter(word for each in self._examples for word in {*plain_words(each.prompt)})
        return {word: math.log(1 + len(self._examples) / count) for word, count in held.items()}

    @cached_property
    def _index(self) -> dict[str, list[tuple[int, float]]]:
        """Word to the examples that have it, with its share in each."""
        index: dict[str, list[tuple[int, float]]] = {}
        for position, each in enumerate(self._examples):
            for word, weight in self._weighted(each.prompt).items():
                index.setdefault(word, []).append((position, weight))
        return index

    def _weighted(self, text: str) -> dict[str, float]:
        found = {
            word: count * self._rarity[word]
            for word, count in Counter(plain_words(text)).items()
            if word in self._rarity
        }
        length = math.sqrt(sum(weight * weight for weight in found.values())) or 1
        return {word: weight / length for word, weight in found.items()}


def example_of(record: dict[str, Any]) -> Example | None:
    """A record of any text format as prompt and completion; None when it has no completion."""
    if "completion" in record:
        return Example(prompt=record["prompt"], completion=record["completion"])
    messages = record.get("messages") or []
    if not messages or messages[-1].get("role") != "assistant":
        return None
    *before, last = ((each["role"], text_of(each.get("content"))) for each in messages)
    asked = " ".join(text for role, text in before if role == "user")
    return Example(prompt=asked, completion=last[1])


def text_of(content: Any) -> str:
    """The text of a message: its content is text, or blocks of which some are text."""
    if isinstance(content, str):
        return content
    return "\n".join(block["text"] for block in content or () if "text" in block)


def plain_words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
