"""The pictures in the documents are those of the templates."""

import copy
import re
from pathlib import Path

import pytest

from diagrams.draw import ILLUSTRATED, draw_pictures, renew
from diagrams.pictures import flow, overview

PRESENT = [document for document in ILLUSTRATED if document.exists()]


@pytest.fixture(scope="module")
def pictures(templates):
    return draw_pictures(templates)


@pytest.mark.parametrize("document", PRESENT, ids=str)
def test_a_picture_in_a_document_is_up_to_date(document, pictures):
    text = document.read_text(encoding="utf-8")
    assert renew(text, pictures) == text, "run: .venv/bin/python -m diagrams.draw"


@pytest.mark.parametrize("name", ["flow", "machine"])
def test_the_architecture_shows_both_pictures(name, pictures):
    text = (ILLUSTRATED[-1]).read_text(encoding="utf-8")
    assert f"<!-- diagram:{name} -->\n```mermaid\n{pictures[name]}\n```" in text


def test_the_threat_model_shows_what_crosses_a_boundary(pictures):
    text = Path("docs/security.md").read_text(encoding="utf-8")
    assert f"<!-- diagram:boundaries -->\n```mermaid\n{pictures['boundaries']}\n```" in text


def test_a_function_that_leaves_the_vpc_leaves_its_boundary(templates):
    def within(drawn):
        return drawn.split('subgraph vpc["')[1].split("\n    end")[0]

    moved = copy.deepcopy(templates)
    for resource in moved["Training"]["Resources"].values():
        if "prepare_dataset" in resource.get("Properties", {}).get("Handler", ""):
            del resource["Properties"]["VpcConfig"]
    assert "prepare_dataset<br/>" in within(draw_pictures(templates)["boundaries"])
    assert "prepare_dataset<br/>" not in within(draw_pictures(moved)["boundaries"])


def test_an_upload_finds_its_way_to_bedrock_and_back(pictures):
    """Breadth first along the arrows, from the bucket of uploads."""
    arrows = [line.split() for line in pictures["flow"].splitlines() if " --> " in line]
    ends = {(arrow[0], arrow[-1]) for arrow in arrows}
    reached, before = {start for start, _ in ends if start.startswith("Datasets")}, set()
    while reached != before:
        before = set(reached)
        reached |= {to for start, to in ends if start in reached}
    assert "Bedrock" in reached
    assert any(name.startswith("Artifacts") for name in reached)


def test_a_permission_that_is_taken_away_takes_its_arrow_along(templates):
    poorer = copy.deepcopy(templates)
    for resource in poorer["Training"]["Resources"].values():
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            document = resource["Properties"]["PolicyDocument"]
            document["Statement"] = [
                each
                for each in document["Statement"]
                if "bedrock:StopModelCustomizationJob" not in each["Action"]
            ]
    assert any("stops it" in arrow.words for arrow in flow(templates).arrows)
    assert not any("stops it" in arrow.words for arrow in flow(poorer).arrows)


def test_every_outcome_of_a_run_is_in_the_picture(pictures):
    for outcome in ("Trained", "Refused", "Stopped", "Failed", "Outcome not reported"):
        assert f'((("{outcome}")))' in pictures["machine"]


def test_the_overview_has_at_most_ten_nodes_and_no_hash_of_cloudformation(templates):
    drawn = overview(templates)
    assert len(drawn.nodes) <= 10
    ends = {end for arrow in drawn.arrows for end in (arrow.start, arrow.to)}
    assert ends == {node.id for node in drawn.nodes}


def test_no_picture_shows_a_hash_of_cloudformation(pictures):
    for drawn in pictures.values():
        assert not re.search(r"[A-Za-z][0-9A-F]{8}\b", drawn)
