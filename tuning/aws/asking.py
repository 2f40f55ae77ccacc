"""Questions to a deployed model, through Bedrock's runtime.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
"""

from collections.abc import Callable
from typing import Any

from tuning.aws.clients import Clients, client
from tuning.aws.transient import RefusedByAwsError


def ask_model(arn: str, question: str, *, most_tokens: int, client: Clients = client) -> str:
    """What the model answers, as text. `arn` is of a deployment: a custom model does not answer by its own."""
    asked = converse_request(arn, question, most_tokens=most_tokens)
    answer: dict[str, Any] = client("bedrock-runtime").converse(**asked)
    content = answer["output"]["message"]["content"]
    return "".join(part["text"] for part in content if "text" in part)


def converse_request(arn: str, question: str, *, most_tokens: int) -> dict[str, Any]:
    """The same of Converse and of ConverseStream."""
    return {
        "modelId": arn,
        "messages": [{"role": "user", "content": [{"text": question}]}],
        "inferenceConfig": {"maxTokens": most_tokens},
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
