"""Numbers of a dataset, and nothing of its text."""

import json

import pytest

from tuning.datasets.convert.conversation import (
    Caption,
    Conversation,
    Document,
    Media,
    Text,
    ToolCall,
    Turn,
)
from tuning.datasets.stats import Lengths, measure


def talk(question, answer="Ho", *blocks):
    return Conversation(
        turns=(
            Turn(role="user", blocks=(Text(text=question),)),
            Turn(role="assistant", blocks=(Text(text=answer), *blocks)),
        )
    )


def test_prompts_and_answers_are_measured_apart():
    stats = measure([Document(text="x" * 8), Caption(image="s3://b", caption="y" * 12)])
    assert stats.characters["prompt"].total == 8 + 6
    assert stats.characters["answer"].total == 12
    assert stats.tokens["record"].total == (2 + 2) + 3


def test_repeated_prompts_are_counted_however_they_are_written():
    stats = measure([talk("Hi"), talk("hi ", "Hey"), talk("Hello")])
    assert (stats.records, stats.different_prompts, stats.repeated) == (3, 2, 1)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Once upon a time", "Latin"),
        ("Однажды", "Cyrillic"),
        ("昔々、あるところに", "Kana"),
        ("從前", "Han"),
        ("كان يا ما كان", "Arabic"),
        ("42 + 1", "none of letters"),
    ],
)
def test_the_script_is_guessed(text, script):
    assert measure([Document(text=text)]).scripts == {script: 1}


def test_what_records_hold_is_counted_once_a_record():
    call = ToolCall(id="1", name="x", arguments={})
    image = Turn(role="user", blocks=(Media(kind="image", format="png", uri="s3://b/a.png"),) * 2)
    seen = Conversation(turns=(image,), system=("S",))
    assert measure([seen, talk("Hi", "Ho", call, call)]).contents == {
        "image": 1,
        "system": 1,
        "tool calls": 1,
    }


def test_percentiles_are_values_that_occur():
    assert Lengths.of(range(1, 101)) == Lengths(
        smallest=1, median=51, p90=90, p99=99, largest=100, total=5050
    )


def test_an_empty_dataset_has_numbers_too():
    assert measure([]).characters["record"].largest == 0


def test_the_histogram_holds_every_record_once():
    stats = measure([Document(text="x" * n) for n in (0, 4, 8, 12, 400)])
    assert stats.histogram["prompt"] == {0: 1, 1: 1, 2: 1, 4: 1, 128: 1}


def test_no_text_of_the_data_is_in_the_document():
    assert "canary" not in json.dumps(measure([talk("canary", "canary")]).to_dict())
