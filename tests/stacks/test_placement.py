"""The constructs go into anybody's stacks: with or without our feature flags, and not where they cannot work."""

import json

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from stubbed_bundle import stub_bundle
from tested_configs import DEV

from review.synthesis import CONTEXT
from stacks.deployment import Deployment
from tuning.constructs.acknowledgements import review
from tuning.constructs.network import Network
from tuning.constructs.storage import Storage
from tuning.constructs.training import Training
from tuning.errors import ConfigError

HERE = cdk.Environment(region=DEV.region)


@pytest.fixture(autouse=True)
def _no_bundle(tmp_path, monkeypatch):
    stub_bundle(monkeypatch, tmp_path)


def templates(folder, context):
    app = cdk.App(outdir=str(folder), context=context, builtin_cloud_formation_validation=False)
    Deployment(app, "dev", config=DEV)
    app.synth()
    return {p.name: json.loads(p.read_bytes()) for p in folder.glob("*.template.json")}


def test_templates_do_not_depend_on_the_feature_flags_of_the_app(tmp_path):
    """But for the partition, which CDK writes as the app's stacks are told to."""
    flag = "@aws-cdk/core:enablePartitionLiterals"
    ours = templates(tmp_path / "ours", CONTEXT)
    assert len(ours) == 3
    bare = {flag: True, "@aws-cdk/core:target-partitions": ["aws"]}
    assert templates(tmp_path / "bare", bare) == ours
    against = {name: False for name, value in CONTEXT.items() if value is True} | bare
    assert templates(tmp_path / "against", against) == ours


def test_applications_of_another_stack_are_let_ask_what_is_live(tmp_path):
    """As docs/embedding.md has it, one role after the other."""
    app = cdk.App(outdir=str(tmp_path), builtin_cloud_formation_validation=False)
    deployed = Deployment(app, "dev", config=DEV)
    stack = cdk.Stack(app, "Shop", env=HERE)
    for name in ("Search", "Support"):
        service = iam.ServicePrincipal("lambda.amazonaws.com")
        role = iam.Role(stack, name, assumed_by=service)
        deployed.training.callers.attach_to(role)
        lambda_.CfnFunction(
            stack,
            f"{name}Function",
            role=role.role_arn,
            code={"zipFile": "-"},
            vpc_config={
                "securityGroupIds": [deployed.network.callers_group.group.security_group_id]
            },
        )
    app.synth()
    found = json.loads((tmp_path / "Shop.template.json").read_bytes())["Resources"].values()
    exports = {
        output["Export"]["Name"]: output["Value"]["Ref"]
        for name in ("dev-Network", "dev-Training")
        for path in tmp_path.glob(f"{name.replace('-', '')}*.template.json")
        for output in json.loads(path.read_bytes())["Outputs"].values()
        if "Export" in output and "Ref" in output["Value"]
    }
    attached = [
        exports[each["Fn::ImportValue"]]
        for resource in found
        if resource["Type"] == "AWS::IAM::Role"
        for each in resource["Properties"]["ManagedPolicyArns"]
    ]
    groups = [
        each
        for resource in found
        if resource["Type"] == "AWS::Lambda::Function"
        for each in resource["Properties"]["VpcConfig"]["SecurityGroupIds"]
    ]
    assert [name.startswith("CallersPolicy") for name in attached] == [True, True]
    assert (len(groups), "Callers" in json.dumps(groups)) == (2, True)


def test_who_may_ask_one_recipe_may_ask_no_other(tmp_path):
    app = cdk.App(outdir=str(tmp_path), builtin_cloud_formation_validation=False)
    training = Deployment(app, "dev", config=DEV).training
    stack = cdk.Stack(app, "Application", env=cdk.Environment(region=DEV.region))
    one, other, again = (
        iam.Role(stack, name, assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        for name in ("One", "Other", "Again")
    )
    training.callers.attach_to(one, again, recipe="support-nova-micro")
    training.callers.attach_to(other, recipe="support-nova-lite")
    training.callers.attach_to(one, recipe="support-nova-micro")
    app.synth()
    (path,) = tmp_path.glob("devTraining*.template.json")
    policies = {
        name.removeprefix("CallersPolicy")[:-8]: each["Properties"]["PolicyDocument"]["Statement"][
            0
        ]
        for name, each in json.loads(path.read_bytes())["Resources"].items()
        if name.startswith("CallersPolicy")
    }
    recipe = "aws:ResourceTag/tuning:recipe"
    bound = {name: each["Condition"]["StringEquals"].get(recipe) for name, each in policies.items()}
    assert bound == {
        "": None,
        "SupportNovaMicro": "support-nova-micro",
        "SupportNovaLite": "support-nova-lite",
    }
    for statement in policies.values():
        everybody = statement["Condition"]["StringEquals"]
        assert everybody["aws:ResourceTag/tuning:environment"] == "dev"
        assert "aws:SourceVpce" in everybody
    with pytest.raises(ConfigError, match="did you mean 'support-nova-micro'"):
        training.callers.attach_to(one, recipe="support-nova-mikro")


def test_in_one_stack_they_are_clean_as_well(tmp_path):
    app = cdk.App(outdir=str(tmp_path), builtin_cloud_formation_validation=False)
    account = cdk.Environment(region=DEV.region, account="111122223333")
    stack = cdk.Stack(app, "Tuning", env=account)
    network = Network(stack, "Network", config=DEV, storage_name=stack.stack_name)
    storage = Storage(stack, "Storage", config=DEV, vpc=network.vpc)
    training = Training(
        stack, "Training", environment="dev", config=DEV, network=network, storage=storage
    )
    review(app, [training])
    app.synth()
    report = json.loads((tmp_path / "validation-report.json").read_bytes())
    assert {one["pluginName"]: one["violations"] for one in report["pluginReports"]} == {
        one["pluginName"]: [] for one in report["pluginReports"]
    }


@pytest.mark.parametrize(
    ("stack", "said"),
    [
        (lambda app: cdk.NestedStack(cdk.Stack(app, "S", env=HERE), "N"), "is a NestedStack"),
        (lambda app: cdk.Stack(app, "S"), "has no Region.*env=cdk.Environment"),
        (lambda app: cdk.Stack(app, "S", env=cdk.Environment(region="eu-west-1")), "eu-west-1"),
        (lambda app: cdk.Stack(app, "S", env=HERE, stack_name="n" * 60), "room for 59"),
    ],
)
def test_a_stack_that_cannot_hold_them_is_refused_with_its_path(stack, said):
    with pytest.raises(ConfigError, match=rf"(?s)stack S.*{said}"):
        Network(stack(cdk.App()), "Network", config=DEV, storage_name="S")


def test_the_stack_that_names_buckets_has_a_short_name():
    app = cdk.App()
    network = Network(cdk.Stack(app, "N", env=HERE), "Network", config=DEV, storage_name="S")
    stack = cdk.Stack(app, "S", env=HERE, stack_name="a-name-of-25-characters-x")
    with pytest.raises(ConfigError, match="room for 24"):
        Storage(stack, "Storage", config=DEV, vpc=network.vpc)
