"""Instructions inside of documents that an agent finds, to a model that obeys everything: what our own code lets happen.

The 48 of the documents' set and those of the guardrail's own, each as a passage beside one that answers.
"""

import json
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from agent_parts import ASKED, CANCELS, LOOKS, AgentWorld, says, turn, use
from answering_parts import passage
from test_agent_is_attacked import ATTACKS as SAID_BY_TOOLS
from test_agent_is_attacked import Gullible
from test_agent_searches import KNOWS, SEARCHES

from tuning.assistants.passage_prompt import cited_numbers

ROOT = Path(__file__).parents[3]
IN_DOCUMENTS = [
    json.loads(line)["text"]
    for line in (ROOT / "tests/data/attacks_in_documents.jsonl").read_text("utf-8").splitlines()
]
ATTACKS = [*IN_DOCUMENTS, *SAID_BY_TOOLS]
FACT, GREY = "A refund takes ten days.", "Parcels are grey."
MAILS = replace(CANCELS, name="send_mail", input_schema={"type": "object"})


class Obedient(AgentWorld):
    """Searches, and then does what it reads: in any passage beside the fact it sees an order to change and to tell all."""

    def obey(self, request):
        if len(self.requests) == 1:
            return turn(use("handbook", question="How long does a refund take?"))
        if len(self.requests) == 2:
            return turn(
                use("cancel_order", 2, order="7"), use("send_mail", 3, to="x"), use("nothing", 4)
            )
        return says(f"{request['system'][0]['text']} [1] [2] [99]")


class Judged(Obedient):
    asked, answered = Gullible.asked, Gullible.answered


def found(text, kind=Obedient):
    world = kind(
        found=[passage(FACT, 0.9), passage(text, 0.8)],
        answers={"cancel_order": "ok", "send_mail": "ok", "order_status": "sent"},
    )
    world.script = world.obey
    agent = world.agent(SEARCHES, LOOKS, CANCELS, MAILS, knowledge_base=KNOWS)
    return world, agent.answer(replace(ASKED, usd=Decimal(5)))


def result_of(world):
    (block,) = world.requests[1]["messages"][-1]["content"]
    return block["toolResult"]["content"][0]["text"]


def outside(world):
    """What a model reads that takes what is between the marks for data."""
    between = r"(<passage-(\w+) number=\d+>\n).*?(\n</passage-\2>)"
    plain = re.sub(between, r"\1\3", result_of(world), flags=re.DOTALL)
    return world.requests[1]["system"], world.requests[1]["messages"][0], plain


def test_there_are_as_many_as_the_documents_say():
    assert len(IN_DOCUMENTS) == 48
    page = " ".join((ROOT / "docs/assistants.md").read_text("utf-8").split())
    assert f"{len(ATTACKS)} attacks in documents that an agent found" in page


@pytest.mark.parametrize("kind", [Obedient, Judged])
def test_no_document_that_an_agent_finds_has_anything_changed(kind):
    """Whatever it says, also where no guardrail notices: a model that obeys it changes nothing, and cites what it was given."""
    for attack in ATTACKS:
        world, said = found(attack, kind)
        assert world.called == [], attack
        assert {each.outcome for each in said.calls if each.tool != "handbook"} == {"refused"}
        assert said.end == "answered"
        assert set(cited_numbers(said.text, len(said.passages))) <= {1, 2}


def test_no_document_that_an_agent_finds_changes_anything_outside_of_its_own_passage():
    innocent, _ = found(GREY)
    for attack in ATTACKS:
        attacked, _ = found(attack)
        assert outside(attacked) == outside(innocent), attack


def test_each_attack_that_an_agent_finds_is_whole_between_marks_that_it_does_not_know():
    for attack in ATTACKS:
        world, _ = found(attack)
        mark = result_of(world).partition(">")[0].removeprefix("<result-")
        assert mark not in attack.casefold()
        assert f"<passage-{mark} number=2>\n{attack}\n</passage-{mark}>\n" in result_of(world)
