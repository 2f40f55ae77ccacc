"""What must hold of the templates: the checks of `review/checks/`, asked of every environment."""

import pytest

from review.checks.template_check import Check, checks
from review.templates import AbsentError


@pytest.mark.parametrize("one", [one for one in checks() if not one.only], ids=str)
def test_the_templates_pass(environment, one):
    one.ask(environment)


@pytest.mark.parametrize("one", [one for one in checks() if one.only], ids=str)
def test_the_templates_of_one_environment_pass(request, one):
    one.ask(request.getfixturevalue(one.only))


def test_there_are_many_checks_and_no_two_are_the_same():
    names = [str(one) for one in checks()]
    assert len({one.name for one in checks()}) > 140
    assert sorted(names) == sorted(set(names))


def test_what_a_template_lacks_is_an_answer(dev):
    def asks_for(kind):
        return Check(name="x", question=lambda environment: environment.one(kind))

    assert asks_for("AWS::CloudWatch::Dashboard").holds(dev)
    assert not asks_for("AWS::Redshift::Cluster").holds(dev)
    with pytest.raises(AbsentError):
        _ = dev.one("AWS::DynamoDB::Table", "Ledger").properties["NoSuchProperty"]


def test_a_fault_of_a_check_is_no_answer(dev):
    crashing = Check(name="x", question=lambda _: {}["nothing"])
    with pytest.raises(KeyError):
        crashing.holds(dev)
