"""What each key of an adapter file is: the module, and which of its parts.

`base_model.model.` + module + `.lora_A.weight` and its like; whatever has no such ending is a whole
parameter. The adapter's name, which raw state dicts still carry (`lora_A.default.weight`), is taken
out. Facts: PEFT 0.21.2, `utils/save_and_load.py`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tuning.adapters.refused import MergeRefusedError

_PREFIX = "base_model.model."
_LORA = re.compile(
    r"(?P<module>.+?)(?P<nested>(?:\.base_layer)*)\."
    r"(?:(?P<matrix>lora_A|lora_B)(?:\.(?P<name>[^.]+))?\.(?P<kind>weight|bias)"
    r"|(?P<embedding>lora_embedding_A|lora_embedding_B)(?:\.(?P<name2>(?!weight$)[^.]+))?"
    r"|(?P<magnitude>lora_magnitude_vector)(?:\.(?P<name3>(?!weight$)[^.]+))?(?:\.weight)?)"
)
_TOKENS = re.compile(r"(?P<module>.+)\.token_adapter\.trainable_tokens_delta(?:\.(?P<name>[^.]+))?")
_BASE_PART = re.compile(r"(?P<module>.+?)(?:\.token_adapter)?\.base_layer\.(?P<part>weight|bias)")
_SAVED = re.compile(
    r"(?P<module>.+)\.modules_to_save(?:\.(?P<name>[^.]+))??\.(?P<part>weight|bias)"
)
_BEFORE = re.compile(r"(?P<module>.+)\.original_module\.(?P<part>weight|bias)")
_LEFT_OVER = re.compile(
    r"\.(lora_|token_adapter|base_layer|modules_to_save|original_module|trainable_tokens)"
)


@dataclass(kw_only=True)
class ModuleParts:
    """The keys of one adapted module. `nested` counts `.base_layer`: LoRA on several parameters."""

    a: str | None = None
    b: str | None = None
    bias: str | None = None
    magnitude: str | None = None
    embedding: bool = False


@dataclass(kw_only=True)
class Keys:
    lora: dict[tuple[str, int], ModuleParts] = field(default_factory=dict)
    """By module path and depth of `.base_layer`."""
    tokens: dict[str, str] = field(default_factory=dict)
    """Trained rows, by module."""
    whole: dict[str, str] = field(default_factory=dict)
    """Whole parameters, by their name in the model."""
    base_parts: dict[str, str] = field(default_factory=dict)
    """Whole parameters of adapted modules (`.base_layer.weight`, `.base_layer.bias`), idem."""
    saved: dict[str, str] = field(default_factory=dict)
    """Whole parameters that are spelled `.modules_to_save.weight`, often a second copy, idem."""
    before: dict[str, str] = field(default_factory=dict)
    """What such a module was before the training (`.original_module.weight`): of no effect."""


def sorted_keys(keys: Iterable[str]) -> Keys:
    """Every key in its place. Raises MergeRefusedError LA301 or LA309."""
    found, names = Keys(), set[str]()
    for key in keys:
        if not key.startswith(_PREFIX):
            raise MergeRefusedError("LA301", f"{key} does not begin with {_PREFIX}")
        _put(found, key, key.removeprefix(_PREFIX), names)
    if len(names) > 1:
        raise MergeRefusedError(
            "LA309", f"the file holds several adapters: {', '.join(sorted(names))}"
        )
    return found


def _put(found: Keys, key: str, path: str, names: set[str]) -> None:
    if match := _LORA.fullmatch(path):
        groups = match.groupdict()
        depth = groups["nested"].count(".base_layer")
        parts = found.lora.setdefault((groups["module"], depth), ModuleParts())
        names |= {n for n in (groups["name"], groups["name2"], groups["name3"]) if n}
        part = _part(groups)
        if part is None:
            raise MergeRefusedError("LA301", f"{key}: lora_A has no bias")
        if getattr(parts, part) is not None:
            raise MergeRefusedError("LA309", f"{key} and {getattr(parts, part)} are the same part")
        if (parts.a or parts.b) and part in "ab" and parts.embedding != bool(groups["embedding"]):
            raise MergeRefusedError("LA309", f"{key}: {groups['module']} has two kinds of LoRA")
        parts.embedding = parts.embedding or bool(groups["embedding"])
        setattr(parts, part, key)
    elif match := _TOKENS.fullmatch(path):
        names |= {match["name"]} if match["name"] else set()
        _once(found.tokens, match["module"], key)
    elif match := _BASE_PART.fullmatch(path):
        _once(found.base_parts, f"{match['module']}.{match['part']}", key)
    elif match := _SAVED.fullmatch(path):
        names |= {match["name"]} if match["name"] else set()
        _once(found.saved, f"{match['module']}.{match['part']}", key)
    elif match := _BEFORE.fullmatch(path):
        _once(found.before, f"{match['module']}.{match['part']}", key)
    elif _LEFT_OVER.search(path):
        raise MergeRefusedError("LA301", f"{key}: what it is, is not known")
    else:
        _once(found.whole, path, key)


def _part(groups: Mapping[str, str | None]) -> str | None:
    if groups["magnitude"]:
        return "magnitude"
    if groups["embedding"]:
        return "a" if groups["embedding"].endswith("A") else "b"
    if groups["kind"] == "bias":
        return "bias" if groups["matrix"] == "lora_B" else None
    return "a" if groups["matrix"] == "lora_A" else "b"


def _once(place: dict[str, str], name: str, key: str) -> None:
    if name in place:
        raise MergeRefusedError("LA309", f"{key} and {place[name]} are the same parameter")
    place[name] = key
