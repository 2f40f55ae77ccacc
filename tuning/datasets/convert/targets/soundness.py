"""What a target asks of a conversation before it can be written without loss."""

from dataclasses import replace
from itertools import pairwise
from typing import NoReturn

from tuning.datasets.convert.conversation import (
    Block,
    Caption,
    Conversation,
    Document,
    Media,
    ReadRecord,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Turn,
)
from tuning.datasets.convert.sources.fields import lost, refuse
from tuning.datasets.convert.suggestions import SPOKEN, spelt, suggested
from tuning.datasets.convert.targets.writing import Writing
from tuning.datasets.looks import template

_NAMES: dict[type, str] = {
    Conversation: "a conversation",
    Caption: "a picture with its caption",
    Document: "running text",
}
_TAKEN: dict[type, str] = {
    Conversation: "converse",
    Caption: "image_caption",
    Document: "continued_pre_training",
}


def conversation(record: ReadRecord, to: Writing) -> Conversation:
    """The record as a conversation that the target can hold as far as its kinds of content go."""
    if not isinstance(record, Conversation):
        wrong_kind(record, to)
    record = _joined(record, to)
    _ordered(record.turns)
    for number, turn in enumerate(record.turns, 1):
        for block in turn.blocks:
            _held(block, turn, number, to)
    if record.tools and not to.target.tools:
        _no_tools(to, "tools")
    if record.tool_choice and not record.tools:
        refuse("CV210", "a choice among no tools", "List the tools, or drop the choice.")
    return record


def wrong_kind(record: ReadRecord, to: Writing) -> NoReturn:
    fields = ", ".join(record.extras) or "none"
    if isinstance(record, Document) and (found := template(record.text)):
        refuse(
            "CV307",
            f"this text is a dialogue with {found}; {to.target.reader} takes messages",
            "Take each dialogue apart into messages with roles, without the signs of the template.",
        )
    options = suggested(record.extras, "prompt", "completion")
    if len(options) < len(("prompt", "completion")):
        options = ()  # who names one alone is not helped
    refuse(
        "CV307",
        f"this record is {_NAMES[type(record)]}, from which {to.target.reader} cannot be made; "
        f"other fields: {fields}",
        f"Name the fields: {spelt(options)}."
        if options
        else "Write questions and answers from it, one JSON object a line; or choose what takes it: "
        f"--to {_TAKEN[type(record)]}.",
        options=options,
    )


def answered(record: Conversation, to: Writing) -> None:
    if record.turns[-1].role != "assistant":
        name = record.answer_in
        options = suggested(record.extras, name) if name in SPOKEN else ()
        missing = f"{name!r} is null" if record.answer_null else f"there is no field {name!r}"
        there = "" if name == "messages" else f", and {missing}"
        refuse(
            "CV309",
            f"the dialogue ends with the user{there}; {to.target.reader} learns from the answer",
            f"Say which field holds the answer: {spelt(options)}."
            if options
            else "Add the assistant's answer, or leave the record out.",
            options=options,
        )


def nothing_beside(record: ReadRecord) -> None:
    """Refuse fields that only some targets carry."""
    if record.extras:
        lost(list(record.extras))


def one_text(blocks: tuple[Block, ...] | tuple[Text, ...], to: Writing) -> str:
    """The text of a message that can hold one only."""
    texts = [block.text for block in blocks if isinstance(block, Text)]
    return single(texts, "a message", to)


def single(texts: list[str], what: str, to: Writing) -> str:
    if len(texts) > 1 and not to.options.join:
        refuse(
            "CV306",
            f"{what} has {len(texts)} texts; {to.target.reader} holds one",
            "Make them one, or let --join put a blank line between them.",
            options=(("--join", ""),),
        )
    if len(texts) > 1:
        to.account.changed["texts joined"] += 1
    return "\n\n".join(texts)


def _ordered(turns: tuple[Turn, ...]) -> None:
    if not turns:
        refuse("CV206", "there is no turn", "Add what the user says and the answer.")
    for number, (turn, role) in enumerate(
        zip(turns, ("user", "assistant") * len(turns), strict=False), 1
    ):
        if turn.role != role and number == 1:
            refuse(
                "CV206",
                "the first turn is the assistant's; a dialogue begins with the user",
                "Put what the user asks before it, or leave the turn out.",
            )
        if turn.role != role:
            refuse(
                "CV206",
                f"turns {number - 1} and {number} are both the {turn.role}'s; turns alternate",
                "Let --join make turns in a row one, or put the missing turn between them.",
                options=(("--join", ""),),
            )
        if not turn.blocks:
            refuse("CV205", f"turn {number} is empty", "Write text, or leave the turn out.")


def _joined(record: Conversation, to: Writing) -> Conversation:
    """The dialogue with turns of one speaker in a row made one, where that was asked for."""
    if not to.options.join or all(a.role != b.role for a, b in pairwise(record.turns)):
        return record
    turns: list[Turn] = []
    for turn in record.turns:
        if turns and turns[-1].role == turn.role:
            turns[-1] = Turn(role=turn.role, blocks=(*turns[-1].blocks, *turn.blocks))
            to.account.changed["turn joined to the one before"] += 1
        else:
            turns.append(turn)
    return replace(record, turns=tuple(turns))


def _held(block: Block, turn: Turn, number: int, to: Writing) -> None:
    match block:
        case Media(kind=kind):
            _media(kind, turn, number, to)
        case Reasoning() if not to.target.reasoning:
            refuse(
                "CV304",
                f"turn {number} holds reasoning, which {to.target.reader} does not take",
                f"Choose a model that learns from reasoning: {spelt(to.target.others('reasoning'))}; or "
                "leave it out of the data.",
                options=to.target.others("reasoning"),
            )
        case ToolCall() | ToolResult() if not to.target.tools:
            _no_tools(to, f"a tool call or result in turn {number}")
        case ToolCall() | Reasoning() if turn.role == "user":
            refuse("CV208", f"turn {number}: the user reasons or calls a tool", "Swap the roles.")
        case ToolResult() if turn.role == "assistant":
            refuse("CV208", f"turn {number}: the assistant gives a tool's result", "Swap roles.")


def _media(kind: str, turn: Turn, number: int, to: Writing) -> None:
    if turn.role == "assistant":
        refuse("CV303", f"turn {number}: the assistant shows media ({kind})", "Only users may.")
    if kind not in to.target.media:
        taken = f"only {', '.join(sorted(to.target.media))}" if to.target.media else "text only"
        refuse(
            "CV303",
            f"turn {number} holds media ({kind}); {to.target.reader} takes {taken}",
            f"Choose a model that sees: {spelt(to.target.others(kind))}; or leave the record out.",
            options=to.target.others(kind),
        )


def _no_tools(to: Writing, what: str) -> None:
    refuse(
        "CV302",
        f"{what}; {to.target.reader} takes no tools",
        f"Choose a model that learns tool use: {spelt(to.target.others('tools'))}; or write the call as "
        "text.",
        options=to.target.others("tools"),
    )
