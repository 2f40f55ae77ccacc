"""One tensor that changes: its rows, computed as planned. Rows do not depend on one another."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tuning.adapters.adapter_folder import Adapter
from tuning.adapters.base_weights import Base
from tuning.adapters.merge_steps import (
    AddVector,
    LowRank,
    Origin,
    SetRows,
    TensorPlan,
    WeightRows,
)
from tuning.adapters.ordered_arithmetic import (
    DTYPES,
    LARGEST,
    Floats,
    add_column_squares,
    add_low_rank,
    column_norms,
    finite,
    finite_bytes,
    not_finite,
    rounded,
    row_norms,
    to_float32,
)
from tuning.adapters.refused import MergeRefusedError
from tuning.adapters.rounding import Rounding
from tuning.adapters.tensor_header import RangedSource, Span


class Matrices:
    """The adapter's small matrices as float32. The two that were used last are kept: of fused
    experts, one lora_B serves every expert of a layer.
    """

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self._kept: dict[str, Floats] = {}

    def __getitem__(self, key: str) -> Floats:
        if key not in self._kept:
            while len(self._kept) > 1:
                self._kept.pop(next(iter(self._kept)))
            shape = self._adapter.tensors[key].shape
            self._kept[key] = self._read(key, 0, math.prod(shape)).reshape(shape)
        return self._kept[key]

    def rows(self, key: str, first: int, rows: int) -> Floats:
        """Some rows of a matrix, read for themselves."""
        columns = self._adapter.tensors[key].shape[1]
        return self._read(key, first * columns, rows * columns).reshape(rows, columns)

    def _read(self, key: str, first: int, elements: int) -> Floats:
        span = self._adapter.tensors[key]
        size = DTYPES[span.dtype].itemsize
        start = len(self._adapter.header.raw) + span.begin + first * size
        return to_float32(self._adapter.source.read(start, elements * size), span.dtype)


@dataclass(frozen=True, kw_only=True)
class TensorPart:
    """Some bytes of a tensor. What does not change is the same object twice."""

    before: bytes | None
    """None where they were not read: the tensor is new, or begins with other values."""
    after: bytes


class MergedTensor:
    """Reads, computes and rounds rows of one tensor. Safe to use from several threads."""

    def __init__(
        self, plan: TensorPlan, base: Base, adapter: Adapter, matrices: Matrices, rounding: Rounding
    ) -> None:
        self.plan = plan
        self._rounding = rounding
        self._source, self._start, self._span = _origin(plan, base, adapter)
        shape = plan.shape if len(plan.shape) > 1 else (*plan.shape, 1)
        self.columns = shape[-1]
        self.rows = math.prod(shape[:-1])
        self._row_bytes = self.columns * DTYPES[self._span.dtype].itemsize
        self._factors = {
            (number, block): _factors(step, block, matrices)
            for number, step in enumerate(plan.steps)
            if isinstance(step, LowRank)
            for block in step.blocks
        }
        self._vectors: dict[str, Floats] = {}
        for step in plan.steps:
            if isinstance(step, AddVector | SetRows):
                self._vectors[step.key] = matrices[step.key]
            elif step.magnitude:
                self._vectors[step.magnitude] = matrices[step.magnitude].reshape(-1)
        self._norms = self._column_norms()

    @property
    def reads_itself(self) -> bool:
        """Whether the values begin with the base's own of the same tensor."""
        return self.plan.origin == Origin(kind="base", name=self.plan.name)

    def chunk(self, first: int, rows: int) -> TensorPart:
        """Rows of the tensor, as they are in the file.

        Raises MergeRefusedError LA502, LA503 or LA504.
        """
        raw = self._read(first, rows)
        before = raw if self.reads_itself else None
        if not self.plan.steps and self._span.dtype == self.plan.dtype:
            return TensorPart(before=before, after=raw)
        with np.errstate(all="ignore"):
            values = self._computed(raw, first, rows, len(self.plan.steps))
        made = rounded(values, self.plan.dtype).tobytes()
        if not finite_bytes(made, self.plan.dtype):
            raise self._fault(raw, values)
        return TensorPart(before=before, after=made)

    def _fault(self, raw: bytes, values: Floats) -> MergeRefusedError:
        before = to_float32(raw, self._span.dtype)
        if not finite(before):
            fault = f"{self.plan.origin.name} of the base holds {not_finite(before)}"
            return MergeRefusedError("LA502", fault)
        fault = f"overflows to Inf: {self.plan.dtype} ends at {LARGEST[self.plan.dtype]}"
        if not finite(values):
            fault = f"becomes {not_finite(values)} in float32 already"
        return MergeRefusedError("LA503", f"{self.plan.name}: a merged value {fault}")

    def _read(self, first: int, rows: int) -> bytes:
        return self._source.read(self._start + first * self._row_bytes, rows * self._row_bytes)

    def _computed(self, raw: bytes, first: int, rows: int, number: int) -> Floats:
        """The values after all steps before `number`."""
        values = to_float32(raw, self._span.dtype).reshape(rows, self.columns)
        for before, step in enumerate(self.plan.steps[:number]):
            match step:
                case LowRank():
                    self._add(values, first, rows, before, step)
                    if step.magnitude:
                        self._normalise(values, first, rows, step, step.magnitude)
                case AddVector():
                    vector = self._vectors[step.key][first : first + rows]
                    values[:, 0] += vector * np.float32(step.scale)
                case SetRows():
                    for place, row in enumerate(step.rows):
                        if first <= row < first + rows:
                            values[row - first] = self._vectors[step.key][place]
        return values

    def _add(self, values: Floats, first: int, rows: int, number: int, step: LowRank) -> None:
        rounds_first = self._rounding == "peft" and step.delta_rounded_by_peft
        through = self.plan.dtype if rounds_first else "F32"
        for block in step.blocks:
            begin, end = max(first, block.first), min(first + rows, block.first + block.rows)
            if begin < end:
                left, right = self._factors[number, block]
                add_low_rank(
                    values[begin - first : end - first],
                    left[begin - block.first : end - block.first],
                    right,
                    step.scale,
                    through=through,
                    fused=self._rounding == "peft",
                )

    def _normalise(
        self, values: Floats, first: int, rows: int, step: LowRank, magnitude: str
    ) -> None:
        length = self._vectors[magnitude]
        if step.norm_of_columns:
            norms, wanted = self._norms, length
        else:
            norms, wanted = (
                row_norms(values)[:, np.newaxis],
                length[first : first + rows, np.newaxis],
            )
        if norms is None or not (norms > 0).all() or not finite(norms):
            raise MergeRefusedError("LA504", f"{self.plan.name}: a norm of DoRA is not above 0")
        np.multiply(values, wanted / norms, out=values)

    def _column_norms(self) -> Floats | None:
        """A first pass over all rows, where DoRA normalises columns."""
        for number, step in enumerate(self.plan.steps):
            if isinstance(step, LowRank) and step.magnitude and step.norm_of_columns:
                sums = np.zeros(self.columns, np.float64)
                for first, rows in row_chunks(self.rows, self.columns, 1024 * 1024):
                    raw = self._read(first, rows)
                    values = self._computed(raw, first, rows, number)
                    self._add(values, first, rows, number, step)
                    add_column_squares(sums, values)
                return column_norms(sums)
        return None


