"""LoRA on one layer: Linear, Conv1D, embedding; with DoRA's magnitude and a bias of its own."""

from collections.abc import Mapping
from dataclasses import dataclass

from tuning.adapters.adapter_config import LoraSettings
from tuning.adapters.adapter_keys import ModuleParts
from tuning.adapters.base_names import BaseNames
from tuning.adapters.base_weights import Base
from tuning.adapters.merge_steps import AddVector, LowRank, WeightRows
from tuning.adapters.refused import MergeRefusedError
from tuning.adapters.tensor_header import Span


@dataclass(frozen=True, kw_only=True)
class LayerLora:
    """Checks the parts of a layer against the configuration and the shape of its weight."""

    base: Base
    names: BaseNames
    settings: LoraSettings
    spans: Mapping[str, Span]

    def low_rank(self, module: str, parts: ModuleParts, shape: tuple[int, ...]) -> LowRank:
        """The step for the weight, whose (rows, columns) are `shape`.

        Raises MergeRefusedError LA303, LA304, LA305, LA306 or LA308.
        """
        a, b = self._pair(module, parts)
        self._announced(module, parts)
        rank, scale = self.settings.rank_of(module), self.settings.scale_of(module)
        turned = parts.embedding or self.names.conv1d(module)
        outputs, inputs = (shape[1], shape[0]) if turned else shape
        found_a, found_b = self.spans[a].shape, self.spans[b].shape
        if len(found_a) != 2 or found_a[0] != rank:  # noqa: PLR2004 — a matrix
            raise MergeRefusedError(
                "LA304", f"{a} is {list(found_a)}; the configuration says rank {rank}"
            )
        if found_a != (rank, inputs) or found_b != (outputs, rank):
            raise MergeRefusedError(
                "LA305",
                f"{a} is {list(found_a)}, {b} is {list(found_b)}; {module}.weight of the base has the"
                f" shape {list(shape)}: the adapter was made on another base",
            )
        if parts.magnitude and self._length(parts.magnitude) != outputs:
            raise MergeRefusedError("LA305", f"{parts.magnitude} does not have {outputs} numbers")
        return LowRank(
            a=a,
            b=b,
            rank=rank,
            scale=scale,
            layout="transposed" if turned else "linear",
            blocks=(WeightRows(first=0, rows=shape[0]),),
            delta_rounded_by_peft=not parts.magnitude
            and (parts.embedding or ".experts." in module),
            magnitude=parts.magnitude,
            norm_of_columns=turned,
        )

    def bias(self, module: str, parts: ModuleParts) -> tuple[str, AddVector] | None:
        """The base's tensor and the step for it. Raises MergeRefusedError LA305, LA308 or LA310."""
        if bool(parts.bias) != self.settings.lora_bias:
            fault = "is not set, and it has a" if parts.bias else "is set, and it lacks its"
            raise MergeRefusedError("LA308", f"{module}: lora_bias {fault} lora_B.bias")
        if not parts.bias:
            return None
        tensor = self.names.tensor(f"{module}.bias")
        if tensor is None:
            raise MergeRefusedError("LA310", f"{module} has no bias in the base to add to")
        if self.spans[parts.bias].shape != self.base.span(tensor).shape:
            raise MergeRefusedError("LA305", f"{parts.bias} does not have the shape of {tensor}")
        return tensor, AddVector(key=parts.bias, scale=self.settings.scale_of(module))

    def _pair(self, module: str, parts: ModuleParts) -> tuple[str, str]:
        if parts.a and parts.b:
            return parts.a, parts.b
        there = parts.a or parts.b or parts.magnitude or parts.bias
        lacking = "lora_B" if parts.a else "lora_A" if parts.b else "lora_A and lora_B"
        raise MergeRefusedError("LA303", f"{module}: {there} is there without its {lacking}")

    def _announced(self, module: str, parts: ModuleParts) -> None:
        follows = self.settings.ensured_tying and self.names.is_head(f"{module}.weight")
        if self.settings.targeted(module) is False and not follows:
            raise MergeRefusedError(
                "LA308", f"{module} has LoRA in the file, and the configuration does not select it"
            )
        if parts.magnitude and not self.settings.dora:
            raise MergeRefusedError("LA306", f"{parts.magnitude} is there, and use_dora is not set")
        if self.settings.dora and not parts.magnitude:
            raise MergeRefusedError(
                "LA306", f"{module}: use_dora is set, and lora_magnitude_vector is missing"
            )

    def _length(self, key: str) -> int:
        """Of a vector that may be written with dimensions of 1 beside. -1 where it is not a vector."""
        sizes = [size for size in self.spans[key].shape if size != 1] or [1]
        return sizes[0] if len(sizes) == 1 else -1
