"""`python -m tuning`: check, convert and understand datasets.

Only the module of the command that is asked for is imported: most of a small check's time went into the others.
"""

import os
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

from tuning.cli.exits import refusals

if TYPE_CHECKING:
    import typer

COMMANDS = {
    **dict.fromkeys(
        ("check", "plan", "advise", "convert", "split", "evaluate", "merge", "stats", "models")
    ),
    **dict.fromkeys(("prices", "rules", "guard")),
    **dict.fromkeys(
        ("doctor", "canary", "submit", "runs", "show", "report", "watch", "why", "stop", "retrain")
    ),
    **dict.fromkeys(("redrive", "rebuild", "releases", "imports", "ask", "console", "costs")),
    **dict.fromkeys(("approve", "reject"), "answer_commands"),
    **dict.fromkeys(("release", "promote", "rollback"), "promotion_commands"),
}
"""Each command and the module of `tuning.cli` that holds it, in the order of the help; NAME_command unless it is said."""


_TYPERS = {"_TUNING_COMPLETE", "TUNING_ENVIRONMENT"}
"""Variables that typer reads."""


def application(names: Iterable[str] = COMMANDS) -> "typer.Typer":
    """The command line with these commands."""
    import typer  # noqa: PLC0415 — see above

    from tuning.cli.version import print_version  # noqa: PLC0415 — idem

    made = typer.Typer(
        name="tuning",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @made.callback()  # also because one command alone would be the whole command line
    def main(
        *,
        version: Annotated[
            bool,
            typer.Option(
                "--version", help="Print the version.", callback=print_version, is_eager=True
            ),
        ] = False,
    ) -> None:
        """Private fine-tuning on Amazon Bedrock: check, convert and understand datasets before money is spent."""
        del version  # its callback has printed it

    for name in names:
        module = import_module(f"tuning.cli.{COMMANDS[name] or f'{name}_command'}")
        made.command(name)(getattr(module, f"{name}_command"))
    return made


def run() -> None:
    with refusals():
        asked, words = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("", [])
        if asked == "check" and not _TYPERS & os.environ.keys():
            from tuning.cli.checking import checking  # noqa: PLC0415 — the command that is asked for
            from tuning.cli.direct import arguments  # noqa: PLC0415 — idem

            if (given := arguments(checking, words)) is not None:
                checking(**given)
        application([asked] if asked in COMMANDS else COMMANDS)()


if __name__ == "__main__":
    run()
