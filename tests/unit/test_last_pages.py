"""A list of AWS comes in pages, and is read to the last. The fakes have pages of one or two."""

import json

from domain_builders import ARTIFACTS, any_record, any_run, any_upload
from fake_account import BEDROCK, LIST, NEEDS, FakeAccount

from tuning.aws.account_facts import Questions
from tuning.aws.executions import Executions
from tuning.aws.ledger import Ledger
from tuning.aws.run_files import RunFiles
from tuning.aws.slot_queue import SlotQueue
from tuning.runs.job_queue import WAITING

EXECUTIONS = Executions(machine="arn:aws:states:us-east-1:123456789012:stateMachine:TrainingRun")
RUNS = [any_run(upload=any_upload(version_id=f"v{n}")) for n in range(5)]


def test_every_running_execution_is_seen(aws):
    aws.stepfunctions.executions = dict.fromkeys((run.id for run in RUNS), "{}")
    assert EXECUTIONS.running() == {run.id for run in RUNS}


def test_every_event_of_a_history_is_read(aws):
    events = [{"id": number} for number in range(5)]
    aws.stepfunctions.events["name"] = events
    assert list(EXECUTIONS.history("name")) == events


def test_every_waiting_run_has_a_position(aws):
    for number, run in enumerate(RUNS):
        aws.dynamodb.lay(any_record(of=run, state="queued", queue=WAITING, turn=f"{number}"))
    positions = SlotQueue(ledger=Ledger(table="ledger")).positions()
    assert positions == {run.id: number for number, run in enumerate(RUNS, 1)}


def test_every_file_of_a_run_is_listed_and_its_report_read(aws):
    keys = [f"{folder}/run-1/{n}.json" for folder in ("runs", "jobs") for n in range(2)]
    for key in [*keys, "runs/run-2/0.json"]:
        aws.s3.lay(ARTIFACTS, key, b"{}")
    files = RunFiles(artifacts_bucket=ARTIFACTS)
    assert files.artifacts("run-1") == keys
    aws.s3.lay(ARTIFACTS, "runs/run-1/report.json", json.dumps({"verdict": "accepted"}).encode())
    assert files.report("run-1") == {"verdict": "accepted"}


def test_every_page_of_an_account_counts():
    account, second = FakeAccount(), "arn:aws:kms:us-east-1:123456789012:key/2"
    account.answers |= {
        ("cloudformation", "describe_stacks"): {"Stacks": [{"StackStatus": "CREATE_COMPLETE"}]},
        ("cloudformation", "list_stack_resources"): {
            "StackResourceSummaries": [
                {"ResourceType": "AWS::S3::Bucket", "PhysicalResourceId": "bucket"},
                {"ResourceType": "AWS::KMS::Key", "PhysicalResourceId": "2"},
            ]
        },
        ("kms", "describe_key"): {"KeyMetadata": {"Arn": second, "KeyState": "Enabled"}},
        ("cloudformation", "list_types"): {"TypeSummaries": [{"TypeName": n} for n in "ab"]},
        ("bedrock", "list_enforced_guardrails_configuration"): {
            "guardrailsConfig": [{"guardrailId": n} for n in "cd"]
        },
        ("bedrock", "list_custom_models"): {"modelSummaries": [{}, {}, {}]},
        ("ec2", "describe_vpcs"): {"Vpcs": [{}, {}]},
        ("ec2", "describe_vpc_endpoint_services"): {
            "ServiceDetails": [{"ServiceName": LIST}, {"ServiceName": BEDROCK}]
        },
    }
    found = Questions(client=account.client, needs=NEEDS).facts(session_region="us-east-1")
    assert (found.custom_models, found.vpcs) == (3, 2)
    assert found.services == {BEDROCK: ()}
    assert found.keys == {second: "Enabled"}
    assert (found.hooks, found.guardrails) == (("a", "b", "a", "b"), ("c", "d"))
