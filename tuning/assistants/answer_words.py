"""What happened to a question, in sentences: what the guardrail did, what it cost, and what is left of the day.

From the JSON that an assistant's API answers: programs that ask it know nothing else.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_GUARDRAIL = {
    "answered": (
        "The guardrail let question and answer pass; what it masked shows as a mask. Whether it masked anything is not "
        "in the answer."
    ),
    "not_known": "The guardrail let the question pass; no passage of the documents was relevant enough.",
    "unfinished": (
        "The guardrail let the question pass; the agent found no answer within the limits of one question. What its "
        "tools changed stays changed."
    ),
    "over_budget": "The guardrail let the question pass; the day's budget did not.",
    "too_many_requests": "The question was not judged: this caller has asked too often.",
    "unavailable": "No model answered; what the guardrail decided on the question is not known.",
    "refused": "The question was not judged: the request was not valid.",
}
_BLOCKED = {
    "question": "The guardrail blocked the question: no model was asked.",
    "model": "The guardrail stopped the model's own answer, in the request to the model.",
    "answer": "The model answered, and the guardrail blocked its answer.",
}
_FREE = frozenset(("not_known", "over_budget", "too_many_requests", "refused"))
"""Outcomes before any model is asked, but for an agent's, whose answer says what it used."""
_UNSAID = "The answer does not say what is left of the daily budget."


def guardrail_words(said: Mapping[str, Any]) -> str:
    outcome = str(said["outcome"])
    if outcome == "blocked":
        where = str(said.get("blocked_at"))
        return _BLOCKED.get(where, "The guardrail blocked it; where, the answer does not say.")
    return _GUARDRAIL.get(outcome, f"What happened is called {outcome}, which is not known here.")


def cost_words(said: Mapping[str, Any]) -> str:
    """Guardrails are billed by the characters that they judge, and no answer says how much."""
    reranking = said.get("rerank_usd")
    reranked = f" Putting passages in order cost {reranking} US dollars." if reranking else ""
    return f"{_model_words(said)}{reranked}"


def _model_words(said: Mapping[str, Any]) -> str:
    if use := said.get("use"):
        tokens = f"{use['input_tokens']:,} tokens asked, {use['output_tokens']:,} answered"
        return f"{tokens}: {_model_usd(said):f} US dollars for the model."
    if said["outcome"] in _FREE or said.get("blocked_at") == "question":
        return "The model cost nothing."
    return "The answer does not say what it cost."


def budget_words(said: Mapping[str, Any]) -> str:
    if said["outcome"] == "over_budget":
        return "What is left of the daily budget is too little for such a question until midnight, UTC."
    if (left := said.get("left_usd")) is not None:
        return f"{left} US dollars of the daily budget are left until midnight, UTC."
    return _UNSAID


def used_usd(said: Mapping[str, Any]) -> Decimal:
    """Of model and reranker; nothing where the answer says nothing."""
    return (_model_usd(said) + Decimal(str(said.get("rerank_usd", 0)))).normalize()


def _model_usd(said: Mapping[str, Any]) -> Decimal:
    use = said.get("use")
    return Decimal(str(use["usd"])).normalize() if use else Decimal(0)
