"""Every tool looks at everything that `app.py` deploys, and each of its findings is decided on."""

from collections import Counter

import aws_cdk as cdk
import pytest
from whole_app import ENVIRONMENTS

import app
from review.evidence import NAG, applied, of_nag, pairs
from review.findings import judgement_on
from review.measures import MOST, MOST_OF_NAG, MOST_PAIRS, MOST_PAIRS_OF_NAG
from review.scanners import cfn_lint, checkov
from review.synthesis import CONTEXT, control_tower, synthesize
from stacks.deployment import deployments
from tuning.constructs.acknowledgements import accepted, construct_at


@pytest.fixture(scope="module")
def reviewed(_at_the_root, _beside, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gates")
    synthesized = synthesize(folder, app.build, templates=True)
    scanned = (*cfn_lint(folder), *checkov(folder))
    return {
        name: judgement_on(name, [*synthesized.findings, *scanned], rows)
        for name, rows in synthesized.rows.items()
    }


@pytest.fixture(params=ENVIRONMENTS)
def judgement(reviewed, request):
    return reviewed[request.param]


def test_all_of_control_tower_is_asked():
    assert len(control_tower()) == 237


def test_nothing_is_found_that_is_not_accepted(judgement):
    assert [(f.rule, f.path, f.text) for f in judgement.open] == []


def test_nothing_is_accepted_that_is_not_found(judgement):
    """Such a row would hide the next finding of its kind."""
    assert [(row.path, rule) for row, rule in judgement.stale] == []


def test_every_tool_has_looked(judgement):
    """Each of them has at least one finding that is accepted, so that silence would be seen."""
    tools = {finding.tool for finding, _ in judgement.accepted}
    assert {"CDK validator", "Control Tower", "cfn-lint", "checkov"} <= tools
    assert len([tool for tool in tools if tool.startswith("cdk-nag ")]) == 6


def test_the_table_is_short_enough_to_be_read(judgement):
    rows = applied(judgement)
    assert len(list(filter(of_nag, rows))) <= MOST_OF_NAG
    assert len(rows) <= MOST


def test_so_are_the_findings_that_it_silences(judgement):
    """Each pair of a rule and a path, in one environment."""
    silenced = pairs(judgement)
    assert sum(rule.startswith(NAG) for _, rule in silenced) <= MOST_PAIRS_OF_NAG
    assert len(silenced) <= MOST_PAIRS


OPTED = ("Network/Jobs/", "Network/SetInvocationLog/", "Import/", "Assistants/")


def test_nothing_is_accepted_for_a_whole_stack_stage_or_app():
    program = cdk.App(context=CONTEXT)
    app.build(program)
    for environment in deployments(program):
        for row in accepted():
            if row.when and row.path.startswith(OPTED):
                continue  # what it is about is only where the Config or a recipe asks for it
            found = construct_at(row.path, environment.training)
            assert not isinstance(found, (cdk.App, cdk.Stack, cdk.Stage))
            assert len(row.path.split("/")) > 1


def test_every_id_says_whose_it_is():
    """The short form would take a finding out of the report."""
    owners = (*NAG, "CloudFormation-Validate::", "cfn-lint::", "checkov::")
    assert [rule for row in accepted() for rule in row.rules if not rule.startswith(owners)] == []
    assert [rule for row in accepted() for rule in row.rules if "::" not in rule] == []


def test_a_finding_is_accepted_once(judgement):
    ids = Counter((row.path, rule) for row in accepted() for rule in row.rules)
    assert {pair for pair, times in ids.items() if times > 1} == set()
    assert judgement.clean
