"""merge-receipt.json: what was merged with what, by which formula, into which bytes."""

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from tuning.adapters.merge_steps import MergePlan
from tuning.adapters.refused import MergeRefusedError
from tuning.adapters.rounding import Rounding
from tuning.adapters.sound_json import parsed

_SCHEMA = 1
_ANYWHERE = "made_with"
"""What may differ between two machines that made the same bytes; so may the paths, and the versions of
files in S3."""
_PLACES = ("path", "versions")


@dataclass(frozen=True, kw_only=True)
class Receipt:
    rounding: Rounding
    base: Mapping[str, Any]
    """`path`, of S3 the `versions`; `weights`: count and digest of all tensors; `files`: SHA-256 by name."""
    adapter: Mapping[str, Any]
    """Empty where there is none: full weights were copied."""
    output: Mapping[str, Any]
    """`weights` and `files`, as above; the files are all that are neither weights nor the receipt."""
    changed: Mapping[str, Mapping[str, Any]]
    """Each changed or added tensor: sha256, dtype, shape, file, formula, scale, rank."""
    added: tuple[str, ...]
    unchanged: Mapping[str, Any]
    """`count`, and `sha256` over `sha256  name` lines in order of names."""
    config_changes: Mapping[str, bool | int]
    notes: tuple[str, ...]
    left_out: tuple[str, ...]
    converted_for: str | None = None
    """The version of transformers that the small files were written for, where that is not the base's own."""

    def to_bytes(self) -> bytes:
        content = self.content() | {"made_with": _made_with()}
        return _written(content | {"seal": _seal(content)})

    def content(self) -> dict[str, Any]:
        """Everything but the seal and the versions, as JSON has it."""
        outcome = "merged" if self.adapter else "copied"
        document = {"schema": _SCHEMA, "outcome": outcome} | vars(self)
        if self.converted_for is None:
            del document["converted_for"]
        plain: dict[str, Any] = json.loads(json.dumps(document))
        return plain


def read_receipt(raw: bytes, where: str) -> dict[str, Any]:
    """A receipt whose seal fits. Raises MergeRefusedError LA701."""
    content = parsed(raw, rule="LA701", where=where)
    seal = content.pop("seal", None)
    if seal != _seal(content) or raw != _written(content | {"seal": seal}):
        raise MergeRefusedError("LA701", f"{where} was changed: its seal does not fit")
    if content.get("schema") != _SCHEMA:
        raise MergeRefusedError(
            "LA701", f"{where} has schema {content.get('schema')}, not {_SCHEMA}"
        )
    match content:
        case {"base": {"path": str()}, "adapter": {"path": str()}, "rounding": "once" | "peft"}:
            return content
    raise MergeRefusedError("LA701", f"{where} does not say from what and how it was merged")


def differences(found: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """The fields in which a receipt is not what the merge makes again."""
    names = sorted({*found, *expected} - {_ANYWHERE})
    return [name for name in names if _without_path(found, name) != _without_path(expected, name)]


def _without_path(content: Mapping[str, Any], name: str) -> Any:
    value = content.get(name)
    inputs = name in ("base", "adapter") and isinstance(value, dict)
    return {k: v for k, v in value.items() if k not in _PLACES} if inputs else value  # type: ignore[union-attr]


def tensors(plan: MergePlan, digests: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The `changed` part, for tensors whose digest is given."""
    return {
        name: {
            "sha256": digests[name],
            "dtype": planned.dtype,
            "shape": list(planned.shape),
            "file": planned.file,
            "formula": planned.formula,
            "scale": planned.scale,
            "rank": planned.rank,
        }
        for name, planned in plan.tensors.items()
        if name in digests
    }


def _made_with() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in ("bedrock-private-tuning", "numpy", "ml-dtypes"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "unknown"
    return found


def _seal(content: Mapping[str, Any]) -> str:
    plain = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(plain.encode()).hexdigest()


def _written(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
