"""Three thousand histories of evaluations under faults: no candidate is left, nothing goes live that did not pass, and
nothing that is paid by the hour outlives its time.
"""

import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from typing import Any

import pytest
from domain_builders import any_recipe
from emulated_world import LLAMA, WEST
from release_history import Strike, consistent, lived, released_world
from release_world import RECIPE, Releasing
from scenarios import EVERY_FAULT

from emulator.bedrock.injected_faults import InjectedFault
from lambdas import remove_candidates
from tuning.aws.candidates import Candidates
from tuning.evaluation.release_options import Promotion, ReleaseOptions
from tuning.releases.live_model import live_key
from tuning.releases.release_request import ReleaseRequest
from tuning.releases.release_steps import candidate_name

LEAST = 3_000
PROMPTS = 30
JUDGE = "amazon.nova-pro-v1:0"
STRIKES: tuple[Strike, ...] = ("dies before", "dies after", "killed", "late")
Schedule = Mapping[int, Strike]


@dataclass(frozen=True, kw_only=True)
class Story:
    """What is released, and which version may be live when all is over."""

    name: str
    right: bool = True
    before: bool = True
    """Whether another version is live, by a person's word."""
    promote: Promotion = "automatic"
    fails: bool = False
    """Whether the candidate's deployment does."""
    silent: bool = False
    """Whether the model that is live then does not answer."""
    provisioned: bool = False
    """Whether its base is served by Provisioned Throughput alone."""
    judge: str = ""
    """What becomes of a judge's jobs: they `end`, or `fail`. Empty: no judge is asked for."""
    units: int = 2
    """What the account has of it."""
    ends: str = "released"
    """Undisturbed."""
    pairs: int = 320
    """Histories with two strikes, or three; with EVERY_FAULT three times as many."""

    @property
    def may_go_live(self) -> bool:
        return self.ends == "released"


STORIES = (
    Story(name="a better model"),
    Story(name="a model that is no better", right=False, ends="held"),
    Story(name="the first model", before=False),
    Story(name="a better model, and a person is asked", promote="ask", ends="passed"),
    Story(name="a candidate that fails", fails=True, ends="failed"),
    Story(name="a model that answers no more when it is live", silent=True, ends="failed"),
    Story(name="a better model that is paid by the hour", provisioned=True, pairs=240),
    Story(
        name="one that is paid by the hour and answers no more when it is live",
        provisioned=True,
        silent=True,
        ends="failed",
        pairs=240,
    ),
    Story(
        name="a candidate for which no unit is left",
        provisioned=True,
        units=1,
        ends="failed",
        pairs=60,
    ),
    Story(name="a better model that a judge rates", judge="end", pairs=120),
    Story(name="a better model whose judge fails", judge="fail", pairs=60),
)


@dataclass
class Walk:
    count: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    calls: int = 0
    """Invocations of the undisturbed history."""


def live(definition: Mapping[str, Any], story: Story, schedule: Schedule) -> tuple[list[str], int]:
    """What is wrong when all is over, and how many invocations there were."""
    served = {"base": LLAMA, "scope": WEST} if story.provisioned else {}
    with released_world(**served) as world:
        options = ReleaseOptions(
            metric="exact_match",
            min_prompts=30,
            promote=story.promote,
            provisioned_hours=4 if story.provisioned else None,
            judge=JUDGE if story.judge else None,
        )
        world.aws.recipes[RECIPE] = any_recipe(release=options, base_model=world.base)
        world.engine.throughputs.units = story.units
        world.share_objects()
        if story.judge == "fail":
            world.engine.faults.add(InjectedFault(kind="fail", phase="Evaluation"))
        for kept in (world.engine.deployments, world.engine.throughputs, world.engine.evaluations):
            kept.seconds = 90  # two polls, so that more histories fit into a second
        if story.before:
            world.evaluable(right=False, prompts=PROMPTS)
            world.release(world.request(1))
        model = world.evaluable(right=story.right, prompts=PROMPTS)
        if story.fails:
            name = candidate_name("dev", RECIPE, model.version)
            world.engine.faults.add(InjectedFault(kind="fail", phase="Deployment", jobs=name))
        if story.silent:
            world.runtime.silent_live.add(model.model_arn)
        _, around = lived(definition, world, ReleaseRequest.of_model(model), schedule)
        for _ in range(3):  # rounds of the removals, half an hour apart
            world.world.seconds += 1800
            remove_candidates.handler({}, world.context)
        found = list(broken(world, story, model.version, schedule))
        if story.provisioned:
            found += outlived(world)
        return found, around.number


