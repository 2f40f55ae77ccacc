"""Asks the model that is live, by Converse, from inside of the VPC: what an application of your own would do.

It knows boto3, which Lambda's runtime has, and nothing of the platform. Neither question nor answer is logged.
"""

import os
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

MOST_TOKENS = 512
"""Taken from the account's quota as a question begins, so no more than an answer needs.
https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html"""
BUSY = {
    *("ModelNotReadyException", "ModelStreamErrorException", "ModelTimeoutException"),
    *("InternalServerException", "ServiceUnavailableException", "ThrottlingException"),
}
"""What passes by itself. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html"""


@cache
def runtime() -> Any:
    """Its standard mode tries again what is throttled, and a model that is not ready yet, with growing pauses.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
    """
    retries = {"mode": "standard", "total_max_attempts": 4}
    settings = Config(retries=retries, connect_timeout=3, read_timeout=15)
    return boto3.client("bedrock-runtime", config=settings)


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """`{"question": "…"}`; what is answered has a `state`: `answered`, `blocked` (by the guardrail, whose message it is),
    `busy` (ask again later) or `no_model`.

    Anything else, such as a right that is missing, is a fault, and raised. A deployment that is gone has no tag by which
    the callers' policy would let anyone ask it, so that IAM may well deny before Bedrock says that it is not there
    (inferred).
    """
    arn = os.environ["DEPLOYMENT_ARN"]
    if not arn:
        return {"state": "no_model", "reason": "no model is live yet: DEPLOYMENT_ARN is empty"}
    try:
        return ask_guarded(arn, event["question"], os.environ.get("GUARDRAIL", ""))
    except ClientError as error:
        code = error.response["Error"]["Code"]
        code = (
            code[:1].upper() + code[1:]
        )  # in the middle of a stream it begins with a small letter
        if code in BUSY:
            return {"state": "busy", "reason": code}
        if code == "ResourceNotFoundException":
            return {"state": "no_model", "reason": f"{arn} answers no longer: set DeploymentArn"}
        raise


def ask_guarded(arn: str, question: str, guardrail: str) -> dict[str, Any]:
    """With the guardrail, `ARN:version`, before the model, in the request and after it; empty: without one."""
    if not guardrail:
        return {"state": "answered", **ask(arn, question)}
    passed, text = judged(guardrail, "INPUT", question)
    if not passed:
        return {"state": "blocked", "answer": text}
    identifier, _, version = guardrail.rpartition(":")
    inline = {"guardrailIdentifier": identifier, "guardrailVersion": version}
    answer = ask(arn, text, guardrailConfig=inline)
    passed, text = judged(guardrail, "OUTPUT", answer["answer"])
    if not passed or answer["stop_reason"] == "guardrail_intervened":
        return {"state": "blocked", "answer": text}
    return {"state": "answered", **answer, "answer": text}


def judged(guardrail: str, source: str, text: str) -> tuple[bool, str]:
    """Whether the text may go on, and what goes on: the text, with its masks, or the guardrail's message.

    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ApplyGuardrail.html
    """
    identifier, _, version = guardrail.rpartition(":")
    found = runtime().apply_guardrail(
        guardrailIdentifier=identifier,
        guardrailVersion=version,
        source=source,
        content=[{"text": {"text": text}}],
    )
    if found["action"] == "NONE":
        return True, text
    actions = {
        each["action"]
        for assessment in found["assessments"]
        for policy in assessment.values()
        if isinstance(policy, dict)
        for listed in policy.values()
        if isinstance(listed, list)
        for each in listed
    }
    said = "\n".join(each["text"] for each in found["outputs"])
    return actions - {"NONE"} == {"ANONYMIZED"}, said


def ask(arn: str, question: str, **more: Any) -> dict[str, Any]:
    """The answer in one piece. It is streamed all the same: `read_timeout` is then the longest silence, and not
    the longest answer.
    """
    streamed = runtime().converse_stream(
        modelId=arn,
        messages=[{"role": "user", "content": [{"text": question}]}],
        inferenceConfig={"maxTokens": MOST_TOKENS},
        **more,
    )
    text, stop = "", None
    for event in streamed["stream"]:
        if delta := event.get("contentBlockDelta"):
            text += delta["delta"].get("text", "")
        elif ended := event.get("messageStop"):
            stop = ended["stopReason"]
    return {"answer": text, "stop_reason": stop}
