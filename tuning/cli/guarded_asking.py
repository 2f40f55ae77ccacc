"""A question to a model with its guardrail before and after it: docs/decisions/0044.

The guardrail is in the request too, since IAM lets no other pass; that Bedrock applies it there to a custom model's
deployment is not confirmed, and so it is applied to the question and to the answer all the same.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tuning.aws.guarding import DeployedGuardrail
from tuning.aws.streamed_answers import StreamedAnswer
from tuning.guardrails.guard_verdict import GuardVerdict

INTERVENED_INLINE = "guardrail_intervened"
"""How Converse says that it stopped: what it has answered is the guardrail's message."""


@dataclass(frozen=True, kw_only=True)
class GuardedAnswer:
    text: str
    """What a person may see."""
    asked: GuardVerdict
    answered: GuardVerdict | None = None
    """None where the model was not asked, or Bedrock stopped it by itself."""
    answer: StreamedAnswer | None = None
    """None where the model was not asked."""

    @property
    def blocked(self) -> bool:
        if self.answer is None or self.answer.stop_reason == INTERVENED_INLINE:
            return True
        return self.answered is not None and self.answered.outcome == "blocked"

    def to_json(self, *, trace: bool) -> dict[str, Any]:
        verdicts = {"input": self.asked, "output": self.answered}
        said = {
            direction: verdict.to_json() if trace else verdict.outcome
            for direction, verdict in verdicts.items()
            if verdict
        }
        stop = self.answer.stop_reason if self.answer else INTERVENED_INLINE
        usage = self.answer.usage if self.answer else {}
        return {"answer": self.text, "stop_reason": stop, "usage": usage, "guardrail": said}


def ask_guarded(
    guardrail: DeployedGuardrail,
    question: str,
    ask: Callable[[str], StreamedAnswer],
    pieces: Callable[[StreamedAnswer], Iterable[str]] = iter,
) -> GuardedAnswer:
    """The whole answer at once: a part of it may be judged otherwise than the whole. `pieces`: of an answer, as they
    come. Raises botocore's errors.
    """
    asked = guardrail.judge(question, "input")
    if asked.outcome == "blocked":
        return GuardedAnswer(text=asked.text, asked=asked)
    answer = ask(asked.text)
    text = "".join(pieces(answer))
    if answer.stop_reason == INTERVENED_INLINE:
        return GuardedAnswer(text=text, asked=asked, answer=answer)
    answered = guardrail.judge(text, "output")
    return GuardedAnswer(text=answered.text, asked=asked, answered=answered, answer=answer)
