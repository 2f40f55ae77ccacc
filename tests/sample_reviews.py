"""A small review as `make review` might gather it, for the tests of its page and for looking at.

`python -m tests.sample_reviews FOLDER` writes it as a folder.
"""

import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from diagrams.graph import Arrow, Graph, Node, NodeGroup
from review.costs import Bill, CostLine
from review.decide import Caught, DecisionRow, Review
from review.evidence import Commit, Equivalent, Evidence
from review.findings import ToolFinding, judgement_on
from review.gates import Weakened
from review.history import History
from review.mutations import Mutant
from review.questions import Case
from review.review_folder import write_folder
from review.space import Result
from review.threats import threat_model
from tuning.constructs.acknowledgements import Accepted

HOSTILE = "<script>document.title='in'</script>\u202e\"'><img src=x>" + "long " * 200
PACKS = ("AwsSolutions", "HIPAA.Security", "NIST.800.53.R4", "NIST.800.53.R5", "PCI", "Serverless")
ROLE = {
    "assumed_by": ["Service lambda.amazonaws.com"],
    "rows": [{"may": ["s3:GetObject"], "on": ["{Datasets}/datasets/*"], "if": ["Bool x true"]}],
}
FLOW = Graph(
    direction="LR",
    groups=[
        NodeGroup(
            id="people", title="People: trusted", nodes=[Node(id="Uploader", title="uploader")]
        ),
        NodeGroup(
            id="account",
            title="Your account",
            nodes=[Node(id="Datasets", title="Datasets", kind="bucket", shape="database")],
            groups=[
                NodeGroup(
                    id="vpc",
                    title="VPC: no way out",
                    nodes=[Node(id="Check", title="prepare_dataset", kind="function")],
                )
            ],
        ),
    ],
    arrows=[
        Arrow(start="Uploader", to="Datasets", words="uploads"),
        Arrow(start="Datasets", to="Check", words="reads"),
    ],
)
THREATS = """
| T01 | store: uploads | I | read by others | C01 R01 |
| C01 | **Denied** in [policies](x.md) | [test_x](../tests/x.py) |
| R01 | what is left | security |
"""


def a_row(text="It is known."):
    rules = tuple(f"{pack}::R1" for pack in PACKS)
    evidence = "https://docs.aws.amazon.com/"
    return Accepted(
        path="Storage/Data", rules=rules, reason=text, evidence=evidence, owner="security"
    )


def a_finding(tool, rule, text="found"):
    return ToolFinding(tool=tool, rule=rule, environment="dev", path="Storage/Data", text=text)


def a_case(text="A rule"):
    return Case(
        says=text, who="the job", does="s3:GetObject", on=text, how="in the VPC", expected="never"
    )


def a_review(text="A rule", *, cases=400, got="ExplicitlyDenied"):
    decisions = [DecisionRow(case=replace(a_case(text), who=f"{n}"), got=got) for n in range(cases)]
    mutants = [
        Mutant(policy="policy of Data", change=change, content={}, touches=["s3:*"])
        for change in ("statement 1: taken away", "statement 2: any action")
    ]
    caught = [
        Caught(mutant=mutants[0], by=a_case(text)),
        Caught(mutant=mutants[1], by=None),
    ]
    return Review(environment="dev", decisions=decisions, caught=caught)


def sample(text="words", **changes):
    """A review in which everything holds, with `text` wherever a text of others can be."""
    row = a_row(text)
    findings = [a_finding(f"cdk-nag {pack}", f"{pack}::R1", text) for pack in PACKS]
    line = CostLine(
        what="Keys",
        units=3,
        usd=Decimal("1.00"),
        per="month",
        source="https://aws.amazon.com/kms/pricing/",
        note=text,
    )
    whole = Evidence(
        commit=Commit(id="0123456789abcdef", date="2026-11-24", changed=False),
        versions={"Python": "3.11.2", text: text},
        judgements=[judgement_on("dev", findings, [row])],
        table=[row],
        guard_rules=237,
        permissions={"dev": {"PrepareRole": ROLE}},
        reviewed_permissions={"PrepareRole": ROLE},
        reviews=[a_review(text)],
        equivalents=[
            Equivalent(policy="policy of Data", change="statement 2: any action", reason=text)
        ],
        space=Result(count=200, findings=(), seconds=1.0),
        drawn=[text],
        weakened=[Weakened(property=text, gate=text)],
        threats=threat_model(THREATS),
        history=History(commits=7, secrets=frozenset(), accounts=frozenset()),
        bills=[Bill(environment="dev", as_of="2026-11-24", lines=(line,), unpriced=())],
        templates={"devNetwork.template.json": '{\n "Resources": {}\n}', "hostile.json": text},
        pictures={"boundaries": FLOW},
    )
    return replace(whole, **changes)


if __name__ == "__main__":
    write_folder(sample(), Path(sys.argv[1]))
