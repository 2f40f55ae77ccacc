"""Questions to a deployed model, through Bedrock's runtime.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

from collections.abc import Callable, Sequence
from typing import Any

from tuning.aws.clients import Clients, client
from tuning.aws.transient import RefusedByAwsError
from tuning.evaluation.records import Message


def ask_model(arn: str, question: str, *, most_tokens: int, client: Clients = client) -> str:
    """What the model answers, as text. `arn` is of a deployment: a custom model does not answer by its own."""
    said = [Message(role="user", text=question)]
    asked = converse_request(arn, said, most_tokens=most_tokens)
    answer: dict[str, Any] = client("bedrock-runtime").converse(**asked)
    content = answer["output"]["message"]["content"]
    return "".join(part["text"] for part in content if "text" in part)


def converse_request(
    model: str, messages: Sequence[Message], system: Sequence[str] = (), *, most_tokens: int
) -> dict[str, Any]:
    """The same of Converse and of ConverseStream."""
    turns = [{"role": each.role, "content": [{"text": each.text}]} for each in messages]
    instructions = {"system": [{"text": each} for each in system]} if system else {}
    return {
        "modelId": model,
        "messages": turns,
        "inferenceConfig": {"maxTokens": most_tokens},
        **instructions,
    }


def said_no(asking: Callable[[], Any]) -> str | None:
    """Why there is no answer, in AWS's words; None when there is one. What may succeed later is raised."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 — not before there is a client

    try:
        asking()
    except ClientError as error:
        refused = RefusedByAwsError.of(error)
        return f"{refused.code}: {refused.message}"
    return None
