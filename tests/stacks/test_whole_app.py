"""The whole of `app.py`, everything on: reviewed, deterministic, within CloudFormation's limits."""

import json
import re
from pathlib import Path

import pytest
from whole_app import ENVIRONMENTS, ROOT

from review.templates import STACKS, EnvironmentTemplates
from tuning.constructs.acknowledgements import PACKS, accepted

BUILT_IN = "CloudFormation Validate"
ASSET = re.compile(r"[0-9a-f]{64}")


@pytest.fixture(params=ENVIRONMENTS)
def deployed(whole_app, request):
    return EnvironmentTemplates.of(whole_app.folder, request.param)


def without_assets(template):
    return ASSET.sub("asset", template.read_text("utf-8"))


def test_it_synthesizes_without_credentials_or_an_environment(whole_app):
    assert whole_app.code == 0, whole_app.errors


def test_all_packs_and_the_built_in_validator_have_looked(whole_app):
    said_by_us = {"Construct Annotations"}
    assert len(whole_app.report.keys() - said_by_us) == len(PACKS) + 1
    assert BUILT_IN in whole_app.report


def test_nothing_is_said_against_it(whole_app):
    """What is accepted, and whether it is still found: tests/stacks/test_gates.py."""
    against = {v["ruleName"] for plugin in whole_app.report.values() for v in plugin["violations"]}
    assert against <= {"Annotation::tuning:NotCompiled"}


def test_a_decision_has_a_reason_a_source_and_an_owner():
    for row in accepted():
        assert len(row.reason.split()) > 8
        assert row.reason.endswith(".")
        assert row.evidence.startswith("https://")
        assert row.owner in ("platform", "security")


def test_another_process_makes_the_same_bytes(whole_app, whole_app_again):
    """With other hash seeds, another folder and without the validator."""
    assert whole_app_again.code == 0, whole_app_again.errors
    files = sorted(p.relative_to(whole_app.folder) for p in templates(whole_app.folder))
    again = sorted(p.relative_to(whole_app_again.folder) for p in templates(whole_app_again.folder))
    assert files == again
    assert len(files) == len(ENVIRONMENTS) * len(STACKS)
    for file in files:
        assert (whole_app.folder / file).read_bytes() == (
            whole_app_again.folder / file
        ).read_bytes()


def templates(folder):
    return folder.glob("*.template.json")


@pytest.mark.parametrize("stack", STACKS)
def test_the_tests_hold_what_the_app_deploys(whole_app, dev, stack):
    """`dev` of the fast fixture is `dev` of app.py but for the functions' zip, and for the order of
    exports, which follows who asked first: there it is the review.
    """
    real = EnvironmentTemplates.of(whole_app.folder, "dev").files[stack]
    held = dev.files[stack]
    assert json.loads(without_assets(real)) == json.loads(without_assets(held))


@pytest.mark.parametrize("stack", STACKS)
def test_a_laptop_gets_the_same_templates(dev, laptop, stack):
    assert without_assets(dev.files[stack]) == without_assets(laptop.files[stack])


def test_a_laptop_gets_other_functions(dev, laptop):
    codes = {
        str(f.properties["Code"])
        for environment in (dev, laptop)
        for f in environment.of_type("AWS::Lambda::Function")
    }
    assert len(codes) == 2


def test_no_template_says_where_it_was_made(deployed):
    for file in deployed.files.values():
        text = file.read_text("utf-8")
        assert str(ROOT) not in text
        assert str(Path.home()) not in text
        assert re.search(r"\b\d{12}\b", text) is None, "an account number"


def test_templates_are_within_the_limits_of_cloudformation(deployed, record_property):
    """500 resources and 1 MB:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    """
    for stack, file in deployed.files.items():
        resources, size = len(deployed.templates[stack]["Resources"]), file.stat().st_size
        record_property(f"{deployed.name}/{stack}", f"{resources} resources, {size:,} bytes")
        assert resources < 500
        assert size < 1_000_000


def test_everything_is_tagged_with_its_environment(deployed):
    tagged = [r for r in deployed.resources if isinstance(r.properties.get("Tags"), list)]
    assert len(tagged) > 40
    for resource in tagged:
        tags = {tag["Key"]: tag["Value"] for tag in resource.properties["Tags"]}
        assert tags["environment"] == deployed.name
        assert tags["project"] == "bedrock-private-tuning"


def test_a_wrong_app_ends_with_one_line_and_a_code(wrong_app):
    assert wrong_app.code == 1
    assert wrong_app.output == ""
    (said,) = wrong_app.errors.splitlines()
    assert said.startswith("refused: region = 'eu-central-1'")
