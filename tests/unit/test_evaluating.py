"""What the functions of an evaluation do apart from their state machine."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from domain_builders import any_recipe
from interleaved import refusing
from msgspec import structs
from recipe_refusal_cases import refusal
from release_world import BASE, RECIPE

from lambdas import answer_prompts, decide_release, plan_evaluation, remove_candidates
from lambdas.answer_prompts import MOST_AT_ONCE
from tuning.aws.candidates import Candidates
from tuning.aws.transient import Transient
from tuning.evaluation.answer_length import answer_tokens
from tuning.evaluation.gate import EvaluationError
from tuning.evaluation.records import EvaluationPrompt, Message
from tuning.evaluation.release_options import ReleaseOptions
from tuning.releases.release_request import ReleaseRequest
from tuning.releases.release_steps import candidate_name, deployment_name

GATE = ReleaseOptions(metric="exact_match", min_prompts=30, candidate_hours=3)
NAME = candidate_name("dev", RECIPE, 1)


@pytest.fixture
def gated(releasing):
    releasing.aws.recipes[RECIPE] = any_recipe(release=GATE)
    return releasing


def candidates(releasing):
    return Candidates(ledger=releasing.ledger)


def planned(releasing, version=1):
    request = ReleaseRequest.of_model(releasing.registry.version(RECIPE, version))
    releasing.steps.executions.setdefault(request.execution, "{}")
    event = {"request": request.to_json(), "execution": request.execution}
    return plan_evaluation.handler(event, releasing.context)


def deployed(releasing, plan):
    return releasing.deploy(plan["candidate"], plan["candidate"]["target"])


def answered(releasing, plan, candidate, asked=None):
    event = {"plan": plan, "candidate": candidate, "asked": asked or {}}
    return answer_prompts.handler(event, releasing.context)


def deployed_for_long(releasing):
    """A plan and its candidate; functions have time for all prompts of a side."""
    releasing.evaluable()
    releasing.context.get_remaining_time_in_millis = lambda: 900_000
    plan = planned(releasing)
    return plan, deployed(releasing, plan)


def judged(releasing, plan):
    return decide_release.handler({"plan": plan}, releasing.context)


def test_a_candidate_is_written_down_before_it_is_deployed(gated):
    gated.evaluable()
    before = datetime.now(UTC)
    plan = planned(gated)
    [listed] = candidates(gated).evaluating()
    found = candidates(gated).by_id(listed)
    assert gated.held() == []
    assert (found.outcome, found.deployment) == ("evaluating", plan["candidate"]["deployment"])
    due = datetime.fromisoformat(found.due)
    assert timedelta(hours=3, seconds=-1) <= due - before <= timedelta(hours=3, minutes=1)


def test_planning_twice_is_planning_once(gated):
    gated.evaluable()
    assert planned(gated) == planned(gated)
    assert len(candidates(gated).evaluating()) == 1


def test_a_live_deployment_is_for_callers_and_a_candidates_is_not(gated):
    """The callers' policy goes by the tag of the environment, which a candidate has not."""
    gated.evaluable()
    deployed(gated, planned(gated))
    [candidate] = gated.engine.deployments.kept.values()
    assert candidate.tags == {"tuning:candidate-of": "dev", "tuning:recipe": RECIPE}


ASKS_NOTHING = (
    b'{"schemaVersion": "bedrock-conversation-2024", "messages": '
    b'[{"role": "user", "content": [{"text": "Q?"}]}]}'
)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda world: world.trained(), "there was no evaluation set"),
        (lambda world: world.evaluable(prompts=29), "29 different prompts"),
        (lambda world: world.evaluable(evaluation=ASKS_NOTHING), "line 1: it does not end"),
    ],
)
def test_what_cannot_be_evaluated_is_held_with_the_reason(gated, make, why):
    make(gated)
    plan = planned(gated)
    assert (plan["state"], why in plan["why"]) == ("held", True)
    assert candidates(gated).evaluating() == []


