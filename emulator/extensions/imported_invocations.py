"""Bedrock's runtime, of imported models: MiniStack answers them as a foundation model of no known family.

https://docs.aws.amazon.com/bedrock/latest/userguide/invoke-imported-model.html
"""

import json
from typing import Any

from ministack.services import bedrock_runtime

from emulator.bedrock.api_errors import ValidationError
from emulator.bedrock.emulated_imports import EmulatedImportedModel
from emulator.bedrock.imported_bodies import pieces, tokens, understood, whole_answer
from emulator.entrance import Response
from emulator.extensions.job_objects import OK

NO_WEIGHTS = "no weights were run; the answer repeats what was asked"
NO_CONVERSE = (
    "This action doesn't support the model that you provided. Try again with a supported text or "
    "chat model."
)
"""A public report: https://github.com/aws-samples/bedrock-access-gateway/issues/99"""
_JSON = "application/json"


def check_imported(model: EmulatedImportedModel, kind: str) -> None:
    """Converse is for some architectures only."""
    if kind.startswith("converse") and not model.folder.converse:
        raise ValidationError(message=NO_CONVERSE)


def invoke_imported(answering: Any, kind: str, body: bytes, now: float) -> Response | None:
    """None for all but InvokeModel of an imported model; raises `ApiError`."""
    if not isinstance(answering, EmulatedImportedModel) or not kind.startswith("invoke"):
        return None
    try:
        given = json.loads(body)
    except ValueError:
        raise ValidationError(message="The request body is not valid JSON.") from None
    call = understood(given, chat_template=answering.folder.chat_template)
    if kind == "invoke":
        document = whole_answer(call, answering.arn, int(now))
        sent = {
            "Content-Type": _JSON,
            "x-amzn-bedrock-input-token-count": str(tokens(call.prompt)),
            "x-amzn-bedrock-output-token-count": str(tokens(call.answer)),
        }
        return OK, sent, json.dumps(document).encode()
    chunks = pieces(call, answering.arn, int(now))
    stream = b"".join(bedrock_runtime._es_event_chunk(each) for each in chunks)
    sent = {
        "Content-Type": "application/vnd.amazon.eventstream",
        "x-amzn-bedrock-content-type": _JSON,
    }
    return OK, sent, stream
