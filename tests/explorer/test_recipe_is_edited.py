"""A recipe is edited or retired at every moment of a run: it goes on as it was authorized, or a person is asked."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from amazon import Amazon
from explored_handlers import Handler
from msgspec import structs
from promises import broken
from scenarios import SCENARIOS

from lambdas import deployed_recipes

OF_ONE_RUN = ("a sound upload", "a job that fails", "a job that stalls")
ALONE = [each for each in SCENARIOS if each.name in OF_ONE_RUN]


@dataclass
class Edited(Mapping[str, Handler]):
    """The functions, and other recipes from the invocation of this number on."""

    functions: Mapping[str, Handler]
    at: float
    invoked: list[str] = field(default_factory=list)

    @property
    def is_so(self) -> bool:
        return len(self.invoked) > self.at

    def __getitem__(self, name: str) -> Handler:
        self.invoked.append(name)
        return self.functions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.functions)

    def __len__(self) -> int:
        return len(self.functions)


def lived(definition, functions, scenario, at, *, retired, patch):
    """The world after a history, looked at as who received the upload did."""
    edited = Edited(functions, at=at)
    load, lies_there = deployed_recipes.load, deployed_recipes.is_deployed

    def loaded(path: Any) -> Any:
        found = load(path)
        return structs.replace(found, hyperparameters={"epochCount": 3}) if edited.is_so else found

    with patch.context() as deployed:
        deployed.setattr(deployed_recipes, "load", loaded)
        if retired:
            gone = lambda name: lies_there(name) and not edited.is_so  # noqa: E731
            deployed.setattr(deployed_recipes, "is_deployed", gone)
        world = Amazon(definition, edited, scenario)
        world.live()
    return world, edited.invoked


@pytest.mark.parametrize("retired", [False, True], ids=["edited", "retired"])
@pytest.mark.parametrize("scenario", ALONE, ids=lambda each: each.name)
def test_a_recipe_may_be_edited_at_any_moment_of_a_run(
    definition, functions, scenario, retired, monkeypatch
):
    """Polls read no recipe."""
    live = partial(lived, definition, functions, scenario, retired=retired, patch=monkeypatch)
    _, invoked = live(at=math.inf)
    ends = []
    for at in (at for at, name in enumerate(invoked) if at and name != "track_training"):
        world, _ = live(at=at)
        wrong = [words for words in broken(world) if not words.startswith("OTHERWISE")]
        assert wrong == [], at
        [record] = world.ledger.records()
        assert {job["hyperParameters"]["epochCount"] for job in world.bedrock.created} <= {"2"}
        ends.append((record.state, record.outcome.kind))
    asked = ("refused", "not_approved")
    assert 0 < ends.count(asked) < len(ends)
    assert {end[0] for end in ends if end != asked} == {scenario.end}
    assert "foreign_input" not in {kind for _, kind in ends}