def test_what_is_live_is_compared_too_unless_it_is_the_same_version(gated):
    gated.evaluable(), gated.evaluable()
    gated.release(gated.request(1))
    assert set(planned(gated, 2)["models"]) == {"live", "base"}
    assert planned(gated, 1)["why"] == "version 1 is live already"


@pytest.mark.parametrize("recipe", ["support", "a" * 40])
def test_the_name_of_a_candidate_is_legal_and_its_own(recipe):
    names = {
        *(candidate_name(env, recipe, n) for env in ("dev", "prod") for n in (1, 2, 11)),
        deployment_name("dev", recipe),
    }
    assert len(names) == 7
    assert max(map(len, names)) <= 63


def test_prompts_are_asked_in_pieces_with_the_answers_of_each_kept(gated):
    """A piece ends when the time is up; one answer at least is had, so that it goes on."""
    gated.evaluable()
    plan = planned(gated)
    candidate = deployed(gated, plan)
    seen, asked = [], {}
    while asked.get("state") != "done":
        asked = answered(gated, plan, candidate, asked)
        seen.append(asked["answered"])
    assert seen == [*range(1, 81)]
    assert len(gated.kept(".jsonl")) == 80
    assert gated.runtime.asked == [candidate["arn"]] * 40 + [BASE] * 40


def test_a_piece_has_no_more_prompts_than_are_asked_again_without_much_cost(gated, context):
    gated.evaluable(prompts=250)
    context.get_remaining_time_in_millis = lambda: 900_000
    plan = planned(gated)
    candidate = deployed(gated, plan)
    first = answered(gated, plan, candidate)
    assert first["answered"] == MOST_AT_ONCE == 100
    second = answered(gated, plan, candidate, first)
    assert answered(gated, plan, candidate, second)["answered"] == 250  # a piece is of one side


def test_of_a_function_that_asked_on_although_it_was_given_up_the_first_answers_count(gated):
    """It wrote more answers than the next try, which began where it had begun."""
    plan, candidate = deployed_for_long(gated)
    asked = answered(gated, plan, candidate)
    assert asked["answered"] == 40
    answered(gated, plan, candidate, {**asked, "answered": 30})  # again from the middle on
    answered(gated, plan, candidate, asked)
    decided = judged(gated, plan)
    assert decided["outcome"] == "promote"


def test_an_answer_that_bedrock_refuses_is_none_and_the_others_are_asked(gated):
    plan, candidate = deployed_for_long(gated)
    really, asked = gated.runtime.converse_stream, []

    def refused(**given):
        asked.append(given)
        if len(asked) <= 3:
            raise refusal("ValidationException", "ConverseStream", 400, "no")
        return really(**given)

    gated.runtime.converse_stream = refused
    answered(gated, plan, candidate)
    answered(gated, plan, candidate, {"answered": 40})
    decided = judged(gated, plan)
    assert "3 prompts without an answer of the candidate: scored 0" in decided["summary"]
    lost = [
        json.loads(line) for text in gated.kept(".jsonl").values() for line in text.splitlines()
    ]
    assert {each["failure"] for each in lost if "failure" in each} == {"ValidationException: no"}


def test_what_an_evaluation_cost_is_said(gated):
    """The world's answers take four tokens in and two out, each; at 0.035 and 0.14 USD a million."""
    plan, candidate = deployed_for_long(gated)
    asked = answered(gated, plan, candidate)
    answered(gated, plan, candidate, asked)
    decided = judged(gated, plan)
    usd = (80 * 4 * 0.035 + 80 * 2 * 0.14) / 1e6
    said = f"The evaluation took 480 tokens, about {usd:.4f} USD."
    assert decided["summary"].endswith(said)


def test_a_gate_that_was_taken_away_meanwhile_decides_nothing(gated):
    gated.evaluable()
    plan = planned(gated)
    gated.aws.recipes[RECIPE] = any_recipe()
    with pytest.raises(EvaluationError, match="no longer deployed"):
        judged(gated, plan)


