"""What an environment needs, read from the folder that `cdk synth` has made."""

import json
import zipfile

import pytest

from tuning.errors import OptionError
from tuning.preflight.needs import LOG_RESOURCE, Needs

NOVA = "amazon.nova-micro-v1:0:128k"
SERVICE = {"Fn::Join": ["", ["com.amazonaws.", {"Ref": "AWS::Region"}, ".sns"]]}
NETWORK = {
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {}},
    "SubnetA": {"Type": "AWS::EC2::Subnet", "Properties": {"AvailabilityZone": "us-east-1a"}},
    "SubnetB": {"Type": "AWS::EC2::Subnet", "Properties": {"AvailabilityZone": "us-east-1b"}},
    "Sns": {
        "Type": "AWS::EC2::VPCEndpoint",
        "Properties": {
            "ServiceName": SERVICE,
            "VpcEndpointType": "Interface",
            "SubnetIds": [{"Ref": "SubnetA"}],
        },
    },
    "S3": {
        "Type": "AWS::EC2::VPCEndpoint",
        "Properties": {"ServiceName": "com.amazonaws.us-east-1.s3", "VpcEndpointType": "Gateway"},
    },
    "Egress": {
        "Type": "AWS::EC2::SecurityGroupEgress",
        "Properties": {"DestinationPrefixListId": "pl-1"},
    },
    "Group": {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"SecurityGroupEgress": [{"DestinationPrefixListId": "pl-2"}]},
    },
}
FUNCTION = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "ReservedConcurrentExecutions": 10,
        "VpcConfig": {"SubnetIds": [{"Fn::ImportValue": "dev-Network:SubnetB"}]},
    },
}
OUTPUTS = {"B": {"Value": {"Ref": "SubnetB"}, "Export": {"Name": "dev-Network:SubnetB"}}}


def assembly(folder, *, name="dev"):
    """As the CDK writes it: a manifest, templates, lists of assets, and the assets."""
    folder.mkdir(parents=True, exist_ok=True)
    artifacts = {}
    for stack, resources in (("Network", NETWORK), ("Training", {"A": FUNCTION, "B": FUNCTION})):
        (folder / f"{stack}.json").write_text(
            json.dumps({"Resources": resources, "Outputs": OUTPUTS})
        )
        artifacts[f"{stack}.assets"] = {
            "type": "cdk:asset-manifest",
            "properties": {"file": f"{stack}.assets.json"},
        }
        files = {"a": {"source": {"path": "code.zip"}}} if stack == "Training" else {}
        (folder / f"{stack}.assets.json").write_text(json.dumps({"files": files}))
        artifacts[stack] = {
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/us-east-1",
            "properties": {
                "templateFile": f"{stack}.json",
                "stackName": f"{name}-{stack}",
                "requiresBootstrapStackVersion": 6,
                "additionalDependencies": [f"{stack}.assets"],
            },
        }
    with zipfile.ZipFile(folder / "code.zip", "w") as code:
        code.writestr("recipes/support.toml", f'base_model = "{NOVA}"\n')
        hours = '[release]\nmetric = "exact_match"\nprovisioned_hours = 4\n'
        code.writestr("recipes/bought.toml", f'base_model = "{NOVA}"\n{hours}')
        code.writestr("recipes/brought.toml", 'method = "IMPORT"\n')
        code.writestr("lambdas/x.py", "")
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    return folder


def test_an_environment_needs_what_its_templates_name(tmp_path):
    needs = Needs.of("dev", assembly(tmp_path))
    assert needs.stacks == ("dev-Network", "dev-Training")
    assert needs.region == "us-east-1"
    assert needs.models == {NOVA: ("bought", "support")}
    assert needs.provisioned == ("bought",)
    assert needs.imports == ("brought",)
    assert needs.methods == {NOVA: ("FINE_TUNING",)}
    assert needs.zones == ("us-east-1a", "us-east-1b")
    assert needs.endpoints == {
        "com.amazonaws.us-east-1.sns": ("us-east-1a",),
        "com.amazonaws.us-east-1.lambda": ("us-east-1b",),
    }
    assert needs.gateways == ("com.amazonaws.us-east-1.s3",)
    assert needs.prefix_lists == ("pl-1", "pl-2")
    assert (needs.functions, needs.reserved, needs.vpcs, needs.bootstrap) == (2, 20, 1, 6)


def test_an_environment_asks_for_the_accounts_log_when_its_templates_set_it(tmp_path):
    folder = assembly(tmp_path)
    assert not Needs.of("dev", folder).logs_prompts
    template = json.loads((folder / "Network.json").read_text())
    template["Resources"]["Setting"] = {"Type": LOG_RESOURCE, "Properties": {}}
    (folder / "Network.json").write_text(json.dumps(template))
    assert Needs.of("dev", folder).logs_prompts


def test_stages_have_assemblies_of_their_own(tmp_path):
    assembly(tmp_path / "assembly-Stage")
    stage = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Stage"}}
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": {"Stage": stage}}))
    assert Needs.of("dev", tmp_path).reserved == 20


def test_another_environment_is_named_with_those_that_are_there(tmp_path):
    with pytest.raises(OptionError, match=r"did you mean 'dev'\?\); there are: dev"):
        Needs.of("devv", assembly(tmp_path))


@pytest.mark.parametrize("broken", ["[]", "{", '{"artifacts": []}', '{"artifacts": {"a": {}}}'])
def test_a_folder_that_the_cdk_did_not_make_is_named(tmp_path, broken):
    (tmp_path / "manifest.json").write_text(broken)
    with pytest.raises(OptionError, match="is not what the CDK makes"):
        Needs.of("dev", tmp_path)


def test_a_folder_without_templates_says_how_they_are_made(tmp_path):
    with pytest.raises(OptionError, match="run make synth"):
        Needs.of("dev", tmp_path)


@pytest.mark.parametrize("damage", ["code.zip", "Network.json"])
def test_damaged_files_are_named(tmp_path, damage):
    folder = assembly(tmp_path)
    (folder / damage).write_text("not this")
    with pytest.raises(OptionError, match="is not what the CDK makes"):
        Needs.of("dev", folder)
