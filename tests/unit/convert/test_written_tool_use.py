"""Tool use that is written in texts (xLAM, Glaive, Hermes) is read, or refused where it is unsound."""

import pytest
from convert.written_tool_use import GLAIVE, HERMES, SOUND, XLAM

UNSOUND = [
    ("CV210", {**XLAM, "answers": "look(Rome)"}, "answers"),
    ("CV202", {**XLAM, "answers": "{}"}, "answers"),
    ("CV210", {**XLAM, "answers": '[{"arguments": {}}]'}, "answers"),
    ("CV210", {**XLAM, "answers": '[{"name": "look", "arguments": [1]}]'}, "answers"),
    ("CV202", {**XLAM, "tools": '["look"]'}, "tools"),
    ("CV205", {**XLAM, "query": " "}, "query"),
    ("CV204", {**GLAIVE, "chat": "Rain?"}, "chat"),
    ("CV204", {**GLAIVE, "chat": "Hello\nUSER: Rain?"}, "chat"),
    ("CV205", {**GLAIVE, "chat": "USER: \n\nASSISTANT: No."}, "chat"),
    ("CV210", {**GLAIVE, "chat": "USER: a\n\nFUNCTION RESPONSE: b\n\nASSISTANT: c"}, "chat"),
    ("CV210", {**GLAIVE, "chat": "USER: a\n\nASSISTANT: <functioncall> look()"}, "chat"),
    ("CV210", {**GLAIVE, "system": 'SYSTEM: Use -\n{"name": "look", '}, "system"),
    (
        "CV210",
        {
            "conversations": [
                *HERMES["conversations"][:2],
                {"from": "gpt", "value": "<tool_call>x</tool_call>"},
            ]
        },
        "conversations[2].value",
    ),
]


@pytest.mark.parametrize(("shape", "record", "read"), SOUND)
def test_tool_use_written_in_texts_is_read(converted, shape, record, read):
    written, summary, _ = converted([record] * 2)
    assert (summary.verdict, summary.shape) == ("accepted", shape), summary.findings
    assert written == [read] * 2


@pytest.mark.parametrize(("rule", "record", "field"), UNSOUND)
def test_unsound_tool_use_is_refused_by_its_field(converted, rule, record, field):
    written, summary, _ = converted([record])
    assert written == []
    (found,) = summary.findings
    assert (found.rule, found.field) == (rule, field), found


def test_several_answers_in_one_message_go_to_their_calls(converted):
    *before, _, _, last = HERMES["conversations"]
    calls = "<tool_call>{'name': 'look', 'arguments': {}}</tool_call>" * 2
    answers = "<tool_response>a</tool_response>\n<tool_response>b</tool_response>"
    talk = [*before, {"from": "gpt", "value": calls}, {"from": "tool", "value": answers}, last]
    (record,), _, _ = converted([{"conversations": talk}])
    results = [block["toolResult"] for block in record["messages"][2]["content"]]
    assert [(r["toolUseId"], r["content"][0]["text"]) for r in results] == [
        ("call_1", "a"),
        ("call_2", "b"),
    ]
