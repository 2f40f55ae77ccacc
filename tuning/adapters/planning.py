"""The plan of a merge. Every tensor of the adapter is used and every target exists, or it is refused.

That one rule catches most of the merges that are known to go wrong without an error.
"""

from collections.abc import Callable

from tuning.adapters.adapter_folder import Adapter
from tuning.adapters.adapter_keys import ModuleParts, sorted_keys
from tuning.adapters.base_names import BaseNames
from tuning.adapters.base_weights import Base
from tuning.adapters.completeness import nothing_missing
from tuning.adapters.fused_experts import FusedLora
from tuning.adapters.layer_lora import LayerLora
from tuning.adapters.merge_steps import LowRank, MergePlan, Origin, SetRows, TensorPlan
from tuning.adapters.refused import MergeRefusedError
from tuning.adapters.vocabulary import TensorDraft, Tying, is_tied, tying

MERGED_DTYPES = frozenset({"F32", "F16", "BF16"})


def merge_plan(base: Base, adapter: Adapter, same_bytes: Callable[[str, str], bool]) -> MergePlan:
    """What the merge does, from the headers. `same_bytes` compares two tensors of the adapter.

    Raises MergeRefusedError of groups LA3xx, LA4xx and LA6xx.
    """
    return _Planner(base, adapter, same_bytes).plan()


