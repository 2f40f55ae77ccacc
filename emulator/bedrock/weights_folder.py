"""A folder of weights as an import job reads it: as its role, names and headers only, never a tensor.

What import takes: https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-import-model.html
Its facts are the project's data (not its code), as the catalog's are. Of every text here: INVENTED, AWS publishes none.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from emulator.bedrock.access import Importing, may_read, split_uri
from emulator.bedrock.api_errors import JobFailed
from emulator.bedrock.ports import Surroundings

_FACTS = Path(__file__).resolve().parents[2] / "tuning" / "models" / "imports.json"
_GB = 10**9
_LARGEST_HEADER = 100 * 1024**2
"""Of the format's own library: https://github.com/huggingface/safetensors (MAX_HEADER_SIZE)."""
_LARGEST_FILE = 16 * 1024**2
"""Of a small file, a tokenizer's included."""
_TAKEN = {"BF16": 2, "F16": 2, "F32": 4, "F64": 8, "I64": 8, "BOOL": 1}
"""Bytes of an element. Which ones import takes is not stated; quantised weights are refused here."""
_TEMPLATES = ("chat_template.jinja", "chat_template.json")
_INDEX = "model.safetensors.index.json"
_UNITS = ((9, 1), (20, 2), (70, 4))
"""Gigabytes up to which a copy has so many custom model units. INVENTED but for Qwen3-4B's 1 and, above, the 8 of
Llama 3.1 70B."""
_MOST_UNITS = 8


@dataclass(frozen=True, kw_only=True)
class SoundFolder:
    """What an import finds."""

    architecture: str
    bytes: int
    chat_template: bool

    @property
    def converse(self) -> bool:
        """Whether Converse takes it. That a model without a chat template does not: INFERRED.
        https://docs.aws.amazon.com/bedrock/latest/userguide/custom-chat-templates-tokenizers.html
        """
        return bool(_architectures()[self.architecture]["converse"]) and self.chat_template

    @property
    def units(self) -> int:
        return next((units for most, units in _UNITS if self.bytes <= most * _GB), _MOST_UNITS)


def offered_in(region: str) -> bool:
    return region in _facts()["regions"]


def read_folder(job: Importing, aws: Surroundings) -> SoundFolder:
    """Raises `JobFailed`."""
    bucket, prefix = split_uri(job.source_uri)
    prefix = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
    found = aws.objects.sizes(bucket, prefix) if may_read(job, aws, bucket, prefix) else None
    if found is None:
        raise JobFailed(f"The provided role cannot list s3://{bucket}/{prefix}.")
    if not found:
        raise JobFailed(f"There is nothing at s3://{bucket}/{prefix}.")
    folder = _Folder(job=job, aws=aws, bucket=bucket, prefix=prefix, sizes=found)
    for name in folder.sizes:
        if not may_read(job, aws, bucket, prefix, name):
            raise JobFailed(f"The provided role cannot read s3://{bucket}/{prefix}{name}.")
    return _checked(folder)


@dataclass(frozen=True, kw_only=True)
class _Folder:
    job: Importing
    aws: Surroundings
    bucket: str
    prefix: str
    sizes: Mapping[str, int]

    def part(self, name: str, start: int, length: int) -> bytes:
        body = self.aws.objects.part(self.bucket, self.prefix + name, start, length)
        if body is None or len(body) != length:
            raise JobFailed(f"{name} changed while it was read.")
        return body

    def document(self, name: str) -> dict[str, Any]:
        size = self.sizes.get(name)
        if size is None:
            raise JobFailed(f"{name} is missing.")
        if size > _LARGEST_FILE:
            raise JobFailed(f"{name} is too large.")
        try:
            read = json.loads(self.part(name, 0, size))
        except ValueError:
            raise JobFailed(f"{name} is not valid JSON.") from None
        if not isinstance(read, dict):
            raise JobFailed(f"{name} is not a JSON object.")
        return read


