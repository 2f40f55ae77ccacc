"""Questions whose answers a model gives by heart, or shifted by one, and what becomes of it at the gate."""

from accounts import conversation
from patience import until

from tuning.releases.release_request import ReleaseRequest

PROMPTS = 30


def question(number, words):
    return f"What is item{number}x {words} row{number}y?"


def records(words, *, off=0, times=1):
    """`off`: by how much answers are shifted against their questions."""
    return times * [
        conversation(question(number, words), f"It is answer{(number + off) % PROMPTS}z.")
        for number in range(PROMPTS)
    ]


def trained_version(world, recipe, folder, *, off=0, times=1):
    """Upload a training set with what goes with it; the version that the run has trained."""
    world.upload(records(f"validated in {folder}"), f"{recipe}/{folder}", "validation.jsonl")
    training = records(f"asked for in {folder}", off=off, times=times)
    row = world.ended(world.upload(training, f"{recipe}/{folder}"))
    assert row.state == "trained", row.outcome
    return world.account.registry.of_run(row.id)


def execution_of(world, model):
    """The ARN of the execution that releases a version."""
    machine = world.account.outputs["ReleaseMachine"].replace(":stateMachine:", ":execution:")
    return f"{machine}:{ReleaseRequest.of_model(model).execution}"


def release_ended(world, model):
    steps, arn = world.client("stepfunctions"), execution_of(world, model)

    def ended():
        found = steps.describe_execution(executionArn=arn)
        return found["status"] != "RUNNING" and found

    return until(ended, f"the end of {arn}")
