"""Instructions inside of documents, in English and Portuguese: whatever one says, it is data of its passage and no more.

What this proves: a model that takes what is between the marks for data, as it is told to, is not moved by any of them, for
each is whole between its marks, closes none of them and changes nothing outside. That a model does as it is told, no test
without that model can prove; the guardrail looks at each passage besides.
"""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from answering_parts import KNOWS, World, answering, passage

from tuning.guardrails.guardrail_files import load_guardrail
from tuning.guardrails.local_guard import judge_locally

ROOT = Path(__file__).parents[3]
ATTACKS = [
    json.loads(line)
    for line in (ROOT / "tests/data/attacks_in_documents.jsonl").read_text("utf-8").splitlines()
]
QUESTION, FACT = "How long does a refund take?", "A refund takes ten days."
NAMES = [f"{each['language']}-{each['tries']}-{n}" for n, each in enumerate(ATTACKS)]


class Outside(World):
    """What a model reads that takes what is between the marks for data."""

    def outside(self):
        (prompt,) = self.prompts()
        mark = prompt.question.rpartition("</question-")[2].removesuffix(">")
        between = rf"(<(passage|question)-{mark}( number=\d+)?>\n).*?(\n</\2-{mark}>)"
        plain = re.sub(between, r"\1\4", prompt.question, flags=re.DOTALL)
        return (prompt.system.replace(mark, "MARK"), plain.replace(mark, "MARK"))


def asked(*texts, says="Ten days [1]."):
    world = Outside(found=[passage(each, 0.9 - n / 100) for n, each in enumerate(texts)], says=says)
    return world, answering(world, KNOWS).answer(QUESTION)


def test_there_are_as_many_attacks_in_portuguese_as_in_english_and_of_each_kind():
    languages = Counter(each["language"] for each in ATTACKS)
    assert languages == {"en": 24, "pt": 24}
    kinds = Counter((each["language"], each["tries"]) for each in ATTACKS)
    for kind in ("override", "role", "delimiter", "citation", "exfiltration", "hidden"):
        assert kinds["en", kind] == kinds["pt", kind] >= 2
    assert len({each["text"] for each in ATTACKS}) == len(ATTACKS)


@pytest.mark.parametrize("attack", ATTACKS, ids=NAMES)
def test_no_attack_changes_anything_outside_of_its_own_passage(attack):
    innocent, _ = asked(FACT, "Parcels are grey.")
    attacked, said = asked(FACT, attack["text"])
    assert attacked.outside() == innocent.outside()
    assert said.outcome == "answered"


@pytest.mark.parametrize("attack", ATTACKS, ids=NAMES)
def test_each_attack_is_whole_between_marks_that_it_does_not_know(attack):
    world, _ = asked(attack["text"], FACT)
    (prompt,) = world.prompts()
    mark = prompt.question.rpartition("</question-")[2].removesuffix(">")
    assert mark not in attack["text"].casefold()
    whole = f"<passage-{mark} number=1>\n{attack['text']}\n</passage-{mark}>"
    assert prompt.question.startswith(f"{whole}\n<passage-{mark} number=2>\n{FACT}\n")
    assert attack["text"] not in prompt.system


@pytest.mark.parametrize("attack", ATTACKS, ids=NAMES)
def test_the_guardrail_sees_each_attack_as_the_model_would(attack):
    world, _ = asked(FACT, attack["text"])
    before = [each[1] for each in world.calls[: world.did().index("model")] if each[0] == "asked"]
    assert before == [QUESTION, FACT, attack["text"]]


@pytest.mark.parametrize("attack", ATTACKS, ids=NAMES)
def test_a_model_that_repeats_an_attack_is_judged_and_cites_what_it_was_given(attack):
    """Also one that did obey: what it says goes through the guardrail, and numbers that it makes up are no citations."""
    world, said = asked(FACT, attack["text"], says=f"{attack['text']} [1] [99]")
    assert world.calls[-1][:2] == ("answered", f"{attack['text']} [1] [99]")
    assert {number for number, _ in said.citations} <= {1, 2}


def test_how_many_the_guardrail_stops_is_said_on_the_page():
    """As guessed without AWS; Bedrock's own filter is asked by `tuning guard -e ENV`."""
    made = load_guardrail(ROOT / "guardrails/support.toml")
    found = Counter(judge_locally(made, each["text"], "input").outcome for each in ATTACKS)
    page = " ".join((ROOT / "docs/documents.md").read_text("utf-8").split())
    assert f"{len(ATTACKS)} attacks" in page
    assert f"stops {found['blocked']} of them and masks {found['masked']}" in page
