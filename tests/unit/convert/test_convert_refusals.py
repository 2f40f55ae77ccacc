"""What would lose meaning is refused, by rule, line and field; and nothing beside it."""

import json

import pytest
from builders import converse, turn
from convert.peoples_dialects import call, message, talk
from tool_cases import use

from tuning.datasets.convert.conversion_refusals import RULES

NOVA_MICRO = "amazon.nova-micro-v1:0:128k"
NOVA_2 = "amazon.nova-2-lite-v1:0:256k"
GOOD = {"prompt": "Hi", "completion": "Ho"}


def user(content="Hi", **more):
    return message("user", content, **more)


def bot(content="Ho", **more):
    return message("assistant", content, **more)


def called(arguments="{}"):
    return call(arguments=arguments, id="1")


def image(url):
    return {"type": "image_url", "image_url": {"url": url}}


def asking(block):
    """A converse record of one turn."""
    return converse(turn("user", block))


# Each is in line 2, behind a sound record of its own dialect.
RECORDS = [
    ("CV201", {"prompt": None, "x": 1}, {}, "prompt"),
    ("CV201", talk(user(), {"role": "assistant"}), {}, "messages[1].content"),
    ("CV202", {"prompt": 7, "completion": "Ho"}, {}, "prompt"),
    ("CV202", {"prompt": "Hi", "completion": ["Ho"]}, {}, "completion"),
    ("CV202", talk(user(), bot()) | {"tools": {"a": 1}}, {}, "tools"),
    ("CV202", {"instruction": "A", "output": "B", "history": [["A"]]}, {}, "history[0]"),
    ("CV203", {**GOOD, "id": 7}, {}, "id"),
    ("CV203", talk(user(name="Ann"), bot()), {}, "messages[0].name"),
    ("CV203", talk(user(), bot(weight=0)), {}, "messages[1].weight"),
    ("CV203", talk(user(), bot(refusal="No.")), {}, "messages[1].refusal"),
    ("CV203", talk(user(), bot(), model="gpt"), {}, "model"),
    ("CV203", talk(user([{**image("s3://b/c.png"), "detail": "low"}]), bot()), {}, None),
    ("CV203", asking({"text": "a", "guardContent": {}}), {}, None),
    ("CV204", talk(message("robot", "Hi"), bot()), {}, "messages[0].role"),
    ("CV204", {"conversations": [{"from": "observation", "value": "x"}]}, {}, None),
    ("CV205", {"prompt": " \n", "completion": "Ho"}, {}, "prompt"),
    ("CV205", {"conversations": [{"from": "human", "value": ""}]}, {}, "conversations[0].value"),
    ("CV205", talk(user([]), bot()), {}, "messages[0].content"),
    ("CV206", talk(), {}, None),
    ("CV206", talk(user(), user(), bot()), {}, None),
    ("CV206", talk(bot(), user()), {}, None),
    ("CV207", talk(user(), bot(), message("system", "S")), {}, "messages[2].role"),
    ("CV207", {"conversations": [{"from": "system", "value": "S"}] * 2}, {}, None),
    ("CV208", talk(user([{"type": "input_audio", "input_audio": {}}]), bot()), {}, None),
    ("CV208", talk(user([{"type": "document", "source": {}}]), bot(), system="S"), {}, None),
    ("CV208", asking({"cachePoint": {}}), {}, "messages[0].content[0]"),
    ("CV209", talk(user([image("data:image/png;base64,AA==")]), bot()), {}, None),
    ("CV209", talk(user([image("https://example.com/a.png")]), bot()), {}, None),
    ("CV209", talk(user([image("s3://b/picture")]), bot()), {}, None),
    ("CV209", asking({"image": {"format": "png", "source": {"bytes": ""}}}), {}, None),
    ("CV209", {"image-ref": "a.png", "caption": "A dog"}, {"to": "image_caption"}, "image-ref"),
    ("CV210", talk(user(), bot(None, tool_calls=[called("[1]")])), {}, None),
    ("CV210", talk(user(), bot(None, tool_calls=[called("{no}")])), {}, None),
    ("CV210", talk(user(), bot(None, tool_calls=[{**called(), "type": "custom"}])), {}, None),
    ("CV210", talk(user(), bot(), tool_choice="none"), {}, "tool_choice"),
    ("CV211", {"prompt": "Hi", "chosen": "Ho", "rejected": "Ha"}, {}, None),
    ("CV211", {**GOOD, "label": False}, {}, None),
    ("CV301", talk(user(), bot(), user(), bot()), {"to": "prompt_completion"}, None),
    ("CV301", talk(user(), bot(), user(), bot()), {"to": "distillation"}, None),
    ("CV302", talk(user(), bot(None, tool_calls=[called()])), {"to": NOVA_MICRO}, None),
    ("CV302", talk(user(), bot(None, tool_calls=[called()])), {"to": "anthropic_messages"}, None),
    ("CV303", talk(user([image("s3://b/c.png")]), bot()), {"to": NOVA_MICRO}, None),
    ("CV303", talk(user([image("s3://b/c.png")]), bot()), {"to": "prompt_completion"}, None),
    ("CV304", talk(user(), bot(reasoning="Hm.")), {"to": NOVA_MICRO}, None),
    ("CV305", {**GOOD, "system": "S"}, {"to": "prompt_completion"}, "system"),
    ("CV306", talk(user([{"type": "text", "text": "a"}] * 2), bot()), {"to": "distillation"}, None),
    ("CV307", {"image-ref": "s3://b/a.png", "caption": "A dog"}, {}, None),
    ("CV307", {"text": "Once upon a time."}, {}, None),
    ("CV307", GOOD, {"to": "continued_pre_training"}, None),
    (
        "CV308",
        converse("a", turn("assistant", use("1", "x"), "b")),
        {"to": "openai_chat"},
        None,
    ),
    ("CV309", {"prompt": "Hi"}, {}, None),
    ("CV310", GOOD, {"to": (NOVA_2, "REINFORCEMENT_FINE_TUNING")}, None),
]

