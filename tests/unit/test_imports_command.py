"""Listing and showing imports, as typed; AWS is in dictionaries."""

import json
from decimal import Decimal

import pytest
from cli_world import FakeStacks, an_account, left
from fake_dynamodb import as_plain
from msgspec import structs

from tuning.cli.aws_errors import UnknownRunError
from tuning.cli.imports_command import imports_command
from tuning.imports.import_run import ImportRecord, ImportUpload, import_key
from tuning.runs.money_records import Reservation, Settlement

LLAMA = "arn:aws:bedrock:us-east-1:123456789012:imported-model/abc"


def a_record(number=1, **facts):
    upload = ImportUpload(
        bucket="datasets",
        key=f"adapters/support/{number}/adapter_model.safetensors",
        version_id="v1",
        size=10,
        arrived_at=f"2026-11-30T08:00:{number:02}Z",
    )
    known = {
        "state": "received",
        "upload": upload,
        "recipe": "support",
        "recipe_digest": "d",
        "arrived_at": upload.arrived_at,
    }
    return ImportRecord(id=import_key(f"{number:032x}"), **(known | facts))


ENDED = {
    "state": "imported",
    "base": "llama",
    "architecture": "LlamaForCausalLM",
    "converse": True,
    "bytes": 16 * 10**9,
    "groups": 15,
    "model_units": 2,
    "model_arn": LLAMA,
    "receipt_uri": "s3://weights/merged/x/model/merge-receipt.json",
    "version": 3,
    "notes": ("IM402: no chat template.",),
    "reservation": Reservation(
        usd=Decimal("3.90"), month="2026-11", recipe="support", recipe_digest="d"
    ),
    "settlement": Settlement(usd=Decimal("3.90"), charge="job"),
    "ended_at": "2026-11-30T09:00:00+00:00",
}


@pytest.fixture
def account(aws, monkeypatch):
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    return an_account(aws, monkeypatch)


def lay(account, record):
    account.dynamodb.items[record.id] = as_plain(record.to_item())
    return record.import_id


def test_imports_are_listed_newest_first_and_runs_are_none(account, capsys):
    for number in (1, 3, 2):
        lay(account, a_record(number))
    account.dynamodb.items["f" * 32] = {"pk": "f" * 32, "state": "training"}
    assert left(imports_command, shown="json") == 0
    found = json.loads(capsys.readouterr().out)["imports"]
    assert [int(each["import"], 16) for each in found] == [3, 2, 1]
    assert left(imports_command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert "adapters/support/3/adapter_model.safetensors" in lines[1]


def test_imports_of_one_recipe_are_listed_alone(account, capsys):
    lay(account, a_record(1))
    lay(account, a_record(2, recipe="refunds"))
    assert left(imports_command, recipe="refunds", shown="json") == 0
    assert [each["recipe"] for each in json.loads(capsys.readouterr().out)["imports"]] == [
        "refunds"
    ]


def test_all_of_one_is_shown_by_the_beginning_of_its_id(account, capsys):
    import_id = lay(account, a_record(**ENDED))
    assert left(imports_command, import_id=import_id[:31]) == 0
    said = capsys.readouterr().out
    for words in (
        "LlamaForCausalLM, asked by Converse",
        "16.00 GB, merged in 15 groups",
        LLAMA,
        "merge-receipt.json",
        "tuning promote support 3",
        "IM402: no chat template.",
        "3.90 USD, of 2026-11",
        "2 custom model units",
        "0.11436 USD a minute",
    ):
        assert words in said
    assert left(imports_command, import_id=import_id, shown="json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["version"], document["settlement"]["usd"]) == (3, "3.90")


def test_why_one_was_refused_is_shown_and_nothing_of_what_never_came(account, capsys):
    import_id = lay(account, a_record(state="refused", why="It lacks adapter_config.json."))
    assert left(imports_command, import_id=import_id) == 0
    said = capsys.readouterr().out
    assert "refused" in said
    assert "It lacks adapter_config.json." in said
    assert "receipt" not in said
    assert "None" not in said


def test_what_cannot_be_read_is_listed_all_the_same(account, capsys):
    broken = a_record(4)
    lay(account, broken)
    account.dynamodb.items[broken.id]["upload"] = "{"
    assert left(imports_command) == 0
    assert "cannot be read" in capsys.readouterr().out


@pytest.mark.parametrize(("beginning", "words"), [("f", "no such import"), ("0", "2 imports begin with this"), ("", "2 imports begin with this")])  # fmt: skip
def test_an_id_that_says_too_little_or_of_none_is_refused(account, beginning, words):
    for number in (1, 2):
        lay(account, a_record(number))
    with pytest.raises(UnknownRunError, match=words):
        imports_command(import_id=beginning)


def test_where_there_is_none_it_says_how_to_bring_one(account, capsys):
    account.cloudformation = FakeStacks({"OutputKey": "WeightsBucket", "OutputValue": "weights"})
    assert left(imports_command, recipe="support") == 0
    said = capsys.readouterr().err
    assert "aws s3 cp --recursive ADAPTER/ s3://datasets/adapters/support/NAME/" in said
    assert "aws s3 cp --recursive MODEL/ s3://weights/models/support/NAME/" in said
    assert "aws s3 cp --recursive BASE/ s3://weights/bases/NAME/" in said


def test_an_environment_without_such_a_recipe_hears_so(account, capsys):
    account.cloudformation = FakeStacks()
    assert left(imports_command) == 0
    assert "dev has no recipe of method IMPORT" in capsys.readouterr().err


def test_a_record_is_read_as_it_was_written():
    record = structs.replace(a_record(**ENDED), job_arn="arn:job")
    assert ImportRecord.from_item(record.to_item()) == record
