"""A judge model beside the gate: its jobs are started once, its figures recorded, and nothing depends on it."""

import json
from datetime import datetime, timedelta

import pytest
from domain_builders import any_recipe
from emulated_world import ROLE
from interleaved import refusing
from msgspec import structs
from recipe_refusal_cases import refusal
from release_world import RECIPE
from test_evaluating import answered, deployed, planned

from emulator.bedrock.injected_faults import InjectedFault
from lambdas import decide_release, judge_answers
from tuning.evaluation.judging import (
    LONGEST_JUDGED,
    MOST_JUDGED,
    JudgedPrompts,
    JudgeRating,
    JudgeScore,
    no_judge,
    scores_in,
)
from tuning.evaluation.records import EvaluationPrompt, Message, ModelAnswer
from tuning.evaluation.release_options import ReleaseOptions

JUDGE = "amazon.nova-pro-v1:0"
GATE = ReleaseOptions(metric="exact_match", min_prompts=30, judge=JUDGE)


@pytest.fixture
def judging(releasing, monkeypatch):
    """A recipe with a judge; all prompts are answered. `plan` is that of its evaluation."""
    monkeypatch.setenv("JUDGE_ROLE_ARN", ROLE)
    judge_answers._settings.cache_clear()  # noqa: SLF001 — as at a new start of the function
    releasing.aws.recipes[RECIPE] = any_recipe(release=GATE)
    releasing.evaluable()
    releasing.context.get_remaining_time_in_millis = lambda: 900_000
    releasing.plan = planned(releasing)
    candidate, asked = deployed(releasing, releasing.plan), {}
    while asked.get("state") != "done":
        asked = answered(releasing, releasing.plan, candidate, asked)
    releasing.share_objects()
    return releasing


def judge(world, judged=None):
    return judge_answers.handler({"plan": world.plan, "judged": judged or {}}, world.context)


def to_its_end(world, judged=None):
    for _ in range(200):
        judged = judge(world, judged)
        if judged["state"] == "done":
            return judged
        world.world.seconds += 60
    raise AssertionError("the judge is waited for without bounds")


def decided(world, judged):
    return decide_release.handler({"plan": world.plan, "judged": judged}, world.context)


def jobs(world):
    return world.engine.evaluations.of(world.scope)


def test_each_side_is_judged_once_on_the_same_prompts(judging):
    judged = to_its_end(judging)
    assert sorted(judged["jobs"]) == ["base", "candidate"]
    assert [job.status for job in jobs(judging)] == ["Completed", "Completed"]
    found = JudgeRating.from_json(judged["judgement"])
    assert (found.judge, found.prompts, found.left_out, found.why) == (JUDGE, 40, 0, "")
    means = {(each.metric, each.side): each.mean for each in found.scores}
    assert len(means) == 6
    assert means["Builtin.Correctness", "candidate"] == 1
    assert means["Builtin.Correctness", "base"] < 0.5


def test_what_a_judge_says_is_recorded_and_said(judging):
    said = decided(judging, to_its_end(judging))
    assert (
        "a judge that decides nothing, rates 40 prompts: Correctness 1.000 candidate"
        in said["summary"]
    )
    [text] = [v for k, v in judging.kept(".json").items() if "/evaluations/" in k]
    assert len(json.loads(text)["judgement"]["scores"]) == 6


