"""No command that speaks of a deployed environment prints a line, or moves a cursor, that a key wrote."""

import inspect
from importlib import import_module

import pytest
from cli_world import an_account, lay
from domain_builders import any_run, any_upload

from tuning.__main__ import COMMANDS
from tuning.cli.exits import refusals
from tuning.imports.import_run import ImportRecord, ImportUpload, import_key
from tuning.reports.visible_text import printable
from tuning.runs.approvals import Approval
from tuning.runs.outcome import Outcome
from tuning.runs.prepared_dataset import PreparedDataset
from tuning.runs.run import ReceivedVersion

pytestmark = pytest.mark.thorough

IMPORT = "1" * 32
LINE = "approved in advance, run tuning approve 1f3a9c"
HOSTILE = [
    f"x{end}{LINE}{end}"
    for end in (
        "\n",
        "\r",
        "\x85",
        "\u2028",
        "\x1b[2J",
        "\x9b2J",
        "\u202e",
        "\u200b",
        "\u2066",
        "\v",
    )
]
OTHERS = {
    "doctor": "asks AWS of the account, and prints no text of an upload",
    "canary": "uploads what it made itself",
    "console": "prints its address, and serves what is said as text: test_console_command, test_console_page",
    "submit": "names local files in its own folder, whose names are of the sets",
}
"""Commands with an environment that print nothing of others."""
STATES = ("received", "awaiting_approval", "training", "trained", "refused", "failed", "stopped")


def deployed():
    """By name, the commands that take an environment."""
    found = {}
    for name, module in COMMANDS.items():
        holder = import_module(f"tuning.cli.{module or f'{name}_command'}")
        command = getattr(holder, f"{name}_command")
        if {"environment", "region"} <= set(inspect.signature(command).parameters):
            found[name] = command
    return found


def test_every_command_of_a_deployed_environment_is_asked_or_has_its_reason():
    assert OTHERS.keys() < deployed().keys()
    assert len(deployed().keys() - OTHERS.keys()) >= 10


def arguments(command, run, uri, recipe):
    """What a command must be given, and what some take."""
    known = {"run": run, "uri": uri, "note": "a\nb", "month": "2026-11"}
    must = {"recipe": recipe, "question": "Well?"}
    return {
        name: {**known, **must}[name]
        for name, parameter in inspect.signature(command).parameters.items()
        if name in known or (name in must and parameter.default is parameter.empty)
    }


@pytest.fixture
def account(aws, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # one of them writes a file
    account = an_account(aws, monkeypatch)
    account.stepfunctions.tokens["t1"] = None
    monkeypatch.setattr("tuning.cli.watch_command.polls", lambda _every: range(1))
    monkeypatch.setattr("tuning.cli.costs_command.deployed_gates", lambda *_: {})
    return account


def hostile_row(account, text, state):
    upload = any_upload(bucket="datasets", key=f"datasets/{text}/train.jsonl", version_id="v1")
    account.s3.lay("datasets", upload.key, b"x", "v1")
    run = any_run(upload=upload)
    facts = {
        "upload": upload.uri,
        "recipe": text,
        "run": run.to_dict(),
        "dataset": PreparedDataset(summary=text, validation_uri=text, report_uri=text),
        "approval_reason": text,
        "approval": Approval(decision="approve", by=text, at=text, note=text),
        "stop_asked": text,
        "model_arn": text,
        "unread_validation": text,
        "task_token": "t1",
    }
    if state in ("trained", "refused", "failed", "stopped"):
        facts["outcome"] = Outcome(
            state=state, summary=text, kind=text, fix=text, report=text, model=text
        )
    _billed(account.bedrock, text)
    laid = lay(account, 1, state=state, **facts)
    account.dynamodb.lay(ReceivedVersion.of(upload, laid))
    account.dynamodb.lay(_imported(text))
    return laid, upload.uri


def _imported(text):
    upload = ImportUpload(
        bucket="datasets",
        key=f"adapters/{text}/adapter_model.safetensors",
        version_id=text,
        size=1,
        arrived_at="2026-11-30T08:00:00Z",
    )
    return ImportRecord(
        id=import_key(IMPORT),
        state="refused",
        upload=upload,
        recipe=text,
        recipe_digest="d",
        arrived_at=upload.arrived_at,
        why=text,
        notes=(text,),
        base=text,
    )


def _billed(bedrock, text):
    """A model and a deployment of that name."""
    model = {"modelName": text, "modelArn": text}
    deployment = {
        "customModelDeploymentName": text,
        "customModelDeploymentArn": text,
        "modelArn": text,
    }
    for listed, answer in (
        ("models", {"modelSummaries": [model]}),
        ("model_deployments", {"modelDeploymentSummaries": [deployment]}),
    ):
        setattr(bedrock, f"list_custom_{listed}", lambda answer=answer, **_: answer)
    bedrock.list_provisioned_model_throughputs = lambda **_: {"provisionedModelSummaries": []}
    bedrock.list_imported_models = lambda **_: {
        "modelSummaries": [
            {**model, "modelArn": "arn:aws:bedrock:us-east-1:123456789012:imported-model/abc"}
        ]
    }
    bedrock.get_imported_model = lambda **_: {}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
@pytest.mark.parametrize("name", sorted(deployed().keys() - OTHERS.keys()))
def test_what_was_uploaded_writes_no_line_of_its_own(account, capsys, name, text, state):
    run, uri = hostile_row(account, text, state)
    command = deployed()[name]
    shapes = ("text", "json") if "shown" in inspect.signature(command).parameters else ("text",)
    for shown in shapes:
        given = arguments(command, run, uri, text) | ({"shown": shown} if len(shapes) > 1 else {})
        defaults = {"newest": 20, "every": 5.0} if name in ("runs", "watch") else {}
        if name == "imports" and state == "refused":
            given["import_id"] = IMPORT
        given |= {k: v for k, v in defaults.items() if k in inspect.signature(command).parameters}
        try:
            with refusals():
                command(**given)
        except SystemExit:
            pass
        printed = "".join(capsys.readouterr())
        assert printed
        lines = printed.split("\n")
        assert [line for line in lines if line != printable(line)] == []
        assert LINE not in [line.strip() for line in lines]
