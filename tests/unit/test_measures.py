"""Every figure at the top of a review is one that can fail."""

from decimal import Decimal

import pytest
from sample_reviews import (
    PACKS,
    THREATS,
    a_finding,
    a_review,
    a_row,
    sample,
)

from review.costs import Bill
from review.drawn_configs import Drawn
from review.evidence import NAG
from review.findings import judgement_on
from review.gates import Weakened
from review.history import History
from review.measures import MOST_PAIRS, MOST_PAIRS_OF_NAG, measures
from review.space import Broken, Result
from review.threats import threat_model

FOUND = [a_finding(f"cdk-nag {pack}", f"{pack}::R1") for pack in PACKS]
OF_NAG = [finding for finding in FOUND if finding.rule.startswith(NAG)]
ROW = a_row()
MANY = [
    a_finding(f"cdk-nag {pack}", f"{pack}::R{n}")
    for pack in PACKS
    for n in range(1, 2 + MOST_PAIRS_OF_NAG // 5)
]
ROW_OF_MANY = type(ROW)(**{**vars(ROW), "rules": tuple(finding.rule for finding in MANY)})


def judged(findings, rows):
    return {"judgements": [judgement_on("dev", findings, rows)]}


def of_many(findings):
    """As many rows as there are findings, each of its own."""
    rows = [
        type(ROW)(**{**vars(ROW), "path": f"Storage/Data/{n}", "rules": (f.rule,)})
        for n, f in enumerate(findings)
    ]
    placed = [
        type(f)(**{**vars(f), "path": row.path}) for f, row in zip(findings, rows, strict=True)
    ]
    return judged(placed, rows)


BROKEN = Broken(configuration=Drawn(name="dev", given={}), findings=(), stale=(), error="no")


def unmet(**changes):
    return [measure.name for measure in measures(sample(**changes)) if not measure.met]


def test_all_hold_where_nothing_is_wrong():
    assert unmet() == []


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        (
            judged([*FOUND, a_finding("cdk-nag HIPAA.Security", "HIPAA::R2")], [ROW]),
            {"findings of 6"},
        ),
        (judged([*FOUND, a_finding("checkov", "checkov::C1")], [ROW]), {"findings of the other"}),
        (judged(FOUND[:-1], [ROW]), {"cdk-nag packs that", "stale"}),
        ({"guard_rules": 236}, {"Control Tower"}),
        (
            of_many(OF_NAG * (MOST_PAIRS_OF_NAG // len(OF_NAG)) + FOUND),
            {"acknowledgements for cdk-nag", "cdk-nag, by rule and path"},
        ),
        (judged(MANY, [ROW_OF_MANY]), {"cdk-nag, by rule and path"}),
        (
            of_many(FOUND + [a_finding("checkov", "checkov::C1")] * MOST_PAIRS),
            {"acknowledgements in all", "all tools"},
        ),
        ({"table": [type(ROW)(**{**vars(ROW), "path": "Storage"})]}, {"acknowledged for a whole"}),
        ({"reviewed_permissions": {}}, {"roles exactly as reviewed"}),
        ({"reviews": [a_review(cases=399)]}, {"decisions as expected"}),
        ({"reviews": [a_review(got="Allowed")]}, {"decisions as expected"}),
        ({"equivalents": []}, {"weakened policies noticed"}),
        ({"space": Result(count=199, findings=(), seconds=1.0)}, {"random configurations"}),
        ({"space": Result(count=200, findings=(BROKEN,), seconds=1.0)}, {"of them with findings"}),
        ({"weakened": [Weakened(property="p", gate=None)]}, {"weakened properties"}),
        ({"threats": threat_model(THREATS.replace("C01 R01", ""))}, {"threats with"}),
        (
            {"threats": threat_model(THREATS.replace("[test_x](../tests/x.py)", "nothing"))},
            {"controls with"},
        ),
        (
            {"bills": [Bill(environment="dev", as_of="", lines=(), unpriced=("AWS::New",))]},
            {"kinds of resources"},
        ),
        (
            {"history": History(commits=1, secrets=frozenset({"x"}), accounts=frozenset())},
            {"secrets"},
        ),
        (
            {"history": History(commits=1, secrets=frozenset(), accounts=frozenset({"x"}))},
            {"account numbers"},
        ),
    ],
)
def test_what_does_not_hold_is_seen(changes, names):
    found = unmet(**changes)
    assert len(found) == len(names)
    assert all(any(name.startswith(start) for name in found) for start in names)


def test_an_interface_is_paid_for_in_each_zone_and_hour():
    (line,) = sample().bills[0].lines
    hourly = type(line)(**{**vars(line), "per": "hour", "usd": Decimal("0.01")})
    assert line.month == 3
    assert hourly.month == Decimal("21.90")
