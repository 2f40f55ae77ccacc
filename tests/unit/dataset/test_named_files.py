"""What people take for a dataset is called what it is, whether the kernel reads it or Python does."""

import io
import json

import pytest
from builders import NOVA_2, checked, converse, lines, media, method, turn
from convert.peoples_reports import REPORTS

from tuning.datasets.convert.command import Command
from tuning.datasets.convert.conversion_refusals import RecordRefusedError
from tuning.datasets.convert.options import Options
from tuning.datasets.convert.sources.json_files import REWRITTEN, jsonl
from tuning.datasets.convert.sources.raw import Notes
from tuning.datasets.convert.tried_commands import advised

NAMED = [
    ("chatml.jsonl", "DS306", "the chat template of ChatML (<|im_start|>)"),
    ("llama-2.jsonl", "DS306", "the chat template of Llama 2 or Mistral ([INST])"),
    ("llama-3.jsonl", "DS306", "the chat template of Llama 3"),
    ("gemma.jsonl", "DS306", "the chat template of Gemma"),
    ("alpaca.jsonl", "DS306", "the chat template of Alpaca"),
    ("vicuna.jsonl", "DS306", "the chat template of Vicuna"),
    ("kto.jsonl", "DS306", "preference data (KTO)"),
    ("preferred.jsonl", "DS306", "preference pairs (DPO)"),
    ("gemini.jsonl", "DS306", "Gemini contents"),
    ("batch.jsonl", "DS306", "requests for batch inference"),
    ("requests.jsonl", "DS306", "requests for batch inference"),
    ("rft.jsonl", "DS306", "records for reinforcement fine-tuning"),
    ("openai-tools.jsonl", "DS306", "OpenAI chat"),
    ("claude-tools.jsonl", "DS306", "Anthropic messages"),
    ("comment.jsonl", "DS201", "this is a comment"),
    ("fenced.jsonl", "DS201", "fence of a Markdown block"),
    ("twice-encoded.jsonl", "DS208", "the record was encoded twice"),
    ("escaped.jsonl", "DS201", "the quotes are escaped"),
    ("printed.jsonl", "DS201", "looks like a Python dict"),
    ("archive.tar", "DS111", "a tar archive"),
    ("archive.tar.gz", "DS111", "a tar archive"),
    ("jis.jsonl", "DS101", "ISO-2022-JP"),
    ("one-line.jsonl", "DS206", "another value"),
    ("old-mac.jsonl", "DS206", "carriage returns"),
]


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize(("name", "rule", "words"), NAMED)
def test_a_file_is_called_what_it_is(name, rule, words):
    report = checked(REPORTS[name][0])
    said = [found.message for found in report.findings if found.rule == rule]
    assert said, report.findings
    assert all(words in message for message in said)


@pytest.mark.parametrize("content", [REPORTS["one-line.jsonl"][0], REPORTS["old-mac.jsonl"][0]])
def test_records_on_one_line_are_not_called_too_few(content):
    of = method(min_records=8)
    assert "DS601" not in checked(content, of=of).counts
    assert "DS601" in checked(lines(converse()), of=of).counts


@pytest.mark.usefixtures("either_way")
def test_a_folder_is_no_picture():
    image = media(uri="s3://bucket/folder/")
    report = checked(lines(converse(turn("user", "What?", image), "A cat.")), of=method(NOVA_2))
    assert [found.message for found in report.findings if found.rule == "DS506"] == [
        "the address names a folder, not a file"
    ]


@pytest.mark.parametrize("name", ["jis.jsonl", "hkscs.jsonl"])
def test_an_encoding_of_east_asia_is_proposed(name):
    encoding = {"jis.jsonl": "iso2022_jp", "hkscs.jsonl": "big5hkscs"}[name]
    content, _ = REPORTS[name]
    command = Command(path=name, options=(("--to", "converse"),))
    found = advised(command, lambda: io.BytesIO(content), name=name).commands
    assert encoding in [one.value("--encoding") for one in found]


PLAIN = {"prompt": "It's", "completion": 'He said "no"\n', "n": [1, 2.5, None, True]}


@pytest.mark.parametrize(
    "line",
    [
        repr(PLAIN),
        json.dumps(json.dumps(PLAIN)),
        json.dumps(PLAIN).replace("true", "True").replace("null", "None"),
        f"{json.dumps(PLAIN)},",
    ],
)
def test_a_record_that_was_not_written_as_json_is_read_as_it_was_meant(line):
    (raw,) = jsonl(io.BytesIO(f"{line}\n".encode()), Notes(), Options())
    assert raw.value == PLAIN


@pytest.mark.parametrize(
    "line",
    [
        "{'a': 1, 'a': 2}",
        "{1: 2}",
        "{'a': __import__('os')}",
        "{'a': {1, 2}}",
        "{'a': b'x'}",
        "{'a': 1e999}",
        "{'a': '\\ud800'}",
        "{'a': " + "[" * 300 + "]" * 300 + "}",
        "{'a': 1} {'b': 2}",
        '{"a": 1} {"a": ',
        '{"a": 1} {"a": 1, "a": 2}',
        '{"a": 1} nothing',
    ],
)
def test_what_is_not_surely_a_record_is_none(line):
    (raw,) = jsonl(io.BytesIO(f"{line}\n".encode()), Notes(), Options())
    assert isinstance(raw.value, RecordRefusedError)
    assert raw.line == 1


def test_each_record_of_a_line_is_read_and_counted():
    notes = Notes()
    raws = list(jsonl(io.BytesIO(b'{"a":1}{"a":2}\n{"a":3}\n{"a":4}, {"a":5}\n'), notes, Options()))
    assert [raw.value for raw in raws] == [{"a": n} for n in range(1, 6)]
    assert [(raw.line, raw.number, raw.column) for raw in raws] == [
        (1, 1, 1),
        (1, 2, 8),
        (2, None, None),
        (3, 4, 1),
        (3, 5, 10),
    ]
    assert not REWRITTEN.isdisjoint(notes)
