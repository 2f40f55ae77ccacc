"""What people's slips are called by `check`: each by its own name, and not by the first key that is unknown."""

import pytest
from builders import NOVA_2, checked, converse, lines, method, pair, turn
from tool_cases import CALL, result, spec

from tuning.reports.statistics_tables import statistics_table

RECORD = lines(converse())
CASES = [
    (b"\xc2\xa0" + RECORD, "DS201", "U+00A0 NO-BREAK SPACE is before the record"),
    (b"\xe2\x80\x8b" + RECORD, "DS201", "U+200B ZERO WIDTH SPACE is before the record"),
    (RECORD + b"\x1e" + RECORD, "DS201", "U+001E RECORD SEPARATOR is before the record"),
    (
        RECORD[:-1] + b"\x1e\n",
        "DS201",
        "U+001E RECORD SEPARATOR is behind the record's closing brace",
    ),
    (RECORD[:-1] + b"\xc2\xa0\n", "DS201", "U+00A0 NO-BREAK SPACE is behind"),
    (
        RECORD.replace(b": [", b":\xe2\x80\x8b[", 1),
        "DS201",
        "U+200B ZERO WIDTH SPACE, which nobody sees",
    ),
    (b"<table><tr></tr></table>", "DS113", "this is markup (HTML or XML)"),
    (b"Access Denied\n", "DS113", "this is the error answer of a server"),
    (b"503 Service Unavailable", "DS113", "this is the error answer of a server"),
    (b'{"message": "Not Found"}\n', "DS113", "this is the error answer of a server"),
    (b'{"error": {"code": 401}}\n', "DS113", "this is the error answer of a server"),
    (b'{"instruction": "a", "input": ""}\n', "DS306", "this looks like Alpaca"),
    (b'{"prompt": ["a", "b"], "completion": ["c", "d"]}\n', "DS306", "whole columns of a table"),
    (b'{"prompt": {"0": "a"}, "completion": {"0": "b"}}\n', "DS306", "whole columns of a table"),
    (b'{"query": "a", "answers": "[]", "tools": "[]"}\n', "DS306", "xLAM"),
    (
        b'{"ctx": "a", "reply": {"text": "b"}}\n',
        "DS306",
        "no known format has the fields 'ctx', 'reply'",
    ),
    (
        b'{"message_id": "a", "parent_id": null, "text": "b"}\n',
        "DS306",
        "a tree of messages (OASST)",
    ),
    (b'{"data": [{"title": "a", "paragraphs": []}], "version": "1"}\n', "DS306", "a SQuAD file"),
    (b'{"role": "user", "content": "a"}\n', "DS306", "one message, not a whole dialogue"),
    (b'{"system": "a", "chat": "USER: b"}\n', "DS306", "Glaive"),
    (b'{"prompt": "a", "chosen_response": "b", "rejected_response": "c"}\n', "DS306", "preference"),
]


@pytest.mark.parametrize(("content", "rule", "words"), CASES)
def test_a_slip_is_called_by_its_name(content, rule, words):
    report = checked(content)
    found = [f for f in report.findings if f.severity == "error"]
    assert [(f.rule, words in f.message) for f in found] == [(rule, True)], found


def _tools(*between):
    """A tool is used, something comes between, and then its result."""
    talk = converse("Rain?", turn("assistant", CALL), *between, turn("user", result("a")), "No.")
    return lines({**talk, "toolConfig": {"tools": [spec("look")]}})


@pytest.mark.parametrize(
    ("between", "wrong"), [((), False), ((turn("user", "And?"), turn("assistant", "Wait.")), True)]
)
def test_a_result_belongs_in_the_turn_after_its_tool_use(between, wrong):
    report = checked(_tools(*between), of=method(NOVA_2))
    said = [f.message for f in report.findings if f.rule == "DS409"]
    assert said == (
        ["the tool use is in turn 2; its result belongs in the turn after it"] if wrong else []
    )


def test_a_table_of_zeros_is_not_printed():
    report = checked(lines(pair("a", "b")) * 20)
    assert report.records == 20
    assert statistics_table(report.statistics) is None
