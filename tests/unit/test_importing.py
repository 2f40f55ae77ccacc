"""An upload becomes a version, exactly one, whatever dies on the way; what cannot is refused with the reason."""

import json

import pytest
import tiny_models
from domain_builders import DATASETS
from import_world import (
    BEGINS,
    FOLDER,
    RECIPE,
    WEIGHTS,
    WHOLE,
    Importing,
    budgeted,
    registered,
    small_groups,
)

from lambdas import check_adapter
from tuning.adapters.folder_merge import Order, merge
from tuning.adapters.receipt import read_receipt


def local(folders, tmp_path):
    """The same merge on this machine."""
    base, adapter = folders
    merge(Order(base=base, adapter=adapter, converted=True), tmp_path / "local")
    return {path.name: path.read_bytes() for path in (tmp_path / "local").iterdir()}


RECEIPT = "merge-receipt.json"


def test_an_adapter_becomes_a_version_of_the_bytes_that_a_merge_on_this_machine_makes(
    importing, folders, begun, tmp_path
):
    finished = importing.run(begun)
    record, made = importing.record(begun), importing.model(begun)
    wanted = local(folders, tmp_path)
    assert set(made) == set(wanted)
    assert {n: b for n, b in made.items() if n != RECEIPT} == {n: b for n, b in wanted.items() if n != RECEIPT}  # fmt: skip
    assert record.groups > 2
    assert (record.state, record.version, finished["version"]) == ("imported", 1, 1)
    assert record.receipt_uri == f"s3://{WEIGHTS}/merged/{begun}/model/{RECEIPT}"
    receipt = read_receipt(made[RECEIPT], RECEIPT)
    assert receipt["base"]["path"] == f"s3://{WEIGHTS}/bases/tiny/"
    assert "tuning promote support 1" in finished["summary"]
    assert "0.05718 USD a minute" in finished["summary"]


def test_its_version_says_where_it_is_from_and_how_it_is_asked(importing, begun):
    importing.run(begun)
    found, record = registered(), importing.record(begun)
    assert (found.imported, found.converse) == ("LlamaForCausalLM", True)
    assert (found.base_model, found.trained_by, found.run_id) == ("tiny", "support", begun)
    assert (found.model_arn, found.job_arn) == (record.model_arn, record.job_arn)
    assert (found.upload, found.upload_version) == (f"s3://{DATASETS}/{BEGINS}", "v1")


def test_bedrock_is_asked_once_to_import_privately_the_folder_that_was_assembled(importing, begun):
    importing.run(begun)
    (request,) = importing.bedrock.created
    assert request["modelDataSource"]["s3DataSource"]["s3Uri"] == f"s3://{WEIGHTS}/merged/{begun}/model/"  # fmt: skip
    assert request["jobName"] == request["importedModelName"] == f"dev-support-{begun[:12]}"
    assert request["clientRequestToken"] == begun
    assert request["vpcConfig"]["subnetIds"]
    assert request["vpcConfig"]["securityGroupIds"]
    assert request["importedModelKmsKeyId"].startswith("arn:aws:kms:")
    assert request["roleArn"].endswith("/ImportRole")


def test_everything_may_be_done_twice(importing, folders, begun, tmp_path):
    importing.twice = True
    importing.run(begun)
    wanted, made = local(folders, tmp_path), importing.model(begun)
    assert {n: b for n, b in made.items() if n != RECEIPT} == {n: b for n, b in wanted.items() if n != RECEIPT}  # fmt: skip
    assert len(importing.bedrock.created) == 1
    assert registered(2) is None
    assert budgeted(importing) == importing.record(begun).settlement.usd


