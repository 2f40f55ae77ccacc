"""The sample datasets are what their READMEs say, checked without the platform's own rules.

A second opinion on purpose: were the samples checked by `tuning`, one wrong rule there would
let a wrong sample through.
"""

import json
import re
import unicodedata
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

SAMPLES = Path(__file__).parents[2] / "samples"
FILES = ("support/train.jsonl", "support/validation.jsonl")
SCHEMA_VERSION = "bedrock-conversation-2024"
# https://docs.aws.amazon.com/nova/latest/userguide/fine-tune-prepare-data-understanding.html
# names the first seven; the others are refused by the validator of AWS's Nova customization SDK.
RESERVED = (
    *("User:", "Bot:", "Assistant:", "System:", "<image>", "<video>", "[EOS]"),
    *("USER:", "BOT:", "ASSISTANT:", "SYSTEM:", "Thought:", "<unk>"),
)
PERSONAL = re.compile(
    r"[\w.]@\w"  # e-mail address
    r"|https?://|www\."
    r"|\d{3}\.\d{3}\.\d{3}-\d{2}"  # CPF
    r"|\d(?:[ .()-]?\d){7,}"  # telephone, card
)
PORTUGUESE = {"a", "ao", "da", "de", "do", "e", "em", "é", "na", "no", "não", "o", "para", "que"}
ENGLISH = {"and", "for", "in", "is", "it", "of", "on", "that", "the", "to", "with", "you", "your"}


def records(file: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SAMPLES / file).read_text("utf-8").splitlines()]


def texts(record: dict[str, Any]) -> list[str]:
    return [block["text"] for message in record["messages"] for block in message["content"]]


def system(record: dict[str, Any]) -> str:
    return str(record["system"][0]["text"])


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def normalised(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text)
    return " ".join(words("".join(c for c in letters if not unicodedata.combining(c))))


def language(text: str) -> str:
    spoken = words(text)
    portuguese = sum(word in PORTUGUESE for word in spoken)
    return "pt" if portuguese > sum(word in ENGLISH for word in spoken) else "en"


def table(readme: str) -> list[list[str]]:
    """The body of the only table of a README, cells without their backticks."""
    rows = re.findall(r"^\|(.+)\|$", (SAMPLES / readme).read_text("utf-8"), re.MULTILINE)
    return [[cell.strip().strip("`") for cell in row.split("|")] for row in rows[2:]]


@pytest.fixture(scope="module")
def everything() -> list[dict[str, Any]]:
    return [record for file in FILES for record in records(file)]


@pytest.mark.parametrize("file", FILES)
def test_sound_files_are_clean_utf8_lines(file):
    raw = (SAMPLES / file).read_bytes()
    lines = raw.decode("utf-8").split("\n")
    assert raw[:1] == b"{"
    assert b"\r" not in raw
    assert b"\\u" not in raw
    assert lines.pop() == ""
    assert all(line.startswith("{") and line.endswith("}") for line in lines)


@pytest.mark.parametrize("file", FILES)
def test_every_sound_record_is_exactly_a_conversation(file):
    for record in records(file):
        assert list(record) == ["schemaVersion", "system", "messages"]
        assert record["schemaVersion"] == SCHEMA_VERSION
        assert record["system"] == [{"text": system(record)}]
        turns = len(record["messages"]) // 2
        assert 1 <= turns <= 3
        roles = [message["role"] for message in record["messages"]]
        assert roles == ["user", "assistant"] * turns
        for message in record["messages"]:
            assert list(message) == ["role", "content"]
            assert [list(block) for block in message["content"]] == [["text"]]
        assert all(text and text == text.strip() for text in texts(record))


def test_counts_are_those_of_the_readme():
    counted = []
    for file in FILES:
        found = records(file)
        portuguese = sum(language(system(record)) == "pt" for record in found)
        several_turns = sum(len(record["messages"]) > 2 for record in found)
        shape = (len(found), portuguese, len(found) - portuguese, several_turns)
        counted.append([f"[`{file}`]({file})", *map(str, shape)])
    assert table("README.md") == counted


@pytest.mark.parametrize("file", FILES)
def test_shares_are_those_of_the_readme(file):
    found = records(file)
    portuguese = sum(language(system(record)) == "pt" for record in found)
    several_turns = sum(len(record["messages"]) > 2 for record in found)
    assert portuguese / len(found) == pytest.approx(0.55, abs=0.01)
    assert several_turns / len(found) == pytest.approx(0.25, abs=0.02)


def test_each_language_has_one_system_text(everything):
    assert sorted(language(text) for text in {system(record) for record in everything}) == [
        "en",
        "pt",
    ]


def test_answers_speak_the_language_of_their_system_text(everything):
    for record in everything:
        answers = " ".join(texts(record)[1::2])
        assert language(answers) == language(system(record)), answers


def test_no_prompt_occurs_twice_in_train_and_validation(everything):
    prompts = [normalised(texts(record)[0]) for record in everything]
    assert len(set(prompts)) == len(prompts)


def test_no_two_prompts_share_most_of_their_words(everything):
    bags = [frozenset(normalised(texts(record)[0]).split()) for record in everything]
    for one, other in combinations(bags, 2):
        assert len(one & other) * 2 <= len(one | other), (one, other)


def test_no_answer_occurs_twice(everything):
    answers = [normalised(text) for record in everything for text in texts(record)[1::2]]
    assert len(set(answers)) == len(answers)


def test_no_reserved_words(everything):
    for record in everything:
        for text in (system(record), *texts(record)):
            assert not [word for word in RESERVED if word in text], text


def test_no_personal_details(everything):
    for record in everything:
        assert not [text for text in texts(record) if PERSONAL.search(text)]
