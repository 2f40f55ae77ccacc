"""As strict as AWS about agents: what runs where, who may ask it, and how Converse takes tools. docs/emulator.md."""

import json
import time

import pytest
from laid_tools import COUNTS, zipped
from strict import a_user, may, policy, refused, role_for

from tuning.constructs.functions_code import AGENT_ENTRY, with_agent

NOVA = "amazon.nova-micro-v1:0"
SESSION = "a-session-of-thirty-three-letters"
FILE = """
model = "amazon.nova-micro-v1:0:128k"
system_prompt = "You help."
daily_budget = 2.50
[[tools]]
name = "order_status"
description = "Looks an order up."
function = "orders"
input = {type = "object", properties = {order = {type = "string"}}, required = ["order"]}
"""
HANDLER = "def handler(event, context):\n    return {'state': f\"{event['order']} was sent\"}\n"
ASKED = {"model": NOVA, "system": "You help.", "usd": "0.5"}
NAMED = "Look up the order_status of order 7"
GUARDRAIL = {
    "name": "agents",
    "blockedInputMessaging": "not asked",
    "blockedOutputsMessaging": "not answered",
    "wordPolicyConfig": {"wordsConfig": [{"text": "zebra"}]},
}
STAGE = {"enforce": True}


@pytest.fixture(scope="module")
def guardrail(stage):
    bedrock = stage.client("bedrock")
    arn = bedrock.create_guardrail(**GUARDRAIL)["guardrailArn"]
    bedrock.create_guardrail_version(guardrailIdentifier=arn)
    return arn


@pytest.fixture(scope="module")
def role(stage):
    """Of the agent: its model, its guardrail and its tool."""
    rights = may("bedrock:InvokeModel", "bedrock:ApplyGuardrail", "lambda:InvokeFunction")
    role = role_for(stage, "bedrock-agentcore", "agent", rights)
    role_for(stage, "lambda", "tool")
    stage.instance.advance_clock(stage.instance.settings.role_seconds)
    return role


@pytest.fixture(scope="module")
def tool(stage, role):
    functions = stage.client("lambda")
    functions.create_function(
        FunctionName="orders",
        Runtime="python3.13",
        Role=role.replace("role/agent", "role/tool"),
        Handler="main.handler",
        Code={"ZipFile": zipped(main=HANDLER)},
    )
    return "orders"


@pytest.fixture(scope="module")
def bucket(stage):
    stage.client("s3").create_bucket(Bucket="agents-code")
    return "agents-code"


@pytest.fixture(scope="module")
def code(stage, bucket, tmp_path_factory):
    path = tmp_path_factory.mktemp("agent") / "desk.toml"
    path.write_text(FILE)
    body = with_agent("laptop", path).path.read_bytes()
    stage.client("s3").put_object(Bucket=bucket, Key="agent.zip", Body=body)
    return "agent.zip"


@pytest.fixture(scope="module")
def request_for(bucket, role, guardrail):
    def made(name, key, **more):
        place = {"s3": {"bucket": bucket, "prefix": key}}
        configured = {"code": place, "runtime": "PYTHON_3_14", "entryPoint": [AGENT_ENTRY]}
        return {
            "agentRuntimeName": name,
            "agentRuntimeArtifact": {"codeConfiguration": configured},
            "roleArn": role,
            "networkConfiguration": {"networkMode": "PUBLIC"},
            "environmentVariables": {
                "ENVIRONMENT": "dev",
                "ASSISTANT": "desk",
                "GUARDRAIL_ARN": guardrail,
                "GUARDRAIL_VERSION": "1",
                "TOKEN_PRICE": "0.001/0.01",
                "KNOWLEDGE_BASE": "none",
            },
            **more,
        }

    return made


@pytest.fixture(scope="module")
def runtime(stage, request_for, code, tool):
    assert tool
    made = stage.client("bedrock-agentcore-control").create_agent_runtime(
        **request_for("desk", code)
    )
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert made["status"] == "CREATING"
    return made["agentRuntimeArn"]


def ask(client, runtime, question=NAMED, session=SESSION):
    answer = client.invoke_agent_runtime(
        agentRuntimeArn=runtime,
        runtimeSessionId=session,
        contentType="application/json",
        payload=json.dumps({**ASKED, "question": question}),
    )
    return json.loads(answer["response"].read()), answer


def test_an_agent_runs_its_zip_and_calls_its_tool_in_the_name_of_its_role(stage, runtime, role):
    stage.instance.clear_recorded()
    said, answer = ask(stage.client("bedrock-agentcore"), runtime)
    assert said["calls"] == [{"tool": "order_status", "outcome": "answered"}], said
    assert (said["end"], said["rounds"]) == ("answered", 2)
    assert said["text"] == '{"state": "7 was sent"}'
    assert answer["runtimeSessionId"] == SESSION
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert "a process of this machine" in headers["x-emulated"]
    used = {each["action"] for each in stage.instance.recorded() if each["principal"] == role}
    assert used == {"bedrock:InvokeModel", "bedrock:ApplyGuardrail", "lambda:InvokeFunction"}


