"""config.json as transformers 4.51.3 reads it, which Custom Model Import names as its reference.

transformers 5 writes other names. Version 4 ignores those without a word and takes its defaults: a Llama
3 would get the rotary base 10,000 for 500,000, a Qwen3 mixture 128 experts for its own number.
https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-import-model.html
That import refuses or misreads version 5 is inferred, not confirmed; version 4 is right either way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REFERENCE = "4.51.3"
_TEXT_MODELS = frozenset(
    {"llama", "mistral", "mixtral", "qwen2", "qwen3", "qwen3_moe", "gpt_bigcode", "gpt_oss", "t5"}
)
# Of one model type: what version 5 calls it, what version 4 calls it.
_RENAMED = {"qwen3_moe": {"num_local_experts": "num_experts"}}
_ROPE_TOP = ("rope_theta", "partial_rotary_factor")
"""What version 4 has beside `rope_scaling`, not in it."""


@dataclass(frozen=True, kw_only=True)
class ConvertedConfig:
    config: Mapping[str, Any]
    changes: tuple[str, ...]
    """One sentence each; empty where version 4 reads the configuration as it is."""
    fault: str | None = None
    """Why it cannot be converted; then `config` is as it was given."""


def for_reference(config: Mapping[str, Any]) -> ConvertedConfig:
    """The configuration with the names of version 4. Nothing else is touched, and the same input
    gives the same output; what version 4 wrote comes back unchanged.
    """
    rope = config.get("rope_parameters")
    new = sorted({"dtype", "rope_parameters"} & set(config))
    kind = str(config.get("model_type"))
    renamed = {old: name for old, name in _RENAMED.get(kind, {}).items() if old in config}
    if not new and not renamed:
        return ConvertedConfig(config=config, changes=())
    if kind not in _TEXT_MODELS:
        words = f"{', '.join(new)} of transformers 5 in a {kind}: take the base's own config.json"
        return ConvertedConfig(config=config, changes=(), fault=words)
    if rope is not None and (not isinstance(rope, dict) or _per_layer(rope)):
        words = "rope_parameters for each kind of layer, which version 4 does not have"
        return ConvertedConfig(config=config, changes=(), fault=words)
    made, changes = dict(config), []
    for old, name in {"dtype": "torch_dtype", **renamed}.items():
        if old in made:
            value = made.pop(old)
            if made.setdefault(name, value) != value:
                words = f"{old} is {value}, {name} is {made[name]}: which counts is not known"
                return ConvertedConfig(config=config, changes=(), fault=words)
            changes.append(f"{old} is called {name}")
    if "rope_parameters" in made:
        made |= _rope(made.pop("rope_parameters") or {})
        changes.append("rope_parameters became rope_theta and rope_scaling")
    return ConvertedConfig(config=dict(sorted(made.items())), changes=tuple(changes))


def _per_layer(rope: Mapping[str, Any]) -> bool:
    return any(isinstance(value, dict) for value in rope.values())


def _rope(rope: Mapping[str, Any]) -> dict[str, Any]:
    scaling = {name: value for name, value in rope.items() if name not in _ROPE_TOP}
    top = {name: rope[name] for name in _ROPE_TOP if name in rope}
    plain = scaling.get("rope_type", "default") == "default"
    return top | {"rope_scaling": None if plain else scaling}
