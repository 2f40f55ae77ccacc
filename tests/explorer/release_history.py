"""A history of the Release state machine: what its execution sees, and what must hold when it has ended."""

import json

from botocore.exceptions import ClientError
from emulated_world import EAST
from explored_handlers import modules
from machine import Failed
from release_world import RECIPE

from tuning.aws.transient import Transient
from tuning.pipeline.manifest import of_kind
from tuning.releases.release_steps import deployment_name

HANDLERS = {f"{{{step.construct_id}Function}}": modules()[step.name] for step in of_kind("release")}
NAME = deployment_name("dev", RECIPE)
CALLS = 60
"""More than any of these histories has."""


class Around:
    """What an execution sees. `dies` is the number of the invocation in which the process dies, after its
    work or before; `killed` that before which somebody ends the execution.
    """

    def __init__(self, releasing, *, dies=None, after=False, killed=None):
        self.releasing, self.dies, self.after, self.killed = releasing, dies, after, killed
        self.notices, self.invoked, self.number = [], [], 0

    def perform(self, resource, arguments, _limit):
        if resource.endswith("sns:publish"):
            self.notices.append((arguments["Subject"], arguments["Message"]))
            return {}
        assert resource.endswith("lambda:invoke")
        self.number += 1
        if self.number == self.killed:
            raise KeyboardInterrupt
        if self.number == self.dies and not self.after:
            raise Failed("Runtime.ExitError", "died")
        self.invoked.append(arguments["FunctionName"])
        try:
            handler = HANDLERS[arguments["FunctionName"]].handler
            answer = handler(arguments["Payload"], self.releasing.context)
        except (ClientError, Transient) as error:
            raise Failed(type(error).__name__, str(error)) from error
        if self.number == self.dies:
            raise Failed("Runtime.ExitError", "died")
        return {"Payload": json.loads(json.dumps(answer))}

    def sleep(self, seconds):
        self.releasing.world.seconds += float(seconds)

    def moment(self):
        return "2026-11-23T07:00:00.000Z"

    def jitter(self, most):
        return most


def live_model(releasing):
    if NAME not in releasing.held():
        return None
    return releasing.engine.deployments.find(EAST, NAME).model.arn


def consistent(releasing):
    """What is recorded is what answers, nothing else is deployed, and nobody holds the recipe."""
    live = releasing.live
    model = releasing.registry.version(RECIPE, live.version) if live.version else None
    assert live.change is None
    assert live_model(releasing) == (model and model.model_arn)
    assert set(releasing.held()) <= {NAME}
