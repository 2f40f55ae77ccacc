"""The targets of flat fields: pairs, historic Anthropic messages, captions, running text."""

from collections.abc import Iterator

from tuning.datasets.convert.conversation import (
    Caption,
    Conversation,
    Document,
    Json,
    Media,
    ReadRecord,
    Text,
)
from tuning.datasets.convert.sources.fields import refuse
from tuning.datasets.convert.sources.from_documents import text_chunks
from tuning.datasets.convert.sources.media_uris import MEDIA_FORMATS
from tuning.datasets.convert.suggestions import spelt
from tuning.datasets.convert.targets.soundness import (
    answered,
    conversation,
    nothing_beside,
    one_text,
    single,
    wrong_kind,
)
from tuning.datasets.convert.targets.writing import Writing

_PAIR = 2


def write_prompt_completion(record: ReadRecord, to: Writing) -> dict[str, Json]:
    talk = conversation(record, to)
    answered(talk, to)
    nothing_beside(talk)
    if len(talk.turns) != _PAIR:
        refuse(
            "CV301",
            f"a dialogue of {len(talk.turns)} turns; {to.target.reader} holds one prompt and one "
            "completion",
            f"Choose what takes conversations: {spelt(to.target.others('converse'))}; or leave the record "
            "out.",
            options=to.target.others("converse"),
        )
    if talk.system and not to.options.join:
        refuse(
            "CV305",
            f"a system text; {to.target.reader} has no place for it",
            "Let --join put it before the prompt, or give it up with --drop system.",
            "system",
            (("--join", ""),),
        )
    if talk.system:
        to.account.changed["system joined to the prompt"] += 1
    prompt = one_text(talk.turns[0].blocks, to)
    return {
        "prompt": "\n\n".join((*talk.system, prompt)),
        "completion": one_text(talk.turns[1].blocks, to),
    }


def write_anthropic_messages(record: ReadRecord, to: Writing) -> dict[str, Json]:
    talk = conversation(record, to)
    answered(talk, to)
    nothing_beside(talk)
    written: dict[str, Json] = {}
    if talk.system:
        written["system"] = single(list(talk.system), "the system text", to)
    written["messages"] = [
        {"role": turn.role, "content": one_text(turn.blocks, to)} for turn in talk.turns
    ]
    return written


def write_image_caption(record: ReadRecord, to: Writing) -> dict[str, Json]:
    nothing_beside(record)
    shown = _shown(record) if isinstance(record, Conversation) else record
    if not isinstance(shown, Caption):
        wrong_kind(record, to)
    address = shown.image
    if not address.startswith("s3://"):
        if not to.options.media_folder or "://" in address or address.startswith("data:"):
            refuse(
                "CV209",
                "the picture is named, but not where in S3 it lies",
                "Upload the pictures and say where with --media-folder s3://BUCKET/FOLDER/.",
                "image-ref",
            )
        address = f"{to.options.media_folder.rstrip('/')}/{address.removeprefix('./').lstrip('/')}"
    if address.rpartition(".")[2].lower() not in MEDIA_FORMATS:
        refuse("CV209", "the picture's name does not say its format", "Add .png.", "image-ref")
    return {"image-ref": address, "caption": shown.caption}


def write_pieces(record: ReadRecord, to: Writing) -> Iterator[tuple[int, dict[str, Json]]]:
    """Running text in pieces, each with how many lines of the document lie before it."""
    nothing_beside(record)
    if not isinstance(record, Document):
        wrong_kind(record, to)
    for line, piece in text_chunks(record.text, to.options.chunk_tokens):
        yield line, {"input": piece}


def _shown(talk: Conversation) -> ReadRecord:
    """A question that is nothing but a picture, with its answer, is a caption."""
    if len(talk.turns) == _PAIR and not talk.system:
        (asked, said) = (turn.blocks for turn in talk.turns)
        match asked, said:
            case (Media(kind="image", uri=uri),), (Text(text=text),):
                return Caption(image=uri, caption=text)
    return talk
