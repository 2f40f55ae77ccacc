"""What a merge reads, and what follows from it: the plan, the small files, the receipt. Whichever process computes the
weights, one or many functions, begins and ends here.
"""

import json
import math
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuning.adapters.adapter_folder import CONFIG as ADAPTER_CONFIG
from tuning.adapters.adapter_folder import WEIGHTS, open_adapter
from tuning.adapters.adapter_values import all_finite, same_bytes
from tuning.adapters.base_names import BaseNames
from tuning.adapters.base_weights import CONFIG, INDEX, Base, open_base, small_json
from tuning.adapters.companion_files import Companions, companions
from tuning.adapters.merge_steps import MergePlan
from tuning.adapters.model_folder import (
    Content,
    FileOf,
    ModelFolder,
    content_sha256,
    content_size,
    folder_name,
)
from tuning.adapters.planning import merge_plan
from tuning.adapters.receipt import Receipt, tensors
from tuning.adapters.reference_files import for_import
from tuning.adapters.refused import MergeRefusedError
from tuning.adapters.rounding import Rounding
from tuning.adapters.shard_merge import CHUNK_ELEMENTS, Digests, Work, digest_of_all, layout
from tuning.adapters.tensor_header import Header
from tuning.models.config_conversion import REFERENCE


@dataclass(frozen=True, kw_only=True)
class Folders:
    base: ModelFolder
    adapter: ModelFolder | None
    """None: the base is full weights that somebody trained elsewhere, to be copied."""


