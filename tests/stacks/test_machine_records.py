"""The state machine and the functions pass and store the same records: no field is of one side only."""

import json
import re

from tuning.runs.approvals import Approval, SpendDecision
from tuning.runs.failures import Failure
from tuning.runs.jobs import JobStart
from tuning.runs.outcome import Outcome
from tuning.runs.prepared_dataset import PreparedDataset
from tuning.runs.progress import Progress
from tuning.runs.run_record import RunRecord
from tuning.runs.training_metrics import Collected

PASSED = {
    "approval": Approval,
    "dataset": PreparedDataset,
    "failure": Failure,
    "job": JobStart,
    "outcome": Outcome,
    "progress": Progress,
    "result": Collected,
    "spend": SpendDecision,
}
"""What a variable holds, or a field of one."""


def test_expressions_read_only_fields_that_a_record_has(states):
    read = set(re.findall(r"(?=(?<!states\.)\b(\w+)\.(\w+))", json.dumps(states)))
    asked = {(name, field) for name, field in read if name in PASSED}
    assert {name for name, _ in asked} == set(PASSED)
    names = {name: set(kind.__struct_fields__) for name, kind in PASSED.items()}
    names["job"].add("wait_seconds")  # which is derived
    names["spend"] |= {"leave", "seconds"}  # as the former version says it, after a rollback
    assert {f"{name}.{field}" for name, field in asked if field not in names[name]} == set()


def test_the_state_machine_writes_only_attributes_that_a_record_has(states):
    tasks = [states[name]["Arguments"] for name in ("Record outcome", "Close run")]
    written = {n for task in tasks for n in task["ExpressionAttributeNames"].values()}
    assert written <= RunRecord.attributes()
