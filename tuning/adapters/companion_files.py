"""What lies beside the weights: config, tokenizer, chat template, licence. The adapter's own first."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

from tuning.adapters.base_weights import CONFIG, INDEX, SINGLE, small_json
from tuning.adapters.model_folder import Content, FileOf, ModelFolder
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
    files: Mapping[str, Content]
    left_out: tuple[str, ...]
    notes: tuple[str, ...]


def companions(
    base: ModelFolder,
    adapter: ModelFolder | None,
    changes: Mapping[str, bool | int],
    *,
    rows: int | None,
) -> Companions:
    """The files beside the weights, for a vocabulary of `rows`.

    Raises MergeRefusedError LA105 for JSON that is not sound, LA108 for a link out of the adapter,
    LA604 for a tokenizer that knows tokens without a row.
    """
    files: dict[str, Content] = {n: FileOf(base, n) for n in _files(base) if _kept(n)}
    left = [f"base/{n}" for n in _files(base) if n not in files and not _weights(n)]
    own = {}
    if adapter:
        names = _files(adapter)
        own = {n: FileOf(adapter, n) for n in names if n in (*_TOKENIZER_FILES, *TEMPLATES)}
        known = ("adapter_config.json", "adapter_model.safetensors")
        left += [f"adapter/{n}" for n in names if n not in (*own, *known)]
    notes = []
    if TOKENIZER_CONFIG in own or TOKENIZER in own:
        files = _without_outdated(files, own, base)
    if _has_template(own):
        files = {n: c for n, c in files.items() if n not in TEMPLATES}
    for name, copy in own.items():
        # What a stranger's folder links to must not be copied into the result.
        if target := copy.folder.link_out(name):
            raise MergeRefusedError("LA108", f"{name} is a link to {target}")
    files |= own
    if rows is not None and set(own) - set(TEMPLATES):
        _enough_rows(files, rows)
    elif "vocab_size" in changes:
        notes.append(
            f"the vocabulary now has {rows} rows; the adapter brings no tokenizer for them"
        )
    if changes:
        files[CONFIG] = changed_config(small_json(base, CONFIG, rule="LA105"), changes)
    if own:
        notes.append(f"taken from the adapter: {', '.join(sorted(own))}")
    return Companions(
        files=dict(sorted(files.items())), left_out=tuple(sorted(left)), notes=tuple(notes)
    )


def changed_config(config: dict[str, Any], changes: Mapping[str, bool | int]) -> bytes:
    """config.json with the changes, wherever it had those fields: models that see nest the text's."""
    nested = config.get("text_config")
    for name, value in changes.items():
        places = [c for c in (nested, config) if isinstance(c, dict) and name in c]
        for place in places or [nested if isinstance(nested, dict) else config]:
            place[name] = value
    return (json.dumps(config, ensure_ascii=False, indent=2) + "\n").encode()


def _files(folder: ModelFolder) -> list[str]:
    return [name for name in folder.files() if "/" not in name and not name.startswith(".")]


def _kept(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in _KEPT) and name != RECEIPT


def _weights(name: str) -> bool:
    return name in (SINGLE, INDEX) or name.endswith(".safetensors")


def _without_outdated(
    files: Mapping[str, Content], own: Mapping[str, FileOf], base: ModelFolder
) -> dict[str, Content]:
    kept = {name: content for name, content in files.items() if name not in _OUTDATED}
    embedded = _embedded(base) if TOKENIZER_CONFIG in own else None
    if isinstance(embedded, str) and not any(name in kept for name in TEMPLATES):
        kept[TEMPLATE] = embedded.encode()
    return kept


def _has_template(own: Mapping[str, FileOf]) -> bool:
    named = any(name in own for name in TEMPLATES)
    return named or (TOKENIZER_CONFIG in own and bool(_embedded(own[TOKENIZER_CONFIG].folder)))


def _embedded(folder: ModelFolder) -> Any:
    """The chat template inside of tokenizer_config.json; a file of its own wins over it.
    https://docs.aws.amazon.com/bedrock/latest/userguide/custom-chat-templates-tokenizers.html
    """
    if TOKENIZER_CONFIG not in folder.files():
        return None
    return small_json(folder, TOKENIZER_CONFIG, rule="LA105").get("chat_template")


def _enough_rows(files: Mapping[str, Content], rows: int) -> None:
    """Every token of the tokenizer has a row of the embedding, or it would crash when it is met."""
    for name, copy in files.items():
        if name in _TOKENIZER_FILES and name.endswith(".json") and isinstance(copy, FileOf):
            largest = max(_tokens(name, small_json(copy.folder, name, rule="LA105")), default=-1)
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