def open_work(
    folders: Folders,
    stack: ExitStack,
    *,
    rounding: Rounding = "once",
    chunk: int = CHUNK_ELEMENTS,
    threads: int = 1,
    compared: dict[str, bool] | None = None,
    known: Mapping[str, bool] | None = None,
) -> Work:
    """What is done to each tensor. Of an adapter every number is read, and must be finite; which of its tensors were
    compared, and whether they are the same, goes into `compared`. With all that `known` from before, only headers are
    read. Raises MergeRefusedError, or OSError.
    """
    options = {"rounding": rounding, "chunk": chunk, "threads": threads}
    if folders.adapter is None:
        base = open_base(folders.base, stack)
        nothing = MergePlan(tensors={}, added=(), config_changes={}, notes=())
        return Work(base=base, adapter=None, plan=nothing, **options)  # type: ignore[arg-type]
    adapter = open_adapter(folders.adapter, stack)
    base = open_base(folders.base, stack)
    results = dict(known or {}) if compared is None else compared
    if known is None:
        all_finite(adapter)

    def same(one: str, other: str) -> bool:
        pair = f"{one}\n{other}"
        if pair not in results:
            results[pair] = same_bytes(adapter, one, other)
        return results[pair]

    planned = merge_plan(base, adapter, same)
    return Work(base=base, adapter=adapter, plan=planned, **options)  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class MergeInputs:
    folders: Folders
    work: Work
    headers: Mapping[str, Header]
    """Of the files of the result."""
    companions: Companions
    converted: bool = False

    @classmethod
    def of(cls, folders: Folders, work: Work, *, converted: bool) -> "MergeInputs":
        """`converted`: the small files as Custom Model Import reads them. Raises MergeRefusedError of groups LA1xx
        and LA6xx.
        """
        found = companions(
            folders.base,
            folders.adapter,
            work.plan.config_changes,
            rows=_rows(work.base, work.plan),
        )
        return cls(
            folders=folders,
            work=work,
            headers={file: layout(work, file) for file in work.base.shards},
            companions=for_import(found) if converted else found,
            converted=converted,
        )

    @property
    def size(self) -> int:
        """Bytes of all weights of the result."""
        return sum(header.size for header in self.headers.values())

    def beside_size(self) -> int:
        return sum(content_size(content) for content in self.companions.files.values())

    def beside(self) -> dict[str, Content]:
        """All that is neither weights nor the receipt, by name."""
        index = self._index()
        return dict(self.companions.files) | ({} if index is None else {INDEX: index})

    def receipt(self, digests: Digests, beside: Mapping[str, Content]) -> Receipt:
        """Raises MergeRefusedError LA505 where an adapter changes nothing."""
        changed = {n for n, d in digests.after.items() if digests.before.get(n) != d}
        if not changed and self.work.adapter:
            raise MergeRefusedError(
                "LA505", "no byte of the base changes: B is zero, or alpha, or all is rounded away"
            )
        untouched = {n: digest for n, digest in digests.after.items() if n not in changed}
        plan, adapter = self.work.plan, self.folders.adapter
        return Receipt(
            rounding=self.work.rounding,
            base={
                **_origin(self.folders.base),
                "weights": _summary(digests.before),
                "files": _sums(self.folders.base, CONFIG),
            },
            adapter=self._adapter(adapter) if adapter else {},
            output={
                "weights": _summary(digests.after),
                "files": {name: content_sha256(content) for name, content in beside.items()},
            },
            changed=tensors(plan, {n: digests.after[n] for n in changed}),
            added=plan.added,
            unchanged=_summary(untouched),
            config_changes=plan.config_changes,
            notes=(*self._base_notes(), *plan.notes, *self.companions.notes),
            left_out=self.companions.left_out,
            converted_for=REFERENCE if self.converted else None,
        )

    def _adapter(self, folder: ModelFolder) -> dict[str, Any]:
        label = self.work.adapter.settings.base_label if self.work.adapter else ""
        files = _sums(folder, ADAPTER_CONFIG, WEIGHTS)
        return {**_origin(folder), "files": files, "base_label": label}

    def _index(self) -> Content | None:
        index = self.work.base.index
        if index is None:
            return None
        spans = [s for header in self.headers.values() for s in header.tensors.values()]
        metadata = dict(index.get("metadata") or {})
        metadata["total_size"] = sum(span.nbytes for span in spans)
        if "total_parameters" in metadata:
            metadata["total_parameters"] = sum(math.prod(span.shape) for span in spans)
        weights = {n: f for f, header in self.headers.items() for n in header.tensors}
        written = dict(index) | {"metadata": metadata, "weight_map": dict(sorted(weights.items()))}
        if written == index:
            return FileOf(self.folders.base, INDEX)
        return (json.dumps(written, indent=2, ensure_ascii=False) + "\n").encode()

    def _base_notes(self) -> tuple[str, ...]:
        """The adapter names its base; a name is not proof, and for QLoRA it names quantised weights."""
        label = self.work.adapter.settings.base_label if self.work.adapter else ""
        found = small_json(self.folders.base, CONFIG, rule="LA401").get("_name_or_path")
        named = {
            folder_name(self.folders.base.place),
            Path(found).name if isinstance(found, str) and found else "",
        }
        if not label or Path(label).name in named:
            return ()
        words = ("4bit", "8bit", "bnb", "gptq", "awq", "fp8")
        quantised = any(word in label.lower() for word in words)
        hint = ": trained on a quantised base, merged into the weights given" if quantised else ""
        given = folder_name(self.folders.base.path)
        return (f"the adapter calls its base {label}, the base given is {given}{hint}",)


def _rows(base: Base, planned: MergePlan) -> int | None:
    embedding = BaseNames(base).embedding
    if embedding is None:
        return None
    if embedding in planned.tensors:
        return planned.tensors[embedding].shape[0]
    return base.span(embedding).shape[0]


def _origin(folder: ModelFolder) -> dict[str, Any]:
    versions = {"versions": dict(folder.versions)} if folder.versions else {}
    return {"path": folder.place, **versions}


def _sums(folder: ModelFolder, *names: str) -> dict[str, str]:
    return {name: content_sha256(FileOf(folder, name)) for name in names}


def _summary(named: Mapping[str, str]) -> dict[str, Any]:
    return {"count": len(named), "sha256": digest_of_all(named)}