def outlived(world: Releasing) -> Iterator[str]:
    """What there is still of a recipe when the time of its last release is over."""
    live_item = world.dynamodb.items[live_key(RECIPE)]
    if live_item.get("due"):
        live_item["due"] = "2026-01-01T00:00:00Z"
    for _ in range(3):
        world.world.seconds += 1800
        remove_candidates.handler({}, world.context)
    if left := world.held():
        yield f"OUTLIVED: {left}"
    if world.lives.provisioned() or world.live.version:
        yield f"NOT RECORDED: {world.live}"


def broken(world: Releasing, story: Story, version: int, schedule: Schedule) -> Iterator[str]:
    killed = "killed" in schedule.values()
    if left := [name for name in world.held() if "-candidate-" in name]:
        yield f"LEFT: {left}"
    if listed := Candidates(ledger=world.ledger).evaluating():
        yield f"LISTED: {listed}"
    if world.live.version == version and not story.may_go_live:
        yield "LIVE: though it did not pass"
    if killed:
        # Whatever was under way then, the next release puts in order.
        former = world.registry.version(RECIPE, 1)
        assert former is not None
        world.release(world.request(1))
    elif story.may_go_live and world.live.version != version:
        yield f"NOT LIVE: {world.live.last}"
    try:
        consistent(world)
    except AssertionError as error:
        yield f"INCONSISTENT: {error}"
    judged = Counter(job.name for job in world.engine.evaluations.of(world.scope))
    if len(judged) > 2 * bool(story.judge) or any(times > 1 for times in judged.values()):
        yield f"JUDGED TWICE: {dict(judged)}"
    made = Counter(call for call in world.bedrock.calls if call.startswith(("Create", "Update")))
    updates = made["UpdateCustomModelDeployment"] + made["UpdateProvisionedModelThroughput"]
    if not killed and updates > 2 * story.before:
        yield f"TWICE: {dict(made)}"


def schedules(calls: int, story: Story) -> Iterator[Schedule]:
    """Every strike at every invocation, and then two or three."""
    for number in range(1, calls + 1):
        for strike in STRIKES:
            yield {number: strike}
    chance = random.Random(story.name)  # noqa: S311 — reproducible on purpose
    for _ in range(story.pairs * (3 if EVERY_FAULT else 1)):
        struck = chance.sample(range(1, calls + 4), chance.randint(2, 3))
        yield {number: chance.choice(STRIKES) for number in struck}


def walk(definition: Mapping[str, Any], number: int) -> Walk:
    """In a process of its own."""
    story, found = STORIES[number], Walk()
    said, found.calls = live(definition, story, {})
    found.broken += [f"{story.name}: {each}" for each in said]
    for schedule in schedules(found.calls, story):
        said, _ = live(definition, story, schedule)
        found.count += 1
        found.struck.update(schedule.values())
        found.broken += [f"{story.name}, {dict(schedule)}: {each}" for each in said]
    return found


def test_three_thousand_evaluations_leave_no_candidate_and_bring_nothing_live_that_did_not_pass(
    definitions, capsys
):
    began = time.perf_counter()
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        walks = list(pool.map(partial(walk, definitions["ReleaseMachine"]), range(len(STORIES))))
    count = sum(each.count for each in walks)
    with capsys.disabled():
        print(f"\n{count:,} histories of evaluations in {time.perf_counter() - began:.0f} s")  # noqa: T201 — a figure to look at
    assert [said for each in walks for said in each.broken] == []
    assert count >= LEAST
    assert set().union(*(each.struck for each in walks)) == set(STRIKES)


@pytest.mark.parametrize("story", STORIES, ids=lambda each: each.name)
def test_undisturbed_each_ends_as_it_should(definitions, story):
    said, calls = live(definitions["ReleaseMachine"], story, {})
    assert said == []
    assert calls > 3


def test_a_round_of_removals_that_does_nothing_is_noticed(definitions, monkeypatch):
    monkeypatch.setattr(remove_candidates, "handler", lambda *_: None)
    said, _ = live(definitions["ReleaseMachine"], STORIES[0], {6: "killed"})
    assert any(each.startswith("LEFT") for each in said)
