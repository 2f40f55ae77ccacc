"""The corners of rich dialects: each carried over whole, or refused by its own name."""

import pytest
from builders import converse
from convert.peoples_dialects import ANSWER as HO
from convert.peoples_dialects import ASKED as HI
from convert.peoples_dialects import message

NOVA_2 = "amazon.nova-2-lite-v1:0:256k"
PLACE = {"s3Location": {"uri": "s3://bucket/a.pdf"}}


def anthropic(*blocks, role="user", **beside):
    return {"messages": [{"role": role, "content": list(blocks)}, HO], "system": "S", **beside}


def bedrock(asked, answered=({"text": "Ho"},), **beside):
    turns = message("user", asked), message("assistant", list(answered))
    return converse(*turns, **beside)


def result(**more):
    return {"toolResult": {"toolUseId": "1", "content": [{"text": "x"}], **more}}


def openai(*messages, **beside):
    return {"messages": [HI, *messages], **beside}


CALL = {"id": "1", "type": "function", "function": {"name": "look", "arguments": {}}}
CALLING = {"role": "assistant", "content": "", "tool_calls": [CALL]}
USE = {"toolUse": {"toolUseId": "1", "name": "look", "input": {}}}
SAME = [
    bedrock([{"document": {"format": "pdf", "name": "d", "source": PLACE}}, {"text": "Sum up."}]),
    bedrock([{"video": {"format": "mp4", "source": PLACE}}]),
    bedrock([{"text": "Hi"}], system=[{"text": "S"}, {"text": "T"}]),
    bedrock([result(content=[{"json": {"a": [1, None]}}, {"text": "x"}], status="error")]),
    bedrock([result(content=[])]),
]
X = {"type": "function", "function": {"name": "x"}}
X_READ = {"toolSpec": {"name": "x", "inputSchema": {"json": {"type": "object", "properties": {}}}}}
READ = [
    (bedrock("Hi", ({"text": "Ho"},), system="S"), {"system": [{"text": "S"}]}),
    (
        anthropic({"type": "image", "source": {"type": "url", "url": "s3://b/a.webp"}}),
        {"system": [{"text": "S"}]},
    ),
    (openai(HO, tools=[X]), {"toolConfig": {"tools": [X_READ]}}),
    (
        openai(HO, tools=[X], tool_choice=X),
        {"toolConfig": {"tools": [X_READ], "toolChoice": {"tool": {"name": "x"}}}},
    ),
]
REFUSED = [
    ("CV208", anthropic(system=[{"type": "image"}]), "converse"),
    ("CV209", anthropic({"type": "image", "source": {"type": "base64", "data": ""}}), "converse"),
    ("CV208", anthropic({"type": "tool_result", "tool_use_id": "1", "content": [{"type": "image"}]}), "converse"),
    ("CV210", anthropic({"type": "text", "text": "a"}, tools=[{"type": "bash_20250124"}]), "converse"),
    ("CV210", anthropic({"type": "text", "text": "a"}, tool_choice={"type": "none"}), "converse"),
    ("CV204", anthropic({"type": "text", "text": "a"}, role="assistent"), "converse"),
    ("CV210", bedrock([result(status="maybe")]), "converse"),
    ("CV208", bedrock([result(content=[{"image": {}}])]), "converse"),
    ("CV210", bedrock([{"text": "a"}], toolConfig={"tools": [], "toolChoice": {"no": 1}}), "converse"),
    ("CV210", openai(HO, tool_choice="auto"), "converse"),
    ("CV205", bedrock([]), "converse"),
    ("CV208", bedrock([USE]), "converse"),
    ("CV208", bedrock([{"text": "a"}], [result()]), "converse"),
    ("CV303", bedrock([{"text": "a"}], [{"video": {"format": "mp4", "source": PLACE}}]), "converse"),
    ("CV208", openai(CALLING, {"role": "tool", "tool_call_id": "1", "content": [{"type": "image_url", "image_url": "s3://b/a.png"}]}), "converse"),
    ("CV208", {"messages": [{"role": "system", "content": [{"type": "text", "text": "S"}, {"type": "image_url", "image_url": "s3://b/a.png"}]}, HI, HO]}, "converse"),
    ("CV210", openai(HO, tools=[{"type": "web_search"}]), "converse"),
    ("CV302", openai(HO, tools=[X]), "distillation"),
    ("CV303", bedrock([{"video": {"format": "mp4", "source": PLACE}}]), "openai_chat"),
    ("CV308", bedrock([{"text": "a"}, result()]), "openai_chat"),
    ("CV308", bedrock([result(status="error")]), "openai_chat"),
    ("CV308", bedrock([{"text": "a"}], [{"reasoningContent": {"reasoningText": {"text": "a", "signature": "s"}}}, {"text": "b"}]), "openai_chat"),
    ("CV308", bedrock([{"text": "a"}], [{"reasoningContent": {"reasoningText": {"text": "a"}}}]), "openai_chat"),
    ("CV307", bedrock([{"text": "a"}]), "image_caption"),
    ("CV209", {"image-ref": "s3://b/picture", "caption": "A dog"}, "image_caption"),
    ("CV203", {"prompt": "a", "tools": ["x"]}, "openai_chat"),
    ("CV207", {"prompt": [{"role": "system", "content": "S"}, HI], "system": "T"}, "openai_chat"),
    ("CV205", {"instruction": "a", "history": [["q", " "]], "output": "b"}, "converse"),
]  # fmt: skip


@pytest.mark.parametrize("record", SAME)
def test_all_that_converse_holds_is_kept(converted, record):
    assert converted([record])[0] == [record]


@pytest.mark.parametrize(("record", "expected"), READ)
def test_a_corner_is_carried_over(converted, record, expected):
    written, summary, _ = converted([record])
    assert summary.findings == ()
    assert written[0] | expected == written[0]


@pytest.mark.parametrize(("rule", "record", "to"), REFUSED)
def test_a_corner_is_refused_by_its_name(converted, rule, record, to):
    _, summary, _ = converted([record], to)
    assert summary.counts == {rule: 1}


def test_a_model_that_takes_one_system_text_gets_one(converted, target_of):
    llama = target_of("meta.llama3-3-70b-instruct-v1:0:128k")
    record = bedrock([{"text": "Hi"}], system=[{"text": "S"}, {"text": "T"}])
    assert converted([record], llama)[1].counts == {"CV306": 1}
    written, summary, _ = converted([record], llama, join=True)
    assert written[0]["system"] == [{"text": "S\n\nT"}]
    assert summary.changed == {"texts joined": 1}


def test_a_model_that_learns_tools_and_reasoning_gets_them(converted, target_of):
    record = bedrock(
        [{"text": "Hi"}], [{"reasoningContent": {"reasoningText": {"text": "."}}}, USE]
    )
    assert converted([record], target_of(NOVA_2))[0] == [record]


@pytest.mark.parametrize("depth", range(880, 1_000, 10))
def test_what_can_be_read_but_not_written_is_refused(converted, depth):
    deep = '{"a":' * depth + "1" + "}" * depth
    _, summary, lines = converted('{"prompt": "a", "id": ' + deep + "}", "openai_chat")
    assert lines or summary.counts == {"CV102": 1}
