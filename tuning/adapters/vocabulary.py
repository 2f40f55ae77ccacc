"""The vocabulary's two matrices: the input embedding, and the output head, which may be tied to it.

A tied base has one matrix for both. Where an adapter changes them differently, the head is written
as a tensor of its own and `tie_word_embeddings` becomes false; PEFT's merge writes the shared matrix
twice instead, and older versions lost the trained head on the next load.
https://github.com/huggingface/peft/issues/2018, https://github.com/huggingface/peft/issues/2777,
https://github.com/huggingface/transformers/issues/45127
"""

from dataclasses import dataclass, field

from tuning.adapters.base_names import BaseNames
from tuning.adapters.base_weights import Base
from tuning.adapters.merge_steps import MergeStep, Origin, SetRows
from tuning.adapters.refused import MergeRefusedError


@dataclass(kw_only=True)
class TensorDraft:
    """What is planned for one tensor so far."""

    whole: str | None = None
    """The adapter's own copy of it, by key."""
    saved: bool = False
    """Whether `modules_to_save` announced the copy: then it is a parameter apart, no longer tied."""
    steps: list[MergeStep] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Tying:
    """How the head comes out: what is added, and what the configuration must say."""

    head: str | None = None
    """The head's tensor, where it must be written on its own account."""
    head_origin: Origin | None = None
    head_draft: TensorDraft | None = None
    untied: bool = False
    embedding_draft: TensorDraft | None = None


def is_tied(base: Base, names: BaseNames) -> bool:
    """Where the configuration is silent, a base without a head of its own is tied."""
    for config in (base.text_config(), base.config):
        declared = config.get("tie_word_embeddings")
        if isinstance(declared, bool):
            return declared
    return names.embedding is not None and names.head is None


def tying(
    names: BaseNames,
    embedding: TensorDraft | None,
    head: TensorDraft | None,
    *,
    ensured: bool,
    same_copies: bool,
) -> Tying:
    """Of a tied base whose matrices an adapter changes.

    `ensured`: the adapter was trained with `ensure_weight_tying`. `same_copies`: both matrices are
    given whole, and are equal. Raises MergeRefusedError LA602 where what is meant cannot be known.
    """
    if names.embedding is None:
        raise MergeRefusedError("LA602", "the base is tied, and its input embedding is not known")
    written = names.head or names.new_head()
    if head is None:
        if embedding is None:
            return Tying()
        shared = not embedding.whole or not embedding.saved
        only_rows = all(isinstance(step, SetRows) for step in embedding.steps)
        if ensured or (shared and only_rows):
            return _both(names, embedding)
        if embedding.whole and embedding.saved:
            origin = Origin(kind="base", name=names.embedding)
        else:
            origin = _origin(embedding, names.embedding)
        return Tying(head=written, head_origin=origin, head_draft=TensorDraft(), untied=True)
    if embedding and embedding.whole and head.whole and not (embedding.steps or head.steps):
        apart = embedding.saved or head.saved
        if same_copies and (ensured or not apart):
            return _both(names, embedding)
        if not apart or ensured:
            raise MergeRefusedError(
                "LA602", f"{embedding.whole} and {head.whole} differ, and the base ties the two"
            )
    elif head.whole and not head.saved and not head.steps and embedding is None:
        return _both(names, head)
    origin = _origin(head, names.embedding)
    return Tying(head=written, head_origin=origin, head_draft=head, untied=True)


def _both(names: BaseNames, draft: TensorDraft) -> Tying:
    """They stay tied; where the files hold the head too, it gets the same values."""
    if names.head is None:
        return Tying(embedding_draft=draft)
    origin = _origin(draft, names.embedding or "")
    return Tying(
        embedding_draft=draft, head=names.head, head_origin=origin, head_draft=draft, untied=False
    )


def _origin(draft: TensorDraft, embedding: str) -> Origin:
    if draft.whole:
        return Origin(kind="adapter", name=draft.whole)
    return Origin(kind="base", name=embedding)
