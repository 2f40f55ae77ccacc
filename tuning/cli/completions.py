"""What the shell completes after Tab: models, methods, rules and states that are known here, recipes of the folder
here or above, and runs and imports of the environment, as far as AWS answers at once.
"""

from collections.abc import Callable
from contextlib import suppress
from threading import Thread

import typer

from tuning.cli.chosen_recipe import recipe_names
from tuning.models.catalog import catalog
from tuning.runs.run_states import STATES

SECONDS = 2.0
"""How long a Tab may take. Without a network, or without credentials, nothing is completed."""
_NEWEST = 50
Runs = list[tuple[str, str]]
"""Ids, each with what a shell shows beside it."""


def complete_models(incomplete: str) -> list[str]:
    return [model for model in catalog().models if model.startswith(incomplete)]


def complete_methods(incomplete: str) -> list[str]:
    found = (name for model in catalog().models.values() for name in model.methods)
    return sorted({name for name in found if name.startswith(incomplete.upper())})


def complete_recipes(incomplete: str) -> list[str]:
    """Names that `--recipe` would find without asking AWS."""
    return sorted(name for name in recipe_names() if name.startswith(incomplete))


def complete_states(incomplete: str) -> list[str]:
    return [state for state in STATES if state.startswith(incomplete.lower())]


def complete_runs(ctx: typer.Context, incomplete: str) -> Runs:
    """The newest runs of this month, in the environment that the command names so far, with recipe and state."""
    environment = ctx.params.get("environment") or "dev"
    return _within(
        SECONDS, lambda: _runs(environment, ctx.params.get("region"), incomplete.lower())
    )


def _runs(environment: str, region: str | None, incomplete: str) -> Runs:
    from datetime import UTC, datetime  # noqa: PLC0415 — only where it is asked for

    from tuning.aws.ledger import Unreadable  # noqa: PLC0415 — idem
    from tuning.cli.account import Account  # noqa: PLC0415 — idem
    from tuning.runs.budget import month_of  # noqa: PLC0415 — idem

    found = list(Account.of(environment, region).ledger.runs(month_of(datetime.now(UTC))))
    fits = [run for run in reversed(found) if run.id.startswith(incomplete)]
    return [
        (run.id, "" if isinstance(run, Unreadable) else f"{run.recipe}, {run.state}")
        for run in fits[:_NEWEST]
    ]


def complete_imports(ctx: typer.Context, incomplete: str) -> Runs:
    """The newest imports of the environment that the command names so far, with recipe and state."""
    environment = ctx.params.get("environment") or "dev"
    return _within(
        SECONDS, lambda: _imports(environment, ctx.params.get("region"), incomplete.lower())
    )


def _imports(environment: str, region: str | None, incomplete: str) -> Runs:
    from tuning.aws.import_ledger import Imports  # noqa: PLC0415 — only where it is asked for
    from tuning.aws.ledger import Unreadable  # noqa: PLC0415 — idem
    from tuning.cli.account import Account  # noqa: PLC0415 — idem

    found = Imports(ledger=Account.of(environment, region).ledger).records()
    known = [each for each in found if not isinstance(each, Unreadable)]
    fits = [each for each in known if each.import_id.startswith(incomplete)]
    fits.sort(key=lambda each: each.arrived_at, reverse=True)
    return [(each.import_id, f"{each.recipe}, {each.state}") for each in fits[:_NEWEST]]


def _within(seconds: float, ask: Callable[[], Runs]) -> Runs:
    """What the question gives; nothing when it fails or takes longer, as looking up a name may without a network."""
    answer: Runs = []

    def asked() -> None:
        # A shell shows nothing but completions: what is wrong is said when the command runs.
        with suppress(Exception):
            answer.extend(ask())

    thread = Thread(target=asked, daemon=True)
    thread.start()
    thread.join(seconds)
    return list(answer)


def complete_rules(incomplete: str) -> list[str]:
    from tuning.datasets.rules import rules as known  # noqa: PLC0415 — only where it is asked for

    return [rule for rule in known() if rule.startswith(incomplete.upper())]
