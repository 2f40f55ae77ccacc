"""Whatever the bytes, there is a verdict: with line and place, in linear time, in bounded memory."""

import gzip
import io
import json
import os
import resource
import sys

import pytest
from builders import LLAMA, NOVA_2, checked, converse, lines, method, pair
from hypothesis import given, settings
from hypothesis import strategies as st

from tuning.datasets.check import Part, check_dataset
from tuning.datasets.scan import MAX_LINE

pytestmark = pytest.mark.usefixtures("way")

EXAMPLES = int(os.environ.get("TUNING_EXAMPLES", "25"))
SOUND = lines(converse())
RFT = method(NOVA_2, "REINFORCEMENT_FINE_TUNING")


def _extra(value: bytes) -> bytes:
    return b'{"messages": [{"role": "user", "content": "a"}], "x": ' + value + b"}\n"


HOSTILE = [
    pytest.param(b"", "DS106", None, None, id="zero bytes"),
    pytest.param(b"\n\n \n", "DS106", None, None, id="blank lines only"),
    pytest.param(gzip.compress(b""), "DS106", None, None, id="gzip of nothing"),
    pytest.param(gzip.compress(SOUND)[:30], "DS107", None, None, id="gzip cut short"),
    pytest.param(b"\x1f\x8b" + b"junk" * 9, "DS107", None, None, id="gzip by name only"),
    pytest.param(SOUND + b"\xef\xbb\xbf" + SOUND, "DS103", 2, 1, id="byte order mark inside"),
    pytest.param(SOUND.replace(b"\n", b"\r") * 2, "DS206", 1, len(SOUND) + 1, id="lone CR"),
    pytest.param(
        SOUND.replace(b"Peru", b"P\xffru"), "DS101", 1, SOUND.index(b"Peru") + 2, id="invalid UTF-8"
    ),
    pytest.param(SOUND.decode().encode("utf-16-le"), "DS102", None, None, id="UTF-16 without mark"),
    pytest.param(SOUND.decode().encode("utf-16"), "DS102", None, None, id="UTF-16"),
    pytest.param(SOUND.decode().encode("utf-32"), "DS102", None, None, id="UTF-32"),
    pytest.param(SOUND + b"\x00" * 99 + b"\n" + SOUND, "DS104", 2, 1, id="NUL"),
    pytest.param(_extra(b"NaN"), "DS203", 1, 55, id="NaN"),
    pytest.param(_extra(b'{"a": "NaN", "b": -Infinity}'), "DS203", 1, 73, id="Infinity"),
    pytest.param(_extra(b'{"a": 1, "a": 2}'), "DS202", 1, None, id="duplicate key"),
    pytest.param(_extra(b"[" * 10**6 + b"]" * 10**6), "DS204", 1, 118, id="depth of a million"),
    pytest.param(b"[" * 10**6, "DS204", 1, 65, id="depth of a million, open"),
    pytest.param(
        _extra(b'{"a":' * 10**5 + b"1" + b"}" * 10**5), "DS204", 1, None, id="deep objects"
    ),
    pytest.param(_extra(b"9" * 10**5), "DS205", 1, 55, id="100,000 digits"),
    pytest.param(_extra(b"1e999"), "DS205", 1, 55, id="too big a float"),
    pytest.param(_extra(b'"\\udc00\\ud800"'), "DS109", 1, None, id="lone surrogates"),
    pytest.param(_extra(b'"\xed\xa0\x80"'), "DS109", 1, 56, id="surrogates as bytes"),
    pytest.param(_extra(b'"a\tb"'), "DS105", 1, 57, id="raw tab"),
    pytest.param(b"x" * (MAX_LINE + 9) + b"\n" + SOUND, "DS108", 1, None, id="long line"),
    pytest.param(b"PK\x03\x04" + bytes(99), "DS111", None, None, id="spreadsheet"),
    pytest.param(b"{'role': 'user'}\n", "DS201", 1, 2, id="Python dict"),
    pytest.param(b'{"a": True}\n', "DS201", 1, 7, id="Python constant"),
    pytest.param(b"prompt,completion\na,b\n", "DS306", None, None, id="CSV"),
    pytest.param(b"null\n", "DS208", 1, None, id="null"),
    pytest.param(json.dumps([converse()] * 2, indent=2).encode(), "DS207", 1, None, id="array"),
    pytest.param(b"\xe2\x80\xa8\n" + SOUND, "DS201", 1, 1, id="U+2028 alone"),
]


@pytest.mark.parametrize(("content", "rule", "line", "column"), HOSTILE)
def test_a_hostile_file_gets_a_verdict_with_its_place(content, rule, line, column):
    of = RFT if content.startswith(b'{"messages"') else method()
    report = checked(content, of=of)
    assert report.verdict == "refused"
    found = [f for f in report.findings if f.rule == rule]
    assert found, report.findings
    assert found[0].line == line
    if column is not None:
        assert found[0].column == column


def test_u2028_separates_no_lines():
    said = lines(converse("one\u2028two\u2029three\x85four\x0bfive", "b"))
    report = checked(said + b"{}\n")
    assert {f.line for f in report.findings if f.severity == "error"} == {2}


ENDS = st.lists(
    st.sampled_from([b"\n", b"\r\n", b"\n\n", b"\r\n \r\n", b" \n"]), min_size=1, max_size=9
)


