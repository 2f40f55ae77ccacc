"""The ports of an answer, through Bedrock: an assistant's guardrail, and the model that answers behind it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tuning.assistants.answering import Judged, ModelSaid, NotAskedError
from tuning.assistants.passage_prompt import AssistantPrompt
from tuning.aws.clients import Clients, asked_once
from tuning.aws.guarding import DeployedGuardrail
from tuning.aws.imported_answers import UnreadableAnswerError
from tuning.aws.streamed_answers import StreamedAnswer
from tuning.aws.transient import passes
from tuning.evaluation.records import Message
from tuning.guardrails.guard_verdict import Grounds

_NOT_BEGUN = frozenset(
    (
        *("AccessDeniedException", "ModelNotReadyException", "ResourceNotFoundException"),
        *("ServiceQuotaExceededException", "ThrottlingException", "ValidationException"),
    )
)
"""Refusals before a model is asked. UNCONFIRMED that none of them is billed: no page of AWS's says it of each.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html"""
_INTERVENED = "guardrail_intervened"
"""https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html"""


class CannotAnswerError(NotAskedError):
    """Bedrock refused to begin, in its own words."""

    def __init__(
        self, code: str, message: str, *, later: bool, tokens: tuple[int, int] = (0, 0)
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.later = code, later
        self.input_tokens, self.output_tokens = tokens


@contextmanager
def not_begun() -> Iterator[None]:
    """Raise CannotAnswerError where Bedrock refused before a model was asked, and everything else as it is."""
    from botocore.exceptions import (  # noqa: PLC0415 — not before there is a client
        ClientError,
        EventStreamError,
    )

    try:
        yield
    except EventStreamError:
        raise  # it has begun
    except ClientError as error:
        said = error.response["Error"]
        if said["Code"] not in _NOT_BEGUN:
            raise
        raise CannotAnswerError(
            said["Code"], said.get("Message", said["Code"]), later=passes(error)
        ) from error


@dataclass(frozen=True, kw_only=True)
class AssistantGuard:
    guardrail: DeployedGuardrail

    def asked(self, text: str) -> Judged:
        return self.guardrail.judge(text, "input")

    def answered(self, text: str, *, source: str, question: str) -> Judged:
        grounds = Grounds(source=source, query=question) if source else None
        return self.guardrail.judge(text, "output", grounds)


@dataclass(frozen=True, kw_only=True)
class GuardedModel:
    """What it is asked goes with the guardrail's numbered version in the request: IAM lets no other call pass."""

    model: str
    """The ARN of a deployment, or the id of a base model."""
    guardrail: DeployedGuardrail
    client: Clients = asked_once
    """Of one try: a question that was sent twice would be billed twice, and was reserved once."""

    def answer(self, prompt: AssistantPrompt, most_tokens: int) -> ModelSaid:
        answer = StreamedAnswer(
            model=self.model,
            messages=[Message(role="user", text=prompt.question)],
            system=[prompt.system],
            most_tokens=most_tokens,
            more=self.guardrail.inline,
            client=self.client,
        )
        with not_begun():
            text = "".join(answer)
        if not answer.usage:
            raise UnreadableAnswerError(f"{self.model}: its answer ended without its tokens")
        return ModelSaid(
            text=text,
            input_tokens=answer.usage["inputTokens"],
            output_tokens=answer.usage["outputTokens"],
            stop_reason=str(answer.stop_reason),
            intervened=answer.stop_reason == _INTERVENED,
        )
