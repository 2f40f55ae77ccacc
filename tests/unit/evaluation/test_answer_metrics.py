"""Metrics over all answers of one side."""

import pytest
from evaluated import EXACT, answers, prompts

from tuning.evaluation.answer_metrics import NO_LABEL, Metrics
from tuning.evaluation.records import ModelAnswer
from tuning.evaluation.release_options import ReleaseOptions

SCHEMA = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}


def results(options, expected, given):
    metrics = Metrics(options=options, prompts=prompts(expected))
    return {found.metric: found for found in metrics.results("candidate", given)}


def test_the_mean_is_over_all_prompts():
    found = results(EXACT, ["a", "b", "c", "d"], answers(["a", "b", "c", "x"]))
    assert (found["exact_match"].mean, found["exact_match"].prompts) == (0.75, 4)


def test_an_answer_that_did_not_come_scores_nothing_and_is_counted():
    given = [*answers(["a"]), ModelAnswer(line=2, failure="ThrottlingException")]
    assert results(EXACT, ["a", "b"], given)["exact_match"].mean == 0.5
    assert results(EXACT, ["a", "b"], given)["length"].prompts == 1


def test_a_confusion_table_says_what_was_taken_for_what():
    options = ReleaseOptions(metric="label_accuracy")
    found = results(
        options,
        ["Refund", "refund", "Complaint", "Complaint"],
        answers(["refund ", "complaint", "Complaint", "I think"]),
    )
    assert found["label_accuracy"].mean == 0.5
    assert found["label_accuracy"].confusion == {
        "refund": {"refund": 1, "complaint": 1},
        "complaint": {"complaint": 1, NO_LABEL: 1},
    }


def test_labels_of_the_recipe_are_all_that_counts_as_a_label():
    options = ReleaseOptions(metric="label_accuracy", labels=("yes", "no", "maybe"))
    found = results(options, ["yes", "no"], answers(["maybe", "perhaps"]))
    assert found["label_accuracy"].confusion == {"no": {NO_LABEL: 1}, "yes": {"maybe": 1}}


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ('{"a": 1}', True),
        ("null", True),
        (" [1] ", True),
        ("", False),
        ("```json\n{}\n```", False),
        ("{'a': 1}", False),
        ("NaN", False),
        ('{"a": 1} and more', False),
        ("[" * 100_000, False),
        ('"\ud800"', False),
    ],
)
def test_what_is_json_is_json_and_nothing_else(text, valid):
    options = ReleaseOptions(metric="valid_json")
    assert results(options, ["x"], answers([text]))["valid_json"].mean == valid


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ('{"n": 1}', True),
        ('{"n": "1"}', False),
        ("{}", False),
        ("null", False),
        ("not JSON", False),
    ],
)
def test_json_conforms_to_the_schema_of_the_recipe(text, valid):
    options = ReleaseOptions(metric="json_schema", schema=SCHEMA)
    assert results(options, ["x"], answers([text]))["json_schema"].mean == valid


def test_latency_and_length_are_reported_where_they_are_known():
    given = answers(["12345"] * 20, latency_ms=100.0)
    found = results(EXACT, ["x"] * 20, given)
    assert (found["latency"].mean, found["latency"].p95) == (100, 100)
    assert found["length"].mean == 5
    assert "latency" not in results(EXACT, ["x"], answers(["x"]))
