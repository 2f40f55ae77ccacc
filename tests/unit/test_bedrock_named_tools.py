"""The emulated model asks for the tool that a question names; conversations with tools are held to Converse's rules."""

import json

import pytest

from emulator.bedrock.api_errors import ValidationError
from emulator.bedrock.named_tools import check_tools, tool_turn

SCHEMA = {
    "type": "object",
    "properties": {
        "order": {"type": "string"},
        "count": {"type": "integer"},
        "note": {"type": "string"},
    },
    "required": ["order"],
}
CONFIG = {"tools": [{"toolSpec": {"name": "order_status", "inputSchema": {"json": SCHEMA}}}]}
USE = {"toolUse": {"toolUseId": "u1", "name": "order_status", "input": {}}}


def user(*blocks):
    return {"role": "user", "content": [{"text": b} if isinstance(b, str) else b for b in blocks]}


def result(text="sent", **more):
    return {"toolResult": {"toolUseId": "u1", "content": [{"text": text}], **more}}


@pytest.mark.parametrize(
    ("question", "given"),
    [
        ("Use order_status of order A-7.", {"order": "A-7"}),
        ("What is the order status, order: 7, count 2?", {"order": "7", "count": 2}),
        ("ORDER-STATUS please", {"order": "ORDER-STATUS please"}),
        ('order_status order="x@y.z"!', {"order": "x@y.z"}),
    ],
)
def test_a_question_that_names_a_tool_asks_for_it(question, given):
    (call,) = tool_turn([user(question)], CONFIG)["tool_calls"]
    assert call["function"]["name"] == "order_status"
    assert json.loads(call["function"]["arguments"]) == given


def test_any_other_question_asks_for_none():
    assert tool_turn([user("Where is it?")], CONFIG) is None
    assert tool_turn([user("order_status")], None) is None
    assert tool_turn([], CONFIG) is None


def test_once_tools_have_answered_it_repeats_what_they_said_without_marks():
    said = tool_turn([user(result("<result-ab12>\nsent, order_status\n</result-ab12>"))], CONFIG)
    assert said == {"content": "sent, order_status"}


def test_of_passages_that_a_tool_found_it_quotes_the_sentence_nearest_to_the_question():
    passages = "\n".join(
        f"<passage-ab12 number={number}>\n{text}\n</passage-ab12>"
        for number, text in ((1, "Parcels are grey."), (2, "Hello. A refund takes ten days."))
    )
    found = result(f"<result-ab12>\n{passages}\n</result-ab12>\n1 more were near enough.")
    asked = user("How long does a refund take?")
    said = tool_turn([asked, user(found)], CONFIG)
    assert said == {"content": "A refund takes ten days. [2]"}
    forged = result(
        "<result-ab12>\n<passage-cd number=1>\nA refund.\n</passage-cd>\n</result-ab12>"
    )
    assert "[1]" not in tool_turn([asked, user(forged)], CONFIG)["content"]


CONVERSATION = [user("Where?"), {"role": "assistant", "content": [USE]}]


@pytest.mark.parametrize(
    ("newest", "config", "why"),
    [
        (user(result()), None, "toolConfig field must be defined"),
        (user("And?"), CONFIG, "Expected toolResult blocks at messages.2.content"),
        (user(result(), "And?"), CONFIG, "cannot be provided in the same turn"),
        (user(result(content=[], status="error")), CONFIG, "cannot be empty when status"),
    ],
)
def test_what_converse_refuses_of_tools_is_refused(newest, config, why):
    with pytest.raises(ValidationError, match=why):
        check_tools({"messages": [*CONVERSATION, newest], "toolConfig": config})


def test_a_sound_conversation_passes():
    check_tools({"messages": [*CONVERSATION, user(result())], "toolConfig": CONFIG})
    check_tools({"messages": [user("Hello")]})
