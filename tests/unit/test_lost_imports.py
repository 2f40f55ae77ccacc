"""An import whose execution ends without recording how is recorded as failed, once, and its money is settled."""

import pytest
from botocore.exceptions import EndpointConnectionError
from import_world import BEGINS, DATASETS, budgeted

from lambdas import reconcile_imports
from lambdas.apart import NotReconciled
from tuning.imports.lost_imports import CLOSERS

HOW = {
    "ABORTED": "was stopped",
    "TIMED_OUT": "longer than 30 days",
    "FAILED": "before it could record",
}


def reconciled(importing):
    return importing.step("reconcile_imports", {})


def closed(importing, import_id, number=2):
    """As the state machine does with what it is given."""
    given = importing.machines.inputs[f"{import_id}-{number}"]
    outcome = {"state": "failed", "summary": given["lost"]}
    return importing.step("finish_import", {"import_id": given["import_id"], "outcome": outcome})


@pytest.mark.parametrize(("status", "how"), list(HOW.items()))
def test_it_is_recorded_as_failed_with_what_became_of_its_execution(importing, begun, status, how):
    importing.step("check_adapter", {"import_id": begun, "checked": {}})
    importing.step("reserve_import", {"import_id": begun})
    importing.machines.statuses[begun] = status
    assert reconciled(importing) == {"closed": [begun], "unreadable": []}
    finished, record = closed(importing, begun), importing.record(begun)
    assert record.state == "failed"
    assert how in finished["summary"]
    assert f"upload s3://{DATASETS}/{BEGINS} again" in finished["summary"]
    assert (record.settlement.charge, budgeted(importing)) == ("nothing", 0)


def test_an_import_is_closed_once(importing, begun):
    importing.machines.statuses[begun] = "ABORTED"
    importing.twice = True
    reconciled(importing)
    assert [*importing.machines.inputs] == [begun, f"{begun}-2"]
    closed(importing, begun)
    importing.machines.statuses[f"{begun}-2"] = "FAILED"  # as an import that has failed ends
    assert reconciled(importing)["closed"] == []


def test_what_runs_or_has_recorded_its_outcome_is_left_alone(importing, begun):
    assert reconciled(importing)["closed"] == []
    importing.run(begun)
    importing.machines.statuses[begun] = "FAILED"
    assert reconciled(importing)["closed"] == []
    assert [*importing.machines.inputs] == [begun]


def test_a_job_that_may_go_on_is_named(importing, begun):
    importing.run_to_its_job(begun)
    importing.machines.statuses[begun] = "ABORTED"
    reconciled(importing)
    assert importing.record(begun).job_arn in closed(importing, begun)["summary"]
    assert importing.record(begun).settlement.charge == "unknown"


def test_one_that_cannot_be_closed_is_tried_a_few_times(importing, begun):
    names = [begun, *(f"{begun}-{number}" for number in range(2, CLOSERS + 2))]
    for name in names:
        assert name in importing.machines.inputs
        importing.machines.statuses[name] = "FAILED"
        reconciled(importing)
    assert [*importing.machines.inputs] == names


def test_one_that_cannot_be_read_hides_no_other(importing, begun):
    importing.machines.statuses |= {begun: "ABORTED", "a" * 32: "ABORTED"}
    importing.machines.inputs["a" * 32] = {}
    importing.dynamodb.items[f"import#{'a' * 32}"] = {"pk": f"import#{'a' * 32}", "state": "new"}
    assert reconciled(importing) == {"closed": [begun], "unreadable": ["a" * 32]}


def test_a_fault_of_aws_is_raised_once_all_are_treated(importing, begun, monkeypatch):
    importing.machines.statuses |= {begun: "ABORTED", "a" * 32: "ABORTED"}
    find, asked = reconcile_imports.Imports.find, []

    def fail_once(imports, import_id):
        asked.append(import_id)
        if import_id == "a" * 32:
            raise EndpointConnectionError(endpoint_url="https://dynamodb")
        return find(imports, import_id)

    monkeypatch.setattr(reconcile_imports.Imports, "find", fail_once)
    with pytest.raises(NotReconciled, match="a" * 32):
        reconciled(importing)
    assert f"{begun}-2" in importing.machines.inputs