def test_a_question_that_names_no_tool_calls_none(stage, runtime):
    said, _ = ask(stage.client("bedrock-agentcore"), runtime, "Hello?")
    assert (said["calls"], said["rounds"]) == ([], 1)


def test_what_an_agents_role_may_not_do_it_does_not(stage, runtime):
    """The tool's function is denied: the agent says so, and goes on."""
    iam = stage.client("iam")
    statement = {**may("lambda:InvokeFunction"), "Effect": "Deny"}
    iam.put_role_policy(RoleName="agent", PolicyName="not", PolicyDocument=policy(statement))
    try:
        said, _ = ask(stage.client("bedrock-agentcore"), runtime)
        assert said["calls"] == [{"tool": "order_status", "outcome": "failed"}]
        assert "AccessDenied" in said["text"]
    finally:
        iam.delete_role_policy(RoleName="agent", PolicyName="not")


def test_asking_an_agent_takes_the_right_on_its_runtime(stage, runtime):
    invoke = "bedrock-agentcore:InvokeAgentRuntime"
    right = a_user(stage, "may-ask", may(invoke, resource=[runtime, f"{runtime}/*"]))
    assert ask(right("bedrock-agentcore"), runtime, "Hello?")[0]["end"] == "answered"
    other = a_user(stage, "may-ask-another", may(invoke, resource=f"{runtime[:-3]}xyz"))
    code, status, _ = refused(
        other("bedrock-agentcore").invoke_agent_runtime, agentRuntimeArn=runtime, payload=b"{}"
    )
    assert (code, status) == ("AccessDeniedException", 403)


@pytest.fixture(scope="module")
def counts(stage, request_for, bucket):
    stage.client("s3").put_object(Bucket=bucket, Key="c.zip", Body=zipped(agent=COUNTS))
    control = stage.client("bedrock-agentcore-control")
    return control.create_agent_runtime(**request_for("counts", "c.zip"))["agentRuntimeArn"]


def test_a_session_has_a_process_of_its_own(stage, counts):
    """A session goes on, and another begins anew."""
    client = stage.client("bedrock-agentcore")
    other = SESSION.replace("a-", "b-")
    counted = [ask(client, counts, session=each)[0]["count"] for each in (SESSION, SESSION, other)]
    assert counted == [1, 2, 1]
    code, status, why = refused(ask, client=client, runtime=counts)
    assert (code, status) == ("RuntimeClientError", 424)
    assert "(500)" in why


def test_a_session_that_was_stopped_is_gone_and_its_name_begins_anew(stage, counts):
    client, session = stage.client("bedrock-agentcore"), SESSION.replace("a-", "c-")
    named = {"agentRuntimeArn": counts, "runtimeSessionId": session}
    assert ask(client, counts, session=session)[0]["count"] == 1
    assert client.stop_runtime_session(**named)["runtimeSessionId"] == session
    code, status, _ = refused(client.stop_runtime_session, **named)
    assert (code, status) == ("ResourceNotFoundException", 404)
    assert ask(client, counts, session=session)[0]["count"] == 1


@pytest.mark.parametrize("without", ["runtime", "endpoint"])
def test_stopping_a_session_takes_the_right_to_it_on_the_runtime_and_its_endpoint(
    stage, counts, without
):
    session = SESSION.replace("a-", "d-")
    named = {"agentRuntimeArn": counts, "runtimeSessionId": session}
    ask(stage.client("bedrock-agentcore"), counts, session=session)
    stop, of = "bedrock-agentcore:StopRuntimeSession", [counts, f"{counts}/*"]
    ours = of[1:] if without == "runtime" else of[:1]
    invokes = may("bedrock-agentcore:InvokeAgentRuntime", resource=of)
    lacks = a_user(stage, f"stops-without-{without}", invokes, may(stop, resource=ours))
    code, status, _ = refused(lacks("bedrock-agentcore").stop_runtime_session, **named)
    assert (code, status) == ("AccessDeniedException", 403)
    stops = a_user(stage, f"stops-with-{without}", may(stop, resource=of))
    assert stops("bedrock-agentcore").stop_runtime_session(**named)["statusCode"] == 200


def test_a_program_that_does_not_start_fails_the_call(stage, request_for, bucket):
    stage.client("s3").put_object(
        Bucket=bucket, Key="x.zip", Body=zipped(agent="raise SystemExit(3)")
    )
    control = stage.client("bedrock-agentcore-control")
    arn = control.create_agent_runtime(**request_for("ends", "x.zip"))["agentRuntimeArn"]
    began = time.monotonic()
    code, status, _ = refused(ask, client=stage.client("bedrock-agentcore"), runtime=arn)
    assert (code, status) == ("RuntimeClientError", 424)
    assert time.monotonic() - began < 20


