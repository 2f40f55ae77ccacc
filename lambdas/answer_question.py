"""One question to one assistant, and its answer: behind its guardrail, from its documents, within its budget."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from lambdas.observe import logger, observed
from tuning.assistants.answering import Answering, AssistantModel
from tuning.assistants.assistant import Assistant
from tuning.assistants.assistant_answer import TOO_MANY, AssistantAnswer
from tuning.assistants.assistant_files import load_assistant
from tuning.assistants.assistant_settings import AssistantSettings
from tuning.assistants.question import AskedQuestion, UnreadableQuestionError, http_answer
from tuning.assistants.reranking import PaidReranking
from tuning.assistants.token_price import TokenPrice
from tuning.aws.assistant_budgets import CallerLimit, RequestBudget
from tuning.aws.assistant_calls import AssistantGuard, CannotAnswerError, GuardedModel
from tuning.aws.clients import asked_once, client
from tuning.aws.guarding import DeployedGuardrail
from tuning.aws.ledger import Ledger
from tuning.aws.live_models import LiveModels
from tuning.aws.retrieval import KnowledgeBaseRetriever

ASSISTANT_FILES = Path(__file__).parents[1] / "assistants"
_REFUSED, _TOO_MANY, _LATER = 400, 429, 503

_settings = cache(AssistantSettings.from_env)


AskedModels = Callable[[Assistant, AssistantSettings, str], AssistantModel]
"""Of an assistant and its settings what answers, by the model's ARN or id."""


@cache
def _assistant(name: str) -> Assistant:
    return load_assistant(ASSISTANT_FILES / f"{name}.toml")


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return answer_event(event, _settings(), _guarded)


def answer_event(
    event: dict[str, Any], settings: AssistantSettings, models: AskedModels
) -> dict[str, Any]:
    """What is logged has no text of anybody: who asked, what was decided, and what it cost."""
    assistant, now = _assistant(settings.assistant), datetime.now(UTC)
    logger.append_keys(assistant=assistant.name)
    try:
        asked = AskedQuestion.of(event)
    except UnreadableQuestionError as error:
        logger.info("question not read")
        return http_answer(_REFUSED, {"outcome": "refused", "answer": str(error)})
    logger.append_keys(caller=asked.caller, request=asked.request)
    limit = CallerLimit(
        ledger=Ledger(table=settings.budgets_table),
        assistant=assistant.name,
        per_minute=assistant.caller_requests_per_minute,
    )
    if not limit.passes(asked.caller, now):
        return _answered(AssistantAnswer(outcome="too_many_requests", text=TOO_MANY))
    model = _model(assistant, settings)
    if model is None:
        logger.warning("no model of the recipe is live", recipe=assistant.recipe)
        return http_answer(_LATER, _unavailable("no model of this assistant is live"))
    try:
        asking = _answering(assistant, settings, models(assistant, settings, model), now)
        return _answered(asking.answer(asked.text))
    except CannotAnswerError as error:
        if not error.later:
            raise
        logger.warning("the model is busy", code=error.code)
        return http_answer(_LATER, _unavailable("the model is busy; ask again later"))


def _answering(
    assistant: Assistant, settings: AssistantSettings, model: AssistantModel, now: datetime
) -> Answering:
    """Of one question: its budget is that of this request."""
    return Answering(
        assistant=assistant,
        price=TokenPrice.from_text(settings.token_price),
        guard=AssistantGuard(guardrail=_guardrail(settings)),
        model=model,
        budget=_budget(assistant, settings, now),
        retriever=_retriever(assistant, settings),
        reranking=_reranking(assistant, settings, now),
    )


def _budget(assistant: Assistant, settings: AssistantSettings, now: datetime) -> RequestBudget:
    return RequestBudget(
        ledger=Ledger(table=settings.budgets_table),
        assistant=assistant.name,
        daily=Decimal(assistant.daily_budget),
        request=uuid4().hex,
        now=now,
    )


def _reranking(
    assistant: Assistant, settings: AssistantSettings, now: datetime
) -> PaidReranking | None:
    """A reservation of its own: passages are paid before it is known what a model is asked."""
    usd = Decimal(settings.rerank_usd)
    return PaidReranking(budget=_budget(assistant, settings, now), usd=usd) if usd else None


def _retriever(assistant: Assistant, settings: AssistantSettings) -> KnowledgeBaseRetriever | None:
    knowledge = assistant.always_searched
    if knowledge is None:
        return None
    return KnowledgeBaseRetriever(
        knowledge_base=settings.knowledge_base,
        assistant=assistant.name,
        passages=knowledge.passages,
        rerank=knowledge.rerank,
        client=asked_once if knowledge.rerank else client,  # a query is billed, and reserved once
    )


def _guarded(_assistant: Assistant, settings: AssistantSettings, model: str) -> AssistantModel:
    return GuardedModel(model=model, guardrail=_guardrail(settings))


def _guardrail(settings: AssistantSettings) -> DeployedGuardrail:
    return DeployedGuardrail(arn=settings.guardrail_arn, version=settings.guardrail_version)


def _answered(answer: AssistantAnswer) -> dict[str, Any]:
    logger.info("question answered", **answer.facts())
    held = answer.outcome in ("over_budget", "too_many_requests")
    return http_answer(_TOO_MANY if held else 200, answer.to_json())


def _unavailable(why: str) -> dict[str, Any]:
    return {"outcome": "unavailable", "answer": why}


def _model(assistant: Assistant, settings: AssistantSettings) -> str | None:
    """What is asked; None while no version of its recipe is live."""
    if assistant.recipe is None:
        return settings.base_model
    live = LiveModels(ledger=Ledger(table=settings.ledger_table)).read(assistant.recipe)
    return live.deployment_arn if live.version is not None else None
