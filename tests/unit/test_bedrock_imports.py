"""Custom Model Import, as strict as Bedrock is known to be."""

import json
import struct

import pytest
from emulated_world import DEPLOYMENT, EAST, ROLE

from emulator.bedrock.api_errors import (
    ApiError,
    Conflict,
    Denied,
    ModelNotReady,
    NotFound,
    QuotaExceeded,
    ValidationError,
)
from emulator.bedrock.injected_faults import InjectedFault
from emulator.bedrock.ports import Scope

NETWORK = {"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]}
TAGS = [{"key": "team", "value": "blue"}]


def tensors(*, dtype="BF16", cut=0, shape=(2, 2), **names):
    """A file of weights in which each tensor has eight bytes, less so many."""
    size = 8
    header = {
        name: {"dtype": dtype, "shape": list(shape), "data_offsets": [at * size, (at + 1) * size]}
        for at, name in enumerate(names or {"a": 0})
    }
    written = json.dumps({"__metadata__": {"format": "pt"}} | header).encode()
    body = struct.pack("<Q", len(written)) + written + bytes(size * len(header))
    return body[: len(body) - cut]


def folder(architecture="LlamaForCausalLM", **changes):
    files = {
        "config.json": json.dumps({"architectures": [architecture]}).encode(),
        "tokenizer_config.json": b'{"tokenizer_class": "PreTrainedTokenizerFast"}',
        "tokenizer.json": b"{}",
        "chat_template.jinja": b"{{ messages }}",
        "model.safetensors": tensors(),
    } | {name.replace("__", "."): body for name, body in changes.items()}
    return {f"one/{name}": body for name, body in files.items() if body is not None}


@pytest.fixture
def world(world):
    world.folders.update(folder())
    return world


def create(engine, name="one", scope=EAST, **changes):
    asked = {
        "jobName": f"job-{name}",
        "importedModelName": name,
        "roleArn": ROLE,
        "modelDataSource": {"s3DataSource": {"s3Uri": "s3://weights/one/"}},
    } | changes
    return engine.call("CreateModelImportJob", scope, asked)["jobArn"]


def job(engine, name="job-one"):
    return engine.call("GetModelImportJob", EAST, {"jobIdentifier": name})


def ended(engine, world, name="job-one"):
    world.seconds += DEPLOYMENT
    return job(engine, name)


def imported(engine, world, name="one", **changes):
    create(engine, name, **changes)
    return ended(engine, world, f"job-{name}")["importedModelArn"]


def test_a_job_makes_a_model_of_a_folder(engine, world):
    arn = create(engine, importedModelTags=TAGS, vpcConfig=NETWORK)
    found = job(engine)
    assert (found["status"], found["jobArn"], found.get("endTime")) == ("InProgress", arn, None)
    assert "importedModelArn" not in found
    found = ended(engine, world, arn)
    assert (found["status"], found["vpcConfig"]) == ("Completed", NETWORK)
    model = engine.call("GetImportedModel", EAST, {"modelIdentifier": "one"})
    assert model["modelArn"] == found["importedModelArn"]
    assert model["modelArchitecture"] == "LlamaForCausalLM"
    assert (model["instructSupported"], model["jobName"]) == (True, "job-one")
    units = model["customModelUnits"]
    assert units == {"customModelUnitsPerModelCopy": 1, "customModelUnitsVersion": "v1.0"}
    tags = engine.call("ListTagsForResource", EAST, {"resourceARN": model["modelArn"]})
    assert tags == {"tags": TAGS}


def test_jobs_and_models_are_listed(engine, world):
    imported(engine, world)
    create(engine, "two")
    jobs = engine.call("ListModelImportJobs", EAST, {})["modelImportJobSummaries"]
    assert [(each["jobName"], each["status"]) for each in jobs] == [
        ("job-two", "InProgress"),
        ("job-one", "Completed"),
    ]
    running = engine.call("ListModelImportJobs", EAST, {"statusEquals": "InProgress"})
    assert len(running["modelImportJobSummaries"]) == 1
    models = engine.call("ListImportedModels", EAST, {})["modelSummaries"]
    assert [each["modelName"] for each in models] == ["one"]
    other = Scope(account="123456789012", region="us-east-1")
    assert engine.call("ListImportedModels", other, {})["modelSummaries"] == []


def test_one_job_runs_at_a_time_and_three_models_are_kept(engine, world):
    create(engine)
    with pytest.raises(QuotaExceeded):
        create(engine, "two")
    ended(engine, world)
    for name in ("two", "three"):
        imported(engine, world, name)
    with pytest.raises(QuotaExceeded):
        create(engine, "four")
    engine.call("DeleteImportedModel", EAST, {"modelIdentifier": "two"})
    assert imported(engine, world, "four")


def test_a_token_makes_one_job(engine):
    first = create(engine, clientRequestToken="t")
    assert create(engine, clientRequestToken="t") == first
    with pytest.raises(Conflict):
        create(engine, "two", clientRequestToken="t")


def test_names_are_taken_once(engine, world):
    imported(engine, world)
    with pytest.raises(ValidationError, match="job name is currently in use"):
        create(engine)
    with pytest.raises(ValidationError, match="model name is currently in use"):
        create(engine, jobName="another")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"importedModelName": "a__b"}, "importedModelName"),
        ({"importedModelName": "a" * 64}, "importedModelName"),
        ({"jobName": "a_b"}, "jobName"),
        ({"modelDataSource": {}}, "modelDataSource"),
        ({"roleArn": ROLE + "-young"}, "^.*The provided role ARN is invalid$"),
    ],
)
def test_a_request_that_is_not_as_it_must_be_is_refused(engine, changes, said):
    with pytest.raises(ValidationError, match=said):
        create(engine, **changes)


