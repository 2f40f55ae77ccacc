"""As strict as AWS: models that are imported, and who is answered by them. docs/emulator.md has the table."""

import json
import struct

import pytest
from strict import (
    ACCOUNT,
    a_key,
    a_user,
    allow,
    encrypted_bucket,
    lets,
    may,
    policy,
    refused,
    trust,
)

BUCKET = "weights"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/importer"
SECONDS = 100
INVOKE = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")
ASKED = [{"role": "user", "content": [{"text": "Hello there"}]}]
READS = [
    may("s3:ListBucket", resource=f"arn:aws:s3:::{BUCKET}"),
    may("s3:GetObject", resource=f"arn:aws:s3:::{BUCKET}/*"),
]
STAGE = {"deployment_seconds": SECONDS, "wait_scale": 0.001, "enforce": True}


@pytest.fixture(scope="module")
def key(stage):
    return a_key(stage, lets("bedrock"))


def weights():
    header = json.dumps({"a": {"dtype": "BF16", "shape": [4], "data_offsets": [0, 8]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(8)


def put_folder(stage, name, architecture="LlamaForCausalLM", **more):
    files = {
        "config.json": json.dumps({"architectures": [architecture]}),
        "tokenizer_config.json": json.dumps({"chat_template": "{{ messages }}"}),
        "tokenizer.json": "{}",
        "model.safetensors": weights(),
    } | more
    for file, body in files.items():
        if body is not None:
            stage.client("s3").put_object(Bucket=BUCKET, Key=f"{name}/{file}", Body=body)
    return f"s3://{BUCKET}/{name}/"


def trusted():
    account = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    source = {
        "ArnEquals": {"aws:SourceArn": f"arn:aws:bedrock:us-east-1:{ACCOUNT}:model-import-job/*"}
    }
    document = json.loads(trust("bedrock.amazonaws.com"))
    document["Statement"][0]["Condition"] = account | source
    return json.dumps(document)


@pytest.fixture(scope="module")
def role(stage, key):
    iam = stage.client("iam")
    iam.create_role(RoleName="importer", AssumeRolePolicyDocument=trusted())
    allow(stage, "importer", *READS, may("kms:Decrypt", resource=key))
    encrypted_bucket(stage, BUCKET, key)
    return ROLE


def asked(name, uri, **more):
    source = {"s3DataSource": {"s3Uri": uri}}
    named = {"jobName": f"job-{name}", "importedModelName": name}
    return {**named, "roleArn": ROLE, "modelDataSource": source, **more}


def created(stage, name, uri, **more):
    made = stage.client("bedrock").create_model_import_job(**asked(name, uri, **more))
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    return made["jobArn"]


def ended(stage, name, uri, **more):
    job = created(stage, name, uri, **more)
    stage.instance.advance_clock(SECONDS)
    return stage.client("bedrock").get_model_import_job(jobIdentifier=job)


@pytest.fixture
def model(stage, role, key):
    """A warm model that is gone afterwards; its ARN."""
    assert role
    bedrock = stage.client("bedrock")
    tags = [{"key": "team", "value": "blue"}]
    given = {"importedModelKmsKeyId": key, "importedModelTags": tags}
    arns = []

    def make(name, **more):
        found = ended(stage, name, put_folder(stage, name, **more), **given)
        assert found["status"] == "Completed", found
        arns.append(found["importedModelArn"])
        return arns[-1]

    yield make
    for arn in arns:
        bedrock.delete_imported_model(modelIdentifier=arn)


def warmed(stage, arn):
    runtime = stage.client("bedrock-runtime")
    body = json.dumps({"prompt": "x"})
    assert refused(runtime.invoke_model, modelId=arn, body=body)[0] == "ModelNotReadyException"
    stage.instance.advance_clock(SECONDS)
    return arn


def test_a_model_is_imported_wakes_answers_sleeps_and_goes(stage, model):
    arn = model("whole")
    bedrock, runtime = stage.client("bedrock"), stage.client("bedrock-runtime")
    found = bedrock.get_imported_model(modelIdentifier=arn)
    assert (found["modelArchitecture"], found["instructSupported"]) == ("LlamaForCausalLM", True)
    assert found["customModelUnits"]["customModelUnitsPerModelCopy"] == 1
    body = json.dumps({"prompt": "Hello there", "max_tokens": 100})
    said = refused(runtime.invoke_model, modelId=arn, body=body)
    assert said[:2] == ("ModelNotReadyException", 429)
    stage.instance.advance_clock(SECONDS)
    answer = runtime.invoke_model(modelId=arn, body=body)
    assert "no weights were run" in answer["ResponseMetadata"]["HTTPHeaders"]["x-emulated"]
    said = json.loads(answer["body"].read())["choices"][0]
    assert (said["text"], said["finish_reason"]) == (
        "[emulated: no weights were run] Hello there",
        "stop",
    )
    stage.instance.advance_clock(299)
    runtime.invoke_model(modelId=arn, body=body)
    stage.instance.advance_clock(300)
    assert refused(runtime.invoke_model, modelId=arn, body=body)[0] == "ModelNotReadyException"


def test_each_of_three_bodies_has_its_answer(stage, model):
    arn, runtime = warmed(stage, model("bodies")), stage.client("bedrock-runtime")

    def whole(**body):
        return json.loads(runtime.invoke_model(modelId=arn, body=json.dumps(body))["body"].read())

    def pieces(**body):
        stream = runtime.invoke_model_with_response_stream(modelId=arn, body=json.dumps(body))
        return [json.loads(each["chunk"]["bytes"]) for each in stream["body"]]

    words = "[emulated: no weights were run] Hello there"
    plain = whole(prompt="Hello there", max_gen_len=50)
    assert plain["generation"] == words
    assert plain.keys() == {
        *("generation", "prompt_token_count", "generation_token_count", "stop_reason")
    }
    assert whole(prompt="Hello there", max_tokens=2)["choices"][0]["finish_reason"] == "length"
    chat = [{"role": "user", "content": "Hello there"}]
    said = whole(messages=chat, max_tokens=50)
    assert said["choices"][0]["message"] == {"role": "assistant", "content": words}
    assert "".join(each["generation"] for each in pieces(prompt="Hello there")) == words
    text = [each["choices"][0]["text"] for each in pieces(prompt="Hello there", max_tokens=50)]
    assert "".join(text) == words
    deltas = [each["choices"][0]["delta"]["content"] for each in pieces(messages=chat)]
    assert "".join(deltas) == words
    answer = runtime.converse(modelId=arn, messages=ASKED)
    assert answer["output"]["message"]["content"] == [{"text": words}]


def test_converse_takes_some_architectures_only(stage, model):
    arn = warmed(stage, model("qwen", architecture="Qwen3ForCausalLM"))
    runtime = stage.client("bedrock-runtime")
    code, status, message = refused(runtime.converse, modelId=arn, messages=ASKED)
    assert (code, status) == ("ValidationException", 400)
    assert message == (
        "This action doesn't support the model that you provided. Try again with a supported text "
        "or chat model."
    )
    chat = json.dumps({"messages": [{"role": "user", "content": "x"}]})
    assert runtime.invoke_model(modelId=arn, body=chat)["body"].read()


def test_without_a_chat_template_there_is_no_chat(stage, model):
    arn = warmed(stage, model("plain", **{"tokenizer_config.json": "{}"}))
    runtime = stage.client("bedrock-runtime")
    chat = json.dumps({"messages": [{"role": "user", "content": "x"}]})
    assert refused(runtime.invoke_model, modelId=arn, body=chat)[0] == "ValidationException"
    assert refused(runtime.converse, modelId=arn, messages=ASKED)[0] == "ValidationException"


def test_whoever_invokes_an_imported_model_needs_the_right_on_it_and_its_key(stage, model, key):
    arn = warmed(stage, model("held"))
    decrypt = may("kms:Decrypt", resource=key)

    def of_team(name):
        return may(*INVOKE, resource="*", StringEquals={"aws:ResourceTag/team": name})

    body = json.dumps({"prompt": "x"})
    for number, (statements, lacks) in enumerate(
        [
            ((may(*INVOKE, resource=arn), decrypt), None),
            ((of_team("blue"), decrypt), None),
            ((of_team("red"), decrypt), "bedrock:InvokeModel"),
            ((may(*INVOKE, resource=arn),), "kms:Decrypt"),
        ]
    ):
        ask = a_user(stage, f"asks-imported-{number}", *statements)("bedrock-runtime").invoke_model
        if lacks is None:
            assert ask(modelId=arn, body=body)["body"].read()
            continue
        code, status, message = refused(ask, modelId=arn, body=body)
        assert (code, status) == ("AccessDeniedException", 403)
        assert lacks in message


def test_one_import_runs_at_a_time(stage, role):
    assert role
    uri = put_folder(stage, "queue")
    create = stage.client("bedrock").create_model_import_job
    created(stage, "first", uri)
    said = refused(create, **asked("second", uri))
    assert said[:2] == ("ServiceQuotaExceededException", 400)
    stage.instance.advance_clock(SECONDS)
    found = ended(stage, "second", uri)
    assert found["status"] == "Completed"
    for name in ("first", "second"):
        stage.client("bedrock").delete_imported_model(modelIdentifier=name)


def test_an_account_keeps_three_imported_models(stage, model):
    for number in range(3):
        model(f"kept-{number}")
    create = stage.client("bedrock").create_model_import_job
    said = refused(create, **asked("fourth", put_folder(stage, "fourth")))
    assert said[:2] == ("ServiceQuotaExceededException", 400)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"adapter_config.json": "{}"}, "holds an adapter"),
        ({"config.json": '{"architectures": ["GemmaForCausalLM"]}'}, "GemmaForCausalLM"),
        ({"tokenizer.json": None}, "tokenizer"),
        ({"model.safetensors": weights()[:-1]}, "truncated"),
    ],
)
def test_a_folder_that_is_not_taken_fails_its_import(stage, role, more, words):
    assert role
    name = f"bad-{abs(hash(words))}"
    found = ended(stage, name, put_folder(stage, name, **more))
    assert (found["status"], found.get("importedModelArn")) == ("Failed", None)
    assert words in found["failureMessage"]


