"""Whether Custom Model Import takes a folder: architecture, files, dtype, size, configuration.

Pure: it is given what the folder holds, wherever it lies. `imports.json` has the facts, each from the
page under `sources`; what is inferred says so in the finding.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from tuning.models.config_conversion import for_reference

_Severity = Literal["error", "warning"]
_GB = 10**9
_TEMPLATES = ("chat_template.jinja", "chat_template.json")
NEWER_CLASSES = {"TokenizersBackend": "PreTrainedTokenizerFast"}
"""transformers 5 gave the class another name: the same class."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A folder that may be imported."""

    files: Mapping[str, int]
    """Bytes by name, of the folder itself."""
    config: Mapping[str, Any] | None
    """config.json; None where there is none."""
    tokenizer_config: Mapping[str, Any] | None = None
    generation_config: Mapping[str, Any] | None = None
    index: Mapping[str, Any] | None = None
    """model.safetensors.index.json; None where there is none."""
    dtypes: frozenset[str] = frozenset()
    """SafeTensors' names of the dtypes of all tensors."""


@dataclass(frozen=True, kw_only=True)
class ImportFinding:
    id: str
    severity: _Severity
    message: str
    fix: str
    source: str


@dataclass(frozen=True, kw_only=True)
class ImportCheck:
    findings: tuple[ImportFinding, ...]
    architecture: str | None = None
    converse: bool | None = None
    """Whether Converse can be called, else InvokeModel; None where it is not known."""

    @property
    def accepted(self) -> bool:
        return not any(finding.severity == "error" for finding in self.findings)


