"""Who gets what, decided on the synthesized policies; and whether the table would notice a weaker one."""

import tomllib
from collections import Counter

import pytest
from whole_app import ROOT

from review.decide import review_decisions
from review.mutations import mutants
from review.permission_table import table_rows
from review.physical import Physical
from review.policy_documents import documents
from review.questions import table_cases
from review.role_policies import RoleStatement

EQUIVALENT = tomllib.loads((ROOT / "review/equivalent.toml").read_text("utf-8"))["change"]
REGIONS = {"dev": "us-east-1", "rich": "us-west-2"}


@pytest.fixture(scope="module", params=REGIONS)
def reviewed(request):
    return review_decisions(request.getfixturevalue(request.param), region=REGIONS[request.param])


def test_every_decision_is_as_the_table_has_it(reviewed):
    wrong = [(d.case, d.got) for d in reviewed.decisions if not d.holds]
    assert wrong == []


def test_the_table_is_large_and_says_both(reviewed):
    assert len(reviewed.decisions) >= 400
    said = Counter(decision.case.expected for decision in reviewed.decisions)
    assert min(said["allowed"], said["denied"], said["never"]) > 100


def test_each_case_is_whole_with_what_its_rule_and_its_file_say_once():
    table = 'only = ["dev"]\n[[rule]]\nsays = "x"\nwho = ["a"]\ncases = [{ on = ["b"] }, { on = ["c"] }]'
    whole = {"only": ["dev"], "says": "x", "who": ["a"]}
    assert list(table_cases(table)) == [{**whole, "on": ["b"]}, {**whole, "on": ["c"]}]


@pytest.mark.parametrize("case", ['{ who = ["b"] }', '{ only = ["rich"] }'])
def test_what_is_said_a_second_time_is_refused(case):
    table = f'only = ["dev"]\n[[rule]]\nsays = "x"\nwho = ["a"]\ncases = [{case}]'
    with pytest.raises(ValueError, match=r"'x': given twice: (who|only)"):
        list(table_cases(table))


def test_a_rule_that_asks_nothing_is_refused():
    with pytest.raises(ValueError, match="'x': has no case"):
        list(table_cases('[[rule]]\nsays = "x"\ncases = []'))


def test_every_weakened_policy_is_noticed(reviewed):
    here = reviewed.environment
    rows = [row for row in EQUIVALENT if here in row.get("only", [here])]
    known = {(row["policy"], row["change"]) for row in rows}
    unnoticed = {(c.mutant.policy, c.mutant.change) for c in reviewed.caught if c.by is None}
    assert len(reviewed.caught) > 200
    assert unnoticed == known


def test_every_change_that_cannot_be_noticed_has_a_reason():
    assert all(len(row["reason"]) > 40 for row in EQUIVALENT)


@pytest.mark.parametrize("environment", ["dev", "rich"], indirect=True)
def test_every_weakened_identity_policy_changes_the_permission_table(environment):
    physical = Physical(environment=environment, region=REGIONS[environment.name])
    changed = 0
    for document in documents(physical):
        if document.kind == "identity":
            before = table_rows(map(RoleStatement.of, document.content["Statement"]))
            for mutant in mutants(document):
                changed += 1
                after = table_rows(map(RoleStatement.of, mutant.content["Statement"]))
                assert after != before, (mutant.policy, mutant.change)
    assert changed > 200
