"""All scenarios, walked in processes beside each other, each with functions of its own."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any

from explore import Explorer, Walk
from explored_calls import CallKind
from explored_handlers import opened
from scenarios import EVERY_FAULT, SCENARIOS
from schedule import Kind, Schedule

Definition = Mapping[str, Any]


def walked(definition: Definition) -> list[Walk]:
    """One walk a scenario. No kind of call is left that some kind of fault has not struck, in whichever scenario."""
    longest_first = sorted(range(len(SCENARIOS)), key=lambda n: -len(SCENARIOS[n].puts))
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        lived = pool.map(partial(_walk, definition), longest_first)
        walks = dict(zip(longest_first, lived, strict=True))
        asked: set[tuple[CallKind, Kind]] = set()
        while not any(walk.story for walk in walks.values()) and (left := _left(walks)):
            assert not asked & {pair for pairs in left.values() for pair in pairs}, left
            asked |= {pair for pairs in left.values() for pair in pairs}
            given = [(n, [walks[n].reaching(*pair) for pair in pairs]) for n, pairs in left.items()]
            later = pool.map(partial(_strike, definition), given)
            for number, walk in zip(left, later, strict=True):
                walks[number].add(walk)
    return list(walks.values())


def possible(walks: Sequence[Walk]) -> set[tuple[CallKind, Kind]]:
    return set().union(*(walk.possible() for walk in walks))


def struck(walks: Sequence[Walk]) -> set[tuple[CallKind, Kind]]:
    return set().union(*(walk.struck for walk in walks))


def _left(walks: Mapping[int, Walk]) -> dict[int, list[tuple[CallKind, Kind]]]:
    """Each kind of call with each kind of fault that has not struck it, once: by the first scenario that has it."""
    known, left = struck(list(walks.values())), {}
    for number, walk in sorted(walks.items()):
        if pairs := sorted(walk.possible() - known):
            left[number] = pairs
            known.update(pairs)
    return left


def _walk(definition: Definition, number: int) -> Walk:
    with opened() as functions:
        explorer = Explorer(definition=definition, functions=functions)
        return explorer.walk(SCENARIOS[number], every_kind=EVERY_FAULT)


def _strike(definition: Definition, given: tuple[int, list[Schedule]]) -> Walk:
    number, schedules = given
    with opened() as functions:
        explorer = Explorer(definition=definition, functions=functions)
        return explorer.strike(SCENARIOS[number], schedules)
