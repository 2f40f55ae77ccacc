"""Each dialect, read and written as Bedrock's own."""

import pytest
from builders import converse, text
from convert.peoples_dialects import (
    ANSWER,
    ASKED,
    RAIN,
    call,
    chat,
    contents,
    message,
    shared,
    talk,
)

from tuning.datasets.convert.detect import CONTAINERS, SHAPES

PAIR = converse("Hi", "Ho")
WITH_SYSTEM = converse("Hi", "Ho", system=[text("S")])
PROMPTED = {"prompt": "Hi", "completion": "Ho"}
TYPED = {"type": "text", "text": "Hi"}
SOUND = [
    pytest.param("prompt_completion", PROMPTED, PAIR, id="pair"),
    pytest.param(
        "prompt_completion", {**PROMPTED, "system": "S"}, WITH_SYSTEM, id="pair with system"
    ),
    pytest.param("prompt_completion", {**PROMPTED, "system": None}, PAIR, id="null is not there"),
    pytest.param(
        "prompt_completion",
        {"prompt": [message("system", "S"), ASKED], "completion": [ANSWER]},
        WITH_SYSTEM,
        id="pair of message lists",
    ),
    pytest.param("alpaca", {"instruction": "Hi", "output": "Ho"}, PAIR, id="alpaca"),
    pytest.param(
        "alpaca",
        {"instruction": "Hi", "input": "", "output": "Ho"},
        PAIR,
        id="alpaca with empty input",
    ),
    pytest.param(
        "alpaca",
        {"instruction": "Sum up:", "input": "A text.", "output": "Ho"},
        converse("Sum up:\n\nA text.", "Ho"),
        id="alpaca with input",
    ),
    pytest.param(
        "alpaca",
        {"instruction": "C", "output": "D", "system": "S", "history": [["A", "B"]]},
        converse("A", "B", "C", "D", system=[text("S")]),
        id="alpaca with history",
    ),
    pytest.param("sharegpt", shared(("human", "Hi"), ("gpt", "Ho")), PAIR, id="sharegpt"),
    pytest.param(
        "sharegpt",
        shared(("system", "S"), ("user", "Hi"), ("assistant", "Ho")),
        WITH_SYSTEM,
        id="sharegpt with system",
    ),
    pytest.param(
        "openai_chat",
        talk(message("developer", "S"), message("user", [TYPED]), {**ANSWER, "refusal": None}),
        WITH_SYSTEM,
        id="openai with developer",
    ),
    pytest.param("openai_chat", chat("Hi", "Ho"), PAIR, id="plain messages"),
    pytest.param(
        "anthropic_messages",
        talk(ASKED, message("assistant", [{"type": "text", "text": "Ho"}]), system="S"),
        WITH_SYSTEM,
        id="anthropic",
    ),
    pytest.param(
        "gemini",
        {
            "systemInstruction": {"role": "system", "parts": [{"text": "S"}]},
            **contents("Hi", "Ho"),
        },
        WITH_SYSTEM,
        id="gemini",
    ),
    pytest.param("converse", PAIR, PAIR, id="converse as it should be"),
    pytest.param(
        "converse", {**PAIR, "schemaVersion": "tooluse-dataset-2024"}, PAIR, id="other version"
    ),
    pytest.param(
        "anthropic_messages",
        chat("Hi", "Ho", system="S"),
        WITH_SYSTEM,
        id="converse with string content",
    ),
]


@pytest.mark.parametrize(("shape", "record", "expected"), SOUND)
def test_a_dialect_is_recognised_and_keeps_its_meaning(converted, shape, record, expected):
    written, summary, _ = converted([record])
    assert (summary.verdict, summary.shape) == ("accepted", shape)
    assert written == [expected]
    assert shape in summary.why


@pytest.mark.parametrize(("shape", "record", "expected"), SOUND)
def test_what_is_said_to_be_a_dialect_is_read_as_it(converted, shape, record, expected):
    assert converted([record], source=shape)[0] == [expected]


def test_every_dialect_has_a_sound_case():
    elsewhere = {"image_caption", "captions", "document", "preference", "xlam", "glaive"}
    assert {case.values[0] for case in SOUND} | elsewhere == set(SHAPES)