@pytest.mark.parametrize(
    ("expected", "tokens"), [("yes", 64), ("x" * 500, 500), ("x" * 9_999, 2_048)]
)
def test_an_answer_may_be_as_long_as_the_one_that_is_expected(expected, tokens):
    said = (Message(role="user", text="?"),)
    prompt = EvaluationPrompt(id="1", line=1, messages=said, expected=expected)
    assert answer_tokens(prompt) == tokens


def test_of_two_evaluations_of_a_version_the_later_ones_outcome_is_kept_and_nothing_of_the_former(
    gated,
):
    gated.evaluable()
    planned(gated)
    first = structs.replace(candidates(gated).of(RECIPE, 1), evaluation_uri="s3://a/b")
    candidates(gated).end(first, "held", "not better")
    planned(gated)
    found = candidates(gated).of(RECIPE, 1)
    assert (found.outcome, found.summary, found.evaluation_uri) == ("evaluating", "", None)


# What is left is removed -----------------------------------------------------------------------


def removed(releasing):
    return remove_candidates.handler({}, releasing.context)["removed"]


@pytest.fixture
def left(gated):
    """A candidate is deployed, and its execution is under way."""
    gated.evaluable()
    deployed(gated, planned(gated))
    assert gated.held() == [NAME]
    return gated


def test_a_candidate_whose_execution_goes_on_stays(left):
    assert removed(left) == 0
    assert left.held() == [NAME]


def test_a_candidate_of_a_killed_release_is_removed_and_said_to_be_lost(left):
    left.steps.end(planned_execution(left), "ABORTED")
    assert removed(left) == 0  # it is being deleted
    assert left.held() == []
    assert removed(left) == 1
    assert candidates(left).evaluating() == []
    assert candidates(left).of(RECIPE, 1).outcome == "lost"


def test_a_candidate_that_takes_longer_than_its_recipe_says_is_removed(left):
    found = candidates(left).of(RECIPE, 1)
    candidates(left).begin(structs.replace(found, due="2026-01-01T00:00:00Z"))
    removed(left)
    assert left.held() == []


def test_a_candidate_in_creation_is_removed_when_it_can_be(gated):
    gated.evaluable()
    plan = planned(gated)
    start = plan["candidate"]
    event = {"release": start, "target": start["target"], "deployment": {}}
    from lambdas import deploy_model  # noqa: PLC0415 — only here

    deploy_model.handler(event, gated.context)
    gated.steps.end(planned_execution(gated), "ABORTED")
    removed(gated)
    assert gated.held() == [NAME]
    gated.world.seconds += 3600
    removed(gated)
    assert gated.held() == []


def test_what_was_planned_and_never_deployed_is_taken_off_the_list(gated):
    gated.evaluable()
    planned(gated)
    gated.steps.end(planned_execution(gated), "ABORTED")
    assert removed(gated) == 1
    assert candidates(gated).evaluating() == []


def test_one_that_cannot_be_removed_keeps_none_of_the_others(gated):
    gated.evaluable(), gated.evaluable()
    for version in (1, 2):
        deployed(gated, planned(gated, version))
    for name in gated.steps.executions:
        gated.steps.end(name, "ABORTED")
    fault = refusal("InternalServerException", "DeleteCustomModelDeployment", 500)
    deletion = ("DeleteCustomModelDeployment", {"customModelDeploymentIdentifier": NAME})
    broken = refusing(gated.engine, "call", fault, lambda name, _, given: (name, given) == deletion)
    with broken, pytest.raises(Transient, match="not removed: candidate#support#1"):
        removed(gated)
    assert gated.held() == [NAME]


def test_a_live_deployment_is_never_removed(gated):
    gated.evaluable()
    gated.release(gated.request(1))
    planned_before = gated.held()
    assert removed(gated) == 0
    assert gated.held() == planned_before == [deployment_name("dev", RECIPE)]


def planned_execution(releasing):
    return candidates(releasing).of(RECIPE, 1).execution