@pytest.mark.parametrize("mean", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("why", ["", "it failed"])
def test_no_score_of_a_judge_changes_a_decision(judging, mean, why):
    """The candidate's worst beside the base's best, the other way round, and none."""
    before = decide_release.handler({"plan": judging.plan}, judging.context)
    scores = tuple(
        JudgeScore(metric=name, side=side, prompts=40, mean=value)
        for name in GATE.judge_metrics
        for side, value in (("candidate", mean), ("base", 1 - mean))
    )
    found = JudgeRating(judge=JUDGE, prompts=40, scores=() if why else scores, why=why)
    judged = {"state": "done", "since": "", "judgement": found.to_json()}
    after = decided(judging, judged)
    assert (after["outcome"], after["decision"]) == (before["outcome"], before["decision"])
    assert after["summary"] == f"{before['summary']} {found}"


def test_a_function_that_dies_after_it_has_started_jobs_starts_none_again(judging):
    first = judge(judging)
    judging.bedrock.calls.clear()
    again = judge(judging)  # what it answered was lost
    assert again["jobs"] == first["jobs"]
    assert len(jobs(judging)) == 2
    assert judging.bedrock.calls.count("CreateEvaluationJob") == 2
    judge(judging, again)
    assert judging.bedrock.calls.count("CreateEvaluationJob") == 2


def test_a_response_that_was_lost_costs_nothing_twice(judging):
    judging.bedrock.lost.add("CreateEvaluationJob")
    first = judge(judging)
    assert (first["state"], first["jobs"]) == ("in_progress", {})
    assert to_its_end(judging, first)["judgement"]["prompts"] == 40
    assert len(jobs(judging)) == 2


def test_a_judge_that_fails_is_recorded_and_the_other_job_is_stopped(judging):
    judging.engine.faults.add(
        InjectedFault(kind="fail", phase="Evaluation", jobs="*-candidate", message="no capacity")
    )
    judging.engine.faults.add(InjectedFault(kind="stall", phase="Evaluation", jobs="*-base"))
    judged = to_its_end(judging)
    why = judged["judgement"]["why"]
    assert why == "its job for the answers of candidate is Failed: no capacity"
    assert sorted(job.status for job in jobs(judging)) == ["Failed", "Stopping"]
    said = decided(judging, judged)
    assert said["outcome"] == "promote"
    assert "did not judge the answers, which changes nothing" in said["summary"]


def test_a_judge_that_is_refused_is_recorded(judging):
    judging.world.forbidden.add("iam:PassRole")
    judged = judge(judging)
    assert judged["state"] == "done"
    assert "not allowed: iam:PassRole" in judged["judgement"]["why"]


def test_a_second_job_that_is_refused_stops_the_first(judging):
    full = refusal("ServiceQuotaExceededException", "CreateEvaluationJob", 400, "20 at once")

    def is_second(operation, _scope, given):
        return operation == "CreateEvaluationJob" and given["jobName"].endswith("-base")

    with refusing(judging.engine, "call", full, is_second):
        assert judge(judging)["judgement"]["why"] == "20 at once"
    assert [job.status for job in jobs(judging)] == ["Stopping"]


def later(monkeypatch, **by):
    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(**by)

    monkeypatch.setattr(judge_answers, "datetime", Later)


def test_a_judge_that_takes_too_long_is_not_waited_for(judging, monkeypatch):
    judging.engine.faults.add(InjectedFault(kind="stall", phase="Evaluation"))
    judged = judge(judging)
    later(monkeypatch, hours=1, minutes=59)
    judged = judge(judging, judged)
    assert judged["state"] == "in_progress"
    later(monkeypatch, hours=2, minutes=1)
    judged = judge(judging, judged)
    assert judged["judgement"]["why"] == "it was not done after 2 hours"
    assert {job.status for job in jobs(judging)} == {"Stopping"}


def test_a_judge_that_is_throttled_for_long_is_not_waited_for(judging, monkeypatch):
    judging.engine.faults.add(InjectedFault(kind="throttle", operation="CreateEvaluationJob"))
    judged = judge(judging)
    assert judged["state"] == "in_progress"
    assert "Too many requests" in judged["why"]
    later(monkeypatch, hours=3)
    why = judge(judging, judged)["judgement"]["why"]
    assert why.startswith("it was not done after 2 hours (")


def test_a_judge_that_a_recipe_asks_for_no_more_is_not_asked(judging):
    judging.aws.recipes[RECIPE] = any_recipe(release=structs.replace(GATE, judge=None))
    assert "for none" in judge(judging)["judgement"]["why"]
    assert jobs(judging) == []


def test_jobs_that_write_no_score_are_no_judgement(judging):
    judging.world.write = lambda *_: True
    assert to_its_end(judging)["judgement"]["why"] == "its jobs completed, but wrote no score"


def test_a_plan_says_which_judge_and_none_where_there_is_none(judging):
    assert judging.plan["judge"] == JUDGE
    judging.aws.recipes[RECIPE] = any_recipe(release=structs.replace(GATE, judge=None))
    assert "judge" not in planned(judging)


# What a judge is given ---------------------------------------------------------------------------


def prompt(line, text="?", **more):
    said = (Message(role="user", text=text),)
    return EvaluationPrompt(id=str(line), line=line, messages=said, expected="yes", **more)


def test_prompts_that_are_too_long_or_not_answered_by_both_are_left_out():
    prompts = [prompt(1), prompt(2, "é" * (LONGEST_JUDGED // 2)), prompt(3, "x" * 4097), prompt(4)]
    ours = [ModelAnswer(line=n, text="a") for n in (1, 2, 3, 4)]
    theirs = [*ours[:3], ModelAnswer(line=4, failure="no")]
    found = JudgedPrompts.of(prompts, {"candidate": ours, "base": theirs})
    assert ([each.line for each in found.prompts], found.left_out) == ([1, 2], 2)


def test_no_more_prompts_are_judged_than_a_job_takes():
    prompts = [prompt(n) for n in range(MOST_JUDGED + 5)]
    answers = [ModelAnswer(line=each.line, text="a") for each in prompts]
    found = JudgedPrompts.of(prompts, {"candidate": answers})
    assert (len(found.prompts), found.left_out) == (MOST_JUDGED, 5)


def test_a_record_has_the_answer_and_whose_it_is():
    found = JudgedPrompts.of([prompt(1, system=("Be short.",))], {"base": [ModelAnswer(line=1)]})
    [line] = found.lines([ModelAnswer(line=1, text="no")], source="base")
    assert json.loads(line) == {
        "prompt": "system: Be short.\n\nuser: ?",
        "referenceResponse": "yes",
        "modelResponses": [{"response": "no", "modelIdentifier": "base"}],
    }


def test_what_does_not_apply_is_in_no_mean():
    def rated(result):
        scores = [{"metricName": "Builtin.Correctness", "result": result}]
        return json.dumps({"automatedEvaluationResult": {"scores": scores}})

    [found] = scores_in(
        map(rated, (1.0, None, 0.5)), "base", ["Builtin.Correctness", "Builtin.Coherence"]
    )
    assert (found.mean, found.prompts) == (0.75, 2)


@pytest.mark.parametrize(
    "name",
    [
        "amazon.nova-pro-v1:0",
        "us.amazon.nova-pro-v1:0",
        "anthropic.claude-3-5-sonnet-20241022-v2:0",
        "meta.llama3-1-70b-instruct-v1:0",
        "us.meta.llama3-3-70b-instruct-v1:0",
    ],
)
def test_models_of_bedrock_and_profiles_of_the_united_states_may_judge(name, judging):
    assert no_judge(name) is None
    judging.plan["judge"] = name
    gate = structs.replace(GATE, judge=name, judge_leaves_region=name.startswith("us."))
    judging.aws.recipes[RECIPE] = any_recipe(release=gate)
    assert to_its_end(judging)["judgement"]["judge"] == name  # as botocore's own pattern has it


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (
            "arn:aws:bedrock:us-east-1:111122223333:custom-model-deployment/abcdefghijkl",
            "cannot be judges",
        ),
        ("custom-model/x.y/abc", "cannot be judges"),
        ("nova", "is no id"),
        ("Amazon.Nova", "is no id"),
        ("eu.amazon.nova-pro-v1:0", "other parts of the world"),
        (7, "must be the id"),
    ],
)
def test_what_cannot_judge_is_refused_with_the_reason(name, why):
    assert why in no_judge(name)
