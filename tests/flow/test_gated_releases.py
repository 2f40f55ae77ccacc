"""From an upload to a model in use without a person, and to one that is held, on the emulated account."""

import json

import pytest
from accounts import tuning
from patience import until
from shifted_answers import execution_of, question, records, release_ended, trained_version

from tuning.aws.candidates import Candidates
from tuning.aws.live_models import LiveModels
from tuning.releases.release_steps import candidate_name

RECIPE = "support-nova-lite"
"""Which has a gate."""


@pytest.fixture(scope="module")
def version(world):
    """Upload a training set with what goes with it; the version that the run has trained, when its release has ended."""
    world.upload(records("held out in"), RECIPE, "evaluation.jsonl")

    def upload(folder, *, off):
        model = trained_version(world, RECIPE, folder, off=off)
        return model, release_ended(world, model)

    return upload


def live(world):
    return LiveModels(ledger=world.account.ledger).read(RECIPE)


def candidates(world):
    return Candidates(ledger=world.account.ledger)


def assert_no_candidate(world, number):
    bedrock, name = world.client("bedrock"), candidate_name("dev", RECIPE, number)
    with pytest.raises(bedrock.exceptions.ResourceNotFoundException):
        bedrock.get_custom_model_deployment(customModelDeploymentIdentifier=name)


def answer(world, number):
    made = tuning(world, "ask", RECIPE, question(number, "held out in"), "--format", "json")
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)["answer"]


def test_a_good_set_goes_live_by_itself_a_worse_one_is_held_and_a_rollback_takes_one_command(
    world, version
):
    first, ended = version("good", off=0)
    assert ended["status"] == "SUCCEEDED", ended
    assert json.loads(ended["output"])["state"] == "released"
    assert live(world).version == first.version
    assert answer(world, 7) == "It is answer7z."
    assert_no_candidate(world, first.version)
    worse, ended = version("worse", off=1)
    said = json.loads(ended["output"])
    assert (ended["status"], said["state"]) == ("SUCCEEDED", "held")
    assert "not better: token_f1 is" in said["summary"]
    assert live(world).version == first.version
    assert_no_candidate(world, worse.version)
    assert candidates(world).of(RECIPE, worse.version).outcome == "held"
    made = tuning(world, "promote", RECIPE, str(worse.version))
    assert made.returncode == 0, made.stdout + made.stderr
    assert answer(world, 7) == "It is answer8z."
    assert tuning(world, "rollback", RECIPE).returncode == 0
    assert answer(world, 7) == "It is answer7z."


@pytest.mark.usefixtures("version")
def test_the_candidate_of_an_evaluation_that_somebody_ended_is_removed(world):
    """What is live is not: the function may delete candidates alone."""
    world.instance.add_fault(kind="throttle", operation="ConverseStream")
    try:
        number = started(world)
        steps = world.client("stepfunctions")
        until(lambda: asked(world, number), "the candidate to be asked")
        steps.stop_execution(executionArn=execution(world, number))
    finally:
        world.instance.clear_faults()
    until(lambda: removed(world), "the candidate to be removed")
    assert candidates(world).of(RECIPE, number).outcome == "lost"
    assert_no_candidate(world, number)


def started(world):
    """The version of a run whose release is under way."""
    return trained_version(world, RECIPE, "ended").version


def execution(world, number):
    return execution_of(world, world.account.registry.version(RECIPE, number))


def asked(world, number):
    steps = world.client("stepfunctions")
    pages = steps.get_paginator("get_execution_history").paginate(
        executionArn=execution(world, number)
    )
    entered = [
        e.get("stateEnteredEventDetails", {}).get("name") for p in pages for e in p["events"]
    ]
    return "Wait for quota" in entered


def removed(world):
    """After a round of the removals."""
    world.round_of("RemoveCandidates")
    return candidates(world).evaluating() == []