@given(ENDS)
@settings(max_examples=60)
def test_line_numbers_are_those_of_the_file_under_any_line_ends(ends):
    bad = b'{"schemaVersion": "bedrock-conversation-2024", "text": "\xe2\x80\xa8"}'
    content = b"".join(bad + end for end in ends)
    report = checked(content)
    true = [i for i, row in enumerate(content.split(b"\n"), 1) if row.strip()]
    assert [f.line for f in report.findings if f.rule == "DS302"] == true


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
@settings(max_examples=EXAMPLES)
def test_any_bytes_get_a_verdict(content):
    for of in (method(), method(LLAMA), RFT):
        assert checked(content, of=of).verdict in ("accepted", "refused")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from(["user", "assistant", "system", "text", "s3://b/k"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "messages",
                    "role",
                    "content",
                    "text",
                    "system",
                    "schemaVersion",
                    "image",
                    "source",
                    "s3Location",
                    "uri",
                    "format",
                    "toolUse",
                    "toolUseId",
                    "toolResult",
                    "reasoningContent",
                    "toolConfig",
                    "tools",
                    "prompt",
                    "completion",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)


@given(JSON)
@settings(max_examples=EXAMPLES)
def test_any_json_gets_a_verdict_in_every_format(value):
    content = json.dumps(value).encode() + b"\n"
    for of in EVERY:
        report = checked(content, of=of)
        array = isinstance(value, list) and value and isinstance(value[0], dict)
        assert report.records == (0 if array else 1)


EVERY = [
    method(),
    method(NOVA_2),
    method(LLAMA),
    RFT,
    method("amazon.titan-image-generator-v2:0"),
    method("anthropic.claude-3-haiku-20240307-v1:0:200k"),
    method(name="DISTILLATION"),
    method(name="CONTINUED_PRE_TRAINING"),
]


class _Drip(io.RawIOBase):
    """A stream that gives as little as it likes."""

    def __init__(self, content, sizes):
        self._rest, self._sizes, self._turn = content, sizes, 0

    def readable(self):
        return True

    def readinto(self, buffer):
        size = min(self._sizes[self._turn % len(self._sizes)], len(buffer))
        self._turn += 1
        piece, self._rest = self._rest[:size], self._rest[size:]
        buffer[: len(piece)] = piece
        return len(piece)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=5), st.booleans())
@settings(max_examples=40)
def test_the_verdict_does_not_depend_on_chunk_borders(sizes, packed):
    content = b"\xef\xbb\xbf" + SOUND + b"{\r\n\n" + SOUND.replace(b"\n", b"\r\n") + b'{"a": 1}'
    given_ = gzip.compress(content) if packed else content
    whole = check_dataset(Part(name="a", stream=io.BytesIO(given_)), method=method())
    dripped = check_dataset(Part(name="a", stream=_Drip(given_, sizes)), method=method())
    assert whole == dripped


class _Long(io.RawIOBase):
    """One line of so many bytes, made while it is read."""

    def __init__(self, size):
        self._left = size

    def readable(self):
        return True

    def readinto(self, buffer):
        size = min(self._left, len(buffer))
        buffer[:size] = b"x" * size
        self._left -= size
        return size


@pytest.mark.thorough
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads ru_maxrss in kilobytes")
def test_a_line_of_400_mb_is_passed_over_in_little_memory():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    report = check_dataset(Part(name="a", stream=_Long(400 << 20)), method=method())
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert report.counts["DS108"] == 1
    assert grown < 32 << 10


def test_the_prepared_copy_is_mended_and_its_text_is_not_altered():
    records = lines(converse("a\u2028 b  ", "c"), converse("d", "e"))
    untidy = b"\xef\xbb\xbf" + records.replace(b"\n", b"\r\n\r\n", 1)[:-1]
    prepared = io.BytesIO()
    part = Part(name="a", stream=io.BytesIO(gzip.compress(untidy)), prepared=prepared)
    report = check_dataset(part, method=method())
    assert prepared.getvalue() == records
    assert report.repairs == {
        "blank_line": 1,
        "byte_order_mark": 1,
        "crlf": 2,
        "final_newline": 1,
        "gzip": 1,
    }
    again = check_dataset(Part(name="a", stream=io.BytesIO(records)), method=method())
    assert not again.repairs


def test_one_bad_record_never_hides_another():
    report = checked(lines({"a": 1}, converse(), {"b": 1}, converse("x", ""), pair()))
    assert {f.line for f in report.findings if f.severity == "error"} == {1, 3, 4, 5}
    assert report.records == 5


def test_all_are_counted_and_the_first_few_listed():
    report = checked(lines(*[{"a": 1}] * 50))
    assert report.counts["DS301"] == 50
    assert [f.line for f in report.findings if f.rule == "DS301"] == list(range(1, 21))


def test_a_reserved_word_is_found_after_a_text_that_starts_with_a_colon():
    report = checked(lines(converse(": User: a", "b")))
    assert "DS406" in report.counts


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_is_reported_once_and_not_line_by_line(separator):
    rows = [f"question{separator}answer", *(f"Why {n}?{separator}So." for n in range(20))]
    report = checked("\n".join(rows).encode())
    assert report.counts["DS306"] == 1
    assert "DS201" not in report.counts
    (found,) = (f for f in report.findings if f.rule == "DS306")
    assert "question, answer" in found.message


def test_records_after_a_stray_first_line_are_still_read():
    sound = b'{"schemaVersion":"bedrock-conversation-2024","messages":[]}'
    report = checked(b"question,answer\n" + sound)
    assert "DS201" in report.counts
    assert "DS307" in report.counts