FILES = [
    ("CV101", b'{"prompt": "\xff"}\n', "a.jsonl", 1),
    ("CV101", b"prompt,completion\nHi,Ho\nH\x00i,Ho\n", "a.csv", 3),
    ("CV101", b"prompt,completion\nHi,\xe9\n", "a.csv", 2),
    ("CV101", b"Once\nupon\x00", "a.txt", 2),
    ("CV101", b'[\n{"prompt": "a"},\n{"prompt": "\xff"}]', "a.json", 3),
    ("CV102", b'\n\n{"prompt": "Hi",}\n', "a.jsonl", 3),
    ("CV102", b'{"prompt": "Hi", "prompt": "Ho"}\n', "a.jsonl", 1),
    ("CV102", b'{"prompt": "Hi", "n": NaN}\n', "a.jsonl", 1),
    ("CV102", b'{"prompt": "Hi", "n": 1e999}\n', "a.jsonl", 1),
    ("CV102", b'{"prompt": "Hi", "n": 0.10000000000000000001}\n', "a.jsonl", 1),
    ("CV102", b'{"prompt": "Hi", "n": 1e99999999999999999999}\n', "a.jsonl", 1),
    ("CV102", b'{"prompt": "Hi", "n": ' + b"9" * 9000 + b"}\n", "a.jsonl", 1),
    ("CV102", b'{"prompt": "\\ud800"}\n', "a.jsonl", 1),
    ("CV102", b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "a.jsonl", 1),
    ("CV102", b'[{"prompt": "a"}\n{"prompt": "b"}]', "a.json", 2),
    ("CV102", b'[{"prompt": "a"},\n', "a.json", 1),
    ("CV103", b'{"prompt": "Hi"}\n"Hi"\n', "a.jsonl", 2),
    ("CV103", b'[\n"Hi"]', "a.json", 2),
    ("CV104", b"prompt,completion\nHi,Ho\nHi\n", "a.csv", 3),
    ("CV104", b"prompt,completion\nHi,Ho,He\n", "a.csv", 2),
    ("CV104", b'prompt,completion\n"Hi,Ho\nHi,Ho\n', "a.csv", 2),
    ("CV104", b'prompt,completion\n"Hi"!,Ho\n', "a.csv", 2),
    ("CV104", b"prompt,prompt\nHi,Ho\n", "a.csv", 1),
    ("CV309", b"prompt,\nHi,Ho\n", "a.csv", 2),
    ("CV105", b'{"prompt": "' + b"x" * 9_000_000 + b'"}\n', "a.jsonl", 1),
    ("CV106", b"", "a.jsonl", None),
    ("CV106", b"\n \r\n\n", "a.jsonl", None),
    ("CV106", b"[ ]", "a.json", None),
    ("CV106", b"prompt,completion\n", "a.csv", None),
    ("CV106", b" \n", "a.txt", None),
    ("CV107", b'prompt,completion\nHi,"=HYPERLINK(""https://x"",""y"")"\n', "a.csv", 2),
    ("CV107", b"prompt,completion\nHi,=cmd|'/c calc'!A0\n", "a.csv", 2),
    ("CV107", b"prompt,completion\nHi,#REF!\n", "a.csv", 2),
    ("CV108", b"\x89PNG\r\n", "a.bin", 1),
    ("CV108", b"plain words", "README", 1),
    ("CV108", b"PK\x03\x04 a workbook", "a.csv", 1),
    ("CV101", '{"prompt": "Hi"}'.encode("utf-16-le"), "a.jsonl", 1),
    ("CV108", b'{"question": "Hi", "answer": "Ho"}\n', "a.jsonl", 1),
    ("CV108", b"\x1f\x8b\x08\x00broken", "a.jsonl.gz", 1),
    ("CV108", b"PAR1 and nothing more", "a.parquet", 1),
    (
        "CV109",
        b'{"prompt": "a", "completion": "b"}\n' * 3 + b'{"conversations": []}\n',
        "a.jsonl",
        4,
    ),
]


