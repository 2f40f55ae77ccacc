"""What people do, and how Bedrock takes it: the histories that the explorer disturbs."""

import json
import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from domain_builders import DATASETS, any_event
from explored_handlers import GIVES_WAY

from lambdas import receive_upload
from tuning.runs.check_delay import SETTLE
from tuning.runs.uploads import Upload

if TYPE_CHECKING:
    from amazon import Amazon

EVERY_FAULT = bool(os.environ.get("TUNING_EVERY_FAULT"))
"""Whether every single fault strikes every scenario, and every kind of fault every kind of call of each."""
FOLDER = "datasets/support-nova-micro"
_GIVES_WAY = f"datasets/{GIVES_WAY}"
LATE_SECONDS = 10 * 60
POISON = {"Event": "s3:TestEvent"}


def records(about: str, *, role: str = "assistant") -> bytes:
    lines = (
        {
            "schemaVersion": "bedrock-conversation-2024",
            "messages": [
                {"role": "user", "content": [{"text": f"{about}, question {number}?"}]},
                {"role": role, "content": [{"text": f"{about}, answer {number}."}]},
            ],
        }
        for number in range(10)
    )
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@dataclass(frozen=True, kw_only=True)
class Put:
    """One version of one object, and the event that announces it."""

    key: str
    version: str
    content: bytes | None = field(repr=False)
    """None when it was deleted before anyone read it."""

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = any_event(key=self.key)
        event["detail"]["object"] |= {
            "version-id": self.version,
            "size": len(self.content or b"x"),
            "sequencer": f"{int(self.version[1:]):018X}",
        }
        return event

    def run_id(self) -> str:
        upload = Upload.from_event(self.event, bucket=DATASETS)
        return receive_upload._run(upload, receive_upload._settings()).id  # noqa: SLF001 — its own name for it


@dataclass(frozen=True, kw_only=True)
class Scenario:
    name: str
    puts: tuple[Put, ...]
    end: str = "trained"
    """The state that every run ends in when nothing goes wrong; or each in its own, as `each` says."""
    each: tuple[str, ...] = ()
    or_each: tuple[str, ...] = ()
    """How they may end as well, when something takes longer."""
    job: Literal["completes", "fails", "stalls"] = "completes"
    quota: int = 10
    """Of jobs in progress."""
    full_until_seconds: float = 0
    """Until then other people's jobs fill the quota."""
    poison: bool = False
    """Whether a message that is not an upload comes in the same batch."""
    newer_after_seconds: float = 0
    """How long after the one before it each put is made; 0: all at once."""
    newest_first: bool = False
    """Whether the events come one by one, in the wrong order."""
    one_in: int = 1
    """Of how many single faults one strikes: more where the same steps are taken as in another scenario.
    With EVERY_FAULT all do.
    """
    pairs: int = 50
    """How many histories with two faults are lived, of all that there are."""
    longer: int = 50
    """And how many with three to six."""
    late_seconds: float = 0
    """How far behind are the table's indexes, all lists, and executions and jobs that are asked for by
    name."""
    clocks_off: Literal[-1, 0, 1] = 0
    """Whether the functions' clocks are half an hour off: every other one ahead, and the rest behind."""
    forgets_tokens: bool = False
    """Whether Bedrock knows no `clientRequestToken` any more when it comes again."""
    deployed_at: float = 0
    """Until then the former version is deployed: its state machine, and its functions."""
    rolled_back_at: float = float("inf")
    """And from then on again."""

    @property
    def has_two_versions(self) -> bool:
        return self.deployed_at > 0 or self.rolled_back_at < float("inf")

    @property
    def ends(self) -> tuple[str, ...]:
        return self.each or (self.end,) * len(self.puts)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [put.event for put in self.puts]

    def begin(self, world: "Amazon") -> None:
        from amazon import Message  # noqa: PLC0415 — the world knows its scenario

        for put in self.puts:
            if put.content is not None:
                world.storage.lay(DATASETS, put.key, put.content, put.version)
        bodies = [*self.events, *([POISON] if self.poison else [])]
        batch = [Message(id=f"m{number}", event=event) for number, event in enumerate(bodies)]
        parts = [[m] for m in reversed(batch)] if self.newest_first else [batch]
        if self.newer_after_seconds:
            parts = [[message] for message in batch]
        for number, part in enumerate(parts):
            after = number * self.newer_after_seconds
            world.clock.spawn(lambda part=part: world.receive(part), after=after)
        world.bedrock.quota = 0 if self.full_until_seconds else self.quota
        if self.full_until_seconds:
            world.clock.spawn(lambda: self._open(world), after=self.full_until_seconds)

    def _open(self, world: "Amazon") -> None:
        world.bedrock.quota = self.quota


