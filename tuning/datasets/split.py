"""Training, validation and evaluation from one dataset, so that no question is on two sides.

A record's side depends on its normalised prompt, the seed and the share alone: lines added later
move no other line, and duplicates stay together.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from tuning.datasets.convert.conversation import ReadRecord
from tuning.datasets.convert.peek import OpenedText
from tuning.datasets.prompts import fingerprint
from tuning.errors import OptionError, SplitError
from tuning.models.catalog import Method, Model
from tuning.reports.scale import count

_SPREAD = 2**64
_SEEDS = 2**63
_NO_RECORD = b" \t\r\n\x1a\x1e"
"""What is not a record by itself: blanks, the marks of old systems and of sequences."""


@dataclass(frozen=True, kw_only=True)
class SplitRule:
    """How to split: the share, the seed, and what the model at hand allows."""

    share: float
    """Of the prompts, for validation; between 0 and 1."""
    evaluation: float = 0.0
    """Of the prompts, for evaluation; 0 for none. What is for validation does not depend on it."""
    seed: int = 0
    max_validation: int | None = None
    min_training: int = 1
    """Records."""
    reader: str = "a split"

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise OptionError(f"--validation {self.share:g}: must lie between 0 and 1, such as 0.1")
        if not (self.evaluation == 0 or 0 < self.evaluation < 1 - self.share):
            raise OptionError(
                f"--evaluation {self.evaluation:g}: must be above 0, and with --validation {self.share:g} below 1"
            )
        if not 0 <= self.seed < _SEEDS:
            raise OptionError(f"--seed {self.seed}: must be a whole number from 0 to 2**63 - 1")

    @classmethod
    def of_model(
        cls, share: float, seed: int, model: Model, method: Method, *, evaluation: float = 0.0
    ) -> "SplitRule":
        if method.validation == "refused":
            raise OptionError(f"{model.id} takes no validation set; train it on the whole file")
        return cls(
            share=share,
            evaluation=evaluation,
            seed=seed,
            max_validation=method.max_validation_records,
            min_training=method.min_records,
            reader=model.id,
        )


@dataclass(frozen=True, kw_only=True)
class Sides:
    """Where each record goes, in the order of the file."""

    fingerprints: Sequence[int]
    validation: frozenset[int]
    """The fingerprints of the prompts kept for validation."""

    evaluation: frozenset[int] = frozenset()
    """Those kept for evaluation."""

    def __iter__(self) -> Iterator[int]:
        """Where each record goes: 0 to training, 1 to validation, 2 to evaluation."""
        for mark in self.fingerprints:
            yield 1 if mark in self.validation else 2 if mark in self.evaluation else 0

    @property
    def counts(self) -> tuple[int, int, int]:
        """Records for training, validation and evaluation."""
        counted = Counter(self)
        return counted[0], counted[1], counted[2]

    @property
    def prompts(self) -> int:
        return len(set(self.fingerprints))


def sides(records: Iterable[ReadRecord], rule: SplitRule) -> Sides:
    """Decide. Raises SplitError when the model could not be trained on what is left."""
    marks = array("Q", (fingerprint(record, rule.seed) for record in records))
    sizes = Counter(marks)
    needed = 3 if rule.evaluation else 2
    if len(sizes) < needed:
        raise SplitError(
            f"{count(len(marks), 'record')} with {count(len(sizes), 'different prompt')} cannot be split "
            f"into {needed}: a prompt is on one side only; add records with other prompts"
        )
    ordered = sorted(sizes)
    chosen = [mark for mark in ordered if mark < rule.share * _SPREAD]
    # A share of a small file may fall on nothing, or on everything: one prompt stays on each side.
    chosen = (chosen or ordered[:1])[: len(sizes) - (needed - 1)]
    held_out = _for_evaluation(ordered[len(chosen) :], rule)
    kept = sum(sizes[mark] for mark in chosen)
    while rule.max_validation is not None and kept > rule.max_validation:
        kept -= sizes[chosen.pop()]
    if not chosen:
        raise SplitError(
            f"one prompt alone has more records than {rule.reader} takes for validation "
            f"({rule.max_validation}); remove duplicates, or choose another seed"
        )
    left = len(marks) - kept - sum(sizes[mark] for mark in held_out)
    if left < rule.min_training:
        raise SplitError(
            f"{left} of {len(marks)} records would be left for training; {rule.reader} needs at "
            f"least {rule.min_training}: add records, or lower --validation"
            f"{' or --evaluation' if rule.evaluation else ''}"
        )
    return Sides(fingerprints=marks, validation=frozenset(chosen), evaluation=frozenset(held_out))


def _for_evaluation(others: Sequence[int], rule: SplitRule) -> Sequence[int]:
    """Of the prompts that are not for validation, two or more, from the far end: training keeps one."""
    if not rule.evaluation:
        return ()
    far = [mark for mark in others if mark >= (1 - rule.evaluation) * _SPREAD]
    return (far or others[-1:])[-(len(others) - 1) :]


def copy(stream: IO[bytes], decided: Sides, outputs: Sequence[IO[bytes]]) -> None:
    """Write each line, byte for byte, to its side. Blank lines are no records and go nowhere."""
    lines = (line for line in OpenedText(stream).stream if line.strip(_NO_RECORD))
    for line, side in zip(lines, decided, strict=True):
        outputs[side].write(line)
