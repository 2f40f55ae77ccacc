"""What the emulated Bedrock refuses in training data."""

import json

import pytest

from emulator.bedrock import training_data as datasets
from emulator.bedrock.api_errors import JobFailed
from emulator.bedrock.training_data import DataFormat

CONVERSE = DataFormat(
    kind="converse",
    min_records=2,
    max_records=4,
    reserved_words=("User:",),
    reserved_in=("user", "system"),
)


def a_turn(role, text="Hello"):
    return {"role": role, "content": [{"text": text}]}


def a_record(**changes):
    return {"messages": [a_turn("user"), a_turn("assistant")]} | changes


def check(*records, wanted=CONVERSE):
    lines = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in records]
    return datasets.check_records(lines, "train.jsonl", wanted)


def test_records_are_counted():
    system = [{"text": "Be brief."}]
    assert check(a_record(), a_record(system=system, schemaVersion="any")) == 2


@pytest.mark.parametrize(
    "line",
    [b"", b" ", b"{", b"[]", b"\xff{}", b"\xef\xbb\xbf{}", b'{"a": NaN}', b"[" * 100_000],
    ids=["blank", "space", "cut", "a list", "not UTF-8", "byte order mark", "NaN", "deep"],
)
def test_a_line_that_is_no_json_object_fails_the_file(line):
    with pytest.raises(JobFailed, match=r"Unable to parse Amazon S3 file: train\.jsonl\. Data"):
        check(a_record(), line)


@pytest.mark.parametrize(
    "record",
    [
        pytest.param({}, id="no messages"),
        pytest.param({"messages": []}, id="empty messages"),
        pytest.param(a_record(extra=1), id="unknown key"),
        pytest.param({"messages": [a_turn("user")]}, id="no answer"),
        pytest.param({"messages": [a_turn("assistant"), a_turn("user")]}, id="wrong order"),
        pytest.param({"messages": [a_turn("user"), a_turn("user")]}, id="same role twice"),
        pytest.param({"messages": [a_turn("user", " "), a_turn("assistant")]}, id="blank text"),
        pytest.param(
            {"messages": [a_turn("user", "User: hi"), a_turn("assistant")]}, id="reserved word"
        ),
        pytest.param(a_record(system=[{"text": "User: x"}]), id="reserved word in system"),
        pytest.param(a_record(system="text"), id="system is text"),
        pytest.param(
            {"messages": [{"role": "user", "content": "text"}, a_turn("assistant")]},
            id="content is text",
        ),
        pytest.param(
            {"messages": [{"role": "user", "content": [{"image": {}}]}, a_turn("assistant")]},
            id="media the model does not take",
        ),
    ],
)
def test_a_malformed_conversation_fails_the_job(record):
    with pytest.raises(JobFailed, match="record 1"):
        check(record)


def test_a_reserved_word_in_an_answer_is_accepted():
    assert check({"messages": [a_turn("user"), a_turn("assistant", "User: yes")]}) == 1


def test_a_prompt_completion_record_of_another_shape_fails_with_the_services_text():
    wanted = DataFormat(kind="prompt_completion", min_records=1, max_records=9)
    assert check({"prompt": "a", "completion": "b"}, wanted=wanted) == 1
    with pytest.raises(JobFailed, match=r"must follow '\{\"prompt\": \"<input text>\""):
        check({"input": "a", "output": "b"}, wanted=wanted)


def test_bad_distillation_prompts_are_dropped_and_not_fatal():
    wanted = DataFormat(kind="distillation", min_records=1, max_records=9)
    good = {"schemaVersion": "bedrock-conversation-2024", "messages": [a_turn("user")]}
    assert check(good, {"messages": []}, wanted=wanted) == 1


def test_a_line_over_the_limit_fails_with_the_services_text():
    wanted = DataFormat(kind="distillation", min_records=1, max_records=9, max_line_bytes=10)
    with pytest.raises(JobFailed, match="Input size exceeded in file"):
        check(b'{"schemaVersion": ', wanted=wanted)


@pytest.mark.parametrize(("training", "validation"), [(2, 0), (2, 2), (4, 0)])
def test_counts_within_the_limits_are_accepted(training, validation):
    datasets.check_counts(training, validation, CONVERSE)


@pytest.mark.parametrize(("training", "validation"), [(1, 3), (3, 2), (0, 0)])
def test_too_few_or_too_many_records_fail_the_job(training, validation):
    with pytest.raises(JobFailed):
        datasets.check_counts(training, validation, CONVERSE)
