"""One question to one assistant with tools, and its answer: as `answer_question`, but that an agent asks the model.

Its role may ask that agent, and no model.
"""

from functools import cache
from typing import Any
from uuid import uuid4

from lambdas.answer_question import answer_event
from lambdas.observe import observed
from tuning.assistants.assistant import Assistant
from tuning.assistants.assistant_settings import AssistantSettings, ToolsSettings
from tuning.assistants.token_price import TokenPrice
from tuning.aws.asked_agents import AskedAgent

_settings = cache(ToolsSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return answer_event(event, _settings(), _agent)


def _agent(assistant: Assistant, settings: AssistantSettings, model: str) -> AskedAgent:
    assert isinstance(settings, ToolsSettings)  # noqa: S101 — they are this handler's own
    return AskedAgent(
        runtime=settings.agent_runtime_arn,
        model=model,
        assistant=assistant,
        price=TokenPrice.from_text(settings.token_price),
        session=f"{assistant.name}-{uuid4()}",
    )
