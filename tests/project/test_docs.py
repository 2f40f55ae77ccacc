"""The documents hold in the code as it is."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from review.measures import FEWEST_CONFIGURATIONS, MOST_PAIRS_OF_NAG
from review.weaken import weakenings
from tuning.constructs.config import Config

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "samples").rglob("*.md")]
)
NAMES = [document.relative_to(ROOT).as_posix() for document in DOCUMENTS]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
PROOF = re.compile(r"\[(\w+)\]\(((?:\.\./)*(?:tests|review/checks)/[\w/.]+\.py)\)")
CODE = re.compile(r"^( *)```.*?^\1```", re.DOTALL | re.MULTILINE)


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def anchors(document: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", CODE.sub("", document.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def people_read() -> str:
    """README and everything under docs/."""
    wanted = [name for name in NAMES if name == "README.md" or name.startswith("docs/")]
    return "\n".join(text(name) for name in wanted)


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_what_is_cited_as_proof_is_a_test_or_a_check_that_exists(document):
    for name, path in PROOF.findall(CODE.sub("", document.read_text(encoding="utf-8"))):
        source = (document.parent / path).read_text(encoding="utf-8")
        assert f"\ndef {name}(" in source, f"{path}: no {name}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_links_lead_somewhere(document):
    for path, anchor in LINK.findall(CODE.sub("", document.read_text(encoding="utf-8"))):
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), f"{path}: no such file"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{path}#{anchor}: no such heading"


def test_the_number_of_alarms_and_keys_that_are_paid_for_is_true(templates):
    counts = dict.fromkeys(("AWS::CloudWatch::Alarm", "AWS::KMS::Key"), 0)
    interfaces = 0
    for template in templates.values():
        for resource in template["Resources"].values():
            if resource["Type"] in counts:
                counts[resource["Type"]] += 1
            interfaces += resource.get("Properties", {}).get("VpcEndpointType") == "Interface"
    costs = text("docs/network.md")
    assert re.search(rf"interface endpoints\S+ \| {interfaces} ", costs)
    assert re.search(rf"KMS keys\S+ \| {counts['AWS::KMS::Key']} \|", costs)
    assert re.search(rf"alarms\S+ \| {counts['AWS::CloudWatch::Alarm']} \|", costs)


def test_the_figures_of_the_gates_are_true():
    """Those that the review measures on each run are held there."""
    accepted = text("docs/decisions/0015-one-table-of-what-is-accepted.md")
    assert f"{len(weakenings())} properties taken away" in text("docs/guarantees.md")
    assert f"{len(weakenings('rich'))} properties of it taken away" in text("docs/guarantees.md")
    assert f"each of {len(weakenings())} security properties" in accepted
    assert f"{MOST_PAIRS_OF_NAG} of cdk-nag" in accepted
    for document in (text("docs/guarantees.md"), accepted):
        assert re.search(rf"\b{FEWEST_CONFIGURATIONS} (random )?configurations", document)


@pytest.mark.parametrize("field", [field.name for field in fields(Config)])
def test_every_field_of_config_is_explained(field):
    assert f"`{field}`" in people_read()


def test_every_make_target_is_mentioned():
    (names,) = re.findall(r"^\.PHONY: (.+)$", text("Makefile"), re.MULTILINE)
    readme = text("README.md") if "README.md" in NAMES else ""
    for target in names.split():
        assert re.search(rf"\bmake {target}\b", readme + text("CONTRIBUTING.md")), target


def test_decisions_are_short_and_numbered_without_gaps():
    decisions = sorted((ROOT / "docs/decisions").glob("*.md"))
    numbers = [int(decision.name[:4]) for decision in decisions]
    assert numbers == list(range(1, len(numbers) + 1))
    for decision in decisions:
        words = decision.read_text(encoding="utf-8")
        assert len(words.splitlines()) <= 25, decision.name
        for part in ("**Context.**", "**Decision.**", "**Consequences.**"):
            assert part in words, f"{decision.name}: {part}"


def test_the_readme_can_be_read_in_five_minutes():
    lines = text("README.md").splitlines()
    assert len(lines) <= 150
    assert any("never run against a real AWS account" in line for line in lines[:15])


def test_every_document_is_in_the_index():
    index = text("docs/README.md")
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert {page for page in pages if f"({page}" not in index} == set()


def test_every_room_is_in_the_contributors_guide():
    guide = text("CONTRIBUTING.md")
    rooms = {path.parent.name for path in ROOT.glob("*/*.py")} | {
        f"tests/{path.name}" for path in (ROOT / "tests").iterdir() if any(path.glob("test_*.py"))
    }
    rooms |= {f"tuning/{path.parent.name}" for path in (ROOT / "tuning").glob("*/__init__.py")}
    assert {room for room in rooms - {"tests", "tuning"} if f"`{room}/`" not in guide} == set()
