"""Each dialect, read and written as Bedrock's own."""

import pytest

from tuning.datasets.convert.detect import CONTAINERS, SHAPES


def says(*turns, system=None):
    """A converse record of plain texts, the user first."""
    roles = ("user", "assistant") * len(turns)
    record = {"schemaVersion": "bedrock-conversation-2024"}
    if system:
        record["system"] = [{"text": system}]
    record["messages"] = [
        {"role": role, "content": [{"text": text}]}
        for role, text in zip(roles, turns, strict=False)
    ]
    return record


PAIR = says("Hi", "Ho")

SOUND = [
    pytest.param("prompt_completion", {"prompt": "Hi", "completion": "Ho"}, PAIR, id="pair"),
    pytest.param(
        "prompt_completion",
        {"prompt": "Hi", "completion": "Ho", "system": "Be kind."},
        says("Hi", "Ho", system="Be kind."),
        id="pair with system",
    ),
    pytest.param(
        "prompt_completion",
        {"prompt": "Hi", "completion": "Ho", "system": None},
        PAIR,
        id="null is not there",
    ),
    pytest.param(
        "prompt_completion",
        {
            "prompt": [{"role": "system", "content": "S"}, {"role": "user", "content": "Hi"}],
            "completion": [{"role": "assistant", "content": "Ho"}],
        },
        says("Hi", "Ho", system="S"),
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
        says("Sum up:\n\nA text.", "Ho"),
        id="alpaca with input",
    ),
    pytest.param(
        "alpaca",
        {"instruction": "C", "output": "D", "system": "S", "history": [["A", "B"]]},
        says("A", "B", "C", "D", system="S"),
        id="alpaca with history",
    ),
    pytest.param(
        "sharegpt",
        {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Ho"}]},
        PAIR,
        id="sharegpt",
    ),
    pytest.param(
        "sharegpt",
        {
            "conversations": [
                {"from": "system", "value": "S"},
                {"from": "user", "value": "Hi"},
                {"from": "assistant", "value": "Ho"},
            ]
        },
        says("Hi", "Ho", system="S"),
        id="sharegpt with system",
    ),
    pytest.param(
        "openai_chat",
        {
            "messages": [
                {"role": "developer", "content": "S"},
                {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
                {"role": "assistant", "content": "Ho", "refusal": None},
            ]
        },
        says("Hi", "Ho", system="S"),
        id="openai with developer",
    ),
    pytest.param(
        "openai_chat",
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]},
        PAIR,
        id="plain messages",
    ),
    pytest.param(
        "anthropic_messages",
        {
            "system": "S",
            "messages": [
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": [{"type": "text", "text": "Ho"}]},
            ],
        },
        says("Hi", "Ho", system="S"),
        id="anthropic",
    ),
    pytest.param(
        "gemini",
        {
            "systemInstruction": {"role": "system", "parts": [{"text": "S"}]},
            "contents": [
                {"role": "user", "parts": [{"text": "Hi"}]},
                {"role": "model", "parts": [{"text": "Ho"}]},
            ],
        },
        says("Hi", "Ho", system="S"),
        id="gemini",
    ),
    pytest.param("converse", PAIR, PAIR, id="converse as it should be"),
    pytest.param(
        "converse", {**PAIR, "schemaVersion": "tooluse-dataset-2024"}, PAIR, id="other version"
    ),
    pytest.param(
        "anthropic_messages",
        {
            "system": "S",
            "messages": [
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "Ho"},
            ],
        },
        says("Hi", "Ho", system="S"),
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
    record = {
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "weather",
                    "description": "Looks out of the window.",
                    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
                },
            }
        ],
        "tool_choice": "required",
        "messages": [
            {"role": "user", "content": "Rain?"},
            {
                "role": "assistant",
                "content": None,
                "reasoning": "I look.",
                "tool_calls": [
                    {
                        "id": "c1",
                        "type": "function",
                        "function": {"name": "weather", "arguments": '{"city": "Rome"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "sun"},
            {"role": "assistant", "content": "No."},
        ],
    }
    (written,), _, _ = converted([record])
    assert written["toolConfig"]["toolChoice"] == {"any": {}}
    assert written["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"] == {
        "json": {"type": "object", "properties": {"city": {"type": "string"}}}
    }
    assert written["messages"][1]["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "I look."}}},
        {"toolUse": {"toolUseId": "c1", "name": "weather", "input": {"city": "Rome"}}},
    ]
    assert written["messages"][2] == {
        "role": "user",
        "content": [{"toolResult": {"toolUseId": "c1", "content": [{"text": "sun"}]}}],
    }


def test_results_of_parallel_calls_and_the_next_question_share_a_turn(converted):
    call = {"type": "function", "function": {"name": "look", "arguments": "{}"}}
    record = {
        "messages": [
            {"role": "user", "content": "Both?"},
            {"role": "assistant", "tool_calls": [{"id": "1", **call}, {"id": "2", **call}]},
            {"role": "tool", "tool_call_id": "1", "content": "a"},
            {"role": "tool", "tool_call_id": "2", "content": "b"},
            {"role": "user", "content": "So?"},
            {"role": "assistant", "content": "Both."},
        ]
    }
    (written,), _, _ = converted([record])
    kinds = [next(iter(block)) for block in written["messages"][2]["content"]]
    assert kinds == ["toolResult", "toolResult", "text"]


def test_pictures_in_s3_keep_their_address_and_get_their_format(converted):
    picture = {"type": "image_url", "image_url": {"url": "s3://pictures/a/cat.JPG"}}
    record = {
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "What?"}, picture]},
            {"role": "assistant", "content": "A cat."},
        ]
    }
    (written,), _, _ = converted([record], bucket_owner="111122223333")
    place = {"uri": "s3://pictures/a/cat.JPG", "bucketOwner": "111122223333"}
    assert written["messages"][0]["content"][1] == {
        "image": {"format": "jpeg", "source": {"s3Location": place}}
    }


def test_anthropic_blocks_become_bedrock_blocks(converted):
    record = {
        "tools": [{"name": "look", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "tool", "name": "look"},
        "messages": [
            {"role": "user", "content": "Rain?"},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Look.", "signature": "s"},
                    {"type": "tool_use", "id": "1", "name": "look", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "1", "content": "?", "is_error": True}
                ],
            },
            {"role": "assistant", "content": "I cannot see."},
        ],
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
    plain = {
        "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]
    }
    written, summary, lines = converted([plain, plain, {"system": "S", **plain}])
    assert summary.shape == "anthropic_messages"
    assert [line.source_line for line in lines] == [1, 2, 3]
    assert written[2]["system"] == [{"text": "S"}]


def test_the_names_of_containers_and_dialects_do_not_overlap():
    assert not set(CONTAINERS) & set(SHAPES)
