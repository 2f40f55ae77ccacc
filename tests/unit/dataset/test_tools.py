"""Tools are looked into: what Converse or AWS's SDK refuses is refused, with its place."""

import json

import pytest
from builders import LLAMA_33, NOVA_2, chat, checked, converse, lines, method, turn
from tool_cases import RFT, function, result, spec, tools, use

OF = method(NOVA_2)
TRAINED = method(NOVA_2, RFT)
LONG = "n" * 65


def _config(**change):
    return converse("a", "b", toolConfig={"tools": [spec("look")], **change})


def _specced(**change):
    said = {**spec("look")["toolSpec"], **change}
    return converse("a", "b", toolConfig={"tools": [{"toolSpec": said}]})


REFUSED = [
    pytest.param(tools(use("a"), result("a"), spec("look"), spec("look")), "DS416", id="the same tool twice"),
    pytest.param(tools(use("a", "peek"), result("a")), "DS417", id="a tool that is not declared"),
    pytest.param(tools(use("a", "Look"), result("a")), "DS417", id="declared in other case"),
    pytest.param(tools(use("a", "look up"), result("a"), spec("look up")), "DS418", id="a name with a space"),
    pytest.param(tools(use("a", "look.up"), result("a"), spec("look.up")), "DS418", id="a name with a full stop"),
    pytest.param(tools(use("a", LONG), result("a"), spec(LONG)), "DS418", id="a name over 64"),
    pytest.param(tools(use("a", ""), result("a"), spec("")), "DS405", id="an empty name"),
    pytest.param(tools(use("a b"), result("a b")), "DS418", id="an id with a space"),
    pytest.param(tools(use(LONG), result(LONG)), "DS418", id="an id over 64"),
    pytest.param(tools(use("a\n"), result("a\n")), "DS418", id="an id with a line feed at its end"),
    pytest.param(tools(use(7), result(7)), "DS303", id="an id that is a number"),
    pytest.param(tools(use("a"), result("b")), "DS409", id="a result for an unknown id"),
    pytest.param(
        converse("a", turn("assistant", use("a"), use("a")), turn("user", result("a")), "c", toolConfig={"tools": [spec("look")]}),
        "DS409",
        id="an id used twice",
    ),
    pytest.param(
        converse("a", turn("assistant", use("a")), turn("user", result("a"), result("a")), "c", toolConfig={"tools": [spec("look")]}),
        "DS409",
        id="two results for one use",
    ),
    pytest.param(tools(use("a", value="Lima"), result("a")), "DS303", id="input that is a text"),
    pytest.param(tools(use("a", value=[1]), result("a")), "DS303", id="input that is a list"),
    pytest.param(_specced(inputSchema={}), "DS302", id="an empty inputSchema"),
    pytest.param(_specced(inputSchema={"json": {}}), "DS419", id="an empty schema"),
    pytest.param(_specced(inputSchema={"json": "{}"}), "DS303", id="a schema that is a text"),
    pytest.param(_specced(inputSchema={"json": {"type": "string"}}), "DS419", id="a schema of a text"),
    pytest.param(_specced(inputSchema={"json": {"type": "object", "properties": {"a": {"type": "strng"}}}}), "DS419", id="an unknown type"),
    pytest.param(_specced(inputSchema={"json": {"type": "object", "properties": []}}), "DS419", id="properties that are a list"),
    pytest.param(_specced(inputSchema={"json": {"type": "object", "required": "city"}}), "DS419", id="required that is a text"),
    pytest.param(_specced(inputSchema={"json": {"type": "object", "patternProperties": {"(": {}}}}), "DS419", id="a pattern that is none"),
    pytest.param(_specced(inputSchema={"json": {"type": "object", "$schema": 7}}), "DS419", id="a version that is a number"),
    pytest.param(_specced(description=""), "DS405", id="an empty description"),
    pytest.param(_specced(strict="yes"), "DS303", id="strict that is a text"),
    pytest.param(_config(tools=[]), "DS307", id="no tools in toolConfig"),
    pytest.param(_config(tools={"look": {}}), "DS303", id="tools that are an object"),
    pytest.param(_config(tools=["look"]), "DS303", id="a tool that is a text"),
    pytest.param(_config(toolChoice={}), "DS308", id="no choice"),
    pytest.param(_config(toolChoice={"tool": {"name": "peek"}}), "DS417", id="the choice of an unknown tool"),
    pytest.param(tools(use("a"), {"toolResult": {"toolUseId": "a", "content": []}}), "DS307", id="an empty result"),
    pytest.param(tools(use("a"), {"toolResult": {"toolUseId": "a", "content": [{}]}}), "DS308", id="a result of nothing"),
    pytest.param(tools(use("a"), {"toolResult": {"toolUseId": "a", "content": [{"json": [1]}]}}), "DS303", id="a result that is a list"),
    pytest.param(tools(use("a"), {"toolResult": {"toolUseId": "a", "content": [{"text": "b"}], "status": "ok"}}), "DS409", id="an unknown status"),
]  # fmt: skip


