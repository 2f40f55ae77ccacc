"""The broken sample is broken on exactly the lines its README lists, and as it says."""

import ast
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

BROKEN = Path(__file__).parents[2] / "samples" / "broken"
KEYS = {"schemaVersion", "system", "messages"}


def listed() -> dict[int, str]:
    """Line to mistake, from the README's table."""
    rows = re.findall(
        r"^\| (\d+) \| `([a-z-]+)` \|", (BROKEN / "README.md").read_text("utf-8"), re.MULTILINE
    )
    return {int(line): mistake for line, mistake in rows}


def lines() -> list[str]:
    return (BROKEN / "train.jsonl").read_bytes().decode("utf-8").split("\n")


def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("duplicate-key")
    return dict(pairs)


def not_a_number(_constant: str) -> float:
    raise ValueError("nan")


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except json.JSONDecodeError:
        return False
    return True


def mistake_of_syntax(line: str, following: str) -> str:
    """Why a line that is not JSON is none."""
    if line.endswith(",") and is_json(line[:-1]):
        return "trailing-comma"
    if is_json(line + following):
        return "record-over-two-lines"
    if line.startswith("{'"):
        return "single-quotes" if isinstance(ast.literal_eval(line), dict) else "unknown"
    return "cut-off" if not following and line.startswith('{"schemaVersion"') else "unknown"


def mistake_of_shape(record: dict[str, Any]) -> str | None:
    """What is wrong with one record's keys, or with its conversation."""
    if set(record) == {"prompt", "completion"}:
        return "prompt-completion"
    if set(record) == {"messages"} and record["messages"][0]["role"] == "system":
        return "openai-chat"
    if set(record) != KEYS:
        return "unknown-key"
    if record["schemaVersion"] != "bedrock-conversation-2024":
        return "wrong-schema-version"
    if not isinstance(record["system"], list):
        return "system-not-a-list"
    return mistake_of_conversation(record["messages"])


def mistake_of_conversation(messages: list[dict[str, Any]]) -> str | None:
    if not all(isinstance(message["content"], list) for message in messages):
        return "content-not-a-list"
    spoken = [block["text"] for message in messages for block in message["content"]]
    if not all(spoken):
        return "empty-text"
    if any("User:" in text for text in spoken):
        return "reserved-word"
    return mistake_of_turns([message["role"] for message in messages])


def mistake_of_turns(roles: list[str]) -> str | None:
    if set(roles) - {"user", "assistant"}:
        return "wrong-role"
    if roles[0] == "assistant":
        return "assistant-first"
    if any(role == following for role, following in pairwise(roles)):
        return "same-role-twice"
    if roles[-1] == "user":
        return "ends-with-user" if len(roles) > 1 else "no-answer"
    return None


def mistake_of_bytes(line: str) -> str | None:
    if line.startswith("\ufeff"):
        return "bom"
    if line.endswith("\r"):
        return "crlf"
    return None if line else "blank-line"


def mistake_of_record(line: str, before: str, following: str) -> str | None:
    """What is wrong with a line on its own; its neighbours tell a wrapped record."""
    if before and is_json(before + line):
        return "record-over-two-lines"
    try:
        record = json.loads(line, object_pairs_hook=unique, parse_constant=not_a_number)
    except json.JSONDecodeError:
        return mistake_of_syntax(line, following)
    except ValueError as mistake:
        return str(mistake)
    return mistake_of_shape(record)


def mistake_of_repetition(line: str, answered: dict[str, Any]) -> str | None:
    """What is wrong with a line that is sound on its own, the ones before it known."""
    prompt, *rest = json.loads(line)["messages"]
    known = answered.setdefault(json.dumps(prompt), rest)
    if known is rest:
        return None
    return "exact-duplicate" if known == rest else "contradiction"


def found() -> dict[int, str]:
    """Line to mistake, from the file."""
    mistakes: dict[int, str] = {}
    answered: dict[str, Any] = {}
    read = lines()
    for number, (before, line, following) in enumerate(
        zip(["", *read], read, [*read[1:], ""], strict=False), start=1
    ):
        mistake = (
            mistake_of_bytes(line)
            or mistake_of_record(line, before, following)
            or mistake_of_repetition(line, answered)
        )
        if mistake:
            mistakes[number] = mistake
    return mistakes


def test_the_mistakes_are_on_the_lines_listed_and_on_no_others():
    assert found() == listed()


def test_records_and_lines_are_as_many_as_the_readme_says():
    mistakes = list(listed().values())
    second_halves = mistakes.count("record-over-two-lines") // 2
    assert len(lines()) == 62
    assert len(lines()) - second_halves - mistakes.count("blank-line") == 60


def test_the_repetitions_repeat_the_lines_named():
    third, fifth, duplicate, contradiction = (lines()[number - 1] for number in (3, 5, 37, 40))
    assert duplicate == third
    assert json.loads(contradiction)["messages"][0] == json.loads(fifth)["messages"][0]


def test_sound_lines_are_copies_from_the_sound_file():
    sound = (BROKEN.parent / "support" / "train.jsonl").read_text("utf-8").splitlines()
    kept = [line for number, line in enumerate(lines(), start=1) if number not in listed()]
    assert [line for line in kept if line not in sound] == []
