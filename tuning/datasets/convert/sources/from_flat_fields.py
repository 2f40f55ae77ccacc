"""Records of flat fields: prompt and completion, Alpaca, captions, documents."""

from tuning.datasets.convert.conversation import Caption, Conversation, Document, Text, Turn
from tuning.datasets.convert.sources.fields import Fields, refuse
from tuning.datasets.convert.sources.from_openai import dialogue


def read_prompt_completion(record: Fields) -> Conversation:
    """`prompt`, perhaps `completion` and `system`; each of them text, or a list of messages."""
    system: list[str] = []
    if isinstance(record.peek("prompt"), list):
        system, turns = dialogue([*record.each("prompt"), *_messages(record, "completion")])
    else:
        turns = [_turn("user", record.text("prompt"))]
        if "completion" in record:
            turns.append(_turn("assistant", record.text("completion")))
    own = record.maybe_text("system")
    if own and system:
        refuse("CV207", "is beside a system message in `prompt`", "Keep one.", "system")
    return Conversation(
        system=(own,) if own else tuple(system),
        turns=tuple(turns),
        answer_null=record.null("completion"),
        extras=record.rest(),
    )


def alpaca(record: Fields) -> Conversation:
    """`instruction` and `output`, perhaps `input`, `system` and earlier rounds in `history`.

    Dolly calls them `response` and `context`: https://github.com/databrickslabs/dolly/tree/master/data
    """
    turns = _history(record)
    question = record.text("instruction")
    if given := record.maybe_text(_called(record, "input", "context")):
        # The two parts make one message, as in the prompts of
        # https://github.com/tatsu-lab/stanford_alpaca#data-release
        question = f"{question}\n\n{given}"
    turns.append(_turn("user", question))
    if (answer := _called(record, "output", "response", "completion")) in record:
        turns.append(_turn("assistant", record.text(answer)))
    system = record.maybe_text("system")
    return Conversation(
        system=(system,) if system else (),
        turns=tuple(turns),
        answer_in=answer,
        answer_null=record.null(answer),
        extras=record.rest(),
    )


def _called(record: Fields, *names: str) -> str:
    """The first of the names under which something is there, or null, else the first."""
    null = next((name for name in names if record.null(name)), names[0])
    return next((name for name in names if name in record), null)


def caption(record: Fields) -> Caption:
    return Caption(
        image=record.text("image-ref"), caption=record.text("caption"), extras=record.rest()
    )


def read_document(record: Fields) -> Document:
    """Running text in `input` or `text`."""
    name = "input" if "input" in record else "text"
    return Document(text=record.text(name), extras=record.rest())


def _messages(record: Fields, name: str) -> list[Fields]:
    return list(record.each(name)) if name in record else []


def _history(record: Fields) -> list[Turn]:
    turns: list[Turn] = []
    for index, pair in enumerate(record.items("history") if "history" in record else []):
        at = f"history[{index}]"
        if not (isinstance(pair, list) and [type(text) for text in pair] == [str, str]):
            refuse("CV202", "must be a pair of texts", "Write [question, answer].", at)
        if not all(text.strip() for text in pair):
            refuse("CV205", "holds a blank text", "Write text, or leave the pair out.", at)
        turns += [_turn("user", pair[0]), _turn("assistant", pair[1])]
    return turns


def _turn(role: str, text: str) -> Turn:
    return Turn(role="user" if role == "user" else "assistant", blocks=(Text(text=text),))
