"""A release that goes through the gate: candidates come and go, and what is live is what passed."""

import json
from itertools import count

import pytest
from domain_builders import any_recipe
from msgspec import structs
from recipe_refusal_cases import refusal
from release_history import NAME, consistent
from release_world import BASE, RECIPE

from emulator.bedrock.injected_faults import InjectedFault
from lambdas import judge_answers
from tuning.evaluation.release_options import ReleaseOptions
from tuning.releases.release_request import ReleaseRequest
from tuning.releases.release_steps import candidate_name

CANDIDATE = candidate_name("dev", RECIPE, 2)
GATE = ReleaseOptions(metric="exact_match", min_prompts=30)


@pytest.fixture
def gated(releasing):
    """Version 1 is live, by a person's word; the recipe has a gate."""
    releasing.evaluable(right=False)
    deploy(releasing, GATE)
    return releasing


def deploy(releasing, options):
    releasing.aws.recipes[RECIPE] = any_recipe(release=options)


def released(releasing, run, version, **faults):
    """What collect_results starts as a run ends trained."""
    model = releasing.registry.version(RECIPE, version)
    return run(ReleaseRequest.of_model(model), **faults)


@pytest.fixture
def live(gated, run):
    run(gated.request(1))
    assert gated.live.version == 1
    return gated


def test_a_candidate_that_is_better_goes_live_and_its_deployment_is_gone(live, run):
    live.evaluable()
    end, around = released(live, run, 2)
    assert (end.status, live.live.version) == ("SUCCEEDED", 2)
    assert live.held() == [NAME]
    consistent(live)
    [(subject, message)] = around.notices
    assert subject == "release of support version 2: released"
    assert message.startswith("It answers. It passes the gate: better: exact_match is +1.000")
    assert message.endswith("Of support, version 2 is live.")


def test_a_worse_candidate_is_held_with_the_reason_and_what_is_live_stays(live, run):
    live.evaluable(), live.evaluable(right=False)
    released(live, run, 2)
    end, around = released(live, run, 3)
    assert (end.status, live.live.version) == ("SUCCEEDED", 2)
    [(subject, message)] = around.notices
    assert subject == "release of support version 3: held"
    assert "not better: exact_match is -1.000 against live" in message
    assert "tuning promote support 3 -e dev overrules it" in message
    assert live.held() == [NAME]
    consistent(live)


def test_without_a_live_model_the_base_is_what_it_is_compared_with(gated, run):
    gated.evaluable()
    end, _ = released(gated, run, 2)
    assert (end.status, gated.live.version) == ("SUCCEEDED", 2)
    assert set(gated.runtime.asked) > {BASE}
    [(key, text)] = gated.kept(".json").items()
    found = json.loads(text)
    assert found["decision"]["better_than"] == "base"
    assert {each["side"] for each in found["results"]} == {"candidate", "base"}
    assert key.startswith(f"runs/{gated.registry.version(RECIPE, 2).run_id}/evaluations/")


def test_every_answer_of_each_side_is_kept(live, run):
    live.evaluable()
    released(live, run, 2)
    kept = live.kept(".jsonl")
    lines = {
        side: sum(text.count(b"\n") for key, text in kept.items() if f"/{side}/" in key)
        for side in ("candidate", "live", "base")
    }
    assert lines == {"candidate": 40, "live": 40, "base": 40}


def test_where_a_person_is_to_be_asked_a_candidate_that_passes_waits_for_them(live, run):
    deploy(live, ReleaseOptions(metric="exact_match", min_prompts=30, promote="ask"))
    live.evaluable()
    end, around = released(live, run, 2)
    assert (end.status, live.live.version) == ("SUCCEEDED", 1)
    assert around.notices[0][0] == "release of support version 2: passed"
    assert "tuning promote support 2 -e dev brings it live" in around.notices[0][1]
    run(live.request(2))
    assert live.live.version == 2
    consistent(live)


def test_a_recipe_without_a_gate_goes_by_the_word_of_a_person_alone(releasing, run):
    releasing.trained()
    end, around = released(releasing, run, 1)
    assert around.notices[0][0] == "release of support version 1: refused"
    assert "neither a person nor the gate has allowed" in around.notices[0][1]
    model = releasing.registry.version(RECIPE, 1)
    end, _ = run(ReleaseRequest.of_model(model, by="arn:ann"))
    assert (end.status, releasing.live.version) == ("SUCCEEDED", 1)
    assert releasing.runtime.asked == []


def test_the_word_of_a_person_who_releases_does_not_overrule_the_gate(live, run):
    model = live.evaluable(right=False)
    _, around = run(ReleaseRequest.of_model(model, by="arn:ann"))
    assert around.notices[0][0] == "release of support version 2: held"
    assert live.live.version == 1


HELD = {
    "no evaluation set": (lambda world: world.trained(), "there was no evaluation set"),
    "too few prompts": (
        lambda world: world.evaluable(prompts=29),
        "too few to decide: 29 different prompts in its evaluation set, 30 needed",
    ),
    "a record that asks nothing": (
        lambda world: world.evaluable(
            evaluation=b'{"schemaVersion": "bedrock-conversation-2024", "messages": ['
            b'{"role": "user", "content": [{"text": "Q?"}]}]}'
        ),
        "line 1: it does not end with the answer to a question",
    ),
}