def test_an_import_reads_as_its_role_through_policies(stage, role, key):
    """Its own, the bucket's and the key's; and a role that does not trust import jobs, or is young, is refused."""
    iam, s3 = stage.client("iam"), stage.client("s3")
    uri = put_folder(stage, "held-back")
    assert role

    def failed(name):
        found = ended(stage, name, uri)
        return found["status"] == "Failed" and "role" in found["failureMessage"]

    def lets_role(*statements):
        document = policy(*statements)
        iam.put_role_policy(RoleName="importer", PolicyName="may", PolicyDocument=document)

    decrypt = may("kms:Decrypt", resource=key)
    for number, statements in enumerate((READS, (READS[0], decrypt), (READS[1], decrypt))):
        lets_role(*statements)
        assert failed(f"less-{number}")
    lets_role(*READS, decrypt)
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject"}
    place = {"Resource": f"arn:aws:s3:::{BUCKET}/held-back/model.safetensors"}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy(deny | place))
    assert failed("denied")
    s3.delete_bucket_policy(Bucket=BUCKET)
    iam.create_role(RoleName="another", AssumeRolePolicyDocument=trust("lambda.amazonaws.com"))
    another = asked("another", uri, roleArn=ROLE.replace("importer", "another"))
    said = refused(stage.client("bedrock").create_model_import_job, **another)
    assert said == ("ValidationException", 400, "The provided role ARN is invalid")
