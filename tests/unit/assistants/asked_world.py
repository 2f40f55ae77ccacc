"""An assistant's function on AWS in dictionaries, which may die at any call, or lose its answer."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from answering_parts import BAD, apply_guardrail
from domain_builders import a_context
from fake_dynamodb import FakeDynamoDB, as_wire, plain
from mortal_clients import DiedError, install_mortal
from recipe_refusal_cases import refusal

from lambdas import answer_question
from tuning.assistants.assistant_settings import AssistantSettings
from tuning.assistants.day_of_budget import day_key
from tuning.assistants.token_price import TokenPrice
from tuning.aws import clients
from tuning.releases.live_model import LiveModel, live_key

ARN = "arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefghijkl"
CALLER = "arn:aws:sts::123456789012:assumed-role/caller/session"
FILE = """
    recipe = "support-nova-micro"
    system_prompt = "You help."
    daily_budget = {budget}
    most_output_tokens = 100
    caller_requests_per_minute = {minute}
"""
PRICE = "0.1/1"


@dataclass
class Runtime:
    says: str = "An answer."
    asked: list[dict[str, Any]] = field(default_factory=list)
    fails: Exception | None = None

    apply_guardrail = staticmethod(apply_guardrail)

    def converse_stream(self, **given: Any) -> dict[str, Any]:
        self.asked.append(given)
        if self.fails:
            raise self.fails
        delta = {"contentBlockDelta": {"delta": {"text": self.says}}}
        usage = {"metadata": {"usage": {"inputTokens": 20, "outputTokens": 10}}}
        return {"stream": iter([delta, {"messageStop": {"stopReason": "end_turn"}}, usage])}


@dataclass
class Documents:
    """One passage for each question."""

    meta: Any = field(
        default_factory=lambda: SimpleNamespace(partition="aws", region_name="us-east-1")
    )

    def retrieve(self, **_given: Any) -> dict[str, Any]:
        place = {"s3Location": {"uri": "s3://bucket/documents/support/a.md"}}
        return {"retrievalResults": [{"content": {"text": "A."}, "location": place, "score": 0.9}]}


@dataclass
class AskedWorld:
    folder: Any
    monkeypatch: Any
    budget: str = "5.00"
    minute: int = 100
    knowledge: str = ""
    rerank_usd: str = "0"
    dynamodb: FakeDynamoDB = field(default_factory=FakeDynamoDB)
    runtime: Runtime = field(default_factory=Runtime)
    calls: list[str] = field(default_factory=list)
    dies_before: int | None = None
    dies_after: int | None = None
    sent_twice: int | None = None

    def __post_init__(self) -> None:
        said = FILE.format(budget=self.budget, minute=self.minute)
        (self.folder / "support.toml").write_text(f"{said}\n{self.knowledge}")
        services = {
            "dynamodb": self.dynamodb,
            "bedrock-runtime": self.runtime,
            "bedrock-agent-runtime": Documents(),
        }
        self.monkeypatch.setattr(answer_question, "ASSISTANT_FILES", self.folder)
        settings = AssistantSettings(
            environment="dev",
            assistant="support",
            ledger_table="ledger",
            budgets_table="budgets",
            guardrail_arn="arn:aws:bedrock:us-east-1:123456789012:guardrail/abcdefghijkl",
            guardrail_version="3",
            token_price=PRICE,
            base_model="none",
            knowledge_base="none",
            rerank_usd=self.rerank_usd,
        )
        install_mortal(self.monkeypatch, services, self.live_call, settings.to_env())
        self.forget()
        self.live()

    def live_call(self, operation: str, call: Callable[[], Any]) -> Any:
        """The process dies before or after the call of that number."""
        self.calls.append(operation)
        number = len(self.calls)
        if self.dies_before == number:
            raise DiedError
        try:
            answer = call()
        finally:
            if self.dies_after == number:
                raise DiedError
        if self.sent_twice == number and operation == "update_item":
            call()  # the answer of the first was lost, as botocore tries again
        return answer

    def forget(self) -> None:
        """A process of its own."""
        for each in (
            clients.client,
            clients.asked_once,
            answer_question._settings,  # noqa: SLF001 — a cache lives as long as a process
            answer_question._assistant,  # noqa: SLF001 — idem
        ):
            each.cache_clear()

    def live(self, arn: str | None = ARN) -> None:
        recipe = "support-nova-micro"
        record = LiveModel(
            id=live_key(recipe), recipe=recipe, version=1 if arn else None, deployment_arn=arn
        )
        self.dynamodb.items[record.id] = {
            name: plain(value) for name, value in record.to_item().items()
        }

    def ask(self, question: Any = "Why?", *, caller: str = CALLER, body: str | None = None) -> Any:
        """(status, what the body says)."""
        identity = {"userArn": caller}
        event = {
            "requestContext": {"identity": identity, "requestId": "r"},
            "body": json.dumps({"question": question}) if body is None else body,
        }
        answer = answer_question.handler(event, a_context())
        return answer["statusCode"], json.loads(answer["body"])

    def day(self, now: Any) -> dict[str, Any]:
        """What the table has of that day."""
        return self.dynamodb.budgets.get(day_key("support", now), {})

    @property
    def price(self) -> TokenPrice:
        return TokenPrice.from_text(PRICE)


__all__ = ["ARN", "BAD", "AskedWorld", "DiedError", "as_wire", "refusal"]
