"""Tools in an assistant's file: each wrong one is refused with file, key and what is allowed."""

from pathlib import Path

import pytest

from tuning.assistants.assistant_files import load_assistant
from tuning.assistants.assistant_tools import AssistantTool
from tuning.errors import AssistantError

HEAD = 'model = "amazon.nova-micro-v1:0:128k"\nsystem_prompt = "You help."\ndaily_budget = 2.50\n'
TOOL = """
[[tools]]
name = "order_status"
description = "Looks an order up."
function = "orders"
input = {type = "object", properties = {order = {type = "string"}, price = {type = "number", minimum = 0.5}}}
"""
DOCUMENTS = """
[[tools]]
name = "look_up"
description = "Looks into the handbook."
kind = "documents"
"""
SOUND = HEAD + TOOL


def read(tmp_path: Path, text: str):
    path = tmp_path / "desk.toml"
    path.write_text(text, encoding="utf-8")
    return load_assistant(path)


def test_a_tool_is_read_with_its_schema_as_json_has_it(tmp_path):
    more = 'changes = true\nseconds = 9\n[[tools]]\nname = "other"\ndescription = "d"\nfunction = "o:live"\ninput = {type = "object"}\n'
    made = read(tmp_path, f"most_tool_calls = 2\nmost_rounds = 3\n{SOUND}{more}")
    assert (made.most_tool_calls, made.most_rounds) == (2, 3)
    assert made.tools[0] == AssistantTool(
        name="order_status",
        description="Looks an order up.",
        input_schema={
            "type": "object",
            "properties": {
                "order": {"type": "string"},
                "price": {"type": "number", "minimum": 0.5},
            },
        },
        function="orders",
        changes=True,
        seconds=9,
    )
    assert type(made.tools[0].input_schema["properties"]["price"]["minimum"]) is float
    assert made.tools[1].function == "o:live"


def test_a_tool_of_documents_takes_a_question(tmp_path):
    (tool,) = read(tmp_path, HEAD + "[knowledge_base]\n" + DOCUMENTS).tools
    assert (tool.kind, tool.function, tool.changes) == ("documents", None, False)
    assert tool.input_schema["required"] == ["question"]


CASES = [
    (HEAD + 'tools = ["x"]', "tools: must be tables, [[tools]] before each"),
    (HEAD + "tools = []", "tools: must be tables"),
    (HEAD + "most_rounds = 2", "most_rounds: this assistant has no tools to call"),
    (HEAD + "most_tool_calls = 2", "most_tool_calls: this assistant has no tools to call"),
    ("most_rounds = 9\n" + SOUND, "most_rounds = 9: must be a whole number, 1 to 8"),
    ("most_tool_calls = 0\n" + SOUND, "most_tool_calls = 0: must be a whole number, 1 to 20"),
    (HEAD + TOOL * 17, "tools: 17 of them; the limit is 16"),
    (SOUND + TOOL, "tools: named more than once: order_status"),
    (SOUND + "inputs = 1", "tools[order_status].inputs: unknown key (did you mean"),
    (SOUND.replace('"order_status"', '"a b"'), "name = 'a b': must be 1 to 64 letters"),
    (SOUND.replace('name = "order_status"', ""), "name = None: must be 1 to 64 letters"),
    (SOUND.replace("Looks an order up.", " "), "description: must be text of 1 to 1,000"),
    (SOUND + 'kind = "functions"', "kind = 'functions': must be one of function, documents (did"),
    (SOUND + 'changes = "yes"', "changes = 'yes': must be true or false"),
    (SOUND + "seconds = 21", "seconds = 21: must be a whole number, 1 to 20"),
    (SOUND + "seconds = true", "seconds = True: must be a whole number"),
    (SOUND.replace('function = "orders"', ""), "function: missing: the name or the ARN"),
    (SOUND.replace('"orders"', '"a/b"'), "function = 'a/b': must be the name of a Lambda"),
    (SOUND.replace('"orders"', '"arn:aws:s3:::x"'), "must be the name of a Lambda"),
    (SOUND.replace("input =", "# input ="), "input: missing: the JSON Schema"),
    (SOUND.replace('type = "object", p', 'type = "array", p'), "is of another type than object"),
    (SOUND.replace('{type = "string"}', '{type = "text"}'), "no JSON Schema"),
    (
        SOUND.replace('{type = "string"}', '{"$ref" = "#"}'),
        "$ref and $dynamicRef are not supported",
    ),
    (SOUND.replace('{type = "string"}', f'{{description = "{"x" * 4_000}"}}'), "room for 4,000"),
    (
        HEAD + DOCUMENTS,
        "tools[look_up].kind: this assistant has no documents to search; add [knowledge_base]",
    ),
    (
        HEAD + "[knowledge_base]\n" + TOOL,
        "tools: none of them searches the documents of [knowledge",
    ),
    (HEAD + "[knowledge_base]\n" + DOCUMENTS + 'function = "x"', "calls none; leave it out"),
    (HEAD + "[knowledge_base]\n" + DOCUMENTS + "changes = true", "changes nothing; omit it"),
    (HEAD + "[knowledge_base]\n" + DOCUMENTS + "input = {}", "takes a question; leave it out"),
    (
        HEAD + "[knowledge_base]\n" + DOCUMENTS + DOCUMENTS.replace("look_up", "b"),
        "an assistant has one knowledge base",
    ),
]


@pytest.mark.parametrize(("text", "why"), CASES, ids=range(len(CASES)))
def test_a_wrong_tool_is_refused_with_file_key_and_what_is_allowed(tmp_path, text, why):
    with pytest.raises(AssistantError) as refused:
        read(tmp_path, text)
    assert str(refused.value).startswith(f"{tmp_path / 'desk.toml'}: ")
    assert why in str(refused.value)
