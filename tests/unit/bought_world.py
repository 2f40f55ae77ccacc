"""A recipe whose models are served by Provisioned Throughput alone, for four hours, and time that goes by."""

from datetime import datetime, timedelta

from emulated_world import WEST
from release_world import RECIPE

from lambdas import remove_candidates
from tuning.evaluation.release_options import ReleaseOptions
from tuning.releases.release_steps import deployment_name

NAME = deployment_name("dev", RECIPE)
GATE = ReleaseOptions(metric="exact_match", min_prompts=30, candidate_hours=3, provisioned_hours=4)


def answering(world):
    return world.engine.throughputs.find(WEST, NAME).model.arn


def late(world, hours, monkeypatch):
    """So many hours later, as the function that removes sees it."""

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(hours=hours)

    monkeypatch.setattr(remove_candidates, "datetime", Later)
    world.world.seconds += hours * 3600


def removals(world):
    return remove_candidates.handler({}, world.context)["removed"]
