"""A question as API Gateway brings it, and the answer as it takes it.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

LONGEST_QUESTION = 8_000
"""Characters."""


class UnreadableQuestionError(Exception):
    """For the caller: what their request must be."""


@dataclass(frozen=True, kw_only=True)
class AskedQuestion:
    text: str
    caller: str
    """The ARN of who signed the request, as IAM authorised it."""
    request: str
    """API Gateway's id of the request."""

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Self:
        """Raises UnreadableQuestionError. Raises KeyError for an event without an identity, which no method with IAM
        authorisation sends.
        """
        context = event["requestContext"]
        caller, request = context["identity"]["userArn"], context["requestId"]
        if not caller:
            raise KeyError("userArn")
        return cls(text=_question(event.get("body")), caller=caller, request=request)


def http_answer(status: int, said: Mapping[str, Any]) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(said)}


def _question(body: object) -> str:
    try:
        raw = json.loads(body) if isinstance(body, str) else None
    except ValueError:
        raw = None
    if not isinstance(raw, dict) or set(raw) != {"question"}:
        raise UnreadableQuestionError('the body must be JSON: {"question": "…"}, and nothing else')
    text = raw["question"]
    if not isinstance(text, str) or not text.strip():
        raise UnreadableQuestionError("question: must be text")
    if len(text) > LONGEST_QUESTION:
        raise UnreadableQuestionError(
            f"question: {len(text):,} characters; the limit is {LONGEST_QUESTION:,}"
        )
    return text