@pytest.mark.parametrize(("record", "rule"), REFUSED)
def test_a_record_is_refused_for_its_tools_with_the_place(record, rule):
    report = checked(lines(record), of=OF)
    assert report.verdict == "refused"
    found = [f for f in report.findings if f.severity == "error"]
    assert {f.rule for f in found} == {rule}, found
    assert all(f.field and ("tool" in f.field) for f in found)


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(tools(use("a.b:c-d_1"), result("a.b:c-d_1")), id="every sign of an id"),
        pytest.param(tools(use("a", "n" * 64), result("a"), spec("n" * 64)), id="64 long"),
        pytest.param(converse("a", "b", toolConfig={"tools": [spec("look")]}), id="none used"),
        pytest.param(
            converse("a", turn("assistant", use("a")), toolConfig={"tools": [spec("look")]}),
            id="a call at the end",
        ),
        pytest.param(_config(toolChoice={"tool": {"name": "look"}}), id="a choice"),
        pytest.param(_config(toolChoice={"auto": {}}), id="the choice of the model"),
        pytest.param(_specced(strict=True), id="strict"),
    ],
)
def test_sound_tools_are_accepted_with_the_warning_that_pages_disagree(record):
    report = checked(lines(record), of=OF)
    assert report.verdict == "accepted"
    assert set(report.counts) == {"DS310"}


FUNCTIONS = [
    pytest.param([], "DS307", "tools", id="empty"),
    pytest.param("look", "DS303", "tools", id="a text"),
    pytest.param(["look"], "DS303", "tools[0]", id="a name alone"),
    pytest.param([{"type": "function"}], "DS302", "tools[0]", id="no function"),
    pytest.param([{**function(), "type": "tool"}], "DS421", "tools[0].type", id="another type"),
    pytest.param([{**function(), "type": 1}], "DS303", "tools[0].type", id="a type of number"),
    pytest.param([function(name="")], "DS405", "tools[0].function.name", id="an empty name"),
    pytest.param([function(), function()], "DS416", "tools[1].function.name", id="twice"),
    pytest.param([function(parameters={})], "DS419", "tools[0].function.parameters", id="no schema"),
    pytest.param([function(parameters={"type": "string", "properties": {}})], "DS419", "tools[0].function.parameters", id="a schema of a text"),
    pytest.param([function(description=" ")], "DS405", "tools[0].function.description", id="blank"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "rule", "field"), FUNCTIONS)
def test_functions_of_reinforcement_fine_tuning_are_looked_into(given, rule, field):
    report = checked(lines(chat(tools=given)), of=TRAINED)
    assert {(f.rule, f.field) for f in report.findings} == {(rule, field)}


def test_an_unnamed_function_is_refused():
    unnamed = function()
    del unnamed["function"]["name"]
    report = checked(lines(chat(tools=[unnamed])), of=TRAINED)
    assert [(f.rule, f.field) for f in report.findings] == [("DS302", "tools[0].function")]


@pytest.mark.parametrize("answer", ["", " ", {}, 4, None, ["a"]])
def test_a_reference_answer_says_something(answer):
    assert checked(lines(chat(reference_answer=answer)), of=TRAINED).verdict == "refused"


def test_a_model_without_tools_says_so_once():
    record = tools(use("a"), result("a"))
    report = checked(lines(record), of=method(LLAMA_33))
    assert set(report.counts) == {"DS309"}


def test_what_pages_disagree_on_is_one_warning_with_its_count_and_all_three_sources():
    plain, calls = converse("a", "b"), tools(use("a"), result("a"))
    report = checked(lines(plain, *[calls] * 3), of=OF)
    (found,) = [f for f in report.findings if f.rule == "DS310"]
    assert (found.line, found.severity) == (2, "warning")
    assert "3 of 4 records" in found.message
    for source in ("nova-2-sft-data-prep", "nova-data-prep-sft-2", "nova-forge-sdk"):
        assert source in found.message


def test_an_optional_part_in_some_records_only_is_warned_of_with_counts():
    config = {"toolConfig": {"tools": [spec("look")]}}
    first = converse("a", turn("assistant", use("a")), **config)
    report = checked(lines(first, converse("b", "c", **config)), of=OF)
    (found,) = [f for f in report.findings if f.rule == "DS704"]
    assert found.message == "'toolUse' is in 1 of 2 records; this one has it"


def test_a_name_in_the_middle_of_much_json_is_found():
    deep = {"type": "object", "properties": {"a": {"type": "array", "items": {"minimum": "1"}}}}
    report = checked(lines(_specced(inputSchema={"json": deep})), of=OF)
    (found,) = [f for f in report.findings if f.rule == "DS419"]
    at = "toolConfig.tools[0].toolSpec.inputSchema.json.properties.a.items.minimum"
    assert found.field == at, json.dumps(found.message)
