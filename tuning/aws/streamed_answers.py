"""What a deployed model answers, as it comes, through Bedrock's runtime.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from tuning.aws.asking import converse_request
from tuning.aws.clients import Clients, client
from tuning.aws.imported_answers import invoke_chat, while_loading
from tuning.aws.transient import RefusedByAwsError, as_transient
from tuning.evaluation.answer_length import answer_tokens
from tuning.evaluation.records import EvaluationPrompt, Message, ModelAnswer
from tuning.releases.live_model import IMPORTED_ARN


@dataclass(kw_only=True)
class StreamedAnswer:
    """Iterate over it once; what is beside the text is known afterwards."""

    model: str
    """The ARN of a deployment or an imported model, or the id of a base model."""
    messages: Sequence[Message]
    system: Sequence[str] = ()
    most_tokens: int
    converse: bool = True
    """Else an imported model is invoked, and answers in one piece."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Members of the request beside these, such as a guardrail."""
    client: Clients = client
    stop_reason: str | None = field(default=None, init=False)
    """`end_turn`, `max_tokens` and others, as Converse says it."""
    usage: dict[str, int] = field(default_factory=dict, init=False)
    """Tokens: `inputTokens`, `outputTokens`."""

    def __iter__(self) -> Iterator[str]:
        """Raises botocore's errors, also in the middle of an answer, and LoadingModelError of an imported model before
        there is any: then it may be iterated over again.
        """
        if not self.converse:
            yield self._invoked()
            return
        asked = converse_request(
            self.model, self.messages, self.system, most_tokens=self.most_tokens
        )
        with while_loading() if IMPORTED_ARN in self.model else nullcontext():
            answer = self.client("bedrock-runtime").converse_stream(**asked, **self.more)
        for event in answer["stream"]:
            if delta := event.get("contentBlockDelta"):
                yield delta["delta"].get("text", "")
            elif stop := event.get("messageStop"):
                self.stop_reason = stop["stopReason"]
            elif said := event.get("metadata"):
                self.usage = dict(said["usage"])

    def _invoked(self) -> str:
        said = invoke_chat(
            self.model,
            self.messages,
            self.system,
            most_tokens=self.most_tokens,
            more=self.more,
            client=self.client,
        )
        self.stop_reason, self.usage = said.stop_reason, dict(said.usage)
        return said.text


def answered_prompt(model: str, prompt: EvaluationPrompt) -> ModelAnswer:
    """What a model answers, or why it does not. Raises Transient where it may do so later."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 — not before there is a client

    answer = StreamedAnswer(
        model=model,
        messages=prompt.messages,
        system=prompt.system,
        most_tokens=answer_tokens(prompt),
    )
    began = perf_counter()
    with as_transient():
        try:
            text = "".join(answer)
        except ClientError as error:
            refused = RefusedByAwsError.of(error)
            return ModelAnswer(line=prompt.line, failure=f"{refused.code}: {refused.message}")
    return ModelAnswer(
        line=prompt.line,
        text=text,
        latency_ms=round(1000 * (perf_counter() - began), 1),
        input_tokens=answer.usage.get("inputTokens"),
        output_tokens=answer.usage.get("outputTokens"),
        stop_reason=answer.stop_reason,
    )