def _checked(folder: _Folder) -> SoundFolder:
    names = folder.sizes.keys()
    if {"adapter_config.json", "adapter_model.safetensors"} & names:
        raise JobFailed("The folder holds an adapter; import takes full weights only.")
    config = folder.document("config.json")
    architecture = _architecture(config, folder.job.scope.region)
    tokenizer = folder.document("tokenizer_config.json")
    if not {"tokenizer.json", "tokenizer.model"} & names:
        raise JobFailed("Neither tokenizer.json nor tokenizer.model is there.")
    kind = tokenizer.get("tokenizer_class")
    if kind is not None and kind not in _facts()["tokenizer_classes"]:
        raise JobFailed(f"The tokenizer class {kind} is not supported.")
    size = _weights(folder, architecture)
    own = any(name in names for name in _TEMPLATES)
    return SoundFolder(
        architecture=architecture,
        bytes=size,
        chat_template=own or bool(tokenizer.get("chat_template")),
    )


def _architecture(config: dict[str, Any], region: str) -> str:
    named = config.get("architectures")
    name = named[0] if isinstance(named, list) and named else None
    known = _architectures().get(name) if isinstance(name, str) else None
    if known is None or region not in known.get("regions", _facts()["regions"]):
        raise JobFailed(f"The architecture {name} is not supported in {region}.")
    if config.get("quantization_config"):
        raise JobFailed("Quantized weights are not supported.")
    return str(name)


def _weights(folder: _Folder, architecture: str) -> int:
    """Bytes of all weights."""
    shards = sorted(name for name in folder.sizes if name.endswith(".safetensors"))
    if not shards:
        raise JobFailed("There are no weights in the .safetensors format.")
    tensors = {name: _tensors(folder, name) for name in shards}
    if _INDEX in folder.sizes:
        _check_index(folder.document(_INDEX).get("weight_map"), tensors)
    elif len(shards) > 1:
        raise JobFailed(f"{_INDEX} is missing.")
    multimodal = bool(_architectures()[architecture].get("multimodal"))
    most = _facts()["largest_gb"]["multimodal" if multimodal else "text"]
    size = sum(folder.sizes[name] for name in shards)
    if size >= most * _GB:
        raise JobFailed(f"The weights must be smaller than {most} GB.")
    return size


def _check_index(placed: Any, tensors: dict[str, frozenset[str]]) -> None:
    if not isinstance(placed, dict) or not placed:
        raise JobFailed(f"{_INDEX} has no weight_map.")
    for tensor, shard in placed.items():
        if shard not in tensors:
            raise JobFailed(f"{shard}, which {_INDEX} names, is missing.")
        if tensor not in tensors[shard]:
            raise JobFailed(f"{shard} does not hold {tensor}, as {_INDEX} says.")


def _tensors(folder: _Folder, name: str) -> frozenset[str]:
    """Of one sound file: https://github.com/huggingface/safetensors#format"""
    size = folder.sizes[name]
    length = struct.unpack("<Q", folder.part(name, 0, 8))[0] if size >= 8 else size  # noqa: PLR2004 -- its length word
    if length > min(_LARGEST_HEADER, size - 8):
        raise JobFailed(f"{name} has no sound header.")
    try:
        header = json.loads(folder.part(name, 8, length))
        described = {key: value for key, value in header.items() if key != "__metadata__"}
        spans = sorted((*_span(name, value), key) for key, value in described.items())
    except (ValueError, AttributeError, KeyError, TypeError):
        raise JobFailed(f"{name} has no sound header.") from None
    at = 0
    for begin, end, key in spans:
        if begin != at:
            raise JobFailed(f"{name} has a hole or an overlap before {key}.")
        at = end
    if 8 + length + at != size:
        raise JobFailed(f"{name} is truncated, or longer than its header says.")
    return frozenset(described)


def _span(name: str, tensor: dict[str, Any]) -> tuple[int, int]:
    begin, end = tensor["data_offsets"]
    if tensor["dtype"] not in _TAKEN:
        raise JobFailed(f"{name} has weights in {tensor['dtype']}, which is not supported.")
    count = 1
    for side in tensor["shape"]:
        count *= int(side)
    if count < 0 or end - begin != count * _TAKEN[tensor["dtype"]]:
        raise JobFailed(f"{name} has a tensor whose shape and size differ.")
    return int(begin), int(end)


def _architectures() -> dict[str, Any]:
    found: dict[str, Any] = _facts()["architectures"]
    return found


@cache
def _facts() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(_FACTS.read_text(encoding="utf-8"))
    return document
