"""The sample files in tests/data/convert, one for each thing that people have."""

import json
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[2] / "data" / "convert"
QUESTIONS = {"prompt": "question", "completion": "answer"}
NOVA_2 = "amazon.nova-2-lite-v1:0:256k"

CASES = {
    "questions.csv": ("csv", "prompt_completion", "converse", [2, 4]),
    "alpaca.json": ("json", "alpaca", "converse", [2, 3]),
    "sharegpt.json": ("json", "sharegpt", "converse", [1]),
    "openai_tools.jsonl": ("jsonl", "openai_chat", "converse", [1, 2]),
    "converse_other_version.jsonl": ("jsonl", "converse", "converse", [1]),
    "converse_strings.jsonl": ("jsonl", "anthropic_messages", "converse", [1]),
    "anthropic_tools.jsonl": ("jsonl", "anthropic_messages", "converse", [1]),
    "rft.jsonl": ("jsonl", "openai_chat", "openai_chat", [1]),
    "captions.json": ("json", "captions", "image_caption", [1, 1]),
    "notes.md": ("text", "document", "continued_pre_training", [1]),
}


@pytest.mark.parametrize("file", CASES)
def test_a_sample_is_recognised_and_converted(converted, file):
    container, shape, to, places = CASES[file]
    wishes = {"drop": ["topic"], "media_folder": "s3://pictures/"}
    mapping = QUESTIONS if file.endswith(".csv") else None
    raw = (SAMPLES / file).read_bytes()
    _, summary, lines = converted(raw, to, name=file, mapping=mapping, **wishes)
    assert summary.findings == ()
    assert (summary.container, summary.shape) == (container, shape)
    assert [line.source_line for line in lines] == places


def test_every_sample_is_tried():
    assert {path.name for path in SAMPLES.iterdir()} == CASES.keys()


def test_a_semicolon_table_with_a_mark_and_line_ends_in_cells_keeps_its_text(converted):
    raw = (SAMPLES / "questions.csv").read_bytes()
    written, summary, _ = converted(
        raw, "prompt_completion", name="questions.csv", mapping=QUESTIONS, drop=["topic"]
    )
    assert written == [
        {"prompt": "How do I reset\nmy password?", "completion": "Open Settings, then Security."},
        {"prompt": "What does the blue light mean?", "completion": 'It is "charging".'},
    ]
    assert summary.dropped == {"topic": 2}
    assert summary.changed == {"byte order mark removed": 1}


def test_tools_come_back_from_bedrock_as_they_went(converted):
    raw = (SAMPLES / "openai_tools.jsonl").read_bytes()
    there, _, _ = converted(raw)
    back, _, _ = converted(there, "openai_chat")
    record = json.loads(raw.splitlines()[0])
    assert back[0]["tools"] == record["tools"]
    assert back[0]["messages"] == record["messages"]
