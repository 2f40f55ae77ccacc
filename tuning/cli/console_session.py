"""What the page of `tuning console` asks for, and what it is answered: data in, data out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from threading import Lock
from typing import Any

from tuning.assistants.answer_words import (
    budget_words,
    cost_words,
    guardrail_words,
    used_usd,
)
from tuning.assistants.question import LONGEST_QUESTION
from tuning.aws.assistants_api import ApiRefusedError
from tuning.cli.aws_errors import AccountError, explained_errors
from tuning.errors import TuningError
from tuning.reports.visible_text import printable

Ask = Callable[[str, str], Mapping[str, Any]]
"""An assistant's name and a question; what it says. Raises ApiRefusedError and botocore's errors."""
_BILLED = "If the question was sent, a model may have been asked, and billed."
_SERVER_FAULTS = 500
"""API Gateway gives up, or the function died, after the model was asked as well as before."""


class NoQuestionError(Exception):
    """What the page sent is no question to one of these assistants."""


@dataclass(kw_only=True)
class ConsoleSession:
    """Nothing of what is asked is kept here but its dollars: a conversation is in the page, and ends with it."""

    environment: str
    region: str
    assistants: tuple[str, ...]
    emulated: str | None
    """The emulator's address; None where AWS answers."""
    ask: Ask
    _spent: Decimal = Decimal(0)
    _counts: Lock = field(default_factory=Lock, repr=False)

    def state(self) -> dict[str, Any]:
        return {
            "environment": self.environment,
            "region": self.region,
            "assistants": list(self.assistants),
            "emulated": self.emulated,
            "longest_question": LONGEST_QUESTION,
        }

    def answer(self, asked: object) -> dict[str, Any]:
        """`{"answer": …}` with what happened in sentences, or `{"error": …}`, a sentence. Raises NoQuestionError."""
        name, question = self._question(asked)
        try:
            with explained_errors():
                said = self.ask(name, question)
        except ApiRefusedError as error:
            return _fault(str(error), billed=error.status >= _SERVER_FAULTS)
        except (AccountError, TuningError) as error:
            return _fault(str(error), billed=True)
        return self._shown(said)

    def _question(self, asked: object) -> tuple[str, str]:
        if not isinstance(asked, dict) or set(asked) != {"assistant", "question"}:
            raise NoQuestionError("The request is not a question.")
        name, question = asked["assistant"], asked["question"]
        if name not in self.assistants:
            raise NoQuestionError("There is no assistant of that name here.")
        if not isinstance(question, str) or not question.strip():
            raise NoQuestionError("The question is empty.")
        if (length := len(question)) > LONGEST_QUESTION:
            raise NoQuestionError(
                f"The question has {length:,} characters; the limit is {LONGEST_QUESTION:,}."
            )
        return name, question

    def _shown(self, said: Mapping[str, Any]) -> dict[str, Any]:
        with self._counts:
            self._spent += used_usd(said)
            spent = self._spent
        return {
            "outcome": str(said["outcome"]),
            "answer": _lines(str(said.get("answer", ""))),
            "cut": bool(said.get("cut")),
            "citations": [_cited(each) for each in said.get("citations", ())],
            "guardrail": printable(guardrail_words(said)),
            "cost": cost_words(said),
            "budget": budget_words(said),
            "spent_usd": f"{spent.normalize():f}",
        }


def _fault(why: str, *, billed: bool) -> dict[str, Any]:
    sentence = why if why.endswith((".", "!", "?")) else f"{why}."
    return {"error": printable(f"{sentence} {_BILLED}" if billed else sentence)}


def _cited(citation: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "number": int(citation["number"]),
        "document": printable(str(citation["document"])),
        "place": printable(str(citation["place"])),
    }


def _lines(text: str) -> str:
    """What a model says hides and reorders nothing of the page."""
    return "\n".join(map(printable, text.split("\n")))
