"""The machine takes an answer only to the question that it asked: a task token alone says neither the run nor
the amount nor the dataset.
"""

import json
import re
import subprocess
from pathlib import Path

import pytest
from machine import Execution

ASKED = {"usd": "4.00", "dataset": "ab" * 32}
RUN = "a" * 32
SWAPPED = {
    "of another run": {"run": "b" * 32},
    "of no run": {"run": None},
    "of a lower amount": {"question": {**ASKED, "usd": "3.99"}},
    "of a higher amount": {"question": {**ASKED, "usd": "400.00"}},
    "of an unknown amount": {"question": {**ASKED, "usd": "unknown"}},
    "of another dataset": {"question": {**ASKED, "dataset": "cd" * 32}},
    "of no question": {"question": None},
    "of half a question": {"question": {"usd": "4.00"}},
    "of data once more": {"question": {**ASKED, "again": "c" * 32}},
    "of another recipe": {"question": {**ASKED, "recipe": "ef" * 32}},
    "of text for a question": {"question": "4.00"},
    "of a list for a run": {"run": [RUN, "b" * 32]},
}


def following(definition, answer, *, asked=ASKED):
    """The states that an answer leads to, as far as they decide, and what they leave behind."""
    spend = {"decision": "needs_approval", "why": "Dear.", **({"question": asked} if asked else {})}
    given = {name: value for name, value in answer.items() if value is not None}
    variables = {"run": {"id": RUN}, "spend": spend, "approval": given, "refused_answer": {}}
    execution = Execution(
        definition=definition, name=RUN, given={}, world=None, variables=variables
    )
    execution.started = execution.entered = "2026-11-23T07:00:00Z"
    execution.path.append("Wait for approval")
    at, path = "Approved?", []
    while definition["States"][at]["Type"] in ("Choice", "Pass"):
        at, _ = execution.step(definition["States"][at], {})
        path.append(at)
        if at in ("Not approved", "Stopped before its job"):
            break
    return path, execution.variables


def answer(decision, **other):
    return {"decision": decision, "by": "ann", "run": RUN, "question": ASKED, **other}


@pytest.mark.parametrize(
    ("decision", "leads"), [("approve", "Authorize spend"), ("reject", "Not approved")]
)
def test_an_answer_to_what_was_asked_is_taken(definition, decision, leads):
    path, after = following(definition, answer(decision))
    assert path == [leads]
    assert after["refused_answer"] == {}


@pytest.mark.parametrize("decision", ["approve", "reject"])
@pytest.mark.parametrize("other", SWAPPED.values(), ids=SWAPPED)
def test_an_answer_to_another_question_is_not_taken_and_the_run_asks_again(
    definition, decision, other
):
    path, after = following(definition, answer(decision, **other))
    assert path == ["Answer not taken", "Authorize spend"]
    assert after["approval"] == {}
    assert after["refused_answer"]["by"] == "ann"


@pytest.mark.parametrize(
    "said",
    [{"slot": True}, {"slot": False, "last_try": True}, {"decision": "Approve", "by": "x"}, {}],
    ids=str,
)
def test_what_is_no_answer_of_a_person_is_not_taken(definition, said):
    """Such as what the dispatcher answers runs of the queue with."""
    for more in ({}, {"run": RUN, "question": ASKED}):
        path, after = following(definition, {**said, **more})
        assert path == ["Answer not taken", "Authorize spend"]
        assert after["approval"] == {}


@pytest.mark.parametrize("named", ["again", "recipe"])
@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_an_answer_about_more_than_the_price_names_what_was_asked_about(
    definition, decision, named
):
    """The run whose data are paid for once more; the recipe that is not deployed."""
    asked = {**ASKED, named: "c" * 32}
    leads = {"approve": "Authorize spend", "reject": "Not approved"}[decision]
    assert following(definition, answer(decision, question=asked), asked=asked)[0] == [leads]
    for other in (ASKED, {**ASKED, named: "d" * 32}, {**ASKED, named: ""}):
        path, after = following(definition, answer(decision, question=other), asked=asked)
        assert path == ["Answer not taken", "Authorize spend"]
        assert after["approval"] == {}


def test_a_stop_ends_the_run_that_it_names_and_no_other(definition):
    said = {"decision": "stop", "by": "ann", "slot": False}
    assert following(definition, {**said, "run": RUN})[0] == ["Stopped before its job"]
    for other in ({"run": "b" * 32}, {}):
        path, _ = following(definition, {**said, **other})
        assert path == ["Answer not taken", "Authorize spend"]


@pytest.mark.parametrize(
    ("decision", "leads"),
    [
        ("approve", "Authorize spend"),
        ("reject", "Not approved"),
        ("stop", "Stopped before its job"),
    ],
)
def test_after_a_rollback_what_the_former_function_asked_is_answered_as_before(
    definition, decision, leads
):
    former = {"decision": decision, "by": "ann"}
    assert following(definition, former, asked=None)[0] == [leads]


@pytest.mark.parametrize(
    ("edit", "leads"), [("approve", "Authorize spend"), ("reject", "Not approved")]
)
def test_the_answer_that_the_documents_send_by_hand_is_taken(definition, edit, leads):
    text = (Path(__file__).parents[2] / "docs/operations.md").read_text("utf-8")
    (quoted,) = re.findall(r'--task-output \\\n +("\{.*\}")', text)
    script = f"RUN={RUN}; ASKED='{json.dumps(ASKED)}'; printf %s {quoted}"
    sent = subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True).stdout  # noqa: S603, S607 — the text's own words
    assert following(definition, json.loads(sent) | {"decision": edit})[0] == [leads]
