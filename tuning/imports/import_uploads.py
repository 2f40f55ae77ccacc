"""Objects under `adapters/` and `models/`: what begins an import, what belongs to one, and what is refused."""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from fnmatch import fnmatch
from typing import Any

from tuning.errors import nearest
from tuning.imports.import_run import ImportSource, ImportUpload
from tuning.reports.visible_text import visible
from tuning.runs.uploads import NotAnUploadError, event_field, event_moment

ADAPTERS, MODELS = "adapters/", "models/"
"""Of the datasets bucket, and of the bucket of weights."""
_BEGINS: Mapping[str, str] = {ADAPTERS: "adapter_model.safetensors", MODELS: "config.json"}
_INDEX, _SINGLE = "model.safetensors.index.json", "model.safetensors"
_TOKENIZERS = ("tokenizer.json", "tokenizer.model")
_BESIDE_BOTH = (
    *("tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json"),
    *("added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "spiece.model", "*.tiktoken"),
    *("chat_template.jinja", "chat_template.json", "generation_config.json", "*processor_config.json"),
    *("README.md", "LICENSE*", "LICENCE*", "NOTICE*", "USE_POLICY*", ".gitattributes"),
    # What trainers leave in the folder. Nothing of it is opened.
    *("training_args.bin", "trainer_state.json", "all_results.json", "train_results.json"),
    *("eval_results.json", "training_loss.png", "trainer_log.jsonl"),
    *("optimizer.pt", "scheduler.pt", "scaler.pt", "rng_state*.pth"),
)  # fmt: skip
_BESIDE: Mapping[str, tuple[str, ...]] = {
    ADAPTERS: (*_BESIDE_BOTH, "adapter_config.json"),
    MODELS: (*_BESIDE_BOTH, _INDEX, "*.safetensors", "merge-receipt.json"),
}
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")


class ImportObject(StrEnum):
    """What an object is, by its key alone."""

    BEGINS = "begins an import"
    COMPANION = "companion"
    """It is read, or passed over, with what begins one."""
    FOLDER = "folder"
    """A key that ends in a slash, as the S3 console makes it for "Create folder".
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-folders.html"""
    UNKNOWN = "unknown"


def import_object(key: str) -> ImportObject:
    prefix = _prefix(key)
    folder, _, name = key.rpartition("/")
    if prefix is None:
        return ImportObject.UNKNOWN
    if not name:
        return ImportObject.FOLDER
    if not folder.removeprefix(prefix) or not folder.startswith(prefix):
        return ImportObject.UNKNOWN
    if name == _BEGINS[prefix]:
        return ImportObject.BEGINS
    known = any(fnmatch(name, pattern) for pattern in _BESIDE[prefix])
    return ImportObject.COMPANION if known else ImportObject.UNKNOWN


def import_upload(event: Mapping[str, Any], *, buckets: Mapping[str, str]) -> ImportUpload:
    """Read an EventBridge `Object Created` event about an object under `adapters/` or `models/`. `buckets`: the name of
    the bucket of each. Raises NotAnUploadError, naming the field that is wrong.
    """
    detail = event_field(event, "detail", dict)
    s3_object = event_field(detail, "object", dict)
    upload = ImportUpload(
        bucket=event_field(event_field(detail, "bucket", dict), "name", str),
        key=event_field(s3_object, "key", str),
        version_id=event_field(s3_object, "version-id", str),
        size=event_field(s3_object, "size", int),
        arrived_at=event_moment(event, "time"),
    )
    prefix = _prefix(upload.key)
    if prefix is None:
        raise NotAnUploadError(f"key: {upload.key[:80]!r} is under neither {ADAPTERS} nor {MODELS}")
    if upload.bucket != buckets[prefix]:
        raise NotAnUploadError(f"bucket: {upload.bucket!r} is not the one that takes {prefix}")
    return upload


def import_refusal(upload: ImportUpload, recipes: Mapping[str, bool]) -> str | None:
    """Why the object is refused, and what to do; None of what begins an import, belongs to one, or is a folder.

    `recipes`: of each recipe that imports, whether it names a base.
    """
    kind, prefix = import_object(upload.key), _prefix(upload.key)
    if prefix is None or (kind is ImportObject.FOLDER and not upload.size):
        return None
    where, below = visible(upload.uri), upload.key.removeprefix(prefix)
    name, _, rest = below.partition("/")
    listed = ", ".join(recipes)
    if not rest and kind is not ImportObject.FOLDER:
        return f"{where}: it is in no recipe's folder. Upload to {prefix}<recipe>/ with one of: {listed}."
    if name not in recipes:
        return (
            f"{where}: no recipe {visible(name)!r} that imports is deployed here{nearest(name, recipes)}; upload to "
            f"{prefix}<recipe>/ with one of: {listed}."
        )
    if kind is ImportObject.FOLDER:
        return f"{where}: it has content and the name of a folder."
    if kind is ImportObject.BEGINS and prefix == ADAPTERS and not recipes[name]:
        return (
            f"{where}: recipe {name} names no base, so no adapter can be merged. Name one in the recipe "
            f"(base = ...), or upload full weights to {MODELS}{name}/ in the bucket of weights."
        )
    return f"{where}: {_unknown(upload, prefix)}" if kind is ImportObject.UNKNOWN else None


def missing_files(
    source: ImportSource, names: Collection[str], shards: Sequence[str] | None
) -> list[str]:
    """What the folder of an upload lacks still, as people would say it; empty when it is complete. `shards`: the files
    that its index names; None where it has no index.
    """
    if source == "adapter":
        return [
            name
            for name in ("adapter_model.safetensors", "adapter_config.json")
            if name not in names
        ]
    missing = [] if "tokenizer_config.json" in names else ["tokenizer_config.json"]
    if not any(name in names for name in _TOKENIZERS):
        missing.append(" or ".join(_TOKENIZERS))
    return missing + missing_weights(names, shards)


def missing_weights(names: Collection[str], shards: Sequence[str] | None) -> list[str]:
    """Of a folder of full weights, such as a base: the configuration and all of its weights."""
    missing = [] if "config.json" in names else ["config.json"]
    if shards is not None:
        return missing + [name for name in dict.fromkeys(shards) if name not in names]
    if _SINGLE in names:
        return missing
    parts = any(name.endswith(".safetensors") for name in names)
    return [*missing, _INDEX if parts else f"{_SINGLE} or {_INDEX}"]


def _unknown(upload: ImportUpload, prefix: str) -> str:
    name = upload.key.rpartition("/")[2]
    begins = _BEGINS[prefix]
    if name.lower().endswith(_PICKLES):
        return (
            "it is a pickle, which runs code when it is read, and was not opened. Save it as SafeTensors "
            f"(save_pretrained(..., safe_serialization=True)), and upload {begins} with all files beside it."
        )
    if prefix == ADAPTERS and (name == _INDEX or name.endswith(".safetensors")):
        return (
            f"an adapter is {begins} with adapter_config.json beside it. Full weights belong under {MODELS}<recipe>/ in the "
            "bucket of weights."
        )
    if prefix == MODELS and name == "adapter_config.json":
        return f"an adapter belongs under {ADAPTERS}<recipe>/ in the bucket of datasets; {MODELS} takes full weights."
    if name.lower().endswith((".gguf", ".ggml", ".onnx", ".h5", ".msgpack", ".nemo")):
        return "Custom Model Import takes SafeTensors only. Save the model as such, and upload it again."
    return (
        f"nothing was started: an import begins with {begins}, and this is not one of the files that belong beside it. If "
        "it is not meant to be here, delete it."
    )


def _prefix(key: str) -> str | None:
    return next((prefix for prefix in _BEGINS if key.startswith(prefix)), None)
