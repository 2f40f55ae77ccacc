"""Assistants of base models, asked on an emulated account of their own: by the page of a console, and with the attacks of
a guardrail's test set.

What the emulator blocks is decided by words, patterns and a small list of phrases (docs/guardrails.md): that an attack
is blocked here says that the guardrail is in the way of everything that is asked, and not how good Bedrock's is.
"""

import json
from collections import Counter
from pathlib import Path
from textwrap import dedent
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from assisted_account import account_of_assistants, asker, outputs_of, page_asks

from tuning.assistants.question import LONGEST_QUESTION
from tuning.aws.assistants_api import DeployedAssistants
from tuning.guardrails.attack_sets import read_cases

ROOT = Path(__file__).parents[2]
TEXT = 'description = "Trained by nobody."\nbase_model = "amazon.nova-micro-v1:0:128k"\n'
ASSISTANT = """
    model = "amazon.nova-micro-v1:0:128k"
    system_prompt = "You help."
    daily_budget = 5.00
    caller_requests_per_minute = 1000
"""
CASES = [
    each
    for each in read_cases(ROOT / "guardrails/tests/support.jsonl")
    if each.direction == "input"
]
ATTACKS = [each for each in CASES if each.expect == "blocked" and not each.gap]
INNOCENT = [each for each in CASES if each.innocent and not each.gap]
MODEL_ACTIONS = ("bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream")


@pytest.fixture(scope="module")
def assisted(tmp_path_factory):
    strict = dedent(ASSISTANT) + 'guardrail = "strict"\n'
    folder = tmp_path_factory.mktemp("asked")
    pair = {"guarded": ASSISTANT, "strict": strict}
    with account_of_assistants(folder, pair, "tone", TEXT) as world:
        yield world


@pytest.fixture(scope="module")
def console(assisted):
    """As somebody who may ask one of the two that it offers."""
    helped = asker(assisted, outputs_of(assisted)["CallersOfStrict"])
    with helped.console("strict", "guarded") as said:
        yield said


def test_it_says_that_the_account_is_emulated_and_whom_it_asks(assisted, console):
    with urlopen(f"{console['url']}state", timeout=20) as answer:  # noqa: S310 — this machine
        state = json.loads(answer.read())
    assert state["emulated"] == assisted.instance.client_environment()["AWS_ENDPOINT_URL"]
    assert state["assistants"] == console["assistants"] == ["strict", "guarded"]


def test_the_page_is_answered_with_what_it_cost(console):
    said = page_asks(console, "strict", "What is a horse?")
    assert said["outcome"] == "answered"
    assert said["answer"]
    assert float(said["spent_usd"]) > 0
    assert "US dollars of the daily budget" in said["budget"]
    assert "let question and answer pass" in said["guardrail"]


def test_the_page_hears_what_the_guardrail_blocked_and_that_no_model_was_asked(console):
    said = page_asks(console, "strict", "What is a zebra?")
    assert (said["outcome"], said["answer"]) == ("blocked", "no")
    assert "no model was asked" in said["guardrail"]
    assert said["cost"] == "The model cost nothing."


def test_the_longest_question_passes_all_the_way(console):
    assert page_asks(console, "strict", "é" * LONGEST_QUESTION)["outcome"] == "answered"


def test_a_console_lets_nobody_ask_whom_they_may_not(console):
    said = page_asks(console, "guarded", "When?")
    assert "HTTP 403" in said["error"]
    assert "not authorized" in said["error"]


def test_another_name_of_this_machine_asks_nothing(console):
    with pytest.raises(HTTPError, match="421"):
        page_asks({"url": console["url"].replace("127.0.0.1", "localhost")}, "strict", "When?")


@pytest.fixture(scope="module")
def by_guarded(assisted):
    """Asks the assistant behind the guardrail of the set: what it said, and how often a model was called for that."""
    helped = asker(assisted, outputs_of(assisted)["CallersOfGuarded"])
    api = DeployedAssistants(api=helped.named()["TUNING_ASSISTANTS_API"], region="us-east-1")

    def ask(question):
        assisted.instance.clear_recorded()
        said = api.ask("guarded", question)
        called = Counter()
        for each in assisted.instance.recorded():
            called[each["action"]] += each["times"]
        return said, sum(called[action] for action in MODEL_ACTIONS), called

    with pytest.MonkeyPatch.context() as patch:
        for name, value in (assisted.instance.client_environment() | helped.named()).items():
            patch.setenv(name, value)
        yield ask


def test_no_attack_of_the_set_reaches_the_model_and_every_innocent_question_does(
    by_guarded, record_property
):
    """In English and Portuguese; the counts are those of the set, so that no case is left out in silence."""
    blocked, reached, answered = Counter(), [], Counter()
    for case in ATTACKS:
        said, models, called = by_guarded(case.text)
        assert called["bedrock:ApplyGuardrail"] == 1, case
        if models or said["outcome"] != "blocked":
            reached.append((case.line, said["outcome"], models))
        else:
            assert (said["blocked_at"], said["use"], said["citations"]) == ("question", None, [])
            blocked[case.language] += 1
    for case in INNOCENT:
        said, models, _ = by_guarded(case.text)
        answered[case.language] += said["outcome"] == "answered" and models == 1
    counts = f"attacks blocked {dict(blocked)} of {len(ATTACKS)}; innocent answered {dict(answered)} of {len(INNOCENT)}"
    record_property("attack_set", counts)
    print(f"\n{counts}; blocked by the emulator's approximation")  # noqa: T201 — with -s, for a report
    assert reached == []
    assert blocked == Counter(each.language for each in ATTACKS)
    assert answered == Counter(each.language for each in INNOCENT)
    assert min(blocked["en"], blocked["pt"], answered["en"], answered["pt"]) >= 3


def test_an_attack_costs_the_assistants_day_nothing(by_guarded):
    said, _, called = by_guarded(ATTACKS[0].text)
    assert said["use"] is None
    # The caller's minute, which begins or goes on; a reservation and its settlement would be two more. What is left is read.
    used = {each for each in called if each.startswith("dynamodb:")}
    assert used == {"dynamodb:GetItem", "dynamodb:UpdateItem"}
    assert called["dynamodb:UpdateItem"] <= 2
    assert called["dynamodb:GetItem"] == 1
