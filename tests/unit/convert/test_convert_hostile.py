"""Whatever is uploaded: a verdict, never a traceback, never a hang, and lines that can be read."""

import gzip
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuning.datasets.convert.conversion import convert
from tuning.datasets.convert.targets.target import TARGET_FORMATS, Target

FEW = settings(max_examples=20)
NAMES = st.sampled_from(["a.jsonl", "a.json", "a.csv", "a.tsv", "a.txt", "a", "a.jsonl.gz", ""])
TARGETS = st.sampled_from(sorted(TARGET_FORMATS))
KEYS = st.sampled_from(
    [
        *("messages", "role", "content", "text", "type", "system", "prompt", "completion"),
        *("conversations", "from", "value", "tools", "tool_calls", "function", "name"),
        *("arguments", "id", "instruction", "input", "output", "history", "toolConfig"),
        *("toolUse", "toolResult", "image", "source", "s3Location", "uri", "image-ref"),
        *("caption", "schemaVersion", "tool_choice"),
    ]
)
WORDS = st.sampled_from(
    ["user", "assistant", "system", "tool", "text", "image_url", "s3://b/a.png"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=8,
)


def verdict(raw, name, to, source=None):
    conversion = convert(
        io.BytesIO(raw), name=name, target=Target.of_format(to), source=source, mapping={"x": "y.z"}
    )
    for line in conversion:
        assert isinstance(json.loads(line.record), dict)
        assert line.record.count(b"\n") == 1
        assert line.source_line >= 1
    summary = conversion.summary
    assert (summary.verdict == "refused") == bool(summary.findings)
    assert summary.written or summary.findings
    return summary


@FEW
@given(st.binary(max_size=300), NAMES, TARGETS)
def test_any_bytes_get_a_verdict(raw, name, to):
    verdict(raw, name, to)
    verdict(b"\x1f\x8b" + raw, name, to)
    verdict(gzip.compress(raw), name, to)


@FEW
@given(st.text(alphabet='",;|\t\n\r\0=ab\u2028é', max_size=80), TARGETS)
def test_any_table_gets_a_verdict(raw, to):
    verdict(f"prompt,completion\n{raw}".encode(), "a.csv", to)
    verdict(raw.encode(), "a.csv", to)


@settings(max_examples=20)
@given(st.dictionaries(KEYS, VALUES, max_size=6), TARGETS)
def test_any_object_gets_a_verdict(record, to):
    verdict(json.dumps(record).encode(), "a.jsonl", to)
    verdict(json.dumps([record, record], indent=1).encode(), "a.json", to)


@FEW
@given(
    st.dictionaries(KEYS, VALUES, max_size=6),
    st.sampled_from(["sharegpt", "alpaca", "converse", "anthropic_messages", "openai_chat"]),
)
def test_any_object_that_is_said_to_be_something_gets_a_verdict(record, source):
    verdict(json.dumps(record).encode(), "a.jsonl", "converse", source)


@FEW
@given(st.data())
def test_a_damaged_record_gets_a_verdict(drawn):
    message = {"role": "user", "content": [{"type": "text", "text": "é\\n"}]}
    raw = json.dumps({"messages": [message], "id": 1.5}, ensure_ascii=False).encode()
    at = drawn.draw(st.integers(0, len(raw)))
    end = drawn.draw(st.integers(at, min(len(raw), at + 4)))
    verdict(raw[:at] + drawn.draw(st.binary(max_size=3)) + raw[end:], "a.jsonl", "converse")


@pytest.mark.thorough
@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 1_000_000,
        b'{"a":' * 300_000,
        b'{"n": ' + b"9" * 1_000_000 + b"}",
        b'{"n": 1' + b"0" * 4_000 + b".5}",
        b'"' * 100_000,
        b"\r" * 100_000,
        b"\xef\xbb\xbf" * 3,
        b"\xff\xfe{\x00}\x00",
        b"{}" * 1_000,
        b"\x1b[2J\x1b]0;gone\x07",
    ],
    ids=lambda raw: repr(raw[:12]),
)
def test_the_hostile_get_a_verdict(raw):
    for name in ("a.jsonl", "a.json", "a.csv", "a.txt", "a"):
        for to in ("converse", "openai_chat"):
            assert verdict(raw, name, to).verdict == "refused"


@pytest.mark.parametrize("depth", range(200, 1200, 100))
def test_nesting_near_what_the_interpreter_bears_gets_a_verdict(depth):
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    verdict(b'{"prompt": "a", "id": ' + deep + b"}", "a.jsonl", "openai_chat")


def test_a_quote_that_never_closes_is_not_followed_to_the_end():
    raw = b'prompt,completion\n"' + (b"x" * 999 + b"\n") * 12_000
    summary = verdict(raw, "a.csv", "converse")
    assert [(found.rule, found.line) for found in summary.findings] == [("CV104", 2)]
