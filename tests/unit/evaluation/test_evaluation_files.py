"""What is read as a prompt and as an answer, and how everything else is refused."""

import pytest
from evaluated import dialogue, prompts, turn

from tuning.datasets.convert.conversation import (
    Caption,
    Conversation,
    Document,
    Media,
    Reasoning,
    Tool,
    ToolCall,
)
from tuning.evaluation.answer_files import AnswerFileError, answer_line, read_answers
from tuning.evaluation.evaluation_prompts import NotAPromptError, evaluation_prompts
from tuning.evaluation.records import Message, ModelAnswer

PICTURE = Media(kind="image", format="png", uri="s3://b/k.png")


def test_the_last_answer_is_the_expected_one_and_the_rest_is_asked():
    record = Conversation(
        system=("Be kind.",),
        turns=(
            turn("user", "Hi"),
            turn("assistant", "Hello"),
            turn("user", "Bye"),
            turn("assistant", Reasoning(text="hm"), "So long"),
        ),
    )
    (prompt,) = evaluation_prompts([(7, record)])
    assert (prompt.line, prompt.system, prompt.expected) == (7, ("Be kind.",), "So long")
    assert prompt.messages == (
        Message(role="user", text="Hi"),
        Message(role="assistant", text="Hello"),
        Message(role="user", text="Bye"),
    )


def test_an_id_is_of_the_normalised_question_with_its_system_text():
    same = {prompts(["x"], question)[0].id for question in ("Who  is it?", "who is IT? ")}
    assert len(same) == 1
    assert prompts(["another answer"], "who is it?")[0].id in same
    (other,) = evaluation_prompts([(1, dialogue("who is it?", "x", system=("Be kind.",)))])
    assert other.id not in same


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (Document(text="t"), "line 3: it asks nothing"),
        (Caption(image="s3://b/k", caption="c"), "line 3: it asks nothing"),
        (Conversation(turns=()), "line 3: it does not end with the answer"),
        (Conversation(turns=(turn("user", "q"),)), "line 3: it does not end with the answer"),
        (Conversation(turns=(turn("assistant", "a"),)), "line 3: it does not end with the answer"),
        (dialogue("q", " "), "line 3: its answer is empty"),
        (
            dialogue("q", "a", tools=(Tool(name="t", description=None, schema={}),)),
            "line 3: it names tools",
        ),
        (
            Conversation(turns=(turn("user", PICTURE, "q"), turn("assistant", "a"))),
            r"more than text \(Media\)",
        ),
        (dialogue("q", ToolCall(id="1", name="t", arguments={})), r"more than text \(ToolCall\)"),
    ],
)
def test_a_record_that_cannot_be_evaluated_is_refused_with_its_line(record, message):
    with pytest.raises(NotAPromptError, match=message):
        list(evaluation_prompts([(3, record)]))


def test_answers_are_written_and_read_the_same():
    given = [
        ModelAnswer(
            line=1,
            text="東京\n",
            latency_ms=12.5,
            input_tokens=3,
            output_tokens=4,
            stop_reason="end_turn",
        ),
        ModelAnswer(line=2, failure="ThrottlingException"),
    ]
    assert list(read_answers([*map(answer_line, given), b"\n"], name="a.jsonl")) == given


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"yes", "a.jsonl: line 2: not JSON"),
        (b'"yes"', "a.jsonl: line 2: Expected `object`, got `str`"),
        (b"[" * 100_000, "a.jsonl: line 2: not JSON"),
        (b'{"text": "a"}', "missing required field `line`"),
        (b'{"line": "1", "text": "a"}', r"Expected `int`, got `str` - at `\$.line`"),
        (b'{"line": 1}', 'neither "text" nor "failure"'),
        (b'{"line": 1, "answer": "a"}', "unknown field 'answer'; known: line, text, failure"),
        (b'{"line": 1, "text": "\xff"}', "a.jsonl: line 2: not"),
    ],
)
def test_an_answer_that_cannot_be_read_is_refused_with_its_line(line, message):
    with pytest.raises(AnswerFileError, match=message):
        list(read_answers([b'{"line": 1, "text": "a"}', line], name="a.jsonl"))