@pytest.mark.thorough
def test_a_function_that_is_killed_at_any_call_and_repeated_ends_in_the_same(
    tmp_path, monkeypatch, context, folders
):
    base, adapter = folders
    small_groups(monkeypatch)

    def lived(dies_at):
        recipes = tmp_path / f"recipes-{dies_at}"
        recipes.mkdir()
        world = Importing(recipes, context, dies_at=None)
        world.install(monkeypatch)
        world.lay(WEIGHTS, "bases/tiny/", base)
        world.lay(DATASETS, FOLDER, adapter)
        world.calls, world.dies_at = 0, dies_at
        (import_id,) = world.announced(BEGINS)
        world.run(import_id)
        return world, import_id

    first, import_id = lived(None)
    wanted, total = first.model(import_id), first.calls
    assert total > 40
    for number in range(1, total + 1):
        world, same = lived(number)
        assert same == import_id
        assert world.model(same) == wanted, number
        assert world.record(same).state == "imported", number
        assert len(world.bedrock.created) == 1, number
        assert registered(2) is None, number
        assert budgeted(world) == budgeted(first), number


def test_full_weights_are_copied_with_a_receipt_and_imported(importing, tmp_path):
    whole = tiny_models.base(tmp_path / "whole", shards=2)
    importing.lay(WEIGHTS, WHOLE, whole)
    (import_id,) = importing.announced(f"{WHOLE}config.json")
    importing.run(import_id)
    made = importing.model(import_id)
    assert importing.record(import_id).state == "imported"
    weights = [path for path in whole.iterdir() if path.suffix == ".safetensors"]
    assert all(made[path.name] == path.read_bytes() for path in weights)
    assert RECEIPT in made
    assert registered().base_model == "LlamaForCausalLM"


@pytest.mark.parametrize("late", ["adapter_config.json", "bases/tiny/config.json", "bases/tiny/model-00002-of-00002.safetensors"])  # fmt: skip
def test_what_comes_late_is_waited_for(importing, folders, late):
    base, adapter = folders
    name = late.removeprefix("bases/tiny/")
    importing.lay(WEIGHTS, "bases/tiny/", base, but=(name,))
    importing.lay(DATASETS, FOLDER, adapter, but=(name,))
    (import_id,) = importing.announced(BEGINS)
    waits = importing.step("check_adapter", {"import_id": import_id, "checked": {}})
    assert waits["state"] == "waiting"
    assert name in waits["why"]
    importing.lay(WEIGHTS, "bases/tiny/", base)
    importing.lay(DATASETS, FOLDER, adapter)
    importing.run(import_id)
    assert importing.record(import_id).state == "imported"


def test_what_never_comes_is_named_after_an_hour(importing, folders):
    base, adapter = folders
    importing.lay(WEIGHTS, "bases/tiny/", base)
    importing.lay(DATASETS, FOLDER, adapter, but=("adapter_config.json",))
    (import_id,) = importing.announced(BEGINS)
    finished = importing.run(import_id)
    assert importing.record(import_id).state == "refused"
    assert "It lacks adapter_config.json. Nothing more has arrived for 60 minutes" in finished["summary"]  # fmt: skip


def test_an_upload_that_goes_on_is_waited_for_however_long_it_takes(importing, folders):
    base, adapter = folders
    importing.lay(WEIGHTS, "bases/tiny/", base)
    importing.lay(DATASETS, FOLDER, adapter, but=("adapter_config.json",))
    (import_id,) = importing.announced(BEGINS)
    answer = {}
    for poll in range(3 * check_adapter.MOST_LOOKS):
        if poll % check_adapter.MOST_LOOKS == 0:
            importing.s3.lay(DATASETS, f"{FOLDER}README.md", b"x" * poll)
        answer = importing.step("check_adapter", {"import_id": import_id, "checked": answer})
        assert answer["state"] == "waiting", poll


