"""What lies beside the weights: config, tokenizer, chat template, licence. The adapter's own first."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from tuning.adapters.base_weights import CONFIG, INDEX, SINGLE, small_json
from tuning.adapters.refused import MergeRefusedError

TOKENIZER_CONFIG, TOKENIZER = "tokenizer_config.json", "tokenizer.json"
TEMPLATE, TEMPLATES = "chat_template.jinja", ("chat_template.jinja", "chat_template.json")
_TOKENIZER_FILES = (
    *(TOKENIZER, TOKENIZER_CONFIG, "tokenizer.model", "special_tokens_map.json"),
    *("added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "spiece.model"),
)
# Of the base, these would contradict a whole tokenizer that the adapter brings.
_OUTDATED = ("special_tokens_map.json", "added_tokens.json")
_KEPT = (
    *(CONFIG, "generation_config.json", *_TOKENIZER_FILES, *TEMPLATES, "*.tiktoken"),
    *("*processor_config.json", "LICENSE*", "LICENCE*", "NOTICE*", "USE_POLICY*", "*.model"),
)
RECEIPT = "merge-receipt.json"


@dataclass(frozen=True, kw_only=True)
class Companions:
    files: Mapping[str, Path | bytes]
    """By name: a file to copy, or what is written."""
    left_out: tuple[str, ...]
    notes: tuple[str, ...]


def companions(
    base: Path, adapter: Path, changes: Mapping[str, bool | int], *, rows: int | None
) -> Companions:
    """The files beside the weights, for a vocabulary of `rows`.

    Raises MergeRefusedError LA105 for JSON that is not sound, LA108 for a link out of the adapter,
    LA604 for a tokenizer that knows tokens without a row.
    """
    files: dict[str, Path | bytes] = {p.name: p for p in _files(base) if _kept(p.name)}
    left = [f"base/{p.name}" for p in _files(base) if p.name not in files and not _weights(p)]
    own = {p.name: p for p in _files(adapter) if p.name in (*_TOKENIZER_FILES, *TEMPLATES)}
    known = ("adapter_config.json", "adapter_model.safetensors")
    left += [f"adapter/{p.name}" for p in _files(adapter) if p.name not in (*own, *known)]
    notes = []
    if TOKENIZER_CONFIG in own or TOKENIZER in own:
        files = _without_outdated(files, own, base)
    if _has_template(own):
        files = {n: p for n, p in files.items() if n not in TEMPLATES}
    for path in own.values():
        _no_link_out(adapter, path)
    files |= own
    if rows is not None and set(own) - set(TEMPLATES):
        _enough_rows(files, rows)
    elif "vocab_size" in changes:
        notes.append(
            f"the vocabulary now has {rows} rows; the adapter brings no tokenizer for them"
        )
    if changes:
        files[CONFIG] = changed_config(small_json(base / CONFIG, rule="LA105"), changes)
    if own:
        notes.append(f"taken from the adapter: {', '.join(sorted(own))}")
    return Companions(
        files=dict(sorted(files.items())), left_out=tuple(sorted(left)), notes=tuple(notes)
    )


def _no_link_out(folder: Path, path: Path) -> None:
    """What a stranger's folder links to must not be copied into the result. The cache of
    huggingface_hub links from snapshots/<revision>/ to blobs/ beside it.
    """
    home, target = folder.resolve(), path.resolve()
    allowed = [home, *([home.parents[1] / "blobs"] if home.parent.name == "snapshots" else [])]
    if path.is_symlink() and not any(place in target.parents for place in allowed):
        raise MergeRefusedError("LA108", f"{path.name} is a link to {target}")


def changed_config(config: dict[str, Any], changes: Mapping[str, bool | int]) -> bytes:
    """config.json with the changes, wherever it had those fields: models that see nest the text's."""
    nested = config.get("text_config")
    for name, value in changes.items():
        places = [c for c in (nested, config) if isinstance(c, dict) and name in c]
        for place in places or [nested if isinstance(nested, dict) else config]:
            place[name] = value
    return (json.dumps(config, ensure_ascii=False, indent=2) + "\n").encode()


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))


def _kept(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in _KEPT) and name != RECEIPT


def _weights(path: Path) -> bool:
    return path.name in (SINGLE, INDEX) or path.suffix == ".safetensors"


def _without_outdated(
    files: Mapping[str, Path | bytes], own: Mapping[str, Path], base: Path
) -> dict[str, Path | bytes]:
    kept = {name: path for name, path in files.items() if name not in _OUTDATED}
    embedded = _embedded(base) if TOKENIZER_CONFIG in own else None
    if isinstance(embedded, str) and not any(name in kept for name in TEMPLATES):
        kept[TEMPLATE] = embedded.encode()
    return kept


def _has_template(own: Mapping[str, Path]) -> bool:
    named = any(name in own for name in TEMPLATES)
    return named or (TOKENIZER_CONFIG in own and bool(_embedded(own[TOKENIZER_CONFIG].parent)))


def _embedded(folder: Path) -> Any:
    """The chat template inside of tokenizer_config.json; a file of its own wins over it.
    https://docs.aws.amazon.com/bedrock/latest/userguide/custom-chat-templates-tokenizers.html
    """
    if not (folder / TOKENIZER_CONFIG).is_file():
        return None
    return small_json(folder / TOKENIZER_CONFIG, rule="LA105").get("chat_template")


def _enough_rows(files: Mapping[str, Path | bytes], rows: int) -> None:
    """Every token of the tokenizer has a row of the embedding, or it would crash when it is met."""
    for name, path in files.items():
        if name in _TOKENIZER_FILES and name.endswith(".json") and isinstance(path, Path):
            largest = max(_tokens(name, small_json(path, rule="LA105")), default=-1)
            if largest >= rows:
                raise MergeRefusedError(
                    "LA604", f"{name} knows token {largest}; the embedding has {rows} rows"
                )


def _tokens(name: str, content: Mapping[str, Any]) -> Iterator[int]:
    match name:
        case "tokenizer.json":
            model = content.get("model")
            vocabulary = model.get("vocab") if isinstance(model, dict) else None
            if isinstance(vocabulary, list):
                yield len(vocabulary) - 1
            elif isinstance(vocabulary, dict):
                yield from (n for n in vocabulary.values() if type(n) is int)
            added = content.get("added_tokens")
            for token in added if isinstance(added, list) else ():
                if isinstance(token, dict) and type(token.get("id")) is int:
                    yield token["id"]
        case "tokenizer_config.json":
            decoder = content.get("added_tokens_decoder")
            yield from (int(n) for n in decoder or () if isinstance(n, str) and n.isdecimal())
        case "added_tokens.json" | "vocab.json":
            yield from (n for n in content.values() if type(n) is int)