def _put(content: bytes | None = None, *, folder: str = FOLDER, version: str = "v1") -> Put:
    return Put(key=f"{folder}/train.jsonl", version=version, content=content)


def _one(about: str) -> tuple[Put, ...]:
    return (_put(records(about)),)


def _two(folder: str = FOLDER) -> tuple[Put, ...]:
    """Versions of one key."""
    first = _put(records("First"), folder=folder)
    return first, _put(records("Second"), folder=folder, version="v2")


FEW = {"pairs": 20, "longer": 20}
"""Of scenarios whose histories are long, or much like those of another."""
_SCENARIOS = (
    Scenario(name="a sound upload", puts=_one("Shipping"), pairs=1_000, longer=500),
    Scenario(
        name="a broken upload and a poisonous message in a batch",
        puts=(_put(records("Returns", role="assistent")),),
        end="refused",
        poison=True,
        pairs=400,
        longer=200,
    ),
    Scenario(name="an upload that was deleted", puts=(_put(None),), end="refused", longer=20),
    Scenario(
        name="an upload to no recipe's folder",
        puts=(_put(records("Lost"), folder="datasets/support-nova-mikro"),),
        end="refused",
        pairs=300,
        longer=200,
    ),
    Scenario(
        name="three versions of one key, and money for two",
        puts=tuple(_put(records(f"Number {n}"), version=f"v{n}") for n in range(3)),
        each=("trained", "trained", "refused"),
        one_in=5,
        **FEW,
    ),
    Scenario(
        name="two versions of one key, and a place for one job",
        puts=_two(),
        quota=1,
        newest_first=True,
        one_in=5,
        **FEW,
    ),
    Scenario(
        name="a job that fails",
        puts=_one("Unlucky"),
        end="failed",
        job="fails",
        one_in=2,
        pairs=150,
    ),
    Scenario(
        name="a job that stalls", puts=_one("Stuck"), end="failed", job="stalls", one_in=6, **FEW
    ),
    Scenario(
        name="late indexes, two versions of one key, and a place for one job",
        puts=_two(),
        quota=1,
        late_seconds=LATE_SECONDS,
        one_in=5,
        **FEW,
    ),
    Scenario(
        name="a token that Bedrock forgets, and a name that it finds late",
        puts=_one("Forgotten"),
        late_seconds=LATE_SECONDS,
        forgets_tokens=True,
        one_in=3,
        pairs=100,
    ),
    Scenario(
        name="two versions of one key, of which the older gives way",
        puts=_two(_GIVES_WAY),
        each=("stopped", "trained"),
        or_each=("trained", "trained"),
        newest_first=True,
        one_in=3,
        pairs=60,
        longer=40,
    ),
    Scenario(
        name="a newer version while the older one starts its job",
        puts=_two(_GIVES_WAY),
        or_each=("stopped", "trained"),
        newer_after_seconds=SETTLE.total_seconds() + 2,
        one_in=3,
        pairs=120,
        longer=60,
    ),
    Scenario(
        name="a newer version while the older one waits for a job slot",
        puts=_two(_GIVES_WAY),
        each=("stopped", "trained"),
        or_each=("trained", "trained"),
        newer_after_seconds=SETTLE.total_seconds() + 60,
        full_until_seconds=1500,
        one_in=5,
        pairs=40,
        longer=20,
    ),
    Scenario(name="clocks that are half an hour off", puts=_one("Early"), clocks_off=1, one_in=3),
    Scenario(
        name="clocks that are half an hour off the other way, and a full quota",
        puts=_one("Tardy"),
        clocks_off=-1,
        full_until_seconds=1500,
        one_in=3,
    ),
    Scenario(
        name="a deployment while a run of the former version is under way",
        puts=_one("Skewed"),
        deployed_at=900,
        one_in=2,
    ),
    Scenario(
        name="a rollback while a run of this version is under way",
        puts=_one("Rolled back"),
        rolled_back_at=900,
        one_in=2,
    ),
)
SCENARIOS = tuple(replace(each, one_in=1) if EVERY_FAULT else each for each in _SCENARIOS)
