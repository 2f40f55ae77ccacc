"""What an evaluation is about, as it is stored and passed on: prompts, answers, results, a decision."""

from collections.abc import Mapping
from typing import Literal

from tuning.runs.json_record import Record

Side = Literal["candidate", "live", "base"]
"""Whose answers they are: the new model's, those of the model in use, those of the untuned base model."""


class Message(Record, frozen=True, kw_only=True):
    """One turn of what is asked."""

    role: Literal["user", "assistant"]
    text: str


class EvaluationPrompt(Record, frozen=True, kw_only=True):
    """One record of an evaluation set: what is asked, and what a good answer is."""

    id: str
    """SHA-256 of the normalised question, the first 32 hex digits: prompts that differ in case or white
    space alone have the same.
    """
    line: int
    """From 1, in the evaluation file."""
    system: tuple[str, ...] = ()
    messages: tuple[Message, ...]
    """The last one is the user's."""
    expected: str
    """The answer in the file."""


class ModelAnswer(Record, frozen=True, kw_only=True):
    """What one model said to one prompt."""

    line: int
    """Of the prompt, in the evaluation file."""
    text: str = ""
    failure: str | None = None
    """Why there is no answer, such as `ThrottlingException`; then `text` is empty."""
    latency_ms: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    stop_reason: str | None = None
    """As Converse says it."""


class MetricResult(Record, frozen=True, kw_only=True):
    """One metric over all answers of one side."""

    metric: str
    side: Side
    prompts: int
    """Over how many answers."""
    mean: float
    """Scores from 0 to 1; characters of `length`, milliseconds of `latency`."""
    p95: float | None = None
    """95th percentile; of `length` and `latency`."""
    confusion: Mapping[str, Mapping[str, int]] = {}
    """Of `label_accuracy`: expected label, then answered label, then how often."""


class Regression(Record, frozen=True, kw_only=True):
    """A prompt that the candidate answers worse than what it is compared with."""

    line: int
    question: str
    """The last message of the user."""
    expected: str
    candidate: str
    reference: str
    difference: float
    """The candidate's score less the reference's: below 0."""


class GateDecision(Record, frozen=True, kw_only=True):
    """Whether the candidate may go live. The same prompts and answers make the same decision."""

    outcome: Literal["promote", "hold"]
    reasons: tuple[str, ...]
    """In words, at least one."""
    metric: str
    better_than: Literal["live", "base"]
    by_at_least: float
    prompts: int
    """Different prompts that were compared."""
    difference: float | None = None
    """Mean of candidate less reference; None without a comparison."""
    low: float | None = None
    high: float | None = None
    """The interval of the difference, by paired bootstrap."""
    confidence: float
    evidence: float | None = None
    """How often as much as what was staked a bet on `better` would have won: see `wager.py`."""
    evidence_needed: float | None = None
    """A candidate that is no better has that much in at most 1 of that many evaluations."""
    wins: int = 0
    losses: int = 0
    """Prompts that the candidate answers better, and worse."""