@pytest.mark.parametrize("case", HELD)
def test_what_cannot_be_evaluated_is_held_before_anything_is_deployed_or_asked(live, run, case):
    make, why = HELD[case]
    make(live)
    before = len(live.bedrock.calls)
    end, around = released(live, run, 2)
    assert (end.status, around.notices[0][0]) == (
        "SUCCEEDED",
        "release of support version 2: held",
    )
    assert why in around.notices[0][1]
    assert "CreateCustomModelDeployment" not in live.bedrock.calls[before:]
    assert live.runtime.asked == []
    consistent(live)


def test_a_quota_of_tokens_is_waited_for_and_nothing_is_asked_twice(live, run):
    live.evaluable()
    live.runtime.throttled = 5
    end, _ = released(live, run, 2)
    assert (end.status, live.live.version) == ("SUCCEEDED", 2)
    assert len(live.runtime.asked) == 3 * 40


def test_a_quota_that_never_opens_ends_as_failed_with_nothing_left(live, run):
    live.evaluable()
    live.runtime.throttled = 10_000
    end, around = released(live, run, 2)
    assert end.status == "FAILED"
    assert "no prompt was answered in 121 tries" in around.notices[0][1]
    assert "Too many tokens" in around.notices[0][1]
    consistent(live)


def test_a_candidate_that_fails_is_removed_and_said(live, run):
    live.evaluable()
    live.engine.faults.add(InjectedFault(kind="fail", phase="Deployment", times=1))
    end, around = released(live, run, 2)
    assert end.status == "FAILED"
    assert "The candidate was not deployed" in around.notices[0][1]
    consistent(live)


def test_a_rollback_in_the_middle_of_an_evaluation_is_made_at_once_and_the_evaluation_is_void(
    live, run
):
    """The candidate was compared with what is live no longer."""
    live.evaluable(), live.evaluable()
    released(live, run, 2)
    really, rolled = live.runtime.converse_stream, []

    def meanwhile(**given):
        if not rolled:
            rolled.append(True)
            back = ReleaseRequest.rollback(live.live, None, by="arn:bob")
            assert run(back)[0].status == "SUCCEEDED"
        return really(**given)

    live.runtime.converse_stream = meanwhile
    # Without `right` answers of version 2 to compare with, version 3 would be no better.
    deploy(live, ReleaseOptions(metric="exact_match", min_prompts=30, better_than="base"))
    end, around = released(live, run, 3)
    assert (live.live.version, end.status) == (1, "SUCCEEDED")
    assert "no longer what you saw" in around.notices[0][1]
    consistent(live)


@pytest.mark.parametrize("after", [False, True], ids=["before its work", "after its work"])
def test_a_function_that_dies_once_changes_nothing_about_the_decision(live, run, after):
    """Wherever it dies: the candidate is gone, and what passed is live."""
    live.evaluable(), live.evaluable(right=False)
    released(live, run, 2)
    run(live.request(1))
    for number in count(1):
        end, around = released(live, run, 2, dies=number, after=after)
        assert (end.status, live.live.version) == ("SUCCEEDED", 2), number
        assert len(around.notices) == 1
        consistent(live)
        run(live.request(1))
        if around.number < number:
            return


def test_a_fault_that_does_not_pass_leaves_no_candidate(live, run, monkeypatch):
    live.evaluable()

    def denied(**_given):
        raise refusal("AccessDenied", "GetObject", 403, "not allowed")

    calls = count()
    really = live.aws.s3.get_object
    monkeypatch.setattr(
        live.aws.s3,
        "get_object",
        lambda **given: really(**given) if next(calls) < 1 else denied(),
        raising=False,
    )
    end, around = released(live, run, 2)
    assert end.status == "FAILED"
    assert "not allowed" in around.notices[0][1]
    assert CANDIDATE not in live.held()
    consistent(live)


def test_a_judge_is_waited_for_and_its_figures_are_said(live, run):
    deploy(live, structs.replace(GATE, judge="amazon.nova-pro-v1:0"))
    live.share_objects()
    live.evaluable()
    end, around = released(live, run, 2)
    assert (end.status, live.live.version) == ("SUCCEEDED", 2)
    message = around.notices[0][1]
    assert "a judge that decides nothing, rates 40 prompts: Correctness 1.000 candidate" in message
    assert len(live.engine.evaluations.of(live.scope)) == 2


@pytest.mark.parametrize("message", ["no more", 'of {braces} and "quotes"'])
def test_a_function_that_fails_to_have_answers_judged_keeps_no_release(
    live, run, monkeypatch, message
):
    def broken(*_, **__):
        raise refusal("AccessDeniedException", "GetObject", 403, message)

    deploy(live, structs.replace(GATE, judge="amazon.nova-pro-v1:0"))
    live.evaluable()
    monkeypatch.setattr(judge_answers, "read_prompts", broken)
    end, around = released(live, run, 2)
    assert (end.status, live.live.version) == ("SUCCEEDED", 2)
    said = around.notices[0][1]
    assert "amazon.nova-pro-v1:0 did not judge the answers, which changes nothing: " in said
    assert live.held() == [NAME]
    consistent(live)
