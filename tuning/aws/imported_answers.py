"""What an imported model answers by InvokeModel, for those that Converse refuses, and how it says that it is loaded.

A body in OpenAI's form: `max_tokens` is always sent, since a model answers to the end of its context without it.
https://docs.aws.amazon.com/bedrock/latest/userguide/invoke-imported-model.html
https://docs.aws.amazon.com/bedrock/latest/userguide/custom-chat-templates-tokenizers.html
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

from tuning.aws.asking import ask_model
from tuning.aws.clients import Clients, client
from tuning.evaluation.records import Message

_NOT_READY = "ModelNotReadyException"
_STOPS = {"stop": "end_turn", "length": "max_tokens"}
"""In the words of Converse."""


class LoadingModelError(Exception):
    """An imported model is being loaded, as it is after five minutes without a question; the question has it loaded.
    https://docs.aws.amazon.com/bedrock/latest/userguide/invoke-imported-model.html
    """


class UnreadableAnswerError(Exception):
    """An imported model has answered in another form than the one that it was asked in."""


@dataclass(frozen=True, kw_only=True)
class InvokedAnswer:
    text: str
    stop_reason: str | None
    """As Converse says it, such as `end_turn` or `max_tokens`."""
    usage: Mapping[str, int]
    """Tokens: `inputTokens`, `outputTokens`, where they are known."""

    @classmethod
    def of(cls, body: bytes) -> Self:
        """`body`: a completion of a chat. Raises UnreadableAnswerError where it is none."""
        try:
            answer = json.loads(body)
            first, said = answer["choices"][0], answer.get("usage") or {}
            text, stopped = first["message"]["content"] or "", first.get("finish_reason")
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise UnreadableAnswerError(
                f"its answer is not a chat completion ({type(error).__name__}): {body[:200]!r}"
            ) from error
        tokens = {"inputTokens": said.get("prompt_tokens")}
        tokens["outputTokens"] = said.get("completion_tokens")
        return cls(
            text=text,
            stop_reason=_STOPS.get(stopped, stopped),
            usage={name: count for name, count in tokens.items() if count is not None},
        )


def invoke_chat(
    arn: str,
    messages: Sequence[Message],
    system: Sequence[str] = (),
    *,
    most_tokens: int,
    more: Mapping[str, Any] = MappingProxyType({}),
    client: Clients = client,
) -> InvokedAnswer:
    """`more`: members of the request beside its body, such as a guardrail. Raises LoadingModelError while it is loaded."""
    said = [
        *({"role": "system", "content": each} for each in system),
        *({"role": each.role, "content": each.text} for each in messages),
    ]
    with while_loading():
        found = client("bedrock-runtime").invoke_model(
            modelId=arn,
            contentType="application/json",
            accept="application/json",
            body=json.dumps({"messages": said, "max_tokens": most_tokens}).encode(),
            **more,
        )
        return InvokedAnswer.of(found["body"].read())


def ask_imported(
    arn: str, question: str, *, converse: bool, most_tokens: int, client: Clients = client
) -> str:
    """One question, as text. Raises LoadingModelError while the model is loaded."""
    if converse:
        with while_loading():
            return ask_model(arn, question, most_tokens=most_tokens, client=client)
    asked = [Message(role="user", text=question)]
    return invoke_chat(arn, asked, most_tokens=most_tokens, client=client).text


@contextmanager
def while_loading() -> Iterator[None]:
    """Raise as LoadingModelError what a model says that is being loaded. Nor may it say a word for minutes, and the
    client's patience is shorter.
    """
    from botocore.exceptions import ClientError, ReadTimeoutError  # noqa: PLC0415 — see clients.py

    try:
        yield
    except ReadTimeoutError as error:
        raise LoadingModelError("it has not answered yet") from error
    except ClientError as error:
        said = error.response.get("Error", {})
        if said.get("Code") != _NOT_READY:
            raise
        raise LoadingModelError(
            f"{_NOT_READY}: {said.get('Message', 'no reason given')}"
        ) from error