def test_two_imports_at_once_queue(importing, begun, folders):
    importing.lay(DATASETS, "adapters/support/second/", folders[1])
    (second,) = importing.announced("adapters/support/second/adapter_model.safetensors")
    states = []
    for import_id in (begun, second):
        importing.step("check_adapter", {"import_id": import_id, "checked": {}})
        importing.step("reserve_import", {"import_id": import_id})
        for group in range(importing.record(import_id).groups):
            importing.step("merge_tensors", {"import_id": import_id, "group": group})
        importing.step("assemble_model", {"import_id": import_id})
        given = {"import_id": import_id, "progress": {}}
        states.append(importing.step("import_model", given)["state"])
    assert states == ["in_progress", "queued"]
    importing.bedrock.end_jobs()
    for import_id in (begun, second):
        outcome = importing.imported(import_id)
        importing.step("finish_import", {"import_id": import_id, "outcome": outcome})
    assert [importing.record(each).version for each in (begun, second)] == [1, 2]
    assert len(importing.bedrock.created) == 2


def test_a_queue_that_never_moves_ends_with_bedrocks_words(importing, begun):
    importing.step("check_adapter", {"import_id": begun, "checked": {}})
    importing.bedrock.jobs["another"] = {
        "status": "InProgress", "jobName": "x", "jobArn": "a", "request": {"clientRequestToken": ""},
    }  # fmt: skip
    given = {"import_id": begun, "progress": {"polls": 1500, "state": "queued"}}
    answer = importing.step("import_model", given)
    assert answer["state"] == "failed"
    assert "One import job at a time." in answer["why"]


def test_a_job_that_fails_says_why_and_costs_nothing(importing, begun):
    importing.bedrock.failure = "The model files are not valid."
    finished = importing.run(begun)
    record = importing.record(begun)
    assert record.state == "failed"
    assert "The model files are not valid." in finished["summary"]
    assert registered() is None
    assert record.settlement.charge == "nothing"
    assert not budgeted(importing)


def test_a_cold_model_is_asked_until_it_is_loaded(importing, begun):
    importing.bedrock.cold = 3
    importing.run(begun)
    assert importing.record(begun).state == "imported"
    assert [operation for operation, _ in importing.bedrock.asked] == ["converse"] * 4


def test_a_model_that_stays_cold_is_no_version_and_its_storage_is_counted(importing, begun):
    importing.bedrock.cold = 1000
    finished = importing.run(begun)
    record = importing.record(begun)
    assert record.state == "failed"
    assert "It was not ready after 60 polls" in finished["summary"]
    assert f"delete-imported-model --model-identifier {record.model_arn}" in finished["summary"]
    assert record.settlement.usd > 0


def test_bedrock_says_how_many_units_there_are_to_pay(importing, begun):
    importing.bedrock.units = {"customModelUnitsPerModelCopy": 2}
    importing.run(begun)
    record = importing.record(begun)
    assert (record.model_units, f"{record.settlement.usd}") == (2, "3.90")
    assert f"{budgeted(importing)}" == "3.90"


def test_a_model_that_takes_no_converse_is_invoked(importing, tmp_path):
    importing.recipe("support", RECIPE.replace("LlamaForCausalLM", "Qwen2ForCausalLM"))
    whole = tiny_models.base(tmp_path / "q", architectures=["Qwen2ForCausalLM"], model_type="qwen2")
    importing.lay(WEIGHTS, WHOLE, whole)
    (import_id,) = importing.announced(f"{WHOLE}config.json")
    importing.run(import_id)
    ((operation, request),) = importing.bedrock.asked
    assert operation == "invoke_model"
    assert json.loads(request["body"])["max_tokens"] == 8
    assert registered().converse is False


def test_what_dies_at_the_job_keeps_its_reservation_whole(importing, begun):
    importing.run_to_its_job(begun)
    outcome = {"state": "failed", "summary": "A step failed."}
    importing.step("finish_import", {"import_id": begun, "outcome": outcome})
    assert importing.record(begun).settlement.charge == "unknown"
    assert f"{budgeted(importing)}" == "1.95"


def test_an_outcome_is_recorded_once(importing, begun):
    importing.run(begun)
    late = {"state": "failed", "summary": "too late"}
    answer = importing.step("finish_import", {"import_id": begun, "outcome": late})
    assert importing.record(begun).state == "imported"
    assert answer["version"] == 1
