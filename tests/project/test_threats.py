"""The threat model holds together: each threat is answered, each control has a test that exists."""

import ast
from pathlib import Path

import pytest

from review.threats import APPLICABLE, threat_model

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
MODEL = threat_model(PAGE)
CONTROLS = {control.id for control in MODEL.controls}
RISKS = {risk.id for risk in MODEL.risks}


def defined_in(path):
    tree = ast.parse((ROOT / path).read_text("utf-8"), path)
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_row_of_the_page_is_read():
    rows = [line[2:5] for line in PAGE.splitlines() if line[:3] in ("| T", "| C", "| R")]
    read = [row.id for row in (*MODEL.threats, *MODEL.controls, *MODEL.risks)]
    assert read == rows
    assert len(set(read)) == len(read)


@pytest.mark.parametrize("threat", MODEL.threats, ids=lambda threat: threat.id)
def test_every_threat_has_a_control_or_is_accepted(threat):
    assert threat.answers
    assert set(threat.answers) <= CONTROLS | RISKS


@pytest.mark.parametrize("control", MODEL.controls, ids=lambda control: control.id)
def test_every_control_has_a_test_that_exists(control):
    assert control.tests
    for test in control.tests:
        assert test.name in defined_in(test.path), f"{test.path}: no {test.name}"


def test_every_control_answers_a_threat():
    assert CONTROLS - {a for threat in MODEL.threats for a in threat.answers} == set()


def test_every_id_that_is_named_is_one():
    assert MODEL.mapped == CONTROLS | RISKS


@pytest.mark.parametrize("risk", MODEL.risks, ids=lambda risk: risk.id)
def test_whatever_remains_has_an_owner(risk):
    assert risk.owner in {"AWS", "account owner", "data owner", "platform", "security"}


def test_no_element_is_spared_a_kind_that_it_can_suffer():
    found = {}
    for threat in MODEL.threats:
        found.setdefault(threat.element, set()).add(threat.kind)
    people = [kinds for element, kinds in found.items() if element.startswith("people")]
    assert set.union(*people) == set(APPLICABLE["people"])
    for element, kinds in found.items():
        what = element.split(":")[0]
        if what != "people":
            assert kinds == set(APPLICABLE[what]), element


def test_a_control_whose_test_is_gone_would_be_noticed():
    broken = threat_model("| C01 | words | [test_gone](../tests/project/test_threats.py) |\n")
    (control,) = broken.controls
    assert control.tests[0].name not in defined_in(control.tests[0].path)
