"""What the configuration announces must be in the file: PEFT itself fills a gap with zeros or noise,
and says so in a warning only.
"""

from tuning.adapters.adapter_config import LoraSettings
from tuning.adapters.adapter_keys import Keys
from tuning.adapters.base_names import BaseNames
from tuning.adapters.base_weights import Base
from tuning.adapters.refused import MergeRefusedError

_ROUTERS = ("gate", "router", "shared_expert_gate")
"""Custom modules since transformers 5, so that a name in `target_modules` no longer selects them."""


def nothing_missing(
    base: Base, names: BaseNames, settings: LoraSettings, keys: Keys, *, tied: bool
) -> None:
    """Raises MergeRefusedError LA307 for whatever is announced and absent."""
    adapted = {module for module, _ in keys.lora}
    _layers(names, settings, adapted)
    _parameters(names, settings, adapted)
    _saved(base, names, settings, keys, adapted)
    _biases(base, names, settings, keys, adapted)
    if tied and settings.saved_whole("lm_head") and names.head is None:
        given = any(names.is_head(path) for path in keys.whole)
        if not given and not settings.ensured_tying:
            raise _missing("lm_head", "modules_to_save")
    for module in settings.tokens:
        found = [m for m in keys.tokens if m.endswith(module)]
        shared = tied and any(names.is_head(f"{m}.weight") for m in (module,)) and keys.tokens
        if not found and not shared:
            raise _missing(module or "the input embedding", "trainable_token_indices")


def _missing(what: str, why: str) -> MergeRefusedError:
    return MergeRefusedError("LA307", f"{what} is not in the file, and {why} announces it")


def _layers(names: BaseNames, settings: LoraSettings, adapted: set[str]) -> None:
    experts = {module.rpartition(".")[2] for module in adapted if ".experts." in module}
    for module, _ in names.modules():
        leaf = module.rpartition(".")[2]
        custom = leaf in _ROUTERS or (".experts." in module and leaf not in experts)
        if module in adapted or custom or names.beyond_the_model(module):
            continue
        if settings.targeted(module):
            raise _missing(f"LoRA of {module}", "target_modules")


def _parameters(names: BaseNames, settings: LoraSettings, adapted: set[str]) -> None:
    """Every layer that one adapted parameter lies in has its fellows, as in the other layers."""
    for parameter in settings.parameters:
        module = parameter.rpartition(".")[0] or "experts"
        leaf = parameter.rpartition(".")[2]
        if leaf == "weight":
            announced = {
                m for m, _ in names.modules() if settings.parameter_targeted(f"{m}.weight")
            }
        else:
            announced = {
                path.partition(".experts.")[0] + ".experts"
                for path, _ in names.modules()
                if ".experts." in path
            }
            announced = {m for m in announced if settings.parameter_targeted(f"{m}.{leaf}")}
        if gap := sorted(announced - adapted):
            raise _missing(f"LoRA of {gap[0]}", f"target_parameters ({module}.{leaf})")


def _saved(
    base: Base, names: BaseNames, settings: LoraSettings, keys: Keys, adapted: set[str]
) -> None:
    for tensor in base.places:
        path = names.path(tensor)
        parts = path.split(".")
        modules = [".".join(parts[:n]) for n in range(1, len(parts))]
        if any(module in adapted for module in modules) or path in keys.whole:
            continue
        named = [module for module in modules if settings.saved_whole(module)]
        if named and not names.beyond_the_model(path):
            raise _missing(path, "modules_to_save")


def _biases(
    base: Base, names: BaseNames, settings: LoraSettings, keys: Keys, adapted: set[str]
) -> None:
    if settings.bias == "none":
        return
    for tensor in base.places:
        path = names.path(tensor)
        if not path.endswith(".bias") or len(base.span(tensor).shape) != 1:
            continue
        module = path.removesuffix(".bias")
        if settings.bias == "lora_only" and module not in adapted:
            continue
        if path not in keys.whole and path not in keys.base_parts:
            raise _missing(path, f"bias = {settings.bias}")
