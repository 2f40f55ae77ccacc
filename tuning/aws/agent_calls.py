"""An agent's model, through Bedrock's Converse with tools.

https://docs.aws.amazon.com/bedrock/latest/userguide/tool-use.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tuning.assistants.agent_records import ModelTurn
from tuning.aws.assistant_calls import not_begun
from tuning.aws.clients import Clients, asked_once
from tuning.aws.guarding import DeployedGuardrail


@dataclass(frozen=True, kw_only=True)
class GuardedToolModel:
    """With the guardrail's numbered version in each request: IAM lets no other call pass. What tools take and answer it
    does not look at: tuning/assistants/tool_calls.py.
    """

    guardrail: DeployedGuardrail
    client: Clients = asked_once
    """Of one try, as in GuardedModel."""

    def turn(self, model: str, request: Mapping[str, Any], most_tokens: int) -> ModelTurn:
        with not_begun():
            answer = self.client("bedrock-runtime").converse(
                modelId=model,
                inferenceConfig={"maxTokens": most_tokens},
                **request,
                **self.guardrail.inline,
            )
        used = answer["usage"]
        return ModelTurn(
            blocks=tuple(answer["output"]["message"]["content"]),
            stop_reason=answer["stopReason"],
            input_tokens=used["inputTokens"],
            output_tokens=used["outputTokens"],
        )
