"""What every function is wrapped in: its answer passes through, what it counts is written."""

import pytest

from lambdas.observe import metrics, observed


@pytest.fixture
def counting(monkeypatch):
    monkeypatch.setenv("ENVIRONMENT", "dev")

    @observed
    def handler(event, _context):
        metrics.add_metric(name="Counted", unit="Count", value=1)
        if "fault" in event:
            raise event["fault"]
        return {"answer": event["question"]}

    return handler


def test_a_handler_answers_what_it_answers_alone(counting, context):
    assert counting({"question": 42}, context) == {"answer": 42}


def test_what_was_counted_before_a_fault_is_written_all_the_same(counting, context, log):
    with pytest.raises(KeyError):
        counting({"fault": KeyError("status")}, context)
    assert [line["Counted"] for line in log()] == [[1.0]]
