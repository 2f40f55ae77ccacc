"""What most records are decides, whatever is first, last or alone; exceptions are named by line."""

import io
import json

import pytest
from convert.peoples_dialects import chat, lines, pair
from hypothesis import given, settings
from hypothesis import strategies as st

from tuning.datasets.convert.conversion import convert
from tuning.datasets.convert.detect import container
from tuning.datasets.convert.sources.csv_files import delimiter

DIALECTS = {
    "prompt_completion": pair(1),
    "sharegpt": {"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]},
    "alpaca": {"instruction": "a", "output": "b"},
    "openai_chat": chat("a", "b"),
    "gemini": {
        "contents": [
            {"role": "user", "parts": [{"text": "a"}]},
            {"role": "model", "parts": [{"text": "b"}]},
        ]
    },
}
PAIRS = [(one, other) for one in DIALECTS for other in DIALECTS if one != other]


def read(raw):
    conversion = convert(io.BytesIO(raw), name="a.jsonl")
    written = list(conversion)
    return conversion.summary, written


@pytest.mark.thorough
@pytest.mark.parametrize("at", [0, 1, 15, 198, 199])
@pytest.mark.parametrize(("many", "one"), PAIRS)
def test_one_record_of_another_dialect_is_named_and_the_rest_is_read(many, one, at):
    records = [DIALECTS[many]] * 199
    records.insert(at, DIALECTS[one])
    summary, written = read(lines(*records))
    assert summary.shape == many
    assert [(f.rule, f.line) for f in summary.findings] == [("CV109", at + 1)]
    assert one in summary.findings[0].message
    assert len(written) == 199


@settings(max_examples=30)
@given(st.permutations([0] * 30 + [1] * 14), st.sampled_from(PAIRS))
def test_the_order_of_the_records_does_not_matter(order, names):
    summary, written = read(lines(*(DIALECTS[names[kind]] for kind in order)))
    assert summary.shape == names[0]
    assert summary.counts == {"CV109": 14}
    assert len(written) == 30
    assert [f.line for f in summary.findings] == [n for n, kind in enumerate(order, 1) if kind]


def test_records_of_no_dialect_outvote_one_of_a_known_one():
    summary, written = read(lines(pair(1), *[{"colour": 1, "size": 2}] * 9))
    assert (summary.shape, written) == (None, [])
    assert summary.counts == {"CV108": 9, "CV109": 1}


def test_a_file_that_begins_otherwise_than_it_goes_on_is_refused_as_a_whole():
    summary, _ = read(lines(*[pair(1)] * 600, *[chat("a", "b")] * 3000))
    assert summary.cut_short
    whole = next(f for f in summary.findings if "--from openai_chat" in f.fix)
    assert "3,000 of its 3,600 records are openai_chat" in whole.message


@pytest.mark.parametrize("beside", [{"system": "S"}, {"toolConfig": None}])
def test_plain_messages_belong_to_whatever_dialect_of_messages_the_file_is(beside):
    summary, _ = read(lines(*[chat("a", "b")] * 9, chat("a", "b", **beside)))
    assert summary.verdict == "accepted"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (lines(*[pair(1)] * 9) + b"[\n", "jsonl"),
        (b"[\n" + lines(*[pair(1)] * 9), "jsonl"),
        (b'{"broken\n' + lines(*[pair(1)] * 9), "jsonl"),
        (json.dumps([pair(1)] * 9, indent=1).encode(), "json"),
        (json.dumps([chat("a", "b")] * 9, indent=1).encode(), "json"),
        (b"{'a': 1}\n" * 9, "jsonl"),
        (json.dumps([chat("a", "b")] * 9).encode(), "json"),
        (json.dumps([chat("a", "b")] * 9 + [pair(1)]).encode(), "json"),
        (lines(*[chat("a", "b")["messages"]] * 9), "jsonl"),
    ],
    ids=range(9),
)
def test_no_single_line_decides_what_holds_the_records(content, kind):
    assert container(content, "a.jsonl").name == kind


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("odd", ["one cell", "a,b;c|d\te", "", ",,;;||"])
@pytest.mark.parametrize("at", [0, 5, 20])
def test_no_single_row_decides_the_delimiter(mark, odd, at):
    rows = [mark.join(["Where, is it", "On its way; 1|2"])] * 20
    quoted = [f'"Where, is it"{mark}"On; its | way"' for _ in rows]
    quoted.insert(at, odd)
    assert delimiter([f"{row}\n" for row in quoted]) == mark
