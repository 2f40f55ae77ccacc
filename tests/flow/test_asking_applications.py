"""An application asks the model that is live, as the sample and the documents have it, on the emulated account."""

import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from uuid import uuid4

import pytest
from accounts import a_client, conversations, session
from botocore.exceptions import ClientError
from patience import until

from tuning.releases.release_steps import OF_ENVIRONMENT

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "samples" / "consumer" / "application" / "ask_model.py"
RECIPE = "support-nova-micro"
ABOUT = "Application"
QUESTION, ANSWER = f"{ABOUT}, question 3?", f"{ABOUT}, answer 3."
BASE = "amazon.nova-micro-v1:0"


@pytest.fixture(scope="module")
def deployed(world):
    """Deployments of a trained model, by the environment that their tag names."""
    run = world.ended(world.upload(conversations(ABOUT), f"{RECIPE}/{ABOUT}"))
    assert run.state == "trained", run.outcome
    bedrock, arns = world.client("bedrock"), {}

    def active(arn):
        found = bedrock.get_custom_model_deployment(customModelDeploymentIdentifier=arn)
        return found["status"] == "Active"

    for environment in ("dev", "prod"):
        arn = bedrock.create_custom_model_deployment(
            modelDeploymentName=f"asked-{environment}-{uuid4().hex[:8]}",
            modelArn=run.model_arn,
            tags=[{"key": OF_ENVIRONMENT, "value": environment}],
        )["customModelDeploymentArn"]
        until(lambda arn=arn: active(arn), f"{arn} to answer")
        arns[environment] = arn
    yield arns
    for arn in arns.values():
        bedrock.delete_custom_model_deployment(customModelDeploymentIdentifier=arn)


@pytest.fixture(scope="module")
def place(world):
    """The subnets of the functions, and the policy that every function in the VPC has for its interfaces."""
    asking = next(each for each in world.functions() if "AnswerPrompts" in each["FunctionName"])
    attached = world.client("iam").list_attached_role_policies(
        RoleName=asking["Role"].rpartition("/")[2]
    )["AttachedPolicies"]
    wildcard = next(each for each in attached if "WildcardPermissions" in each["PolicyName"])
    return asking["VpcConfig"]["SubnetIds"], wildcard["PolicyArn"]


@pytest.fixture(scope="module")
def application(world, place):
    """The role of somebody's application: the callers' policy, and a place in the VPC."""
    iam, name = world.client("iam"), f"application-{uuid4().hex[:8]}"
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    for policy in (world.account.outputs["CallersPolicy"], place[1]):
        iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    world.instance.advance_clock(world.instance.settings.role_seconds)
    return arn


@pytest.fixture(scope="module")
def function(world, place, application):
    """function(arn): the name of the sample's function, which asks that deployment."""
    made, functions = f"ask-model-{uuid4().hex[:8]}", world.client("lambda")
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.write(SAMPLE, SAMPLE.name)
    functions.create_function(
        FunctionName=made,
        Runtime="python3.14",
        Role=application,
        Handler="ask_model.handler",
        Code={"ZipFile": code.getvalue()},
        Timeout=90,
        VpcConfig={
            "SubnetIds": place[0],
            "SecurityGroupIds": [world.account.outputs["CallersGroup"]],
        },
    )

    def asking(arn):
        functions.update_function_configuration(
            FunctionName=made, Environment={"Variables": {"DEPLOYMENT_ARN": arn}}
        )
        return made

    yield asking
    functions.delete_function(FunctionName=made)


def said(world, function, question=QUESTION):
    payload = json.dumps({"question": question}).encode()
    answered = world.client("lambda").invoke(FunctionName=function, Payload=payload)
    return json.loads(answered["Payload"].read()), answered.get("FunctionError")


def test_the_samples_function_asks_the_live_model_from_inside_of_the_vpc(world, function, deployed):
    answered, fault = said(world, function(deployed["dev"]))
    assert fault is None, answered
    assert (answered["state"], answered["answer"]) == ("answered", ANSWER)
    assert answered["stop_reason"] == "end_turn"


def test_it_says_so_where_none_is_live_yet(world, function):
    assert said(world, function(""))[0]["state"] == "no_model"


def test_a_deployment_that_is_gone_has_no_tag_and_is_denied(world, function, deployed):
    answered, fault = said(world, function(deployed["dev"][:-12] + "a" * 12))
    assert fault
    assert "AccessDenied" in answered["errorMessage"]


def test_what_is_throttled_for_longer_is_for_its_caller_to_try_again(world, function, deployed):
    named = function(deployed["dev"])
    world.instance.add_fault(kind="throttle", operation="ConverseStream")
    try:
        answered, fault = said(world, named)
    finally:
        world.instance.clear_faults()
    assert fault is None, answered
    assert answered == {"state": "busy", "reason": "ThrottlingException"}
    assert said(world, named)[0]["state"] == "answered"


def test_a_deployment_of_another_environment_is_denied(world, function, deployed):
    answered, fault = said(world, function(deployed["prod"]))
    assert fault
    assert "AccessDenied" in answered["errorMessage"]


@pytest.mark.parametrize("where", ["in the VPC", "outside"])
def test_its_role_can_ask_no_base_model_and_no_one_else_and_from_nowhere_else(
    world, application, function, deployed, where
):
    """As whoever took over the application: with its credentials, in its network or out of it."""
    name = function(deployed["dev"]) if where == "in the VPC" else "elsewhere"
    credentials = session(world, application.rpartition("/")[2], name)
    runtime = a_client(world, credentials, "bedrock-runtime")
    messages = [{"role": "user", "content": [{"text": QUESTION}]}]
    refused = [BASE, deployed["prod"]] + [deployed["dev"]] * (where == "outside")
    for model in refused:
        with pytest.raises(ClientError, match="AccessDenied"):
            runtime.converse(modelId=model, messages=messages)
    bedrock = a_client(world, credentials, "bedrock")
    with pytest.raises(ClientError, match="AccessDenied"):
        bedrock.delete_custom_model_deployment(customModelDeploymentIdentifier=deployed["dev"])


def test_the_documents_snippet_answers_as_it_is_printed(world, application, function, deployed):
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    [snippet] = re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    [printed] = re.findall(r'"(arn:aws:bedrock:[^"]+)"', snippet)
    written = snippet.replace(printed, deployed["dev"]).replace("Can I return a gift?", QUESTION)
    role = application.rpartition("/")[2]
    credentials = session(world, role, function(deployed["dev"]))
    theirs = {
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
    }
    done = subprocess.run(  # noqa: S603 — the document's own words
        [sys.executable, "-c", written],
        env=os.environ | world.instance.client_environment() | theirs,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{ANSWER}\n"
