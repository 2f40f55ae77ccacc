"""`tuning --version`: the package, and how it checks lines on this machine."""

import platform
from importlib.metadata import version

import typer

from tuning.datasets import kernel

DISTRIBUTION = "bedrock-private-tuning"


def print_version(wanted: bool) -> None:  # noqa: FBT001 — a callback of Typer
    """Print it and exit."""
    if wanted:
        print(f"tuning {version(DISTRIBUTION)} ({_checker()})")  # noqa: T201 — output
        raise typer.Exit


def _checker() -> str:
    machine = f"{platform.system()} {platform.machine()}"
    if kernel.library() is None:
        return f"lines are checked by msgspec: no kernel for {machine}"
    return f"lines are checked by the kernel for {machine}"
