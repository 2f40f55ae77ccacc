"""LoRA on parameters (`target_parameters`), those of fused experts above all.

Of E experts with rank r, lora_A is (E r, columns) with the expert slowest, lora_B is (rows, r E) with
the expert FASTEST. transformers 5 fuses gate and up into `gate_up_proj`, gate above up, in memory; the
files mostly keep single experts. PEFT 0.17 and 0.18 took the parameter as (E, in, out), since 0.19 it
is (E, out, in): A and B swapped their roles, and the columns of A tell.
https://github.com/huggingface/peft, `tuners/lora/layer.py` (ParamWrapper), 0.17.0 to 0.21.2
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tuning.adapters.adapter_config import LoraSettings
from tuning.adapters.adapter_keys import ModuleParts
from tuning.adapters.base_names import BaseNames
from tuning.adapters.base_weights import Base
from tuning.adapters.merge_steps import Layout, LowRank, WeightRows
from tuning.adapters.refused import MergeRefusedError
from tuning.adapters.tensor_header import Span

_IN_ORDER = ("gate_up_proj", "down_proj")
"""Of an experts module, in the order in which they are defined: the last is the outermost."""
_SINGLE = {
    "gate_up_proj": (("gate_proj", "up_proj"), ("w1", "w3")),
    "down_proj": (("down_proj",), ("w2",)),
}
_STORED_IN_OUT = frozenset({"gpt_oss", "aria", "openai_privacy_filter"})
_SWAPPED_SINCE = (0, 19)


@dataclass(frozen=True, kw_only=True)
class FusedLora:
    """Reads the LoRA matrices of parameters."""

    base: Base
    names: BaseNames
    settings: LoraSettings
    spans: Mapping[str, Span]

    def steps(self, module: str, nested: Mapping[int, ModuleParts]) -> dict[str, LowRank]:
        """What is done to each tensor of the base, by name. `nested` is by depth of `.base_layer`.

        Raises MergeRefusedError LA302, LA303, LA304, LA305, LA308 or LA603.
        """
        parameters = self._parameters(module, len(nested))
        made: dict[str, LowRank] = {}
        for depth, parameter in enumerate(reversed(parameters)):
            parts = nested.get(depth)
            if parts is None or not parts.a or not parts.b:
                raise MergeRefusedError("LA303", f"{module}: {parameter} has no whole pair A, B")
            if parts.bias or parts.magnitude or parts.embedding:
                raise MergeRefusedError(
                    "LA308", f"{module}: a LoRA on parameters has neither bias nor magnitude"
                )
            made |= self._parameter(module, parameter, parts.a, parts.b)
        return made

    def _parameters(self, module: str, depth: int) -> list[str]:
        known = _IN_ORDER if module.endswith("experts") else ("weight",)
        found = [p for p in known if self.settings.parameter_targeted(f"{module}.{p}")]
        if len(found) != depth:
            raise MergeRefusedError(
                "LA603",
                f"{module}: the file has LoRA on {depth} parameters, target_parameters names"
                f" {', '.join(found) or 'none that is known'}",
            )
        return found

    def _parameter(self, module: str, parameter: str, a: str, b: str) -> dict[str, LowRank]:
        path = f"{module}.{parameter}"
        if whole := self.names.tensor(path):
            shape = self.base.span(whole).shape
            if len(shape) == 2:  # noqa: PLR2004 — no experts: a plain matrix
                step = self._low_rank(
                    path, a, b, (1, *shape), (WeightRows(first=0, rows=shape[0]),)
                )
                return {whole: step}
            if len(shape) != 3:  # noqa: PLR2004 — experts, rows, columns
                raise MergeRefusedError("LA305", f"{whole} has the shape {list(shape)}")
            experts, rows, _ = shape
            blocks = tuple(
                WeightRows(first=e * rows, rows=rows, expert=e, experts=experts)
                for e in range(experts)
            )
            return {whole: self._low_rank(path, a, b, shape, blocks)}
        return self._single_experts(module, parameter, a, b)

    def _single_experts(self, module: str, parameter: str, a: str, b: str) -> dict[str, LowRank]:
        tensors = self._tensors(module, parameter)
        experts = len(tensors)
        parts, columns = len(tensors[0]), self.base.span(tensors[0][0]).shape[-1]
        rows = self.base.span(tensors[0][0]).shape[0]
        made = {}
        for expert, names in enumerate(tensors):
            for part, name in enumerate(names):
                if self.base.span(name).shape != (rows, columns):
                    raise MergeRefusedError("LA603", f"{name}: the experts' shapes differ")
                block = WeightRows(
                    first=0, rows=rows, expert=expert, experts=experts, out_first=part * rows
                )
                shape = (experts, parts * rows, columns)
                made[name] = self._low_rank(f"{module}.{parameter}", a, b, shape, (block,))
        return made

    def _tensors(self, module: str, parameter: str) -> list[list[str]]:
        """The tensors of each expert in turn: gate and up, or down."""
        for leaves in _SINGLE.get(parameter, ()):
            found: list[list[str]] = []
            while True:
                paths = [f"{module}.{len(found)}.{leaf}.weight" for leaf in leaves]
                named = [name for path in paths if (name := self.names.tensor(path))]
                if len(named) != len(leaves):
                    break
                found.append(named)
            if found:
                return found
        raise MergeRefusedError("LA302", f"the base has neither {module}.{parameter} nor its parts")

    def _low_rank(
        self, path: str, a: str, b: str, shape: tuple[int, ...], blocks: tuple[WeightRows, ...]
    ) -> LowRank:
        """`shape` is (experts, rows, columns) of the whole parameter."""
        experts, rows, columns = shape
        rank, scale = self.settings.rank_of(path), self.settings.scale_of(path)
        found_a, found_b = self.spans[a].shape, self.spans[b].shape
        if len(found_a) != 2 or found_a[0] != experts * rank:  # noqa: PLR2004 — a matrix
            raise MergeRefusedError(
                "LA304", f"{a} is {list(found_a)}; {experts} experts of rank {rank} were expected"
            )
        layouts: list[Layout] = []
        if (found_a[1], *found_b) == (columns, rows, experts * rank):
            layouts.append("linear")
        if (found_a[1], *found_b) == (rows, columns, experts * rank) and experts > 1:
            layouts.append("transposed")
        if not layouts:
            raise MergeRefusedError(
                "LA305",
                f"{a} is {list(found_a)}, {b} is {list(found_b)}; {path} of the base is"
                f" {list(shape)}",
            )
        layout = layouts[0] if len(layouts) == 1 else self._layout_of_square()
        return LowRank(
            a=a,
            b=b,
            rank=rank,
            scale=scale,
            layout=layout,
            blocks=blocks,
            delta_rounded_by_peft=True,
        )

    def _layout_of_square(self) -> Layout:
        """PEFT names its version since 0.18, and target_parameters is older by one version."""
        stored_in_out = self.base.config.get("model_type") in _STORED_IN_OUT
        swapped = (self.settings.peft_version or (0, 17)) >= _SWAPPED_SINCE
        return "linear" if swapped and not stored_in_out else "transposed"
