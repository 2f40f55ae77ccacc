"""Questions with the documents that answer them: the test set of an assistant's documents, and how it came out.

One JSON object a line: `question`, `documents` (keys below the assistant's folder, any of which answers it; none of what no
document answers, and so must not be known), and where it is of use `language`.

Answers are those of `tuning ask --assistant NAME --format json`, one a line, in the order of the questions; without them it is
judged what is found, which asks no model. Faithfulness is approximated by words, and says so: an answer's sentence counts as borne out when most of its words are in
the passages that it cites. A judge that understands it is a model, which costs what a model costs.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuning.assistants.passages import Passage
from tuning.errors import AssistantError

_KNOWN = ("question", "documents", "language")
_BORNE_OUT = 0.6
"""Of a sentence's words, the share that must be in the passages."""
_LONG = 4
"""Letters of a word that says something, more or less: shorter ones are in any text."""
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_NUMBERS = re.compile(r"\[\d[\d,\s]*\]")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, kw_only=True)
class DocumentQuestion:
    line: int
    question: str
    documents: tuple[str, ...]
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class AnswerToQuestion:
    outcome: str
    text: str
    cited: tuple[str, ...]
    """Documents, as keys below the assistant's folder."""


@dataclass(frozen=True, kw_only=True)
class JudgedQuestion:
    asked: DocumentQuestion
    found: tuple[Passage, ...]
    """Near enough, best first; their documents as keys below the assistant's folder."""
    answer: AnswerToQuestion | None = None
    """None where the assistant was not asked."""

    @property
    def rank(self) -> int | None:
        """Of the first passage of a document that answers; from 1."""
        ranks = (n for n, each in enumerate(self.found, 1) if each.document in self.asked.documents)
        return next(ranks, None)

    @property
    def as_expected(self) -> bool:
        """A document that answers is found, and cited where there is an answer; where none answers, it is not known."""
        if not self.asked.documents:
            return self.unknown
        if self.answer is None:
            return self.rank is not None
        return bool({*self.answer.cited} & {*self.asked.documents})

    @property
    def unknown(self) -> bool:
        return self.answer.outcome == "not_known" if self.answer else not self.found

    @property
    def borne_out(self) -> float | None:
        """The share of the answer's sentences; None where there is no answer."""
        answer = self.answer
        if answer is None or answer.outcome != "answered":
            return None
        source = _words(" ".join(each.text for each in self.found if each.document in answer.cited))
        said = [_words(each) for each in _SENTENCE.split(_NUMBERS.sub("", answer.text))]
        sentences = [each for each in said if each]
        if not sentences:
            return 1.0
        held = (len(each & source) / len(each) >= _BORNE_OUT for each in sentences)
        return sum(held) / len(sentences)


@dataclass(frozen=True, kw_only=True)
class DocumentScores:
    questions: tuple[JudgedQuestion, ...]
    without_reranking: "DocumentScores | None" = None
    """What would be found without, however near it is: scores are on another scale. None where nothing is reranked."""

    @property
    def passed(self) -> bool:
        return all(each.as_expected for each in self.questions)

    @property
    def failed(self) -> tuple[JudgedQuestion, ...]:
        return tuple(each for each in self.questions if not each.as_expected)

    @property
    def hit_rate(self) -> float | None:
        """Of the questions that a document answers, the share of which one was found."""
        return _mean([float(each.rank is not None) for each in self._answerable])

    @property
    def reciprocal_rank(self) -> float | None:
        """On average: 1 where the first passage that was found is of such a document, 0.5 where it is the second."""
        return _mean([1 / each.rank if each.rank else 0.0 for each in self._answerable])

    @property
    def not_known(self) -> float | None:
        """Of the questions that no document answers, the share of which the assistant said so."""
        none = [each for each in self.questions if not each.asked.documents]
        return _mean([float(each.unknown) for each in none])

    @property
    def faithfulness(self) -> float | None:
        """By words: approximated."""
        return _mean([each.borne_out for each in self.questions if each.borne_out is not None])

    @property
    def _compared(self) -> dict[str, Any]:
        if self.without_reranking is None:
            return {}
        plain = self.without_reranking
        rates = {"hit_rate": plain.hit_rate, "mean_reciprocal_rank": plain.reciprocal_rank}
        return {"without_reranking": rates}

    @property
    def _answerable(self) -> list[JudgedQuestion]:
        return [each for each in self.questions if each.asked.documents]

    def to_json(self) -> dict[str, Any]:
        return {
            "passed": self.passed,
            "questions": len(self.questions),
            "answered": sum(each.answer is not None for each in self.questions),
            "as_expected": len(self.questions) - len(self.failed),
            "hit_rate": self.hit_rate,
            "mean_reciprocal_rank": self.reciprocal_rank,
            **self._compared,
            "not_known_rate": self.not_known,
            "faithfulness_by_words": self.faithfulness,
            "failed": [each.asked.line for each in self.failed],
        }


def read_document_questions(path: Path) -> list[DocumentQuestion]:
    """Raises AssistantError naming file and line."""
    found = [_question(where, number, raw) for where, number, raw in _objects(path)]
    if not found:
        raise AssistantError(f"{path}: has no questions; one JSON object a line")
    return found


def read_answers_to_questions(path: Path, folder: str) -> list[AnswerToQuestion]:
    """As `tuning ask` prints them. `folder`: the assistant's, which citations begin with. Raises AssistantError."""
    return [_answer(where, raw, folder) for where, _, raw in _objects(path)]


def _objects(path: Path) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Where each is, its line, and what it says."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise AssistantError(f"{path}: cannot be read as text: {error}") from None
    for number, line in enumerate(lines, 1):
        where = f"{path}, line {number}"
        if not line.strip():
            continue
        try:
            raw = json.loads(line)
        except ValueError as error:
            raise AssistantError(f"{where}: is not JSON: {error}") from None
        if not isinstance(raw, dict):
            raise AssistantError(f"{where}: is not a JSON object")
        yield where, number, raw


def _answer(where: str, raw: dict[str, Any], folder: str) -> AnswerToQuestion:
    try:
        cited = tuple(str(each["document"]).removeprefix(folder) for each in raw["citations"])
        return AnswerToQuestion(outcome=raw["outcome"], text=str(raw["answer"]), cited=cited)
    except (KeyError, TypeError) as error:
        raise AssistantError(
            f"{where}: is not an answer of tuning ask --assistant NAME --format json: {error!r}"
        ) from None


def _question(where: str, number: int, raw: dict[str, Any]) -> DocumentQuestion:
    if unknown := [key for key in raw if key not in _KNOWN]:
        raise AssistantError(f"{where}: has {', '.join(unknown)}; it takes {', '.join(_KNOWN)}")
    question, documents = raw.get("question"), raw.get("documents", [])
    if not isinstance(question, str) or not question.strip():
        raise AssistantError(f"{where}: question: must be text")
    texts = isinstance(documents, list) and all(isinstance(each, str) for each in documents)
    if not texts:
        raise AssistantError(
            f'{where}: documents: must be a list of keys, such as ["travel.md"]; empty where none answers'
        )
    return DocumentQuestion(
        line=number,
        question=question,
        documents=tuple(documents),
        language=str(raw.get("language", "")),
    )


def _words(text: str) -> set[str]:
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(each for each in plain if not unicodedata.combining(each))
    return {each for each in _WORD.findall(letters) if len(each) >= _LONG or each.isdigit()}


def _mean(values: Sequence[float | None]) -> float | None:
    numbers = [each for each in values if each is not None]
    return sum(numbers) / len(numbers) if numbers else None