def test_only_some_regions_import(engine):
    with pytest.raises(ValidationError, match="not available in eu-west-1"):
        create(engine, scope=Scope(account=EAST.account, region="eu-west-1"))


INDEX = json.dumps({"weight_map": {"a": "model.safetensors", "b": "second.safetensors"}}).encode()
MOE = json.dumps({"architectures": ["GemmaForCausalLM"]}).encode()
QUANTISED = json.dumps(
    {"architectures": ["LlamaForCausalLM"], "quantization_config": {"bits": 4}}
).encode()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"config__json": None}, "config.json is missing"),
        ({"config__json": b"{"}, "not valid JSON"),
        ({"config__json": b"[]"}, "not a JSON object"),
        ({"config__json": b"{}"}, "architecture None"),
        ({"config__json": MOE}, "GemmaForCausalLM is not supported"),
        ({"config__json": QUANTISED}, "Quantized"),
        ({"tokenizer__json": None}, "tokenizer.model"),
        ({"tokenizer_config__json": None}, "tokenizer_config.json is missing"),
        ({"tokenizer_config__json": b'{"tokenizer_class": "Odd"}'}, "class Odd"),
        ({"adapter_config__json": b"{}"}, "holds an adapter"),
        ({"model__safetensors": None}, "no weights"),
        ({"model__safetensors": None, "pytorch_model__bin": b"x"}, "no weights"),
        ({"model__safetensors": tensors(cut=1)}, "truncated"),
        ({"model__safetensors": b"\xff" * 8 + b"{}"}, "no sound header"),
        ({"model__safetensors": b"x"}, "no sound header"),
        ({"model__safetensors": struct.pack("<Q", 2) + b"[]"}, "no sound header"),
        ({"model__safetensors": tensors(dtype="I8")}, "weights in I8"),
        ({"model__safetensors": tensors(shape=(3, 3))}, "shape and size differ"),
        ({"second__safetensors": tensors()}, "index.json is missing"),
        ({"model__safetensors__index__json": INDEX}, "second.safetensors, which"),
        (
            {"model__safetensors__index__json": INDEX, "second__safetensors": tensors(c=0)},
            "does not hold b",
        ),
    ],
)
def test_a_folder_that_import_does_not_take_fails_the_job(engine, world, changes, said):
    world.folders.clear()
    world.folders.update(folder(**changes))
    create(engine)
    found = ended(engine, world)
    assert found["status"] == "Failed"
    assert said in found["failureMessage"]
    assert engine.call("ListImportedModels", EAST, {})["modelSummaries"] == []


def test_shards_with_an_index_are_imported(engine, world):
    shards = {"second__safetensors": tensors(b=0), "model__safetensors__index__json": INDEX}
    world.folders.update(folder(**shards))
    assert imported(engine, world)


