"""What a person reads of a fault that was caught, whatever Step Functions kept of its cause."""

import json

import pytest
from expressions import evaluated

LONGEST = 32_768
"""https://docs.aws.amazon.com/step-functions/latest/apireference/API_TaskFailedEventDetails.html"""
MESSAGE = 'no room for "a\\b"\nin s3://bucket/ключ'
TRACE = [f'  File "/var/task/step_{n}.py", line {n}\n    raised()' for n in range(2_000)]


def said(definition, **error):
    catches = {
        json.dumps(catch["Assign"]["fault"])
        for state in definition["States"].values()
        for catch in state.get("Catch", ())
        if "message" in catch.get("Assign", {}).get("fault", ())
    }
    (fault,) = catches
    return evaluated(json.loads(fault), {"states": {"errorOutput": {"Error": "E", **error}}})[
        "message"
    ]


@pytest.mark.parametrize("readable", [True, False], ids=["letters", "escapes"])
def test_the_message_of_a_function_is_read_however_long_its_trace(definition, readable):
    """Cut off, the cause is no JSON any more."""
    given = {"errorMessage": MESSAGE, "errorType": "ValueError", "stackTrace": TRACE}
    cause = json.dumps(given, ensure_ascii=not readable)[:LONGEST]
    assert len(cause) == LONGEST
    assert said(definition, Cause=cause) == MESSAGE


def test_a_message_that_was_itself_cut_off_is_passed_on_as_it_came(definition):
    cause = json.dumps({"errorMessage": MESSAGE * LONGEST})[:LONGEST]
    assert said(definition, Cause=cause) == cause


@pytest.mark.parametrize("cause", ["errorMessage", "The job could not be made.", ""])
def test_a_cause_that_is_no_json_is_passed_on_as_it_came(definition, cause):
    assert said(definition, Cause=cause) == cause


def test_a_fault_without_a_cause_says_so(definition):
    assert said(definition) == "no cause was given"
