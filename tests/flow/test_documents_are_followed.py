"""The commands of README and the documents, block by block, as a person types them one after the other, with
the AWS command line and the CDK's, on an emulated account that is deployed so and deleted so in the end.
"""

import json
import shutil
import time

import pytest
import tiny_models
from accounts import World, jsonl, until
from documented_commands import FOLLOWED, ROOT
from person import WHAT_PEOPLE_EDIT, Person
from stages import running
from test_money import reached, start

from emulator.deploy import Deployer
from tuning.cli.account import Account
from tuning.constructs.config import PREFIX_LISTS
from tuning.runs.recipes import Limits

OPERATIONS = "docs/operations.md"
ANSWER = {"role": "assistant", "content": "Certainly."}


@pytest.fixture
def alone(tmp_path):
    return Person(tmp_path, None)


@pytest.fixture(scope="module")
def person(tmp_path_factory):
    with running(phase_seconds=0.1, wait_scale=0.002) as instance:
        yield Person(tmp_path_factory.mktemp("person"), instance)


def world_of(person):
    deployer = Deployer(instance=person.instance, say=lambda _line: None)
    described = deployer.client("cloudformation").describe_stacks(StackName="dev-Training")
    outputs = {o["OutputKey"]: o["OutputValue"] for o in described["Stacks"][0]["Outputs"]}
    return World(
        account=Account(client=deployer.client, outputs=outputs), instance=person.instance, inbox=""
    )


def its_run(world, key):
    uri = f"s3://{world.account.outputs['DatasetsBucket']}/datasets/{key}/train.jsonl"
    return until(lambda: world.account.started_by(uri), f"the run of {uri}")


def test_the_quick_start_on_a_laptop(alone):
    for name in ("train.jsonl", "validation.jsonl"):
        shutil.copy(ROOT / "samples" / "support" / name, alone.folder)
    (alone.folder / "samples").symlink_to(ROOT / "samples")
    questions(alone)
    tiny_models.base(alone.folder / "base")
    tiny_models.adapter(alone.folder / "adapter")
    _answered(alone.folder)
    said = alone.follow("README.md", "tuning check samples/broken", exits=1)
    assert said.startswith("Refused\n20 errors in 61 records.")
    said = alone.follow("README.md", ". .venv/bin/activate")
    assert "DS406" in said
    shutil.rmtree(alone.folder / "merged")
    alone.follow("docs/adapters.md", "pip install 'bedrock")
    assert alone.follow("docs/evaluation.md", "tuning evaluate", exits=1).startswith("Hold")
    alone.follow("docs/evaluation.md", "tuning split all.jsonl")


def _answered(folder):
    """A recipe with a gate, forty prompts, and answers of a good model, of one that is as good as live, and of live."""
    (folder / "my-recipe.toml").write_text(
        'description = "d"\nbase_model = "amazon.nova-micro-v1:0:128k"\n'
        '[release]\nmetric = "exact_match"\nmin_prompts = 30\n',
        encoding="utf-8",
    )
    shutil.copy(ROOT / "samples" / "support" / "train.jsonl", folder / "all.jsonl")
    rows = [json.dumps({"prompt": f"q {n}", "completion": "yes"}) for n in range(40)]
    (folder / "evaluation.jsonl").write_text("\n".join(rows), encoding="utf-8")
    for name, right in (("new", 40), ("candidate", 21), ("live", 20)):
        said = [{"line": n, "text": "yes" if n <= right else "no"} for n in range(1, 41)]
        text = "\n".join(map(json.dumps, said))
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")


def questions(person):
    rows = "".join(f"Question {n}?,Answer {n}.\n" for n in range(20))
    (person.folder / "questions.csv").write_text(f"question,answer\n{rows}", encoding="utf-8")


def test_the_conversions_of_their_page(alone):
    questions(alone)
    chat = [
        {"id": n, "messages": [{"role": "user", "name": "ann", "content": f"{n}?"}, ANSWER]}
        for n in range(20)
    ]
    (alone.folder / "chat.jsonl").write_bytes(jsonl(chat))
    (alone.folder / "handbook").mkdir()
    (alone.folder / "handbook" / "one.md").write_text("A sentence. " * 900, encoding="utf-8")
    alone.follow("docs/convert.md", "tuning convert questions.csv")
    written = {path.name for path in alone.folder.glob("*.jsonl")}
    assert written == {
        *("chat.jsonl", "train.jsonl", "questions.converse.jsonl"),
        "handbook.continued_pre_training.jsonl",
    }
    assert (alone.folder / "lengths.png").stat().st_size > 0


def test_the_emulator_s_own_commands(alone):
    one, two, faults, enforced = FOLLOWED["docs/emulator.md"]
    try:
        alone.follow("docs/emulator.md", one)
        said = alone.follow("docs/emulator.md", two)
        assert "modelCustomizationJobSummaries" in said
        assert "stall" in alone.follow("docs/emulator.md", faults)
        alone.type(".venv/bin/python -m emulator down")
        alone.follow("docs/emulator.md", enforced)
    finally:
        alone.type(".venv/bin/python -m emulator down")


def test_operations_from_the_first_deployment_to_the_last_deletion(person):
    """In one account, in order: the later blocks need what the former have made."""
    for name in ("train.jsonl", "validation.jsonl"):
        shutil.copy(ROOT / "samples" / "support" / name, person.folder)
    deploy_and_train(person)
    world = world_of(person)
    ask_for_approval(person, world)
    look_at_what_was_put_aside(person, world)
    stop_a_job(person, world)
    delete_everything(person, world)


