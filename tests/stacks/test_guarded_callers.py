"""A guardrail in the templates: an environment without one is as before, and another content is another version."""

import aws_cdk as cdk
import pytest
from stubbed_bundle import stub_bundle
from whole_app import ROOT

from review.drawn_configs import Drawn
from review.space import check_drawn
from stacks.deployment import Deployment
from tuning.constructs.config import Config
from tuning.constructs.model_guardrail import make_guardrail
from tuning.errors import ConfigError
from tuning.guardrails.guardrail_files import load_guardrail

TEXT = 'description = "d"\nblocked_input = "no"\nblocked_output = "no"\n'
RECIPE = 'description = "x"\nbase_model = "amazon.nova-micro-v1:0:128k"\n'


def training(folder, guardrail, name="support", environment="dev"):
    """The template of an environment with that guardrail's text."""
    for room, file, text in (
        ("recipes", "a", RECIPE),
        ("guardrails", name, guardrail),
    ):
        (folder / room).mkdir(exist_ok=True)
        (folder / room / f"{file}.toml").write_text(text)
    given = {"region": "us-east-1", "recipes": ("a",), "recipes_folder": folder / "recipes"}
    app = cdk.App(outdir=str(folder / "out"), builtin_cloud_formation_validation=False)
    with pytest.MonkeyPatch.context() as patch:
        stub_bundle(patch, folder)
        made = Deployment(app, environment, config=Config(**given, guardrail=name))
        return app.synth().get_stack_by_name(made.training.node.scope.stack_name).template


def resources(template, kind):
    found = template["Resources"].items()
    return {k: r["Properties"] for k, r in found if r["Type"] == f"AWS::Bedrock::{kind}"}


def test_another_content_is_another_version_of_the_same_guardrail(tmp_path):
    first = training(tmp_path, TEXT + '[words]\nblocked = ["a"]\n')
    again = training(tmp_path, TEXT + '# a remark\n[words]\nblocked = ["a"]\n')
    other = training(tmp_path, TEXT + '[words]\nblocked = ["b"]\n')
    versions = [set(resources(each, "GuardrailVersion")) for each in (first, again, other)]
    assert versions[0] == versions[1]
    assert versions[0] != versions[2]
    assert set(resources(first, "Guardrail")) == set(resources(other, "Guardrail"))
    (guardrail,) = resources(first, "Guardrail").values()
    assert guardrail["WordPolicyConfig"] == {"WordsConfig": [{"Text": "a"}]}
    assert guardrail["Name"] == "dev--support"


def test_standard_names_the_profile_by_its_arn(tmp_path):
    standard = 'tier = "STANDARD"\ncross_region = "us.guardrail.v1:0"\n'
    template = training(tmp_path, standard + TEXT + '[content]\nHATE = "HIGH"\n')
    (guardrail,) = resources(template, "Guardrail").values()
    profile = guardrail["CrossRegionConfig"]["GuardrailProfileArn"]
    assert "guardrail-profile/us.guardrail.v1:0" in str(profile)
    assert guardrail["ContentPolicyConfig"]["ContentFiltersTierConfig"] == {"TierName": "STANDARD"}


def test_a_name_that_bedrock_would_refuse_is_refused():
    """An environment of somebody else's app may be called anything."""
    said = load_guardrail(ROOT / "guardrails/support.toml")
    stack = cdk.Stack(cdk.App(), "Stack")
    with pytest.raises(ConfigError, match="has 51 characters; Bedrock takes 50"):
        make_guardrail(stack, said, environment="x" * 42, key="arn")


def test_an_environment_without_one_names_no_guardrail(dev):
    said = str([r.properties for r in dev.of_type("AWS::EC2::VPCEndpoint")])
    assert "uardrail" not in said
    assert "uardrail" not in str([r.properties for r in dev.of_type("AWS::IAM::ManagedPolicy")])


def test_no_tool_finds_anything_in_a_guardrail_that_is_not_accepted():
    given = {"region": "us-east-1", "recipes": ("a",), "guardrail": "support"}
    asked_for = Drawn(name="dev", given=given, recipes={"a": RECIPE})
    broken = check_drawn(asked_for, templates=True)
    assert broken is None, str(broken)
