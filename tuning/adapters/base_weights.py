"""The base model's weights: one SafeTensors file, or shards with an index."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

from tuning.adapters.model_folder import ModelFolder
from tuning.adapters.refused import MergeRefusedError
from tuning.adapters.sound_json import parsed
from tuning.adapters.tensor_header import Header, RangedSource, Span, read_header

SINGLE, INDEX, CONFIG = "model.safetensors", "model.safetensors.index.json", "config.json"
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")
_LARGEST_JSON = 64 * 1024**2
_QUANTISED_PARTS = (".absmax", ".quant_map", ".quant_state", ".qweight", ".qzeros", ".scales")
_QUANTISED_ENDS = ("_scale_inv", "weight_scale", "_blocks", "weight_packed", ".SCB")


@dataclass(frozen=True, kw_only=True)
class Shard:
    source: RangedSource
    header: Header


@dataclass(frozen=True, kw_only=True)
class Base:
    config: Mapping[str, Any]
    shards: Mapping[str, Shard]
    """By file name, in the order of their names."""
    index: Mapping[str, Any] | None
    """The index file as it is; None where one file holds everything."""
    places: Mapping[str, str]
    """The file of each tensor."""

    def span(self, tensor: str) -> Span:
        return self.shards[self.places[tensor]].header.tensors[tensor]

    def __contains__(self, tensor: object) -> bool:
        return tensor in self.places

    def text_config(self) -> Mapping[str, Any]:
        """Where the vocabulary and the tying are declared: models that see nest the text's part."""
        nested = self.config.get("text_config")
        return nested if isinstance(nested, dict) else self.config


def open_base(folder: ModelFolder, stack: ExitStack) -> Base:
    """The base in a folder; its files stay open until `stack` ends.

    Raises MergeRefusedError of group LA4xx, or LA104 for a file that is not sound.
    """
    config = _config(folder)
    names, indexed = _files(folder)
    shards = {}
    for name in sorted(names):
        source = stack.enter_context(folder.source(name))
        shards[name] = Shard(source=source, header=read_header(source))
    places = _places(shards)
    parsed_index = None
    if indexed:
        parsed_index = small_json(folder, INDEX, rule="LA402")
        _agrees(parsed_index["weight_map"], places)
        if not isinstance(parsed_index.get("metadata") or {}, dict):
            raise MergeRefusedError("LA402", f"{INDEX}: metadata is not a map")
    base = Base(config=config, shards=shards, index=parsed_index, places=places)
    _not_quantised(base)
    return base


def small_json(folder: ModelFolder, name: str, *, rule: str) -> dict[str, Any]:
    """A JSON file of a sensible size. Raises MergeRefusedError of `rule`, or OSError."""
    with folder.source(name) as source:
        if source.size > _LARGEST_JSON:
            raise MergeRefusedError(rule, f"{name}: {source.size} bytes are too many for it")
        return parsed(source.read(0, source.size), rule=rule, where=name)


def _config(folder: ModelFolder) -> dict[str, Any]:
    if CONFIG not in folder.files():
        raise MergeRefusedError("LA401", f"{folder.path}: has no {CONFIG}")
    found = small_json(folder, CONFIG, rule="LA401")
    if not isinstance(found.get("model_type", ""), str):
        raise MergeRefusedError("LA401", f"{CONFIG}: model_type is not a text")
    return found


def _files(folder: ModelFolder) -> tuple[list[str], bool]:
    """The names of the weight files, and whether an index names them."""
    there = folder.files()
    if INDEX in there:
        named = _named_by(folder)
        if SINGLE in there and SINGLE not in named:
            raise MergeRefusedError(
                "LA402", f"{folder.path}: has both {SINGLE} and an index of other files"
            )
        for name in named:
            if name not in there:
                raise MergeRefusedError(
                    "LA402", f"{INDEX} names the shard {name}, which does not exist"
                )
        return named, True
    if SINGLE in there:
        return [SINGLE], False
    own = [name for name in there if "/" not in name]
    pickled = [name for name in own if any(fnmatch(name, pattern) for pattern in _PICKLES)]
    if pickled:
        fault = f"{folder.path}: only {pickled[0]} holds the base's weights"
        raise MergeRefusedError("LA103", fault)
    others = [name for name in own if name.endswith(".safetensors")]
    found = f"; {others[0]} is not named by any index" if others else ""
    raise MergeRefusedError("LA401", f"{folder.path}: has neither {SINGLE} nor {INDEX}{found}")


def _named_by(folder: ModelFolder) -> list[str]:
    weights = small_json(folder, INDEX, rule="LA402").get("weight_map")
    sound = isinstance(weights, dict) and all(isinstance(n, str) for n in weights.values())
    if not isinstance(weights, dict) or not sound or not weights:
        raise MergeRefusedError("LA402", f"{INDEX}: weight_map is not a map of tensors to files")
    names = sorted(set(weights.values()))
    for name in names:
        plain = not set(name) & set("/\\\0:") and not name.startswith(".")
        if not plain or not name.endswith(".safetensors"):
            raise MergeRefusedError("LA402", f"{INDEX} names {name!r}, not a file of this folder")
    return names


def _places(shards: Mapping[str, Shard]) -> dict[str, str]:
    places: dict[str, str] = {}
    for file, shard in shards.items():
        for tensor in shard.header.tensors:
            if tensor in places:
                raise MergeRefusedError("LA402", f"{tensor} is both in {places[tensor]} and {file}")
            places[tensor] = file
    return places


def _agrees(weights: Mapping[str, str], places: Mapping[str, str]) -> None:
    for tensor in sorted({*weights, *places}):
        said, found = weights.get(tensor), places.get(tensor)
        if said != found:
            raise MergeRefusedError(
                "LA402",
                f"{tensor}: {INDEX} says it is in {said or 'no file'}, it is in {found or 'none'}",
            )


def _not_quantised(base: Base) -> None:
    for config in (base.config, base.text_config()):
        for field in ("quantization_config", "compression_config"):
            if declared := config.get(field):
                method = declared.get("quant_method", "") if isinstance(declared, dict) else ""
                raise MergeRefusedError(
                    "LA403", f"{CONFIG} has a {field}: the base is quantised {method}"
                )
    for tensor in base.places:
        if tensor.endswith(_QUANTISED_ENDS) or any(part in tensor for part in _QUANTISED_PARTS):
            raise MergeRefusedError("LA403", f"{tensor} is a part of quantised weights")
        span = base.span(tensor)
        if tensor.endswith(".weight") and span.dtype in {"U8", "I8", "F4", "F8_E4M3", "F8_E5M2"}:
            raise MergeRefusedError("LA403", f"{tensor} is {span.dtype}: the base is quantised")
