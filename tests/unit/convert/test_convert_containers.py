"""Lines, tables and arrays: what is read, and the line it is traced to."""

import gzip
import io
import json

import pytest

from tuning.datasets.convert import conversion
from tuning.datasets.convert.detect import container
from tuning.datasets.convert.targets.target import Target

PAIR = {"prompt": "Hi", "completion": "Ho"}
LINE = json.dumps(PAIR)


def pairs(content, converted, name):
    written, summary, lines = converted(content, "prompt_completion", name=name)
    assert summary.verdict == "accepted", summary.findings
    return written, [line.source_line for line in lines]


@pytest.mark.parametrize(
    ("content", "places"),
    [
        pytest.param(f"{LINE}\n{LINE}\n", [1, 2], id="lines"),
        pytest.param(f"{LINE}\n{LINE}", [1, 2], id="no final newline"),
        pytest.param(f"{LINE}\r\n\r\n{LINE}\r\n", [1, 3], id="crlf and a blank line"),
        pytest.param(f"\ufeff{LINE}\n{LINE}\n", [1, 2], id="byte order mark"),
        pytest.param(f"[{LINE},\n\n{LINE}]", [1, 3], id="array"),
        pytest.param(f"[\n{LINE}\n,\n{LINE}\n]\n", [2, 4], id="array, comma on its own line"),
        pytest.param(json.dumps([PAIR, PAIR], indent=1), [2, 6], id="pretty array"),
        pytest.param(json.dumps(PAIR, indent=1), [1], id="one pretty object"),
        pytest.param("\n".join([json.dumps(PAIR, indent=1)] * 2), [1, 5], id="pretty objects"),
    ],
)
def test_json_is_traced_to_its_line(converted, content, places):
    for name in ("a.jsonl", "a.json", "a"):
        assert pairs(content, converted, name) == ([PAIR] * len(places), places)


def test_line_separators_inside_text_are_no_lines(converted):
    record = {"prompt": "a\u2028b\u0085c\x0bd", "completion": "Ho"}
    raw = json.dumps(record, ensure_ascii=False) + "\n"
    written, places = pairs(raw * 2, converted, "a.jsonl")
    assert (written, places) == ([record] * 2, [1, 2])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_recognised_from_the_rows(converted, delimiter):
    rows = [["prompt", "completion"], ["Hi", '"Ho; so, it\tis|"'], ["Hi", "Ho"]]
    raw = "".join(delimiter.join(row) + "\n" for row in rows)
    written, places = pairs(raw, converted, "a.csv")
    assert [record["completion"] for record in written] == ["Ho; so, it\tis|", "Ho"]
    assert places == [2, 3]


def test_rows_with_line_ends_in_quotes_are_traced_to_where_they_begin(converted):
    raw = 'prompt,completion\n"one\ntwo\n\nthree",Ho\n\nHi,"Ho\r\nHo"\r\nHi,Ho'
    written, places = pairs(raw, converted, "a.csv")
    assert places == [2, 7, 9]
    assert written[0]["prompt"] == "one\ntwo\n\nthree"
    assert written[1]["completion"] == "Ho\r\nHo"


def test_a_byte_order_mark_is_no_part_of_the_first_column(converted):
    raw = b"\xef\xbb\xbfprompt,completion\nHi,Ho\n"
    assert pairs(raw, converted, "a.csv")[0] == [PAIR]


def test_a_quoted_header_and_doubled_quotes_are_read(converted):
    raw = '"prompt", completion\n"Say ""hi""",Ho\n'
    assert pairs(raw, converted, "a.csv")[0][0]["prompt"] == 'Say "hi"'


def test_gzip_is_recognised_by_its_bytes(converted):
    packed = gzip.compress(f"{LINE}\n".encode() * 3)
    _, summary, lines = converted(packed, name="a.jsonl")
    assert [line.source_line for line in lines] == [1, 2, 3]
    assert summary.changed == {"gzip unpacked": 1}