def test_a_runtime_that_could_not_run_is_refused(stage, request_for, code, role):
    create = stage.client("bedrock-agentcore-control").create_agent_runtime
    other = role.replace("role/agent", "role/tool")
    for change, why in (
        ({"agentRuntimeName": "no-hyphens"}, "regular expression"),
        ({"roleArn": other}, "Role validation failed"),
        (request_for("n", "missing.zip"), "There is no object s3://agents-code/missing.zip"),
        ({"networkConfiguration": {"networkMode": "VPC"}}, "networkModeConfig is required"),
    ):
        refusal = refused(create, **{**request_for("never", code), **change})
        assert refusal[:2] == ("ValidationException", 400)
        assert why in refusal[2]


def test_an_agents_subnets_are_in_zones_that_have_the_service(stage, request_for, code):
    ec2 = stage.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="agents", Description="d", VpcId=vpc)["GroupId"]
    create = stage.client("bedrock-agentcore-control").create_agent_runtime

    def within(number, zone):
        subnet = ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=f"us-east-1{zone}"
        )["Subnet"]["SubnetId"]
        network = {"subnets": [subnet], "securityGroups": [group]}
        return {"networkConfiguration": {"networkMode": "VPC", "networkModeConfig": network}}

    create(**request_for("placed", code, **within(1, "a")))
    _, _, why = refused(create, **request_for("misplaced", code, **within(2, "c")))
    assert "is in use1-az3, where AgentCore is not" in why


def test_a_stack_makes_a_runtime_and_takes_it_away(stage, request_for, code):
    asked = request_for("stacked", code)
    artifact = asked["agentRuntimeArtifact"]["codeConfiguration"]
    properties = {
        "AgentRuntimeName": "stacked",
        "AgentRuntimeArtifact": {
            "CodeConfiguration": {
                "Code": {"S3": {"Bucket": "agents-code", "Prefix": code}},
                "Runtime": artifact["runtime"],
                "EntryPoint": artifact["entryPoint"],
            }
        },
        "RoleArn": asked["roleArn"],
        "NetworkConfiguration": {"NetworkMode": "PUBLIC"},
        "EnvironmentVariables": asked["environmentVariables"],
        "ProtocolConfiguration": "HTTP",
        "LifecycleConfiguration": {"IdleRuntimeSessionTimeout": 60},
    }
    resource = {"Type": "AWS::BedrockAgentCore::Runtime", "Properties": properties}
    assert stage.stack("agents", Agent=resource) == ("CREATE_COMPLETE", "")
    control = stage.client("bedrock-agentcore-control")
    (found,) = [
        each
        for each in control.list_agent_runtimes()["agentRuntimes"]
        if each["agentRuntimeName"] == "stacked"
    ]
    kept = control.get_agent_runtime(agentRuntimeId=found["agentRuntimeId"])
    assert kept["environmentVariables"] == asked["environmentVariables"]
    said, _ = ask(stage.client("bedrock-agentcore"), found["agentRuntimeArn"], "Hello?")
    assert said["end"] == "answered"
    control.delete_agent_runtime(agentRuntimeId=found["agentRuntimeId"])
    bad = {**properties, "RoleArn": asked["roleArn"].replace("role/agent", "role/tool")}
    status, why = stage.stack("bad", Agent={**resource, "Properties": bad})
    assert status == "ROLLBACK_COMPLETE"
    assert "Role validation failed" in why


def test_converse_takes_tools_and_their_results_as_a_whole_only(stage):
    runtime = stage.client("bedrock-runtime")
    schema = {"json": {"type": "object", "properties": {}}}
    config = {"tools": [{"toolSpec": {"name": "look", "inputSchema": schema}}]}
    question = {"role": "user", "content": [{"text": "look, please"}]}
    first = runtime.converse(modelId=NOVA, messages=[question], toolConfig=config)
    assert first["stopReason"] == "tool_use"
    assert "no model decided so" in first["ResponseMetadata"]["HTTPHeaders"]["x-emulated"]
    asked = first["output"]["message"]
    (use,) = [each["toolUse"] for each in asked["content"] if "toolUse" in each]
    result = {"toolResult": {"toolUseId": use["toolUseId"], "content": [{"text": "seen"}]}}
    for content, more, why in (
        ([result], {}, "toolConfig field must be defined"),
        ([{"text": "And?"}], {"toolConfig": config}, "Expected toolResult blocks"),
        ([result, {"text": "And?"}], {"toolConfig": config}, "in the same turn"),
    ):
        messages = [question, asked, {"role": "user", "content": content}]
        refusal = refused(runtime.converse, modelId=NOVA, messages=messages, **more)
        assert refusal[:2] == ("ValidationException", 400)
        assert why in refusal[2]
    answered = runtime.converse(
        modelId=NOVA,
        messages=[question, asked, {"role": "user", "content": [result]}],
        toolConfig=config,
    )
    assert answered["output"]["message"]["content"] == [{"text": "seen"}]