def row_chunks(rows: int, columns: int, elements: int) -> Iterator[tuple[int, int]]:
    """First row and count, of about as many elements each; at least one row."""
    height = max(1, elements // max(1, columns))
    for first in range(0, rows, height):
        yield first, min(height, rows - first)


def _origin(plan: TensorPlan, base: Base, adapter: Adapter) -> tuple[RangedSource, int, Span]:
    """The file, where in it the tensor begins, and what it is there."""
    if plan.origin.kind == "adapter":
        span = adapter.tensors[plan.origin.name]
        return adapter.source, len(adapter.header.raw) + span.begin, span
    shard = base.shards[base.places[plan.origin.name]]
    span = shard.header.tensors[plan.origin.name]
    return shard.source, len(shard.header.raw) + span.begin, span


def _factors(step: LowRank, block: WeightRows, matrices: Matrices) -> tuple[Floats, Floats]:
    """Left (rows x rank) and right (rank x columns), whose product is the change of these rows."""
    a = matrices.rows(step.a, block.expert * step.rank, step.rank)
    b = matrices[step.b][:, block.expert :: block.experts]
    left, right = (b, a) if step.layout == "linear" else (a.T, b.T)
    rows = slice(block.out_first, block.out_first + block.rows)
    return np.ascontiguousarray(left[rows]), np.ascontiguousarray(right)