def test_gzip_cut_off_in_the_middle_is_refused_where_it_ends(converted):
    many = b"".join(
        json.dumps({**PAIR, "prompt": f"{n:x} " * 9}).encode() + b"\n" for n in range(2000)
    )
    packed = gzip.compress(many)
    _, summary, lines = converted(packed[: len(packed) // 2], name="a.jsonl.gz")
    assert summary.counts == {"CV108": 1}
    assert summary.findings[0].line == len(lines) + 1
    assert summary.cut_short


def test_parquet_rows_are_records(converted):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    held = io.BytesIO()
    talk = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]
    parquet.write_table(pyarrow.Table.from_pylist([{"messages": talk}] * 3), held, row_group_size=2)
    written, summary, lines = converted(held.getvalue(), name="upload")
    assert (summary.container, summary.shape) == ("parquet", "openai_chat")
    assert [line.source_line for line in lines] == [1, 2, 3]
    assert written[0]["messages"][1]["content"] == [{"text": "Ho"}]


def test_parquet_values_without_json_are_refused_by_row(converted):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    held = io.BytesIO()
    rows = [{**PAIR, "score": 0.5}, {**PAIR, "score": float("nan")}]
    parquet.write_table(pyarrow.Table.from_pylist(rows), held)
    _, summary, _ = converted(held.getvalue(), "openai_chat", name="a.parquet")
    assert [(found.rule, found.line) for found in summary.findings] == [("CV102", 2)]


class Pipe(io.RawIOBase):
    """A stream that cannot seek, gives little at a time, and knows how far it was read."""

    def __init__(self, raw, piece=10_000):
        self.raw, self.at, self.piece = raw, 0, piece

    def readable(self):
        return True

    def readinto(self, buffer):
        given = self.raw[self.at : self.at + min(len(buffer), self.piece)]
        buffer[: len(given)] = given
        self.at += len(given)
        return len(given)


@pytest.mark.parametrize("piece", [1, 7, 65_536])
def test_a_stream_that_cannot_seek_is_read_all_the_same(piece):
    raw = f"{LINE}\n".encode() * 50
    for content in (raw, gzip.compress(raw)):
        lines = conversion.convert(
            Pipe(content, piece), name="a.jsonl", target=Target.of_format("converse")
        )
        assert len(list(lines)) == 50


@pytest.mark.parametrize(("name", "row"), [("a.jsonl", LINE), ("a.csv", "Hi,Ho")])
def test_lines_come_out_before_the_whole_file_was_read(name, row):
    head = "prompt,completion\n" if name == "a.csv" else ""
    pipe = Pipe((head + f"{row}\n" * 100_000).encode())
    lines = iter(conversion.convert(pipe, name=name, target=Target.of_format("converse")))
    next(lines)
    assert pipe.at < 200_000 < len(pipe.raw)


def test_records_without_a_dialect_come_with_their_line():
    stream = io.BytesIO(f"\n{LINE}\n".encode())
    ((line, record),) = conversion.convert(stream, name="a.jsonl").records()
    assert (line, record.turns[0].blocks[0].text) == (2, "Hi")


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        (b"PAR1", "a.csv", "parquet"),
        (b"[", "a.csv", "csv"),
        (b"{}", "notes.TXT", "text"),
        (b" \n[", "a", "json"),
        (b'{"a": 1}\n{"a": 1}', "a.json", "jsonl"),
        (b'{"a":\n', "a.jsonl", "json"),
        (b'{"a": \n{"a": 1}\n', "a.jsonl", "jsonl"),
        (b"broken", "a.jsonl", "jsonl"),
        (b"broken", "a.csv.gz", "csv"),
    ],
)
def test_a_container_is_recognised_from_bytes_and_name(head, name, expected):
    assert container(head, name).name == expected


def test_what_is_neither_is_not_guessed():
    assert container(b"plain", "README") is None
