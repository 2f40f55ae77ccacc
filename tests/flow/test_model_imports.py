"""Models trained elsewhere, in an environment of its own on the emulated account, with every policy enforced: an adapter
is merged by the map to the bytes of `tuning merge`, imported, asked and registered, and so are full weights; whatever is
killed, repeated or refused on the way.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from importing_account import (
    RECIPE,
    REGION,
    account_that_imports,
    ended,
    merge_here,
    merged,
    put,
    put_adapter,
    same_as_here,
    sha,
    unfinished,
)
from patience import until
from tiny_weights import SHARDS, adapter, base

from tuning.adapters.companion_files import RECEIPT
from tuning.aws.live_models import LiveModels
from tuning.releases.release_steps import OF_ENVIRONMENT


@pytest.fixture(scope="module")
def importing(tmp_path_factory):
    with account_that_imports(tmp_path_factory.mktemp("importing")) as world:
        yield world


@pytest.fixture
def room(importing):
    """An account has room for three imported models: none is left of the tests before."""
    yield
    bedrock = importing.client("bedrock")
    for each in bedrock.list_imported_models()["modelSummaries"]:
        bedrock.delete_imported_model(modelIdentifier=each["modelArn"])


def test_an_adapter_is_merged_by_the_map_as_here_imported_asked_and_registered(
    importing, room, tmp_path
):
    assert room is None
    folder = adapter(tmp_path / "adapter", seed=11)
    record = ended(importing, put_adapter(importing, "first", folder))
    assert record.state == "imported", record.why
    assert record.groups >= SHARDS
    here = merge_here(tmp_path / "here", base(tmp_path / "base"), folder)
    same_as_here(merged(importing, record), here)
    version = importing.account.registry.version(RECIPE, record.version)
    assert version.model_arn == record.model_arn
    assert version.imported == "LlamaForCausalLM"
    assert ":imported-model/" in record.model_arn
    notice = importing.notice(record.import_id)
    assert "imported" in notice["Subject"]
    assert unfinished(importing) == []


def test_full_weights_go_the_same_way(importing, room, tmp_path):
    assert room is None
    folder = base(tmp_path / "own", seed=50)
    put(importing, "WeightsBucket", f"models/{RECIPE}/own/", folder)
    record = ended(importing, f"models/{RECIPE}/own/config.json")
    assert record.state == "imported", record.why
    found = merged(importing, record)
    for path in folder.glob("*.safetensors"):
        assert sha(found[path.name]) == sha(path.read_bytes())
    assert RECEIPT in found


def processes(world, function):
    """Of the emulator's children, those that run this function."""
    named = f"AWS_LAMBDA_FUNCTION_NAME=import-Import-{function}".encode()
    children = set()
    for thread in Path(f"/proc/{world.instance.pid}/task").glob("*/children"):
        children |= set(map(int, read(thread).split()))
    return {pid for pid in children if named in read(Path(f"/proc/{pid}/environ"))}


def read(of_a_process):
    try:
        return of_a_process.read_bytes()
    except OSError:
        return b""


def killing(world, function, over, killed):
    """Every process that is made for an invocation, three times: a step is given up after nine tries."""
    while len(killed) < 3 and not over.wait(0.01):
        for pid in processes(world, function) - set(killed):
            over.wait(0.2 * (1 + len(killed)))
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            killed.append(pid)


@pytest.mark.parametrize("function", ["MergeTensors", "AssembleModel", "ImportModel"])
def test_a_function_that_is_killed_and_repeated_ends_in_the_same_bytes(
    importing, room, tmp_path, function
):
    assert room is None
    folder = adapter(tmp_path / "adapter", seed=len(function))
    for idle in processes(importing, function):
        os.kill(idle, signal.SIGKILL)
    over, killed = threading.Event(), []
    killer = threading.Thread(target=killing, args=(importing, function, over, killed))
    killer.start()
    try:
        record = ended(importing, put_adapter(importing, f"killed-{function}", folder))
    finally:
        over.set()
        killer.join()
    assert killed
    assert record.state == "imported", record.why
    here = merge_here(tmp_path / "here", base(tmp_path / "base"), folder)
    same_as_here(merged(importing, record), here)
    assert unfinished(importing) == []


def test_two_imports_at_once_wait_for_each_other(importing, room, tmp_path):
    """An account imports one model at a time, and the quota cannot be raised."""
    assert room is None
    keys = [
        put_adapter(importing, name, adapter(tmp_path / name, seed=seed))
        for seed, name in ((21, "one"), (31, "other"))
    ]
    records = [ended(importing, key) for key in keys]
    assert [record.state for record in records] == ["imported", "imported"], records
    assert len({record.model_arn for record in records}) == 2