class _Planner:
    def __init__(
        self, base: Base, adapter: Adapter, same_bytes: Callable[[str, str], bool]
    ) -> None:
        self.base = base
        self.settings = adapter.settings
        self.spans = adapter.tensors
        self.same_bytes = same_bytes
        self.names = BaseNames(base)
        self.tied = is_tied(base, self.names)
        self.keys = sorted_keys(adapter.tensors)
        self.drafts: dict[str, TensorDraft] = {}
        self.head: TensorDraft | None = None
        """Of a tied base: what is planned for the head, whether the files have it or not."""
        self.notes: list[str] = []

    def plan(self) -> MergePlan:
        self._copies()
        self._lora()
        self._tokens()
        nothing_missing(self.base, self.names, self.settings, self.keys, tied=self.tied)
        tied = self._tying()
        plans = {name: self._tensor(name, draft) for name, draft in sorted(self.drafts.items())}
        if tied.head and tied.head_draft and tied.head_origin:
            plans[tied.head] = self._head(tied)
        changes = self._config_changes(plans, untied=tied.untied)
        added = tuple(name for name in plans if name not in self.base)
        return MergePlan(
            tensors=plans, added=added, config_changes=changes, notes=tuple(self.notes)
        )

    def _draft(self, path: str) -> TensorDraft:
        """The draft of a parameter. Raises MergeRefusedError LA302 where the base has none."""
        if self.tied and self.names.is_head(path):
            self.head = self.head or TensorDraft()
            return self.head
        tensor = self.names.tensor(path)
        if tensor is None:
            raise MergeRefusedError("LA302", f"the base has no {path}")
        return self.drafts.setdefault(tensor, TensorDraft())

    def _copies(self) -> None:
        """Whole parameters: of `modules_to_save`, biases, a resized vocabulary."""
        adapted = {module for module, _ in self.keys.lora}
        self._second_copies()
        for path, key in self.keys.whole.items():
            module = path.rpartition(".")[0]
            if module in adapted:
                raise MergeRefusedError(
                    "LA308", f"{key} is a whole parameter of a layer that has LoRA too"
                )
            draft = self._draft(path)
            draft.whole, draft.saved = key, self.settings.saved_whole(module)
        for path, key in self.keys.base_parts.items():
            module = path.rpartition(".")[0]
            if module not in adapted and module not in self.keys.tokens:
                raise MergeRefusedError("LA301", f"{key}: {module} has no LoRA")
            draft = self._draft(path)
            if draft.whole:
                raise MergeRefusedError("LA309", f"{key} and {draft.whole} are the same parameter")
            draft.whole = key

    def _second_copies(self) -> None:
        """Of `modules_to_save` in a file of all layers: each is there twice, and as it was before."""
        for path, key in self.keys.saved.items():
            if path not in self.keys.whole:
                self.keys.whole[path] = key
            elif not self.same_bytes(key, self.keys.whole[path]):
                raise MergeRefusedError("LA309", f"{key} and {self.keys.whole[path]} differ")
        for path, key in self.keys.before.items():
            if path not in self.keys.whole:
                raise MergeRefusedError("LA307", f"{key} is there, the trained copy of it is not")
            self.notes.append(f"{key} is the module before the training, of no effect")

    def _lora(self) -> None:
        fused: dict[str, dict[int, ModuleParts]] = {}
        for (module, depth), parts in self.keys.lora.items():
            plain = self.settings.parameter_targeted(f"{module}.weight")
            weight = f"{module}.weight"
            known = self.names.tensor(weight) or (self.tied and self.names.is_head(weight))
            if plain or depth or module.endswith("experts") or not known:
                fused.setdefault(module, {})[depth] = parts
            else:
                self._layer(module, parts)
        for module, nested in fused.items():
            if not module.endswith("experts") and not self.names.tensor(f"{module}.weight"):
                raise MergeRefusedError("LA302", f"the base has no {module}.weight")
            reader = FusedLora(
                base=self.base, names=self.names, settings=self.settings, spans=self.spans
            )
            for tensor, step in reader.steps(module, nested).items():
                self.drafts.setdefault(tensor, TensorDraft()).steps.append(step)

    def _layer(self, module: str, parts: ModuleParts) -> None:
        reader = LayerLora(
            base=self.base, names=self.names, settings=self.settings, spans=self.spans
        )
        path = f"{module}.weight"
        draft = self._draft(path)
        if any(isinstance(step, LowRank) for step in draft.steps):
            raise MergeRefusedError("LA309", f"{module} has LoRA twice")
        draft.steps.append(reader.low_rank(module, parts, self._shape(path, draft)))
        if bias := reader.bias(module, parts):
            tensor, step = bias
            self.drafts.setdefault(tensor, TensorDraft()).steps.append(step)

    def _tokens(self) -> None:
        announced = dict(self.settings.tokens)
        for module, key in self.keys.tokens.items():
            embeds = self.names.tensor(f"{module}.weight") == self.names.embedding
            named = [n for n in announced if n and module.endswith(n)] or [""] * embeds
            if not named or named[0] not in announced:
                raise MergeRefusedError(
                    "LA308", f"{key}: trainable_token_indices does not say which rows it replaces"
                )
            rows = announced[named[0]]
            draft = self._draft(f"{module}.weight")
            shape = self._shape(f"{module}.weight", draft)
            if self.spans[key].shape != (len(rows), shape[1]) or max(rows) >= shape[0]:
                raise MergeRefusedError(
                    "LA305",
                    f"{key} is {list(self.spans[key].shape)}, for {len(rows)} rows up to"
                    f" {max(rows)} of a matrix {list(shape)}",
                )
            draft.steps.append(SetRows(key=key, rows=rows))

    def _shape(self, path: str, draft: TensorDraft) -> tuple[int, ...]:
        """Rows and columns of a weight: the adapter's own copy where it has one."""
        tensor = self.names.tensor(path) or self.names.embedding or ""
        shape = self.spans[draft.whole].shape if draft.whole else self.base.span(tensor).shape
        if len(shape) != 2:  # noqa: PLR2004 — rows, columns
            raise MergeRefusedError("LA305", f"{path} is {list(shape)}, not a matrix")
        return shape

    def _tying(self) -> Tying:
        """Of a tied base; takes what is planned for the two matrices out of the drafts."""
        if not self.tied:
            return Tying()
        embedding = self.drafts.get(self.names.embedding or "")
        copies = [d.whole for d in (embedding, self.head) if d and d.whole]
        tied = tying(
            self.names,
            embedding,
            self.head,
            ensured=self.settings.ensured_tying,
            same_copies=len(copies) == 2 and self.same_bytes(*copies),  # noqa: PLR2004 — both
        )
        if tied.embedding_draft and self.names.embedding:
            self.drafts[self.names.embedding] = tied.embedding_draft
        if tied.untied:
            self.notes.append("the embeddings were tied; the head is now a tensor of its own")
        return tied

    def _tensor(self, name: str, draft: TensorDraft) -> TensorPlan:
        span = self.base.span(name)
        if span.dtype not in MERGED_DTYPES:
            raise MergeRefusedError("LA404", f"{name} is {span.dtype}; merged are F32, F16, BF16")
        shape = span.shape
        if draft.whole:
            shape = self.spans[draft.whole].shape
            vocabulary = name in (self.names.embedding, self.names.head)
            if shape != span.shape and not (vocabulary and shape[1:] == span.shape[1:]):
                raise MergeRefusedError(
                    "LA305",
                    f"{draft.whole} is {list(shape)}; {name} of the base is {list(span.shape)}",
                )
        origin = Origin(kind="adapter" if draft.whole else "base", name=draft.whole or name)
        return TensorPlan(
            name=name,
            file=self.base.places[name],
            dtype=span.dtype,
            shape=shape,
            origin=origin,
            steps=tuple(draft.steps),
        )

    def _head(self, tied: Tying) -> TensorPlan:
        like = self._tensor(self.names.embedding or "", tied.head_draft or TensorDraft())
        name = tied.head or ""
        origin = tied.head_origin or like.origin
        return TensorPlan(
            name=name,
            file=self.base.places.get(name, like.file),
            dtype=like.dtype,
            shape=like.shape if origin.kind == "base" else self.spans[origin.name].shape,
            origin=origin,
            steps=like.steps,
        )

    def _config_changes(
        self, plans: dict[str, TensorPlan], *, untied: bool
    ) -> dict[str, bool | int]:
        """Where the vocabulary grew or shrank, both matrices must have."""
        changes: dict[str, bool | int] = {"tie_word_embeddings": False} if untied else {}
        embedding = self.names.embedding
        head = self.names.head or (self.names.new_head() if untied else None)
        rows = {}
        for name in (embedding, head):
            if name and name in plans:
                rows[name] = plans[name].shape[0]
            elif name:
                rows[name] = self.base.span(name).shape[0]
        resized = {n for n in rows if n not in self.base or rows[n] != self.base.span(n).shape[0]}
        if len(set(rows.values())) > 1 and resized:
            said = ", ".join(f"{name} {count}" for name, count in rows.items())
            raise MergeRefusedError("LA601", f"the rows of the vocabulary differ: {said}")
        if embedding in resized:
            changes["vocab_size"] = rows[embedding]
        return changes
