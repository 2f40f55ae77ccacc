"""What adapter_config.json says: which layers are adapted, and by how much. PEFT's own rules.

Facts: PEFT 0.21.2, `tuners/lora/config.py`, `tuners/tuners_utils.py` (check_target_module_exists),
`utils/other.py` (get_pattern_key). https://github.com/huggingface/peft
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from tuning.adapters.refused import MergeRefusedError

# Fields that say how an adapter was trained or loaded; the merge is the same whatever they hold.
_WITHOUT_EFFECT = frozenset(
    {
        *("auto_mapping", "base_model_name_or_path", "revision", "inference_mode", "task_type"),
        *("lora_dropout", "peft_version", "runtime_config", "megatron_core", "qalora_group_size"),
        *("eva_config", "loftq_config", "corda_config", "lora_ga_config", "fan_in_fan_out"),
        *("enable_lora", "merge_weights"),  # of PEFT before 0.3; without effect since
        # ms-swift writes these; they say how fast the matrices learn, and in which dtype.
        # https://github.com/modelscope/ms-swift, swift/tuners/peft.py
        *("lora_dtype", "lorap_lr_ratio", "lorap_emb_lr"),
    }
)
# Each of these changes what the adapter computes, and by a rule that is not W + s B A.
_NO_MERGE: Mapping[str, str] = {
    "alora_invocation_tokens": "aLoRA is active only after its invocation tokens",
    "layer_replication": "layers are repeated, so the base has other layers than the adapter",
    "use_qalora": "QA-LoRA pools the inputs of a quantised base",
    "use_bdlora": "BD-LoRA has block-diagonal matrices",
    "arrow_config": "Arrow chooses among several adapters for each token",
    "megatron_config": "the layers are Megatron's parallel ones",
    "kasa_config": "KaSA changes the base at the start of training",
    "monteclora_config": "MonteCLoRA draws its matrices at random",
    "velora_config": "VeLoRA is another method",
}
_INITS_THAT_KEEP_THE_BASE = ("gaussian", "eva", "orthogonal")
_INITS_THAT_CHANGE_THE_BASE = ("pissa", "olora", "corda", "loftq", "lora_ga", "kasa")
_USED = frozenset(
    {
        *("peft_type", "r", "lora_alpha", "use_rslora", "use_dora", "lora_bias", "bias"),
        *("rank_pattern", "alpha_pattern", "init_lora_weights", "modules_to_save"),
        *("target_modules", "exclude_modules", "layers_to_transform", "layers_pattern"),
        *("trainable_token_indices", "target_parameters", "ensure_weight_tying"),
    }
)
# How PEFT completes the names in `modules_to_save` and `layers_pattern`, which are expressions to it.
_SAVED = r"(^|.*\.){}($|\..*)"
_LAYER = r"(?:^|.*?\.){}\.(?P<idx>\d+)\."
_T = TypeVar("_T")
_LARGEST_FLOAT32 = 3.4e38
Bias = Literal["none", "all", "lora_only"]


@dataclass(frozen=True, kw_only=True)
class LoraSettings:
    rank: int
    alpha: float
    rslora: bool = False
    dora: bool = False
    lora_bias: bool = False
    bias: Bias = "none"
    rank_pattern: Mapping[str, int] = field(default_factory=dict)
    alpha_pattern: Mapping[str, float] = field(default_factory=dict)
    modules_to_save: tuple[str, ...] = ()
    targets: str | tuple[str, ...] | None = None
    """A regular expression, or names of modules; None where the configuration does not say."""
    excluded: str | tuple[str, ...] = ()
    layers: tuple[int, ...] | None = None
    layers_pattern: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    tokens: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Rows of the vocabulary that were trained alone, by module name; "" is the input embedding."""
    ensured_tying: bool = False
    """Whether the embedding and the head of a tied base were kept one while training."""
    base_label: str = ""
    """What the adapter calls its base: a label, not a proof."""
    peft_version: tuple[int, int] | None = None

    def rank_of(self, module: str) -> int:
        return _by_pattern(self.rank_pattern, module, self.rank)

    def scale_of(self, module: str) -> float:
        """What B A is multiplied by. Raises MergeRefusedError where it is not a finite number."""
        rank, alpha = self.rank_of(module), _by_pattern(self.alpha_pattern, module, self.alpha)
        scale = alpha / (math.sqrt(rank) if self.rslora else rank)
        if not math.isfinite(scale) or abs(scale) > _LARGEST_FLOAT32:
            raise MergeRefusedError("LA203", f"{module}: the scale {scale} is not a float32")
        return scale

    def targeted(self, module: str) -> bool | None:
        """Whether `target_modules` selects a module (its path without `base_model.model.`);
        None where the configuration does not say.
        """
        saved = any(re.match(_SAVED.format(m), module) for m in self.modules_to_save)
        if saved or _named(self.excluded, module):
            return False
        if self.targets is None or self.targets == "all-linear":
            return False if self.targets is None and self.parameters else None
        if isinstance(self.targets, str):
            return re.fullmatch(self.targets, module) is not None
        if module in self.targets:
            return True
        return _named(self.targets, module) and self._layer_selected(module)

    def parameter_targeted(self, parameter: str) -> bool:
        return any(parameter == p or parameter.endswith(f".{p}") for p in self.parameters)

    def saved_whole(self, module: str) -> bool:
        """`modules_to_save` holds endings of names, without regard to dots, as in PEFT."""
        return any(module.endswith(name) for name in self.modules_to_save)

    def _layer_selected(self, module: str) -> bool:
        if self.layers is None:
            return True
        patterns = [_LAYER.format(p) for p in self.layers_pattern]
        for pattern in patterns or [r".*?\.[^.]*\.(?P<idx>\d+)\."]:
            if match := re.match(pattern, module):
                return int(match["idx"]) in self.layers
        return False


