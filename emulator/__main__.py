"""`python -m emulator up|down|status|fault`."""

import json
from typing import Annotated

import typer
from rich.console import Console

from emulator import instance as instances
from emulator.errors import EmulatorError
from emulator.settings import Settings

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="AWS on a laptop: start and stop the emulator.")
FAULT = 3
CONSOLE = Console(highlight=False, soft_wrap=True)


@cli.command()
def up(
    port: int = 4566,
    phase_seconds: float = 0.5,
    wait_scale: float = 0.02,
    quota: int = 10,
) -> None:
    """Start an emulator in the background and wait until it answers."""
    directory = instances.default_directory()
    running = instances.find(directory)
    if running is None:
        settings = Settings(port=port, phase_seconds=phase_seconds, wait_scale=wait_scale, quota=quota)
        running, _ = instances.start(settings, directory)
        CONSOLE.print(f"# the emulator answers at {running.endpoint}")
    else:
        CONSOLE.print(f"# the emulator already answers at {running.endpoint}")
    for name, value in running.client_environment().items():
        CONSOLE.print(f"export {name}={value}")


@cli.command()
def down() -> None:
    """Stop the emulator and everything it started."""
    running = instances.find(instances.default_directory())
    if running is None:
        CONSOLE.print("no emulator is running")
        return
    instances.stop(running)
    CONSOLE.print(f"the emulator at {running.endpoint} is stopped")


def run() -> None:
    try:
        cli()
    except EmulatorError as error:
        Console(stderr=True, highlight=False).print(f"emulator: {error}", markup=False)
        raise SystemExit(FAULT) from None


if __name__ == "__main__":
    run()