def test_an_empty_folder_and_a_bucket_that_is_not_there_fail_the_job(engine, world):
    for name, uri in (("one", "s3://weights/two/"), ("two", "s3://nowhere/one/")):
        create(engine, name, modelDataSource={"s3DataSource": {"s3Uri": uri}})
        assert ended(engine, world, f"job-{name}")["status"] == "Failed"


@pytest.mark.parametrize(
    "action",
    [
        "s3:ListBucket",
        "s3:GetObject",
        "kms:Decrypt",
        "ec2:CreateNetworkInterface",
        "ec2:CreateTags",
    ],
)
def test_the_role_must_be_allowed_what_the_job_does(engine, world, action):
    world.denied.add(action)
    world.keys["one/model.safetensors"] = "arn:aws:kms:us-east-1:1:key/k"
    create(engine, vpcConfig=NETWORK)
    assert ended(engine, world)["status"] == "Failed"


def test_interfaces_bear_the_arn_of_the_import_job(engine, world, monkeypatch):
    asked = []
    monkeypatch.setattr(world, "allows", lambda *call: asked.append(call) or True)
    arn = create(engine, vpcConfig=NETWORK)
    ended(engine, world)
    made = [context for _, action, _, context in asked if action == "ec2:CreateTags"]
    assert made[0]["aws:RequestTag/BedrockModelImportJobArn"] == arn
    assert "aws:RequestTag/BedrockModelCustomizationJobArn" not in made[0]


@pytest.mark.parametrize(
    "action",
    [
        *("bedrock:CreateModelImportJob", "bedrock:TagResource", "iam:PassRole", "kms:CreateGrant"),
        *("kms:DescribeKey", "kms:GenerateDataKey", "kms:Decrypt"),
    ],
)
def test_the_caller_must_be_allowed_what_it_asks_for(engine, world, action):
    key = f"arn:aws:kms:us-east-1:111122223333:key/{'0' * 36}"
    world.forbidden.add(action)
    with pytest.raises(Denied, match=action):
        create(engine, importedModelTags=TAGS, importedModelKmsKeyId=key)


def test_conditions_see_the_tags_of_the_model(engine, world):
    arn = imported(engine, world, importedModelTags=TAGS)
    assert engine.condition_keys(EAST, arn) == {"aws:ResourceTag/team": "blue"}
    engine.call("UntagResource", EAST, {"resourceARN": arn, "tagKeys": ["team"]})
    new = [{"key": "tuning:environment", "value": "dev"}]
    engine.call("TagResource", EAST, {"resourceARN": arn, "tags": new})
    assert engine.condition_keys(EAST, arn) == {"aws:ResourceTag/tuning:environment": "dev"}


def test_a_model_that_is_deleted_is_not_found(engine, world):
    arn = imported(engine, world)
    for wanted in (arn, "one"):
        if wanted == arn:
            engine.call("DeleteImportedModel", EAST, {"modelIdentifier": arn})
        for operation in ("GetImportedModel", "DeleteImportedModel"):
            with pytest.raises(NotFound):
                engine.call(operation, EAST, {"modelIdentifier": wanted})
    assert job(engine)["importedModelArn"] == arn


def test_a_model_is_cold_at_first_and_after_five_idle_minutes(engine, world):
    model = engine.imports.models.find(EAST, imported(engine, world))

    def answers():
        try:
            engine.imports.awake(model)
        except ModelNotReady:
            return False
        return True

    assert [answers(), answers()] == [False, False]
    world.seconds += DEPLOYMENT
    assert answers()
    world.seconds += 299
    assert answers()
    world.seconds += 300
    assert not answers()
    world.seconds += DEPLOYMENT + 299
    assert answers()
    world.seconds += DEPLOYMENT + 300
    assert not answers()


def test_faults_of_an_import(engine, world):
    engine.faults.add(InjectedFault(kind="fail", phase="Import", message="no luck", times=1))
    create(engine)
    assert ended(engine, world)["failureMessage"] == "no luck"
    engine.faults.add(InjectedFault(kind="stall", phase="Import", jobs="job-two"))
    create(engine, "two")
    assert ended(engine, world, "job-two")["status"] == "InProgress"
    engine.faults.clear()
    assert job(engine, "job-two")["status"] == "Completed"


def test_a_throttled_call_is_refused_as_elsewhere(engine):
    engine.faults.add(InjectedFault(kind="throttle", operation="CreateModelImportJob", times=1))
    with pytest.raises(ApiError, match="ThrottlingException"):
        create(engine)
    assert create(engine)
