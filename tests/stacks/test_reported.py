"""What CDK reports, as findings: each on the construct that it is about."""

import json

import pytest

from review.synthesis import reported_findings


@pytest.fixture
def paths(tmp_path):
    """Of the findings of one rule, when it finds fault with the constructs given."""

    def found(*constructs, category="guard:ct_kms_pr_3"):
        violations = [
            {
                "ruleName": "r",
                "description": "d",
                "ruleMetadata": {"category": category},
                "violatingConstructs": [{"constructPath": f"dev/{path}"}],
            }
            for path in constructs
        ]
        report = tmp_path / "report.json"
        plugin = {"pluginName": "CloudFormation Validate", "violations": violations}
        report.write_text(json.dumps({"pluginReports": [plugin]}), encoding="utf-8")
        return [finding.path for finding in reported_findings(report)]

    return found


def test_what_guard_cannot_place_is_the_one_construct_that_its_rule_is_about(paths):
    assert paths("Storage", "Storage/Key/Resource") == ["Storage/Key/Resource"] * 2


def test_it_stays_with_the_stack_when_several_could_be_meant_or_none(paths):
    """So that the row of one construct hides nothing of another."""
    assert paths("Storage", "Storage/Key", "Storage/Other")[0] == "Storage"
    assert paths("Storage", "Network/Key")[0] == "Storage"
    assert paths("Storage") == ["Storage"]


def test_only_guard_is_helped_so(paths):
    assert paths("Storage", "Storage/Key", category="schema")[0] == "Storage"
