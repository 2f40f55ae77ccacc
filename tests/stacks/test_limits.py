"""What AWS refuses for its size is a finding here."""

import copy
from dataclasses import replace

import pytest

from review.limits import COMPLEXITY, exceeded, measured
from review.physical import Physical

REGION = "us-east-1"
SUFFIXES = (".jsonl", ".jsonl.gz", ".json", ".csv", ".tsv", ".parquet")


def listening_to(dev, *conditions):
    """`dev` with another condition on the keys of uploads."""
    training = copy.deepcopy(dev.templates["Training"])
    (rule,) = (r for i, r in training["Resources"].items() if i.startswith("IntakeRule"))
    rule["Properties"]["EventPattern"]["detail"]["object"]["key"] = list(conditions)
    return replace(dev, changed={"Training": training})


def test_no_rule_has_any_complexity(dev, rich):
    for environment in (dev, rich):
        sizes = measured(Physical(environment=environment, region=REGION))
        assert {size for limit, _, size in sizes if limit is COMPLEXITY} == {0}


@pytest.mark.parametrize(("suffixes", "refused"), [(4, False), (5, True), (6, True)])
def test_a_rule_that_eventbridge_may_refuse_is_a_finding(dev, suffixes, refused):
    """The six suffixes of the first version scored 12; 9 is the most that is known to be accepted."""
    wildcards = [{"wildcard": f"datasets/*/train{suffix}"} for suffix in SUFFIXES[:suffixes]]
    found = list(exceeded(listening_to(dev, *wildcards), region=REGION))
    assert [one.rule for one in found] == ["limits::complexity of an event pattern"] * refused
