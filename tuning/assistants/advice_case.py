"""What somebody wants of a model, in numbers: what `tuning advise` weighs training against retrieval by."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any, Literal, get_args

from tuning.assistants.assistant import KnowledgeBase
from tuning.assistants.reranking import candidates_of
from tuning.errors import OptionError
from tuning.models.catalog import catalog
from tuning.runs.recipes import FINE_TUNING

Want = Literal["facts", "citations", "style", "format", "task"]
WANTS: tuple[Want, ...] = get_args(Want)
MB = 10**6
DEFAULT_MODEL = "amazon.nova-micro-v1:0:128k"
"""Of those that are trained and answer on demand, the cheapest whose prices are all known."""
_DEFAULT = KnowledgeBase()
_MOST = 10**12
_OF_IMAGES = "image_caption"
_HIGHEST = {
    "changes": 10_000,
    "changed_percent": 100,
    "epochs": 100,
    "passages": 20,
    "zones": 6,
    "chunk_tokens": 8_192,
    "question_tokens": 10**6,
    "answer_tokens": 10**6,
    "months": 120,
    "examples": 10**9,
    "questions": 10**10,
}
_LOWEST = {"chunk_tokens": 20, "passages": 1, "zones": 1, "months": 1, "epochs": 1}


@dataclass(frozen=True, kw_only=True)
class AdviceCase:
    """Every field has a value that is supposed where nobody says one."""

    documents: int = 5 * MB
    """Bytes of text of the documents that hold the facts."""
    changes: Decimal = Decimal(1)
    """How often the facts change in a month."""
    changed_percent: int = 10
    """How much of the documents such a change rewrites."""
    questions: int = 1_000
    """In a month."""
    question_tokens: int = 100
    answer_tokens: int = 300
    examples: int = 500
    """Records to train on."""
    training_tokens: int | None = None
    """Of all examples, one epoch; None: each is as long as a question and its answer."""
    epochs: int | None = None
    """None: as many as the service fills in."""
    model: str = DEFAULT_MODEL
    passages: int = _DEFAULT.passages
    chunk_tokens: int = _DEFAULT.chunk_tokens
    zones: int = 2
    """In which the endpoints for documents are."""
    months: int = 12
    """Over which the ways are compared."""
    rerank: str | None = None
    """The model that puts passages in order; None: they are taken as they are found."""
    wants: tuple[Want, ...] = ()

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name not in ("model", "rerank", "wants") and value is not None:
                self._assert_number(field.name, value)
        for want in self.wants:
            if want not in WANTS:
                raise OptionError(f"--want {want}: must be one of {', '.join(WANTS)}")
        self._assert_model()
        if self.rerank is not None and self.rerank not in (known := catalog().rerankers):
            raise OptionError(f"--rerank {self.rerank}: must be one of {', '.join(known)}")

    def _assert_model(self) -> None:
        if self.model not in (known := weighed_models()):
            catalog().model(self.model)  # says which there are, where it knows none of that id
            raise OptionError(
                f"--model {self.model}: not a text model for which training can be assessed; name one of {', '.join(known)}"
            )
        often = catalog().model(self.model).methods[FINE_TUNING].hyperparameters["epochCount"]
        if self.epochs is not None and (why := often.refusal(self.epochs)):
            raise OptionError(f"--epochs {self.epochs}: {why} for {self.model}")

    def _assert_number(self, name: str, value: Any) -> None:
        low, high = _LOWEST.get(name, 0), _HIGHEST.get(name, _MOST)
        whole = not isinstance(value, Decimal)
        finite = whole or value.is_finite()
        if not (finite and low <= value <= high):
            kind = "a whole number" if whole else "a number"
            option = f"--{name.replace('_', '-')}"
            raise OptionError(f"{option} {value}: must be {kind}, {low:,} to {high:,}")

    @property
    def tokens_to_train(self) -> int:
        """One epoch."""
        if self.training_tokens is not None:
            return self.training_tokens
        return self.examples * (self.question_tokens + self.answer_tokens)

    @property
    def document_tokens(self) -> int:
        """As `tuning check` estimates them: one for four bytes."""
        return -(-self.documents // 4)

    @property
    def vectors(self) -> int:
        """One for each piece; pieces overlap, so that together they are longer than the documents."""
        fresh = max(1, self.chunk_tokens * (100 - _DEFAULT.overlap_percent) // 100)
        return -(-self.document_tokens // fresh)

    @property
    def embedded_tokens(self) -> int:
        return self.vectors * self.chunk_tokens

    @property
    def dimensions(self) -> int:
        return _DEFAULT.dimensions

    @property
    def knowledge(self) -> KnowledgeBase:
        """As it is reranked."""
        return replace(
            _DEFAULT, passages=self.passages, chunk_tokens=self.chunk_tokens, rerank=self.rerank
        )

    @property
    def embeddings(self) -> str:
        return _DEFAULT.embeddings

    def assumptions(self) -> Iterator[str]:
        """Each as a sentence, whether it was said or supposed."""
        yield f"{self.documents / MB:,g} MB of documents: a token for 4 bytes of text, so {self.document_tokens:,} tokens"
        yield f"the facts change {self.often}, {self.changed_percent} % of the documents each time"
        yield (
            f"{self.questions:,} questions a month of {self.question_tokens:,} tokens, answers of {self.answer_tokens:,}"
        )
        yield f"{self.examples:,} examples to train on, {self.tokens_to_train:,} tokens an epoch, {self._epochs}"
        yield f"{self.model} answers either way"
        yield (
            f"{self.passages} passages of {self.chunk_tokens:,} tokens go with each question, though fewer may be near "
            f"enough; pieces overlap by {_DEFAULT.overlap_percent} %: {self.vectors:,} vectors of {self.dimensions:,} "
            "dimensions"
        )
        yield (
            "a vector has 1 KB of metadata that can be filtered, 0.17 KB of key, and beside its text 1 KB more, as in "
            "AWS's own example; uploads are of 128 KB and more"
        )
        yield "a guardrail with content filters, denied topics and personal data judges each passage"
        if self.rerank:
            yield f"{self.rerank} puts {candidates_of(self.passages)} passages in order for each question"
        yield f"endpoints for documents in {self.zones} zones; they cost whether or not anybody asks"
        yield "each change of facts is a new training with all examples, and the version before is kept"

    @property
    def often(self) -> str:
        """Of changes, in words."""
        named = {Decimal(0): "never", Decimal(1): "once a month", Decimal(2): "twice a month"}
        return named.get(self.changes, f"{self.changes:,f} times a month")

    @property
    def _epochs(self) -> str:
        if self.epochs is None:
            return "as many epochs as the service fills in"
        return "1 epoch" if self.epochs == 1 else f"{self.epochs} epochs"


def weighed_models() -> tuple[str, ...]:
    """Those that answer with text, and on which a fine-tuning job can start."""
    found = catalog().models.values()
    return tuple(
        each.id
        for each in found
        if each.status == "ACTIVE"
        and FINE_TUNING in each.methods
        and each.methods[FINE_TUNING].format != _OF_IMAGES
    )


def case_of(given: dict[str, Any], wants: Sequence[str]) -> AdviceCase:
    """With what was `given`; what is None is supposed. Raises OptionError."""
    said = {name: value for name, value in given.items() if value is not None}
    chosen: Any = tuple(dict.fromkeys(wants))
    return AdviceCase(**said, wants=chosen)
