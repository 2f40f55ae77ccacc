"""The fixes that `tuning check` prints: commands were tried on the file before they are printed."""

from functools import cache
from pathlib import Path

from tuning.datasets.convert.command import Command
from tuning.datasets.convert.followable import filled
from tuning.datasets.convert.tried_commands import advised
from tuning.datasets.report import Report
from tuning.runs.recipes import FINE_TUNING, Recipe


def followed(report: Report, recipe: Recipe) -> Report:
    """The report with commands that convert the file, whole; or with why none does."""

    @cache
    def command(file: str) -> str:
        method = () if recipe.method == FINE_TUNING else (("--method", recipe.method),)
        plain = Command(path=file, options=(("--model", recipe.base_model), *method))
        path = Path(file)
        found = advised(plain, lambda: path.open("rb"), name=file)
        if not found.commands:
            return f"{plain} says why it cannot be"
        return " or ".join(map(str, found.commands))

    return filled(report, command)
