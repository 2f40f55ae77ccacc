"""An adapter's folder: its configuration and its weights. A pickle is never opened."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from tuning.adapters.adapter_config import LoraSettings, settings
from tuning.adapters.base_weights import CONFIG as MODEL_CONFIG
from tuning.adapters.base_weights import small_json
from tuning.adapters.model_folder import ModelFolder
from tuning.adapters.refused import MergeRefusedError
from tuning.adapters.tensor_header import Header, RangedSource, Span, read_header

CONFIG, WEIGHTS, PICKLE = "adapter_config.json", "adapter_model.safetensors", "adapter_model.bin"
READABLE = frozenset({"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"})


@dataclass(frozen=True, kw_only=True)
class Adapter:
    settings: LoraSettings
    source: RangedSource
    header: Header

    @property
    def tensors(self) -> Mapping[str, Span]:
        return self.header.tensors


def open_adapter(folder: ModelFolder, stack: ExitStack) -> Adapter:
    """The adapter in a folder; its file stays open until `stack` ends.

    Raises MergeRefusedError of groups LA1xx and LA2xx.
    """
    if CONFIG not in folder.files():
        raise _no_adapter(folder)
    config = small_json(folder, CONFIG, rule="LA105")
    read = settings(config, where=CONFIG)
    if WEIGHTS not in folder.files():
        raise _no_weights(folder)
    source = stack.enter_context(folder.source(WEIGHTS))
    header = read_header(source)
    if not header.tensors:
        raise MergeRefusedError("LA107", f"{WEIGHTS} holds no tensor")
    for key, span in header.tensors.items():
        if span.dtype not in READABLE:
            raise MergeRefusedError("LA311", f"{key} is {span.dtype}, not a floating-point number")
    return Adapter(settings=read, source=source, header=header)


def _no_adapter(folder: ModelFolder) -> MergeRefusedError:
    inner = sorted(n.partition("/")[0] for n in folder.files() if n.endswith(f"/{CONFIG}"))
    if inner:
        several = (
            "several adapters in its subfolders"
            if len(inner) > 1
            else "an adapter in its subfolder"
        )
        return MergeRefusedError(
            "LA101",
            f"{folder.path} has no {CONFIG} of its own; it holds {several}: {', '.join(inner)}",
        )
    if MODEL_CONFIG in folder.files():
        return MergeRefusedError("LA106", f"{folder.path} holds a whole model, not an adapter")
    return MergeRefusedError("LA101", f"{folder.path} has no {CONFIG}")


def _no_weights(folder: ModelFolder) -> MergeRefusedError:
    if PICKLE in folder.files():
        return MergeRefusedError("LA103", f"{PICKLE} is a pickle; it was not opened")
    return MergeRefusedError("LA102", f"{folder.path} has no {WEIGHTS}")