@cache
def facts() -> Mapping[str, Any]:
    text = Path(__file__).with_name("imports.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def check_import(candidate: Candidate, region: str) -> ImportCheck:
    """What import would refuse, or read otherwise than it was trained, in a Region."""
    name = _architecture(candidate.config)
    known = facts()["architectures"].get(name)
    found = [
        *_where(name, known, region),
        *_weights(candidate),
        *_small_files(candidate),
        *_size(candidate, multimodal=bool(known and known.get("multimodal"))),
        *_dtypes(candidate),
        *_configuration(candidate),
        *_tokenizer(candidate),
        *_ends(candidate, known or {}),
    ]
    ordered = sorted(found, key=lambda finding: finding.id)
    return ImportCheck(
        findings=tuple(ordered), architecture=name, converse=known["converse"] if known else None
    )


def _architecture(config: Mapping[str, Any] | None) -> str | None:
    names = (config or {}).get("architectures")
    first = names[0] if isinstance(names, list) and names else None
    return first if isinstance(first, str) else None


def _finding(rule: str, severity: _Severity, message: str, fix: str, page: str) -> ImportFinding:
    return ImportFinding(
        id=rule, severity=severity, message=message, fix=fix, source=facts()["sources"][page]
    )


def _where(
    name: str | None, known: Mapping[str, Any] | None, region: str
) -> Iterator[ImportFinding]:
    regions = facts()["regions"]
    if region not in regions:
        words = f"Custom Model Import is not offered in {region}"
        yield _finding("IM101", "error", words, f"Use one of {', '.join(regions)}.", "model")
    if known is None:
        families = ", ".join(entry["family"] for entry in facts()["architectures"].values())
        words = f"the architecture {name or 'is not named and so'} is not supported by import"
        yield _finding("IM102", "error", words, f"Importable are {families}.", "model")
    elif region in regions and region not in known.get("regions", regions):
        words = f"{known['family']} is imported in {', '.join(known['regions'])} only"
        yield _finding("IM103", "error", words, "Use that Region.", "model")


def _weights(candidate: Candidate) -> Iterator[ImportFinding]:
    names = set(candidate.files)
    if "adapter_config.json" in names or "adapter_model.safetensors" in names:
        words = "the folder holds an adapter; import takes full weights only"
        yield _finding("IM201", "error", words, "Merge it first: tuning merge.", "model")
    weights = {name for name in names if name.endswith(".safetensors")} - {
        "adapter_model.safetensors"
    }
    if not weights:
        words = "no weights as .safetensors"
        yield _finding("IM202", "error", words, "Save with safe_serialization=True.", "model")
    indexed = (candidate.index or {}).get("weight_map")
    if isinstance(indexed, dict):
        missing = sorted(set(map(str, indexed.values())) - weights)
        if missing:
            words = f"the index names {missing[0]}, which is not there"
            yield _finding("IM203", "error", words, "Upload every shard.", "model")
    elif len(weights) > 1:
        words = f"{len(weights)} files of weights, and no model.safetensors.index.json"
        yield _finding("IM203", "error", words, "Upload the index, or one file.", "model")


def _small_files(candidate: Candidate) -> Iterator[ImportFinding]:
    for name, content in (
        ("config.json", candidate.config),
        ("tokenizer_config.json", candidate.tokenizer_config),
    ):
        if name not in candidate.files or content is None:
            words = f"{name} is missing"
            yield _finding("IM204", "error", words, "Use the base's own.", "model")
    if not {"tokenizer.json", "tokenizer.model"} & set(candidate.files):
        words = "neither tokenizer.json nor tokenizer.model"
        yield _finding("IM204", "error", words, "Use the base's own.", "model")


def _size(candidate: Candidate, *, multimodal: bool) -> Iterator[ImportFinding]:
    limit = facts()["largest_gb"]["multimodal" if multimodal else "text"]
    size = sum(n for name, n in candidate.files.items() if name.endswith(".safetensors"))
    if size >= limit * _GB:
        words = f"{size / _GB:.1f} GB of weights; import takes less than {limit} GB"
        yield _finding("IM205", "error", words, "Save in bfloat16, or use a smaller base.", "model")


def _dtypes(candidate: Candidate) -> Iterator[ImportFinding]:
    floats = candidate.dtypes & {"F32", "F64"}
    others = candidate.dtypes - {"BF16", "F16", "F32", "F64", "I64", "BOOL"}
    if others or (candidate.config or {}).get("quantization_config"):
        words = (
            f"quantised weights ({', '.join(sorted(others)) or 'by config.json'}): not documented"
        )
        yield _finding("IM206", "error", words, "Save the weights in bfloat16.", "model")
    elif floats:
        words = f"weights in {', '.join(sorted(floats))}: twice the size, and not documented"
        yield _finding("IM206", "warning", words, "Save the weights in bfloat16.", "model")


def _configuration(candidate: Candidate) -> Iterator[ImportFinding]:
    config = candidate.config or {}
    converted = for_reference(config)
    if converted.fault:
        yield _finding("IM301", "error", converted.fault, "Use the base's config.json.", "model")
    elif converted.changes:
        words = f"config.json is of transformers 5: {'; '.join(converted.changes)}"
        fix = "Convert it (tuning.models.config_conversion); version 4 would ignore those names."
        yield _finding("IM301", "error", words, fix, "model")
    text = converted.config.get("text_config", converted.config)
    context = text.get("max_position_embeddings") if isinstance(text, dict) else None
    if isinstance(context, int) and context > facts()["context"]:
        words = f"a context of {context} tokens; import serves up to {facts()['context']}"
        yield _finding("IM302", "warning", words, "Keep requests below that.", "model")
    yield from _rope(converted.config)


def _rope(config: Mapping[str, Any]) -> Iterator[ImportFinding]:
    """Import overrides what Llama 3.1 and later say: Llama 3.2's small models have a factor of 32."""
    scaling = config.get("rope_scaling")
    if not isinstance(scaling, dict) or scaling.get("rope_type", scaling.get("type")) != "llama3":
        return
    wanted = facts()["llama3_rope"]
    other = {
        name: scaling.get(name) for name, value in wanted.items() if scaling.get(name) != value
    }
    if other:
        said = ", ".join(f"{name} {value}" for name, value in sorted(other.items()))
        words = f"rope_scaling has {said}; import overrides it with {wanted}"
        yield _finding("IM303", "warning", words, "Compare long answers before use.", "model")


def _tokenizer(candidate: Candidate) -> Iterator[ImportFinding]:
    config = candidate.tokenizer_config
    if config is None:
        return
    given = config.get("tokenizer_class")
    name = None if given is None else str(given)
    if name in NEWER_CLASSES:
        words = f"tokenizer_class is {name}, transformers 5's name of {NEWER_CLASSES[name]}"
        fix = f"Write {NEWER_CLASSES[name]} into tokenizer_config.json."
        yield _finding("IM401", "error", words, fix, "template")
    elif name is not None and name not in facts()["tokenizer_classes"]:
        words = f"tokenizer_class {name} is not supported by import"
        yield _finding("IM401", "error", words, "Save it as PreTrainedTokenizerFast.", "template")
    own = [template for template in _TEMPLATES if template in candidate.files]
    if not own and not config.get("chat_template"):
        words = "no chat template: chat requests have no format, and none is ever assumed"
        yield _finding("IM402", "warning", words, "Add the base's chat_template.jinja.", "template")
    elif own and config.get("chat_template"):
        words = f"two chat templates: {own[0]} wins over the one in tokenizer_config.json"
        yield _finding("IM402", "warning", words, "Keep one.", "template")


def _ends(candidate: Candidate, known: Mapping[str, Any]) -> Iterator[ImportFinding]:
    wanted = known.get("end_tokens")
    if wanted is None:
        return
    found = (candidate.generation_config or {}).get("eos_token_id")
    if not isinstance(found, list) or not all(token in found for token in wanted):
        words = f"generation_config.json must have eos_token_id {wanted}, or calls fail"
        yield _finding("IM403", "error", words, "Use the base's generation_config.json.", "invoke")
