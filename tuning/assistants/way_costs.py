"""What it costs to train a model on facts, to retrieve them, or to do both: each line with its price's origin."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from tuning.assistants.advice_case import AdviceCase
from tuning.assistants.reranking import rerank_usd
from tuning.assistants.vector_costs import (
    DOCUMENT_ALARMS,
    DOCUMENT_ENDPOINTS,
    DOCUMENT_KEYS,
    endpoints_usd,
    guardrail_usd,
    scan_tier,
    scan_usd,
    upload_usd,
    vectors_query_usd,
    vectors_storage_usd,
)
from tuning.models.catalog import catalog
from tuning.models.estimate import estimated
from tuning.models.prices import (
    ALARM_PRICE,
    EMBEDDING,
    ENDPOINT_PRICE,
    HOURS,
    JUDGING,
    KEY_PRICE,
    RERANKING,
    STORAGE_PRICE,
    VECTOR_QUERIES,
    VECTOR_SCAN,
    VECTOR_STORAGE,
    VECTOR_UPLOAD,
    cents,
    prices,
    storage_per_month,
)
from tuning.models.serving import Serving
from tuning.runs.recipes import FINE_TUNING, Recipe

WayName = Literal["train", "retrieve", "both"]
NOT_COUNTED = (
    "what both ways cost alike: a guardrail on question and answer, the assistant's function, its API and endpoint",
    "evaluations, which a recipe may ask for before a model goes live; tuning plan counts them",
    "documents and datasets in S3, requests to KMS, state transitions and logs: cents",
    "VAT, and whatever AWS takes off a bill: free tiers, discounts",
    "the time of people who write examples, and of those who keep documents in order",
)


@dataclass(frozen=True, kw_only=True)
class WayLine:
    what: str
    each: Literal["once", "month"]
    usd: Decimal | None
    """Rounded up to cents; None where no dated price is known."""
    basis: str
    """From when and where the price is, or that there is none."""

    def to_dict(self) -> dict[str, Any]:
        usd = None if self.usd is None else f"{self.usd:f}"
        return {"what": self.what, "each": self.each, "usd": usd, "basis": self.basis}


@dataclass(frozen=True, kw_only=True)
class WayCosts:
    way: WayName
    lines: tuple[WayLine, ...]
    months: int

    @property
    def once(self) -> Decimal:
        """Of what is known."""
        return self._sum("once")

    @property
    def month(self) -> Decimal:
        return self._sum("month")

    @property
    def total(self) -> Decimal:
        """Of what is known, over all months: the least where something is not."""
        return self.once + self.month * self.months

    @property
    def unknown(self) -> tuple[str, ...]:
        return tuple(line.what for line in self.lines if line.usd is None)

    def _sum(self, each: str) -> Decimal:
        known = (line.usd for line in self.lines if line.each == each and line.usd is not None)
        return sum(known, Decimal(0))

    def to_dict(self) -> dict[str, Any]:
        sums = {"once_usd": self.once, "month_usd": self.month, "total_usd": self.total}
        return {
            "lines": [line.to_dict() for line in self.lines],
            **{name: f"{usd:f}" for name, usd in sums.items()},
            "not_known": list(self.unknown),
        }


def costs_of(case: AdviceCase) -> dict[WayName, WayCosts]:
    alone = _asked(case, 0)
    training, retrieval = tuple(_training(case)), tuple(_retrieval(case))
    passages = _asked(case, case.passages * case.chunk_tokens)
    ways: dict[WayName, tuple[WayLine, ...]] = {
        "train": (*training, *_served(case, "its model", alone)),
        "retrieve": (*retrieval, *_tokens(case, "the base model", passages)),
        "both": (*training, *retrieval, *_served(case, "its model, with passages", passages)),
    }
    return {way: WayCosts(way=way, lines=lines, months=case.months) for way, lines in ways.items()}


def _training(case: AdviceCase) -> Iterator[WayLine]:
    hyperparameters = {} if case.epochs is None else {"epochCount": case.epochs}
    recipe = Recipe(
        name="",
        description="",
        base_model=case.model,
        method=FINE_TUNING,
        hyperparameters=hyperparameters,
    )
    price = estimated(recipe, tokens=case.tokens_to_train)
    usd, basis = price.training_usd, price.basis[0].removeprefix("training: ")
    yield WayLine(what=f"train {case.examples:,} examples", each="once", usd=usd, basis=basis)
    if case.changes:
        anew = cents(usd, case.changes)
        what = f"train them again, {case.often}"
        yield WayLine(what=what, each="month", usd=anew, basis=basis)
    kept = 2 if case.changes else 1
    what = "keep the model" if kept == 1 else "keep the model and the version before"
    yield _line(what, "month", storage_per_month() * kept, STORAGE_PRICE)


def _retrieval(case: AdviceCase) -> Iterator[WayLine]:
    vectors, part = case.vectors, Decimal(case.changed_percent) / 100 * case.changes
    embedded = _embedding(case, Decimal(case.embedded_tokens))
    yield _line("vectors of the documents", "once", embedded, EMBEDDING, case.embeddings)
    uploaded = upload_usd(case, Decimal(vectors))
    yield _line("upload of the vectors", "once", uploaded, VECTOR_UPLOAD)
    if part:
        anew = _embedding(case, case.embedded_tokens * part)
        yield _line("vectors of what changed", "month", anew, EMBEDDING, case.embeddings)
        uploaded = upload_usd(case, vectors * part)
        yield _line("upload of what changed", "month", uploaded, VECTOR_UPLOAD)
    yield _line("keep the vectors", "month", vectors_storage_usd(case), VECTOR_STORAGE)
    asked = _embedding(case, Decimal(case.questions * case.question_tokens))
    yield _line("vectors of the questions", "month", asked, EMBEDDING, case.embeddings)
    yield _line("ask for passages", "month", vectors_query_usd(case), VECTOR_QUERIES)
    scan = scan_usd(case.vectors, case.dimensions, case.questions)
    yield _line("look through the vectors", "month", scan, VECTOR_SCAN, scan_tier(case.vectors))
    if case.rerank:
        usd = case.questions * rerank_usd(case.knowledge)
        yield _line("rerank what is found", "month", usd, RERANKING, case.rerank)
    judged = guardrail_usd(case)
    yield _line("guardrail on the passages", "month", judged, JUDGING, "content filters")
    where = f"{DOCUMENT_ENDPOINTS} endpoints for documents, {case.zones} zones, {HOURS} hours"
    yield _line(where, "month", endpoints_usd(case), ENDPOINT_PRICE)
    yield _line("a key of the vectors", "month", _price(KEY_PRICE) * DOCUMENT_KEYS, KEY_PRICE)
    alarms = f"{DOCUMENT_ALARMS} alarms of ingestion"
    yield _line(alarms, "month", _price(ALARM_PRICE) * DOCUMENT_ALARMS, ALARM_PRICE)


def _price(name: str) -> Decimal:
    return Decimal(prices()[name]["usd"])


def _embedding(case: AdviceCase, tokens: Decimal) -> Decimal:
    return tokens * Decimal(prices()[EMBEDDING][case.embeddings]["usd"]) / 1000


def _asked(case: AdviceCase, passages: int) -> tuple[int, int]:
    """Tokens in and out, a month."""
    return case.questions * (case.question_tokens + passages), case.questions * case.answer_tokens


def _served(case: AdviceCase, who: str, tokens: tuple[int, int]) -> Iterator[WayLine]:
    """On demand where the service deploys such a model so; else by the hour, asked or not."""
    known, serving = catalog().model(case.model), Serving.of(case.model)
    if known.on_demand:
        yield from _tokens(case, who, tokens)
        return
    hour = serving.provisioned_usd_per_hour
    what = f"answers of {who}, by the hour, one model unit"
    why = (
        "" if known.provisioned else f"models customized from {case.model} answer nobody on Bedrock"
    )
    basis = why or next(iter(serving.basis), "no dated price is known")
    yield WayLine(
        what=what,
        each="month",
        usd=cents(hour, Decimal(HOURS)) if known.provisioned else None,
        basis=basis,
    )


def _tokens(case: AdviceCase, who: str, tokens: tuple[int, int]) -> Iterator[WayLine]:
    """A custom model's tokens cost what its base's do.
    https://docs.aws.amazon.com/bedrock/latest/userguide/deploy-custom-model-on-demand.html
    """
    serving = Serving.of(case.model)
    usd = cents(serving.of_tokens(*tokens))
    origin = [line for line in serving.basis if line.startswith("serving on demand")]
    basis = origin[0] if origin else f"no dated price of tokens is known for {case.model}"
    what = f"answers of {who}, {tokens[0]:,} tokens in, {tokens[1]:,} out"
    yield WayLine(what=what, each="month", usd=usd, basis=basis)


def _line(
    what: str, each: Literal["once", "month"], usd: Decimal, price: str, name: str | None = None
) -> WayLine:
    row = prices()[price][name] if name else prices()[price]
    basis = f"{row['date']}, {row['source']}"
    return WayLine(what=what, each=each, usd=cents(usd), basis=basis)