def test_a_replaced_schema_version_is_counted(converted):
    _, summary, _ = converted([{**PAIR, "schemaVersion": "other"}, PAIR])
    assert summary.changed == {"schemaVersion": 1}


def test_openai_tools_become_bedrock_tools(converted):
    city = {"type": "object", "properties": {"city": {"type": "string"}}}
    tool = {"name": "weather", "description": "Looks out of the window.", "parameters": city}
    asked = call("weather", '{"city": "Rome"}', id="c1")
    record = talk(
        RAIN,
        message("assistant", None, reasoning="I look.", tool_calls=[asked]),
        message("tool", "sun", tool_call_id="c1"),
        message("assistant", "No."),
        tools=[{"type": "function", "function": tool}],
        tool_choice="required",
    )
    (written,), _, _ = converted([record])
    assert written["toolConfig"]["toolChoice"] == {"any": {}}
    assert written["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"] == {"json": city}
    assert written["messages"][1]["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "I look."}}},
        {"toolUse": {"toolUseId": "c1", "name": "weather", "input": {"city": "Rome"}}},
    ]
    assert written["messages"][2] == {
        "role": "user",
        "content": [{"toolResult": {"toolUseId": "c1", "content": [{"text": "sun"}]}}],
    }


def test_results_of_parallel_calls_and_the_next_question_share_a_turn(converted):
    record = talk(
        message("user", "Both?"),
        {"role": "assistant", "tool_calls": [call(id="1"), call(id="2")]},
        message("tool", "a", tool_call_id="1"),
        message("tool", "b", tool_call_id="2"),
        *chat("So?", "Both.")["messages"],
    )
    (written,), _, _ = converted([record])
    kinds = [next(iter(block)) for block in written["messages"][2]["content"]]
    assert kinds == ["toolResult", "toolResult", "text"]


def test_pictures_in_s3_keep_their_address_and_get_their_format(converted):
    picture = {"type": "image_url", "image_url": {"url": "s3://pictures/a/cat.JPG"}}
    record = chat([{"type": "text", "text": "What?"}, picture], "A cat.")
    (written,), _, _ = converted([record], bucket_owner="111122223333")
    place = {"uri": "s3://pictures/a/cat.JPG", "bucketOwner": "111122223333"}
    assert written["messages"][0]["content"][1] == {
        "image": {"format": "jpeg", "source": {"s3Location": place}}
    }


def test_anthropic_blocks_become_bedrock_blocks(converted):
    result = {"type": "tool_result", "tool_use_id": "1", "content": "?", "is_error": True}
    thought = {"type": "thinking", "thinking": "Look.", "signature": "s"}
    used = {"type": "tool_use", "id": "1", "name": "look", "input": {}}
    record = {
        **chat("Rain?", [thought, used], [result], "I cannot see."),
        "tools": [{"name": "look", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "tool", "name": "look"},
    }
    (written,), summary, _ = converted([record])
    assert summary.shape == "anthropic_messages"
    assert written["toolConfig"]["toolChoice"] == {"tool": {"name": "look"}}
    assert written["messages"][1]["content"][0] == {
        "reasoningContent": {"reasoningText": {"text": "Look.", "signature": "s"}}
    }
    assert written["messages"][2]["content"][0]["toolResult"]["status"] == "error"


def test_fields_beside_the_messages_reach_the_grader(converted):
    record = {"id": "7", "prompt": "2+2?", "reference_answer": {"n": 4}, "difficulty": 0.5}
    (written,), _, _ = converted([record], "openai_chat")
    assert written == {
        "id": "7",
        "messages": [{"role": "user", "content": "2+2?"}],
        "reference_answer": {"n": 4},
        "difficulty": 0.5,
    }


def test_a_plain_file_of_messages_is_recognised_by_a_later_record(converted):
    plain = chat("Hi", "Ho")
    written, summary, lines = converted([plain, plain, {"system": "S", **plain}])
    assert summary.shape == "anthropic_messages"
    assert [line.source_line for line in lines] == [1, 2, 3]
    assert written[2]["system"] == [{"text": "S"}]


def test_the_names_of_containers_and_dialects_do_not_overlap():
    assert not set(CONTAINERS) & set(SHAPES)