def settings(config: Mapping[str, Any], *, where: str) -> LoraSettings:
    """The settings that a merge needs. Raises MergeRefusedError of group LA2xx."""
    reader = _Reader(config, where)
    reader.kind()
    reader.method()
    try:
        return LoraSettings(
            rank=reader.rank("r", config.get("r")),
            alpha=reader.alpha("lora_alpha", config.get("lora_alpha")),
            rslora=reader.flag("use_rslora"),
            dora=reader.flag("use_dora"),
            lora_bias=reader.flag("lora_bias"),
            bias=reader.bias(),
            rank_pattern={
                key: reader.rank(f"rank_pattern[{key!r}]", value)
                for key, value in reader.patterns("rank_pattern").items()
            },
            alpha_pattern={
                key: reader.alpha(f"alpha_pattern[{key!r}]", value)
                for key, value in reader.patterns("alpha_pattern").items()
            },
            modules_to_save=reader.expressions("modules_to_save"),
            targets=reader.selection("target_modules"),
            excluded=reader.selection("exclude_modules") or (),
            layers=reader.layers(),
            layers_pattern=reader.expressions("layers_pattern"),
            parameters=reader.names("target_parameters"),
            tokens=reader.tokens(),
            ensured_tying=reader.flag("ensure_weight_tying"),
            base_label=str(config.get("base_model_name_or_path") or ""),
            peft_version=_version(config.get("peft_version")),
        )
    except re.error as error:
        raise MergeRefusedError(
            "LA207", f"{where}: {error.pattern!r} is not a regular expression: {error}"
        ) from None


