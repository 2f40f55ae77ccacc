"""An agent in place of a model: a question is a session of AgentCore Runtime's, which is stopped with the answer.

https://docs.aws.amazon.com/bedrock-agentcore/latest/APIReference/API_InvokeAgentRuntime.html
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tuning.assistants.agent_cost import most_of_agent
from tuning.assistants.agent_records import AgentAnswer, AgentQuestion
from tuning.assistants.answering import ModelSaid
from tuning.assistants.assistant import Assistant
from tuning.assistants.passage_prompt import AssistantPrompt
from tuning.assistants.token_price import TokenPrice
from tuning.aws.assistant_calls import CannotAnswerError
from tuning.aws.clients import Clients, asked_once
from tuning.aws.transient import passes

_NOT_BEGUN = frozenset(
    (
        *("AccessDeniedException", "ResourceNotFoundException", "ServiceQuotaExceededException"),
        *("ThrottlingException", "ValidationException"),
    )
)
"""Refusals before the agent's program is asked, so that no model was. Whatever else goes wrong may be billed, and keeps
all that was reserved: RuntimeClientError is the program's own failure."""


@dataclass(frozen=True, kw_only=True)
class AskedAgent:
    runtime: str
    """Its ARN."""
    model: str
    assistant: Assistant
    price: TokenPrice
    session: str
    """Of 33 characters at least, and no other question's: nothing is remembered."""
    client: Clients = asked_once
    """Of one try: what a tool has changed once must not be changed twice."""

    def answer(self, prompt: AssistantPrompt, _most_tokens: int) -> ModelSaid:
        """How much the model may say, the agent knows by its assistant's file."""
        asked = AgentQuestion(
            model=self.model,
            system=prompt.system,
            question=prompt.question,
            usd=most_of_agent(self.assistant, self.price, prompt.bytes),
        )
        said = self._said(asked)
        if said.end == "refused":
            tokens = (said.input_tokens, said.output_tokens)
            raise CannotAnswerError(said.stop_reason, said.text, later=said.later, tokens=tokens)
        return ModelSaid(
            text=said.text,
            input_tokens=said.input_tokens,
            output_tokens=said.output_tokens,
            stop_reason=said.stop_reason,
            intervened=said.end == "blocked",
            unfinished=said.end == "unfinished",
            not_known=said.end == "not_known",
            calls=said.calls,
            passages=said.passages,
            heard=said.heard,
        )

    def _said(self, asked: AgentQuestion) -> AgentAnswer:
        from botocore.exceptions import (  # noqa: PLC0415 — not before there is a client
            BotoCoreError,
            ClientError,
        )

        runtime = self.client("bedrock-agentcore")
        try:
            answer = runtime.invoke_agent_runtime(
                agentRuntimeArn=self.runtime,
                runtimeSessionId=self.session,
                contentType="application/json",
                accept="application/json",
                payload=json.dumps(asked.to_json()).encode(),
            )
            said: dict[str, Any] = json.loads(answer["response"].read())
        except ClientError as error:
            refused = error.response["Error"]
            if refused["Code"] not in _NOT_BEGUN:
                raise
            raise CannotAnswerError(
                refused["Code"], refused.get("Message", ""), later=passes(error)
            ) from error
        with suppress(ClientError, BotoCoreError):  # it would end by itself after a minute
            runtime.stop_runtime_session(
                agentRuntimeArn=self.runtime, runtimeSessionId=self.session
            )
        return AgentAnswer.from_json(said)