def test_an_adapter_that_is_refused_leaves_nothing_half_written_and_is_reported(
    importing, tmp_path
):
    folder = adapter(tmp_path / "adapter", seed=41)
    config = json.loads((folder / "adapter_config.json").read_text("utf-8"))
    (folder / "adapter_config.json").write_text(json.dumps({**config, "peft_type": "IA3"}))
    record = ended(importing, put_adapter(importing, "refused", folder))
    assert record.state == "refused"
    assert "IA3" in record.why
    assert merged(importing, record) == {}
    assert unfinished(importing) == []
    assert record.reservation is None
    assert "refused" in importing.notice(record.import_id)["Subject"]


def test_a_group_that_fails_for_good_fails_the_import_with_its_cause(importing, tmp_path):
    """And not with the words of the map, which says how many failed."""
    functions = importing.client("lambda")
    name = importing.function_named("-MergeTensors")
    handler = functions.get_function_configuration(FunctionName=name)["Handler"]
    functions.update_function_configuration(FunctionName=name, Handler="lambdas.gone.handler")
    try:
        folder = adapter(tmp_path / "adapter", seed=81)
        record = ended(importing, put_adapter(importing, "failing", folder))
    finally:
        functions.update_function_configuration(FunctionName=name, Handler=handler)
    assert record.state == "failed"
    assert "lambdas.gone" in record.why
    assert unfinished(importing) == []


def test_what_is_no_weights_is_refused_unread_and_reported(importing):
    key = f"adapters/{RECIPE}/pickled/adapter_model.bin"
    bucket = importing.account.outputs["DatasetsBucket"]
    importing.client("s3").put_object(Bucket=bucket, Key=key, Body=b"a pickle")
    record = ended(importing, key)
    assert record.state == "refused"
    assert "refused" in importing.notice(record.import_id)["Subject"]


def test_an_import_whose_execution_is_stopped_is_recorded_as_failed_and_its_owner_is_notified(
    importing, tmp_path
):
    """It waits for its other files when somebody stops it."""
    folder = adapter(tmp_path / "adapter", seed=81)
    (folder / "adapter_config.json").unlink()
    key = put_adapter(importing, "stopped", folder)
    steps, machine = (
        importing.client("stepfunctions"),
        importing.account.outputs["ModelImportMachine"],
    )

    def running():
        found = steps.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]
        return found[0] if found else None

    execution = until(running, "the execution")
    steps.stop_execution(executionArn=execution["executionArn"])
    importing.round_of("ReconcileImports")
    record = ended(importing, key)
    assert (record.state, record.import_id) == ("failed", execution["name"])
    assert "Its execution was stopped" in record.why
    assert "failed" in importing.notice(record.import_id)["Subject"]


def typed(world, *words):
    """A command, as a person types it, to its end; exits with 0."""
    command = [sys.executable, "-m", "tuning", *words, "-e", "import", "--region", REGION]
    environment = os.environ | world.instance.client_environment()
    made = subprocess.run(  # noqa: S603 — our own words
        [*command, "--format", "json"], env=environment, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return json.loads(made.stdout)


def test_an_imported_model_goes_live_answers_gives_way_to_the_next_and_comes_back(
    importing, room, tmp_path
):
    """Released by the state machine, asked while it may be cold, through the tags by which it is live."""
    assert room is None
    first, second = (
        ended(importing, put_adapter(importing, name, adapter(tmp_path / name, seed=seed)))
        for seed, name in ((61, "live"), (71, "next"))
    )
    question = "Can I return a gift?"
    for words, record in (
        (("promote", RECIPE, str(first.version)), first),
        (("promote", RECIPE, str(second.version)), second),
        (("rollback", RECIPE), first),
    ):
        typed(importing, *words)
        live = LiveModels(ledger=importing.account.ledger).read(RECIPE)
        assert (live.version, live.deployment_arn) == (record.version, record.model_arn)
        said = typed(importing, "ask", RECIPE, question)
        assert said["version"] == record.version
        assert question in said["answer"]
        assert "emulated" in said["answer"]
        assert tagged(importing) == {record.model_arn}


def tagged(world):
    """The imported models that callers are let ask."""
    bedrock = world.client("bedrock")
    return {
        each["modelArn"]
        for each in bedrock.list_imported_models()["modelSummaries"]
        if OF_ENVIRONMENT
        in {
            tag["key"]
            for tag in bedrock.list_tags_for_resource(resourceARN=each["modelArn"])["tags"]
        }
    }