def deploy_and_train(person):
    said = person.follow("docs/network.md", "aws ec2 describe-vpc-endpoint-services")
    assert "com.amazonaws.us-east-1.sns" in said
    assert PREFIX_LISTS["us-east-1"]["s3"] in person.follow(
        "docs/network.md", "aws ec2 describe-managed-prefix-lists"
    )
    upload = {
        "<DatasetsBucket>": "$(aws cloudformation describe-stacks --stack-name dev-Training "
        "--query \"Stacks[0].Outputs[?OutputKey=='DatasetsBucket'].OutputValue\" --output text)"
    }
    # As `make synth` does it, which the doctor reads what is needed from.
    person.type("npx cdk synth --quiet")
    person.follow("README.md", "make setup", **upload)
    world = world_of(person)
    run = its_run(world, "support-nova-micro/first").id
    reached(world, run, "trained")
    person.follow(OPERATIONS, "export AWS_REGION", keep=True)
    person.follow(OPERATIONS, "aws sns subscribe")
    person.follow(OPERATIONS, "aws s3 cp validation.jsonl")
    second = its_run(world, "support-nova-micro/2026-11")
    reached(world, second.id, "trained")
    theirs = {"1f3a9c": second.id[:6], "s3://BUCKET/datasets/x/train.jsonl": second.upload}
    assert "trained" in person.follow(OPERATIONS, "tuning runs", **theirs)
    assert run[:6] in person.follow(OPERATIONS, "tuning releases")
    assert "custom model" in person.follow(OPERATIONS, "tuning costs")
    month = time.strftime("%Y-%m")
    said = person.follow(
        OPERATIONS, "# runs of a month", **{"RUN=...": f"RUN={run}", "2026-11": month}
    )
    assert run in said
    assert (person.folder / "report.html").exists()


def ask_for_approval(person, world):
    for beginning in ("tuning approve", "TOKEN=$(aws dynamodb"):
        run = start(world, recipe=f"ask-{len(beginning)}", limits=Limits(approve_above_usd=0))
        reached(world, run, "awaiting_approval")
        person.type(f"RUN={run}\ndeclare -p RUN >>{person.folder}/state")
        person.follow(OPERATIONS, beginning)
        reached(world, run, "trained")


def look_at_what_was_put_aside(person, world):
    dead = world.account.outputs["DeadLetters"]
    world.client("sqs").send_message(QueueUrl=dead, MessageBody="put aside")
    assert "put aside" in person.follow(OPERATIONS, "aws sqs receive-message")


def stop_a_job(person, world):
    world.instance.add_fault(kind="stall", phase="Training")
    run = start(world, about="Stopped")
    until(lambda: (found := world.account.ledger.read(run)) and found.job_arn, "its job")
    person.type(f"RUN={run}\ndeclare -p RUN >>{person.folder}/state")
    person.follow(OPERATIONS, "JOB=$(aws dynamodb")
    reached(world, run, "stopped")
    world.instance.clear_faults()


def left_behind_by_lambda(world):
    """Network cannot be deleted until it is gone."""
    described = world.client("lambda").list_functions()["Functions"]
    within = next(each["VpcConfig"] for each in described if each.get("VpcConfig"))
    subnet, groups = within["SubnetIds"][0], within["SecurityGroupIds"]
    world.client("ec2").create_network_interface(SubnetId=subnet, Groups=groups)


def delete_everything(person, world):
    client = world.client
    model = client("bedrock").list_custom_models()["modelSummaries"][0]["modelArn"]
    listed = client("cloudformation").list_stack_resources(StackName="dev-Storage")
    kept = {
        each["LogicalResourceId"][:-8]: each["PhysicalResourceId"]
        for each in listed["StackResourceSummaries"]
    }
    person.edit_app(
        **{
            WHAT_PEOPLE_EDIT: f"{WHAT_PEOPLE_EDIT} perimeter=Perimeter(vpc_only=False),",
            "import sys\n": "import sys\nfrom tuning.constructs.perimeter import Perimeter\n",
        }
    )
    left_behind_by_lambda(world)
    person.follow(OPERATIONS, "npx cdk destroy 'dev/Training'")
    buckets = {
        f"<{name}>": kept[name] for name in ("Datasets", "Prepared", "Artifacts", "AccessLogs")
    }
    person.follow(OPERATIONS, "aws cloudformation list-stack-resources", **buckets)
    key = {"<arn>": model, "<key>": kept["DataKey"]}
    person.follow(OPERATIONS, "aws bedrock list-custom-models", **key)
    stacks = client("cloudformation").describe_stacks()["Stacks"]
    assert [each["StackName"] for each in stacks] == ["CDKToolkit"]
    buckets = client("s3").list_buckets()["Buckets"]
    assert [each["Name"] for each in buckets if not each["Name"].startswith("cdk-")] == []
    assert client("dynamodb").list_tables()["TableNames"] == []
    assert client("backup").list_backup_vaults()["BackupVaultList"] == []
    assert (
        client("kms").describe_key(KeyId=kept["DataKey"])["KeyMetadata"]["KeyState"]
        == "PendingDeletion"
    )