def goal(to, target_of):
    if isinstance(to, tuple):
        return target_of(*to)
    return target_of(to) if ":" in to else to


@pytest.mark.parametrize("case", RECORDS, ids=lambda case: f"{case[0]} {str(case[1])[:60]}")
def test_a_record_is_refused_for_what_it_would_lose(converted, target_of, case):
    rule, record, wish, field = case
    to = goal(wish.get("to", "converse"), target_of)
    written, summary, _ = converted(json.dumps({"x": 1}) + "\n" + json.dumps(record) + "\n", to)
    found = next(found for found in summary.findings if found.line == 2)
    assert (summary.verdict, found.rule) == ("refused", rule)
    assert written == []
    assert found.file == "train.jsonl"
    assert field is None or found.field == field
    assert found.fix


@pytest.mark.parametrize(("rule", "raw", "name", "line"), FILES)
def test_a_file_is_refused_where_it_is_unsound(converted, rule, raw, name, line):
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow")
    _, summary, _ = converted(raw, name=name)
    assert [(found.rule, found.line) for found in summary.findings if found.rule == rule] == [
        (rule, line)
    ]


def test_every_rule_has_a_case():
    assert {case[0] for case in (*RECORDS, *FILES)} == RULES.keys()


@pytest.mark.parametrize(
    "cell", ["=5 apples", "+1 555 0100", "-5", "@ann", "#1 of all", "(=SUM)", "= a (b) c"]
)
def test_text_that_merely_begins_like_a_formula_passes(converted, cell):
    written, _, _ = converted(f'prompt,completion\nHi,"{cell}"\n', name="a.csv")
    assert written[0]["messages"][1]["content"] == [{"text": cell}]


def test_one_bad_record_never_hides_another(converted):
    lines = ["{", '{"prompt": "Hi", "completion": "Ho"}', "[]", '{"prompt": ""}', "}"]
    written, summary, _ = converted("\n".join(lines))
    assert [found.line for found in summary.findings] == [1, 3, 4, 5]
    assert (summary.records, summary.refused, len(written)) == (5, 4, 1)


def test_all_are_counted_and_the_first_are_listed(converted):
    _, summary, _ = converted([{**GOOD, "id": n} for n in range(50)])
    assert summary.counts == {"CV203": 50}
    assert [found.line for found in summary.findings] == list(range(1, 21))


def test_a_field_given_up_is_counted_and_the_rest_goes_through(converted):
    records = [talk(user(name="Ann"), bot(), id=1), talk(user(), bot())]
    written, summary, _ = converted(records, drop=["messages.name", "id"])
    assert summary.verdict == "accepted"
    assert summary.dropped == {"messages.name": 1, "id": 1}
    assert len(written) == 2


def test_giving_up_a_field_gives_up_no_other_of_that_name(converted):
    _, summary, _ = converted([talk(user(name="Ann"), bot())], drop=["name"])
    assert summary.counts == {"CV203": 1}


def test_the_refusal_says_how_to_give_a_field_up(converted):
    _, summary, _ = converted([talk(user(name="Ann"), bot())])
    assert "--drop messages.name" in summary.findings[0].fix


def test_texts_are_joined_only_on_request_and_counted(converted):
    record = {**GOOD, "system": "S"}
    written, summary, _ = converted([record], "prompt_completion", join=True)
    assert written == [{"prompt": "S\n\nHi", "completion": "Ho"}]
    assert summary.changed == {"system joined to the prompt": 1}


def test_a_mapped_field_is_named_as_in_the_file(converted):
    _, summary, _ = converted(
        "question,answer\n ,Ho\n",
        name="a.csv",
        mapping={"prompt": "question", "completion": "answer"},
    )
    assert (summary.findings[0].line, summary.findings[0].field) == (2, "question")


def test_a_name_taken_twice_is_refused(converted):
    _, summary, _ = converted([{"prompt": "a", "q": "b"}], mapping={"prompt": "q"})
    assert summary.counts == {"CV203": 1}


def test_a_missing_answer_comes_with_a_proposal(converted):
    _, summary, _ = converted([{"prompt": "Hi", "answer": "Ho"}])
    assert "--map completion=answer" in summary.findings[0].fix


def test_unknown_columns_come_with_a_proposal(converted):
    _, summary, _ = converted("Question,Answer\nHi,Ho\n", name="a.csv")
    assert "--map prompt=Question --map completion=Answer" in summary.findings[0].fix


def test_what_lies_behind_a_broken_quote_is_said_to_be_unread(converted):
    _, summary, _ = converted('prompt,completion\n"Hi,Ho\nHi,Ho\n', name="a.csv")
    assert summary.cut_short
