"""What is done to each tensor, as data: planned from the headers alone, before a number is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Layout = Literal["linear", "transposed"]
"""`linear`: rows of the weight are outputs, the change is B A. `transposed` (Conv1D of GPT-2,
embeddings, experts that are stored so): the change is (B A) transposed."""


@dataclass(frozen=True, kw_only=True)
class WeightRows:
    """Rows of a weight that take one pair of matrices, by keys of the adapter.

    Of an expert, A is rows `[expert * rank, (expert + 1) * rank)`, B is every `experts`-th column
    from `expert` on: https://github.com/huggingface/peft, `tuners/lora/layer.py`, ParamWrapper.
    """

    first: int
    rows: int
    expert: int = 0
    experts: int = 1
    out_first: int = 0
    """First row of B that is taken: of a fused gate_up_proj, `up` begins in the middle."""


@dataclass(frozen=True, kw_only=True)
class LowRank:
    """W + scale (B A), for DoRA normalised to the magnitude."""

    a: str
    b: str
    rank: int
    scale: float
    layout: Layout
    blocks: tuple[WeightRows, ...]
    delta_rounded_by_peft: bool = False
    magnitude: str | None = None
    norm_of_columns: bool = False
    """DoRA norms: of rows (Linear), of columns (Conv1D, embeddings)."""


@dataclass(frozen=True, kw_only=True)
class AddVector:
    """bias + scale * lora_B.bias."""

    key: str
    scale: float


@dataclass(frozen=True, kw_only=True)
class SetRows:
    """Rows of the vocabulary that were trained alone: replaced, whatever `delta` in the key says."""

    key: str
    rows: tuple[int, ...]


MergeStep = LowRank | AddVector | SetRows


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a tensor's values begin: a tensor of the base, or a whole one of the adapter."""

    kind: Literal["base", "adapter"]
    name: str


@dataclass(frozen=True, kw_only=True)
class TensorPlan:
    name: str
    """In the output, as the base spells it."""
    file: str
    dtype: str
    shape: tuple[int, ...]
    origin: Origin
    steps: tuple[MergeStep, ...] = ()

    @property
    def formula(self) -> str:
        """For the receipt."""
        words = {"base": "W", "adapter": "adapter's own tensor"}[self.origin.kind]
        if self.origin.kind == "base" and not self.steps:
            words = f"copy of {self.origin.name}"
        for step in self.steps:
            match step:
                case LowRank():
                    change = "B A" if step.layout == "linear" else "(B A)^T"
                    words = f"{words} + s {change}"
                    words = f"m V / |V|, V = {words}" if step.magnitude else words
                case AddVector():
                    words = f"{words} + s lora_B.bias"
                case SetRows():
                    words = f"{words}, {len(step.rows)} rows replaced"
        return words

    @property
    def scale(self) -> float | None:
        return next((s.scale for s in self.steps if not isinstance(s, SetRows)), None)

    @property
    def rank(self) -> int | None:
        return next((s.rank for s in self.steps if isinstance(s, LowRank)), None)


@dataclass(frozen=True, kw_only=True)
class MergePlan:
    tensors: Mapping[str, TensorPlan]
    """Those that change, by name; every other tensor of the base is copied."""
    added: tuple[str, ...]
    config_changes: Mapping[str, bool | int]
    notes: tuple[str, ...]
    """What a reader of the receipt should know, such as a base that is named otherwise."""
