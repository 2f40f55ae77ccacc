"""Histories of releases, evaluations, rollbacks and deletions that interrupt each other at any call, and die: what is
live and what was before is never deleted.

Bedrock is one that deletes a model whatever uses it, since that it would not is an inference: what holds here rests on
the ledger alone, and on what deployments there are.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing import get_context
from types import SimpleNamespace
from typing import Any

import pytest
from domain_builders import any_recipe
from emulated_world import EAST
from msgspec import structs
from release_history import released_world
from release_world import RECIPE, Releasing

from lambdas import begin_release, delete_models, finish_release, plan_evaluation, remove_candidates
from tuning.aws.candidates import Candidates
from tuning.aws.known_versions import KnownVersions
from tuning.aws.transient import Transient
from tuning.evaluation.release_options import ReleaseOptions
from tuning.releases.kept_versions import KnownVersion, keeping
from tuning.releases.model_deletion import CLAIM_LASTS
from tuning.releases.release_request import NotReleasableError, ReleaseRequest
from tuning.runs.times import instant, utc_time, zulu

LEAST = int(os.environ.get("TUNING_HISTORIES", "500"))
PARTS = 4
STEPS = 10
DEEPEST = 3
"""How many may be interrupted at once."""
LONG_AGO = zulu(datetime(2026, 1, 1, tzinfo=UTC))


class Died(BaseException):
    """A process, or an execution that somebody ended: nothing of it catches that."""


@dataclass
class History:
    """One, by its seed."""

    releasing: Releasing
    chance: random.Random
    options: ReleaseOptions
    broken: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    depth: int = 0
    sweeping: int = 0
    number: int = 0

    # Interruptions ----------------------------------------------------------------------------

    def called(self, operation: str, given: Any) -> None:
        """Before each call of AWS, of whatever is under way."""
        if self.depth and self.chance.random() < 0.02:
            self.seen["died"] += 1
            raise Died
        if 0 < self.depth < DEEPEST and self.chance.random() < 0.06:
            self.seen["interrupted"] += 1
            self.act()
        if operation == "DeleteCustomModel":
            self.quietly(lambda: self.check_deletion(given["modelIdentifier"]))

    def check_deletion(self, arn: str) -> None:
        world = self.releasing
        live = world.live
        needed = {
            world.registry.version(RECIPE, number).model_arn
            for number in (live.version, live.before)
            if number
        }
        deployed = {
            model.arn
            for name in world.held()
            for found in [world.engine.deployments.find(EAST, name)]
            for model in (found.model, found.next_model)
            if model
        }
        self.seen["deleted"] += 1
        if arn in needed:
            self.broken.append(f"DELETED: live or before: {arn}")
        if arn in deployed:
            self.broken.append(f"DELETED: deployed: {arn}")

    # What happens ------------------------------------------------------------------------------

    def act(self) -> None:
        acts: list[Callable[[], Any]] = [
            *(self.train, self.release, self.release, self.rollback, self.evaluate),
            *(self.sweep, self.sweep, self.sweep, self.remove),
        ]
        self.depth += 1
        try:
            self.chance.choice(acts)()
        except (Died, Transient, NotReleasableError):
            pass
        finally:
            self.depth -= 1

    def train(self) -> None:
        model = self.quietly(self.releasing.evaluable)
        self.releasing.dynamodb.lay(structs.replace(model, trained_at=LONG_AGO))

    def quietly(self, work: Callable[[], Any]) -> Any:
        """Of what this is not about, nothing is interrupted."""
        depth, self.depth = self.depth, 0
        try:
            return work()
        finally:
            self.depth = depth

    def release(self) -> None:
        newest = self.releasing.registry.newest(RECIPE)
        self.released(self.releasing.request(self.chance.randint(1, newest)))

    def rollback(self) -> None:
        self.released(ReleaseRequest.rollback(self.releasing.live, None, by="arn:ann"))

    def released(self, request: ReleaseRequest) -> None:
        """By functions, as the state machine calls them; it may be killed at any call."""
        self.number += 1
        request = structs.replace(request, attempt=self.number)
        world = self.releasing
        try:
            said = world.release(request)
            if said["state"] == "refused":
                outcome = {"state": "refused", "summary": said["summary"]}
                finish_release.handler(
                    {
                        "request": request.to_json(),
                        "execution": request.execution,
                        "outcome": outcome,
                    },
                    world.context,
                )
            self.seen[said["state"]] += 1
        finally:
            if request.execution in world.steps.executions:
                world.steps.end(request.execution, "ABORTED")

    def evaluate(self) -> None:
        """A candidate is deployed and removed again; it may be left behind."""
        world = self.releasing
        newest = world.registry.newest(RECIPE)
        model = world.registry.version(RECIPE, self.chance.randint(1, newest))
        self.number += 1
        request = structs.replace(ReleaseRequest.of_model(model), attempt=self.number)
        execution = request.execution
        world.steps.executions[execution] = "{}"
        event: dict[str, Any] = {"request": request.to_json(), "execution": execution}
        try:
            plan = plan_evaluation.handler(event, world.context)
            self.seen[f"evaluation {plan['state']}"] += 1
            outcome = {"state": "held", "summary": "Not better."}
            if plan["state"] == "planned":
                start = plan["candidate"]
                deployed = world.deploy(start, start["target"])
                mine = Candidates(ledger=world.ledger).of(RECIPE, model.version)
                gone = model.model_arn not in world.engine.models.kept
                if gone and mine and (mine.execution, mine.outcome) == (execution, "evaluating"):
                    self.broken.append(f"DELETED: under evaluation: {deployed}")
                world.deploy(start, None)
                outcome["state"] = self.chance.choice(("held", "passed", "failed"))
            finish_release.handler({**event, "outcome": outcome}, world.context)
        finally:
            world.steps.end(execution, "ABORTED")

    def remove(self) -> None:
        remove_candidates.handler({}, self.releasing.context)

    def sweep(self) -> None:
        """Two at once, and one that goes on after another has died, are among them."""
        if not self.sweeping and self.chance.random() < 0.5:
            self.quietly(self.age)
        self.sweeping += 1
        try:
            delete_models.handler({}, self.releasing.context)
        finally:
            self.sweeping -= 1

    def age(self) -> None:
        """A quarter of an hour passes, so that no invocation that has claimed anything goes on."""
        for each in self.known():
            if each.deletion and each.deletion.state == "claimed":
                at = instant(utc_time(each.deletion.at) - CLAIM_LASTS)
                self.releasing.dynamodb.lay(structs.replace(each.deletion, at=at))

    # When all is over --------------------------------------------------------------------------

    def wrong(self) -> Iterator[str]:
        world = self.releasing
        self.settle()
        yield from self.broken
        live, there = world.live, self.there()
        known = self.known()
        if live.version and not {live.version, live.before or live.version} <= set(there):
            yield f"GONE: of {live.version} and {live.before} there are {there}"
        if {each.model.version for each in known if not each.gone} != set(there):
            yield f"SAID AND DONE DIFFER: {there}"
        if any(each.deletion and each.deletion.state == "claimed" for each in known):
            yield "CLAIMED"
        beyond = keeping(known, live, self.options, datetime.now(UTC)).beyond
        if live.change is None and beyond:
            yield f"LEFT: {[each.version for each in beyond]}"
        if live.version and live.before:
            said = world.release(
                structs.replace(world.request(live.before, kind="rollback"), attempt=9999)
            )
            if said["state"] != "released":
                yield f"NO WAY BACK: {said}"

    def settle(self) -> None:
        """Candidates are removed, the next release puts in order what was killed, and the last round ends."""
        world = self.releasing
        for _ in range(3):
            world.world.seconds += 1800
            remove_candidates.handler({}, world.context)
        if world.live.change:
            self.released(world.request(world.live.version or self.there()[0]))
        self.age()
        delete_models.handler({}, world.context)

    def known(self) -> list[KnownVersion]:
        found = list(KnownVersions(ledger=self.releasing.ledger).of(RECIPE))
        return [each for each in found if isinstance(each, KnownVersion)]

    def there(self) -> list[int]:
        world = self.releasing
        numbers = range(1, world.registry.newest(RECIPE) + 1)
        return [
            number
            for number in numbers
            if world.registry.version(RECIPE, number).model_arn in world.engine.models.kept
        ]


def history(seed: int) -> History:
    chance = random.Random(seed)  # noqa: S311 — reproducible on purpose
    with released_world() as world, pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOTICES_TOPIC_ARN", "arn:aws:sns:us-east-1:123456789012:Notices")
        world.aws.sns = SimpleNamespace(publish=lambda **_: None)
        world.engine.deployments.seconds = 90
        patch.setattr(world.engine.deployments, "check_unused", lambda _model: None)
        options = ReleaseOptions(
            metric="exact_match",
            min_prompts=30,
            keep_models=chance.randint(0, 2),
            delete_models=True,
        )
        world.aws.recipes[RECIPE] = any_recipe(release=options)
        made = History(world, chance, options)
        _hook(patch, world, made)
        for _ in range(chance.randint(2, 4)):
            made.train()
        for _ in range(STEPS):
            made.act()
        made.broken = [f"{seed}: {each}" for each in made.wrong()]
        return made


def _hook(patch: pytest.MonkeyPatch, world: Releasing, made: History) -> None:
    for name in ("get_item", "update_item"):
        really = getattr(world.dynamodb, name)

        def dynamodb(really: Any = really, name: str = name, **given: Any) -> Any:
            made.called(name, given)
            return really(**given)

        patch.setattr(world.dynamodb, name, dynamodb)
    call = world.engine.call

    def bedrock(operation: str, scope: Any, given: Any) -> Any:
        made.called(operation, given)
        return call(operation, scope, given)

    patch.setattr(world.engine, "call", bedrock)


def part(number: int) -> tuple[int, Counter[str], list[str]]:
    """In a process of its own."""
    seen, broken, count = Counter[str](), [], 0
    for seed in range(number, LEAST, PARTS):
        made = history(seed)
        seen += made.seen
        broken += made.broken
        count += 1
    return count, seen, broken


def test_no_history_deletes_what_is_live_or_was_before(capsys):
    began = time.perf_counter()
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        parts = list(pool.map(part, range(PARTS)))
    count = sum(each[0] for each in parts)
    seen = sum((each[1] for each in parts), Counter[str]())
    with capsys.disabled():
        took = time.perf_counter() - began
        print(f"\n{count:,} histories of deletions in {took:.0f} s: {dict(seen)}")  # noqa: T201 — a figure to look at
    assert [said for each in parts for said in each[2]] == []
    assert count >= LEAST
    assert (
        min(seen[what] for what in ("deleted", "died", "interrupted", "refused", "released"))
        > LEAST // 10
    )


@pytest.mark.parametrize(
    ("handler", "name"),
    [(begin_release, "_going"), (delete_models, "_needed"), (plan_evaluation, "_assert_kept")],
    ids=["a release looks for claims", "a round looks again", "an evaluation looks for claims"],
)
def test_who_does_not_look_for_the_other_is_noticed(monkeypatch, handler, name):
    monkeypatch.setattr(handler, name, lambda *_: None)
    assert any(history(seed).broken for seed in range(LEAST))
