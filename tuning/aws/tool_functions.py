"""A tool that is a Lambda function: invoked once, and waited for no longer than it may take.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tuning.assistants.assistant_tools import AssistantTool
from tuning.assistants.tool_calls import ToolFailedError
from tuning.aws import clients

_MOST_BYTES = 64 * 1024
"""That are read of an answer; of Lambda's own limit, 6 MB, none would be taken."""


@cache
def waiting(seconds: int) -> Any:
    """A client that asks once, for what is done twice may not be undone."""
    return clients.create("lambda", None, attempts=1, read_seconds=seconds)


@dataclass(frozen=True, kw_only=True)
class FunctionTools:
    client: Callable[[int], Any] = waiting

    def call(self, tool: AssistantTool, given: Mapping[str, Any], seconds: float) -> str:
        """The event is the input alone, as its schema has it. Raises ToolFailedError."""
        from botocore.exceptions import (  # noqa: PLC0415 — not before there is a client
            BotoCoreError,
            ClientError,
        )

        longest = max(1, math.floor(seconds))
        if tool.function is None:
            raise ToolFailedError("it has no function")
        try:
            answer = self.client(longest).invoke(
                FunctionName=tool.function,
                InvocationType="RequestResponse",
                Payload=json.dumps(given, ensure_ascii=False).encode(),
            )
            body = answer["Payload"].read(_MOST_BYTES + 1)
        except ClientError as error:
            raise ToolFailedError(f"its function was not run: {_code(error)}") from error
        except BotoCoreError as error:
            raise ToolFailedError(f"its function did not answer within {longest} s") from error
        if len(body) > _MOST_BYTES:
            raise ToolFailedError(f"its answer has more than {_MOST_BYTES:,} bytes: ask for less")
        said = _parsed(body)
        if answer.get("FunctionError"):
            why = said.get("errorMessage") if isinstance(said, dict) else None
            raise ToolFailedError(why if isinstance(why, str) and why else "its function failed")
        return said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)


def _parsed(body: bytes) -> Any:
    """JSON, as Lambda's own runtimes answer; of others whatever it is."""
    text = body.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return text


def _code(error: Any) -> str:
    return str(error.response["Error"]["Code"])
