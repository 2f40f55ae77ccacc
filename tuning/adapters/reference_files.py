"""The small files as Custom Model Import reads them: transformers 5 calls some things otherwise."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tuning.adapters.base_weights import CONFIG
from tuning.adapters.companion_files import TOKENIZER, TOKENIZER_CONFIG, Companions
from tuning.adapters.model_folder import Content, content_pieces
from tuning.adapters.sound_json import parsed
from tuning.models.config_conversion import REFERENCE, for_reference
from tuning.models.import_check import NEWER_CLASSES


def for_import(companions: Companions) -> Companions:
    """What the reference version would not understand is written anew; all else, and what cannot be converted, stays
    as it is: `check_import` says why. Raises MergeRefusedError LA105.
    """
    files, notes = dict(companions.files), list(companions.notes)
    if CONFIG in files:
        converted = for_reference(small_content(files, CONFIG))
        if converted.changes:
            files[CONFIG] = _written(converted.config)
            notes.append(
                f"{CONFIG} was converted to transformers {REFERENCE}: {'; '.join(converted.changes)}"
            )
    # The other name is of the same class, which reads tokenizer.json and nothing else.
    if TOKENIZER_CONFIG in files and TOKENIZER in files:
        config = small_content(files, TOKENIZER_CONFIG)
        given = config.get("tokenizer_class")
        if name := NEWER_CLASSES.get(given) if isinstance(given, str) else None:
            files[TOKENIZER_CONFIG] = _written(config | {"tokenizer_class": name})
            notes.append(f"{TOKENIZER_CONFIG}: tokenizer_class {given} is called {name}")
    return replace(companions, files=files, notes=tuple(notes))


def small_content(files: Mapping[str, Content], name: str) -> dict[str, Any]:
    """The JSON of a file. Raises MergeRefusedError LA105."""
    return parsed(b"".join(content_pieces(files[name])), rule="LA105", where=name)


def _written(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode()
