"""What to do after a refusal: commands that were followed before they are printed.

A command is tried on the data, and what refuses it then is fixed too, until it is accepted. So what
is printed is one command, whole, and it works; or it is said that no option helps.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import IO

from tuning.datasets.convert.command import Command
from tuning.datasets.convert.conversion import Conversion
from tuning.datasets.convert.conversion_refusals import Option
from tuning.errors import TuningError

_TRIED = 20_000
"""Records on which a command is tried."""
_ROUNDS = 12
_CHOICES = 6
SKIP: Option = ("--skip-refused", "")

Opening = Callable[[], AbstractContextManager[IO[bytes]]]
"""Opens the file at its beginning."""


@dataclass(frozen=True, kw_only=True)
class Advice:
    commands: tuple[Command, ...] = ()
    """Each of them is accepted, where there are several a person has to choose."""
    left_out: int = 0
    """Records that the one command leaves out."""
    end: str | None = None
    """Why there is no command: the end of the road for this file as it is."""

    def lines(self) -> list[str]:
        """For people: each command on a line of its own, to be copied."""
        if self.end:
            return [self.end]
        chosen = any(command.has("--encoding") for command in self.commands)
        head = "Choose the one that reads right, and run it:" if len(self.commands) > 1 else "Run:"
        if chosen and len(self.commands) == 1:
            head = "If that reads right, run:"
        if self.left_out:
            head = f"To go on without the refused records ({self.left_out:,}), run:"
        return [head, *(f"  {command}" for command in self.commands)]


def advised(command: Command, opening: Opening, *, name: str) -> Advice:
    """The commands that are accepted for this file, found by trying them, from this one on."""
    found = _followed(command, opening, name, _ROUNDS)
    return found or Advice(end=END)


def read_first(
    command: Command, opening: Opening, *, name: str, own: frozenset[str], to: Option
) -> Advice:
    """For a command that only reads and has the options `own`: itself with more of them, or else the
    conversion that has to come before it.
    """
    found = advised(command, opening, name=name) if own else Advice()
    if found.commands and all(o in own for one in found.commands for o, _ in one.options):
        return found
    options = (to, *command.options)
    return advised(Command(path=command.path, options=options), opening, name=name)


def _followed(command: Command, opening: Opening, name: str, rounds: int) -> Advice | None:
    for _ in range(rounds):
        tried = _tried(command, opening, name)
        if tried is None:
            return None
        summary = tried.summary
        if summary.verdict == "accepted":
            return Advice(commands=(command,))
        if tried.remedies.choices:
            return _chosen(command, tried, opening, name, rounds - 1)
        better = command.changed(tried.remedies.options, tried.remedies.withdraw)
        if better == command:
            return _without(command, tried)
        command = better
    return None


def _chosen(
    command: Command, tried: Conversion, opening: Opening, name: str, rounds: int
) -> Advice | None:
    if tried.mixed:
        return _without(command, tried)
    commands: list[Command] = []
    for choice in list(tried.remedies.choices)[:_CHOICES]:
        further = _followed(command.changed((choice,)), opening, name, rounds // 2)
        commands += further.commands if further else ()
    # Where none is accepted, each of them leads to what is wrong besides.
    commands = commands or [command.changed((one,)) for one in tried.remedies.choices]
    return Advice(commands=tuple(commands[:_CHOICES]))


def _without(command: Command, tried: Conversion) -> Advice | None:
    """The command that leaves out what is refused, where that is the smaller part."""
    summary = tried.summary
    if summary.cut_short or not summary.written or summary.refused * 2 >= summary.records:
        return None
    return Advice(commands=(command.changed((SKIP,)),), left_out=summary.refused)


def _tried(command: Command, opening: Opening, name: str) -> Conversion | None:
    """The conversion, read; None when the options cannot be."""
    with opening() as stream:
        try:
            tried = command.conversion(stream, name=name, most=_TRIED)
            for _ in tried if command.writes else tried.records():
                pass
        except TuningError:
            return None
    return tried


END = (
    "No option of tuning convert helps here, and this is the end of the road for the file as it is: "
    "fix it where the findings say, and run the command again."
)
