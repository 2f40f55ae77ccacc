"""An adapter's folder: its configuration and its weights. A pickle is never opened."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tuning.adapters.adapter_config import LoraSettings, settings
from tuning.adapters.base_weights import CONFIG as MODEL_CONFIG
from tuning.adapters.base_weights import small_json
from tuning.adapters.local_source import opened_source
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


def open_adapter(folder: Path, stack: ExitStack) -> Adapter:
    """The adapter in a folder; its file stays open until `stack` ends.

    Raises MergeRefusedError of groups LA1xx and LA2xx.
    """
    if not (folder / CONFIG).is_file():
        raise _no_adapter(folder)
    config = small_json(folder / CONFIG, rule="LA105")
    read = settings(config, where=CONFIG)
    if not (folder / WEIGHTS).is_file():
        raise _no_weights(folder)
    source = stack.enter_context(opened_source(folder / WEIGHTS))
    header = read_header(source)
    if not header.tensors:
        raise MergeRefusedError("LA107", f"{WEIGHTS} holds no tensor")
    for key, span in header.tensors.items():
        if span.dtype not in READABLE:
            raise MergeRefusedError("LA311", f"{key} is {span.dtype}, not a floating-point number")
    return Adapter(settings=read, source=source, header=header)


def _no_adapter(folder: Path) -> MergeRefusedError:
    inner = sorted(path.parent.name for path in folder.glob(f"*/{CONFIG}"))
    if inner:
        several = (
            "several adapters in its subfolders"
            if len(inner) > 1
            else "an adapter in its subfolder"
        )
        return MergeRefusedError(
            "LA101", f"{folder} has no {CONFIG} of its own; it holds {several}: {', '.join(inner)}"
        )
    if (folder / MODEL_CONFIG).is_file():
        return MergeRefusedError("LA106", f"{folder} holds a whole model, not an adapter")
    return MergeRefusedError("LA101", f"{folder} has no {CONFIG}")


def _no_weights(folder: Path) -> MergeRefusedError:
    if (folder / PICKLE).is_file():
        return MergeRefusedError("LA103", f"{PICKLE} is a pickle; it was not opened")
    return MergeRefusedError("LA102", f"{folder} has no {WEIGHTS}")
