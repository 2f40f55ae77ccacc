"""Histories by the thousand: every single fault, every pair of chosen kinds, and random ones."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from amazon import Amazon
from explored_calls import Call, CallKind
from explored_faults import applicable
from explored_handlers import Handler
from promises import broken, judged
from scenarios import Scenario
from schedule import Fault, Kind, Schedule, smaller

Judge = Callable[[Amazon], list[str]]


@dataclass(frozen=True, kw_only=True)
class Explorer:
    definition: Mapping[str, Any]
    functions: Mapping[str, Handler]
    judge: Judge = broken
    sabotage: Callable[[Amazon], None] = field(default=lambda _world: None)

    def live(self, scenario: Scenario, schedule: Schedule = ()) -> Amazon:
        world = Amazon(self.definition, self.functions, scenario, schedule)
        self.sabotage(world)
        world.live()
        return world

    def singles(self, scenario: Scenario) -> Iterator[Schedule]:
        """Every fault that can strike any call of the undisturbed history, of calls that are alike the first;
        or one in so many of them, as the scenario says: each kind of fault strikes, by turns.
        """
        first = {call.alike: call for call in reversed(self.live(scenario).calls)}
        for number, call in enumerate(sorted(first.values(), key=lambda call: call.number)):
            for turn, kind in enumerate(applicable(call), number):
                if turn % scenario.one_in == 0:
                    yield (Fault(call.number, kind),)

    def walk(self, scenario: Scenario, *, every_kind: bool) -> "Walk":
        """Single faults, then as many of two and of more as the scenario asks for; with `every_kind` until no
        kind of fault is left that has not struck some kind of call of this scenario.

        A second fault strikes the history that the first one made. Ends at the first broken promise.
        """
        walk = Walk()
        left = walk.never_struck() if every_kind else ()
        self._follow(walk, scenario, chain(self._schedules(scenario, walk), left))
        return walk

    def strike(self, scenario: Scenario, schedules: Sequence[Schedule]) -> "Walk":
        """Those that are given."""
        walk = Walk()
        self._follow(walk, scenario, schedules)
        return walk

    def _follow(self, walk: "Walk", scenario: Scenario, schedules: Iterable[Schedule]) -> None:
        for schedule in schedules:
            if walk.breaks(self.live(scenario, schedule), schedule):
                walk.story = self.story_of(scenario, schedule)
                break

    def _schedules(self, scenario: Scenario, walk: "Walk") -> Iterator[Schedule]:
        """Each single fault, and after it those that have a second one; `walk` knows the calls of the former."""
        singles = list(self.singles(scenario))
        chance = random.Random(scenario.name)  # noqa: S311 — reproducible on purpose
        firsts = chance.sample(singles, len(singles))
        each = -(-scenario.pairs // len(firsts))
        several = -(-scenario.pairs // max(each, 1))
        for number, first in enumerate(firsts):
            yield first
            if number >= several:
                continue
            second = [
                Fault(call.number, kind)
                for call in walk.last
                if call.number > first[0].call
                for kind in applicable(call)
            ]
            yield from ((*first, fault) for fault in chance.sample(second, min(each, len(second))))
        yield from self.drawn(scenario, scenario.longer)

    def drawn(self, scenario: Scenario, count: int, seed: int = 0) -> Iterator[Schedule]:
        """Three to six faults, wherever they fall."""
        chance = random.Random(f"{scenario.name} {seed}")  # noqa: S311 — reproducible on purpose
        calls = self.live(scenario).calls
        for _ in range(count):
            at = sorted(chance.sample(range(len(calls) + 12), chance.randint(3, 6)))
            struck = [calls[min(number, len(calls) - 1)] for number in at]
            yield tuple(
                Fault(number, chance.choice(applicable(call)))
                for number, call in zip(at, struck, strict=True)
            )

    def first_broken(self, scenarios: Sequence[Scenario]) -> "Story | None":
        """By no fault at all, or by a single one: by turns the next and any, for some are found early and some late."""
        chance = random.Random(0)  # noqa: S311 — reproducible on purpose
        undisturbed = ((scenario, ()) for scenario in scenarios)
        disturbed = (
            (scenario, one)
            for scenario in scenarios
            for singles in (list(self.singles(scenario)),)
            for one in dict.fromkeys(
                chain.from_iterable(zip(singles, chance.sample(singles, len(singles)), strict=True))
            )
        )
        for scenario, schedule in chain(undisturbed, disturbed):
            if self.judge(self.live(scenario, schedule)):
                return self.story_of(scenario, schedule)
        return None

    def story_of(self, scenario: Scenario, schedule: Schedule) -> "Story":
        """The smallest schedule that still breaks a promise, as a story."""
        shrinking = True
        while shrinking:
            shrinking = False
            for fewer in smaller(schedule):
                if self.judge(self.live(scenario, fewer)):
                    schedule, shrinking = fewer, True
                    break
        world = self.live(scenario, schedule)
        return Story(
            scenario=scenario.name,
            schedule=schedule,
            lines=tuple(world.story),
            broken=tuple(self.judge(world)),
        )


@dataclass(frozen=True, kw_only=True)
class Story:
    scenario: str
    schedule: Schedule
    lines: tuple[str, ...]
    broken: tuple[str, ...]

    def __str__(self) -> str:
        faults = [f"  {fault}" for fault in self.schedule] or ["  nothing"]
        steps = [f"{number:>4}. {line}" for number, line in enumerate(self.lines, 1)]
        return "\n".join(
            [
                f"Once there was {self.scenario}.",
                "What went wrong:",
                *faults,
                "What happened:",
                *steps,
                "And so:",
                *self.broken,
            ]
        )


@dataclass(kw_only=True)
class Walk:
    count: int = 0
    """Histories lived, undisturbed ones and those of the shrinking not counted."""
    story: Story | None = None
    excused: Counter[str] = field(default_factory=Counter)
    """How many histories had what only an alarm excuses, by its first word; and `in all`."""
    struck: set[tuple[CallKind, Kind]] = field(default_factory=set)
    """Which kind of call was struck by which kind of fault."""
    calls: dict[CallKind, tuple[Schedule, Call]] = field(default_factory=dict)
    """The first call of each kind, of the fewest faults, and the schedule that led to it."""
    states: set[str] = field(default_factory=set)
    """Those that executions entered."""
    errors: set[str] = field(default_factory=set)
    """By which services that the state machine calls by itself refused."""
    last: Sequence[Call] = ()
    """Those of the history that was lived last."""

    def breaks(self, world: Amazon, schedule: Schedule) -> bool:
        """Count a history. Returns whether it breaks a promise."""
        self.count += 1
        self.last = world.calls
        self.struck |= world.struck
        last = max((fault.call for fault in schedule), default=-1)
        for call in world.calls:
            if call.number > last and call.number not in world.hindered:
                known = self.calls.get(call.kind)
                if known is None or len(schedule) < len(known[0]):
                    self.calls[call.kind] = (schedule, call)
        verdict = judged(world)
        if excused := {words.split(":")[0] for words in verdict.excused}:
            self.excused.update([*excused, "in all"])
        self.errors |= world.errors
        for execution in world.executions:
            self.states.update(execution.path)
        return bool(verdict.broken)

    def add(self, other: "Walk") -> None:
        """What was lived later, in the same scenario."""
        self.count += other.count
        self.story = self.story or other.story
        self.excused.update(other.excused)
        self.struck |= other.struck
        self.calls = {**other.calls, **self.calls}
        self.states |= other.states
        self.errors |= other.errors

    def never_struck(self) -> Iterator[Schedule]:
        """Until no kind of call is left that some kind of fault has not struck."""
        while missing := self.possible() - self.struck:
            kind, fault = min(missing)
            yield self.reaching(kind, fault)
            assert (kind, fault) in self.struck, (kind, fault)

    def reaching(self, kind: CallKind, fault: Kind) -> Schedule:
        """By which such a call is struck so."""
        schedule, call = self.calls[kind]
        return (*schedule, Fault(call.number, fault))

    def possible(self) -> set[tuple[CallKind, Kind]]:
        return {(k, fault) for k, (_, call) in self.calls.items() for fault in applicable(call)}