class _Reader:
    """Reads fields, and refuses those of a wrong type or without a merge."""

    def __init__(self, config: Mapping[str, Any], where: str) -> None:
        self.config = config
        self.where = where

    def refused(self, rule: str, message: str) -> MergeRefusedError:
        return MergeRefusedError(rule, f"{self.where}: {message}")

    def kind(self) -> None:
        found = self.config.get("peft_type")
        if found is None:
            raise self.refused("LA201", "peft_type is missing, so the method is unknown")
        if found != "LORA":
            raise self.refused("LA201", f"peft_type is {found}; only LORA is merged")

    def method(self) -> None:
        init = self.config.get("init_lora_weights", True)
        if isinstance(init, str) and init.lower().startswith(_INITS_THAT_CHANGE_THE_BASE):
            raise self.refused("LA204", f"init_lora_weights is {init}, which changed the base")
        known = init is None or isinstance(init, bool) or init in _INITS_THAT_KEEP_THE_BASE
        if not known:
            raise self.refused("LA206", f"init_lora_weights is {init!r}, which is unknown")
        for name, value in self.config.items():
            if name in _NO_MERGE and _means_something(value):
                raise self.refused("LA205", f"{name} is set: {_NO_MERGE[name]}")
            unknown = name not in _USED and name not in _WITHOUT_EFFECT and name not in _NO_MERGE
            if unknown and _means_something(value):
                raise self.refused("LA206", f"{name} is set, and what it does is unknown")

    def rank(self, name: str, value: Any) -> int:
        if value is None:
            raise self.refused("LA202", f"{name} is missing; without the rank no scale is known")
        if type(value) is not int or value <= 0:
            raise self.refused("LA202", f"{name} is {value!r}; a rank is a whole number above 0")
        return value

    def alpha(self, name: str, value: Any) -> float:
        if value is None:
            raise self.refused("LA203", f"{name} is missing; without it no scale is known")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refused("LA203", f"{name} is {value!r}, not a number")
        try:
            return float(value)
        except OverflowError:
            raise self.refused("LA203", f"{name} is too large") from None

    def flag(self, name: str) -> bool:
        value = self.config.get(name)
        if value is not None and not isinstance(value, bool):
            raise self.refused("LA207", f"{name} is {value!r}, not true or false")
        return bool(value)

    def bias(self) -> Bias:
        match self.config.get("bias"):
            case None:
                return "none"
            case "none" | "all" | "lora_only" as found:
                return found  # type: ignore[no-any-return]
            case found:
                raise self.refused("LA207", f"bias is {found!r}; known: none, all, lora_only")

    def patterns(self, name: str) -> Mapping[str, Any]:
        value = self.config.get(name) or {}
        if not isinstance(value, dict):
            raise self.refused("LA207", f"{name} is not a map")
        for key in value:
            re.compile(rf"(.*\.)?({key})$")
        return value

    def names(self, name: str) -> tuple[str, ...]:
        value = self.config.get(name)
        found = [value] if isinstance(value, str) else value or []
        if not isinstance(found, list) or not all(isinstance(n, str) and n for n in found):
            raise self.refused("LA207", f"{name} is not a list of names")
        return tuple(found)

    def expressions(self, name: str) -> tuple[str, ...]:
        found = self.names(name)
        for expression in found:
            re.compile(_SAVED.format(expression))
            re.compile(_LAYER.format(expression))
        return found

    def selection(self, name: str) -> str | tuple[str, ...] | None:
        value = self.config.get(name)
        if isinstance(value, str) and value:
            re.compile(value)
            return value
        return None if value is None else self.names(name)

    def layers(self) -> tuple[int, ...] | None:
        value = self.config.get("layers_to_transform")
        found = [value] if type(value) is int else value
        if not found:
            return None
        if not isinstance(found, list) or not all(type(n) is int for n in found):
            raise self.refused("LA207", "layers_to_transform is not a list of layer numbers")
        return tuple(found)

    def tokens(self) -> Mapping[str, tuple[int, ...]]:
        value = self.config.get("trainable_token_indices")
        by_module = value if isinstance(value, dict) else {"": value} if value else {}
        for rows in by_module.values():
            sound = isinstance(rows, list) and all(type(n) is int and n >= 0 for n in rows)
            if not sound or len(set(rows)) != len(rows):
                raise self.refused(
                    "LA207", "trainable_token_indices are not different token numbers"
                )
        return {name: tuple(rows) for name, rows in by_module.items()}


def _means_something(value: Any) -> bool:
    return value not in (None, False, "", [], {}, 0)


def _named(names: str | tuple[str, ...], module: str) -> bool:
    if isinstance(names, str):
        return re.fullmatch(names, module) is not None
    return any(module == name or module.endswith(f".{name}") for name in names)


def _by_pattern(patterns: Mapping[str, _T], module: str, otherwise: _T) -> _T:
    """The first pattern, in the order of the file, that the end of the module's path matches."""
    for key, value in patterns.items():
        if re.match(rf"(.*\.)?({key})$", module):
            return value
    return otherwise


def _version(found: Any) -> tuple[int, int] | None:
    """None before PEFT named itself; the first two numbers are all that a layout depends on."""
    match = re.match(r"(\d+)\.(\d+)", found) if isinstance(found, str) else None
    return (int(match[1]), int(match[2])) if match else None
