"""`tuning releases`: the models that were trained, numbered within their recipes, and which of them is live."""

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

import typer
from rich.table import Table

from tuning.aws.known_versions import KnownVersions
from tuning.aws.ledger import Unreadable
from tuning.cli import completions
from tuning.cli.account import Account
from tuning.cli.aws_errors import speaks_to_aws
from tuning.cli.deployed_options import EnvironmentOption, FormatOption, Region
from tuning.cli.output import print_json, say
from tuning.cli.table_console import table_console
from tuning.errors import OptionError, nearest
from tuning.releases.kept_versions import KnownVersion
from tuning.releases.live_model import LiveModel
from tuning.reports.advice import dollars
from tuning.reports.visible_text import printable


@speaks_to_aws
def releases_command(
    recipe: Annotated[
        str | None,
        typer.Argument(
            metavar="RECIPE",
            help="Default: all recipes.",
            autocompletion=completions.complete_recipes,
        ),
    ] = None,
    environment: EnvironmentOption = "dev",
    region: Region = None,
    shown: FormatOption = "text",
) -> None:
    """List the trained models of a recipe, newest first: which is live, its data and run, and its cost."""
    account = Account.of(environment, region)
    registry, versions = account.registry, KnownVersions(ledger=account.ledger)
    recipes = registry.recipes() if recipe is None else [recipe]
    found = [
        _Listed(known, live)
        for each in recipes
        for live in [versions.live(each)]
        for known in versions.of(each)
    ]
    if recipe is not None and not found:
        known = registry.recipes()
        hint = nearest(recipe, known) or (
            f"; there are some of {', '.join(known)}" if known else ""
        )
        raise OptionError(f"{recipe}: no model of this recipe was trained here{hint}")
    if shown == "json":
        print_json({"releases": [_document(*each) for each in found]})
    elif found:
        _list(found)
    else:
        say("no model was trained here yet; tuning runs lists what is in progress")


class _Listed(NamedTuple):
    known: KnownVersion | Unreadable
    live: LiveModel
    """Of its recipe."""


def _document(known: KnownVersion | Unreadable, live: LiveModel) -> dict[str, Any]:
    if isinstance(known, Unreadable):
        return {"id": known.id, "status": f"cannot be read: {known.why}"}
    model, evaluated, deletion = known.model, known.evaluated, known.deletion
    return {
        "recipe": model.recipe,
        "version": model.version,
        "status": _status(known, live),
        "evaluation": evaluated
        and {
            "outcome": evaluated.outcome,
            "summary": evaluated.summary,
            "uri": evaluated.evaluation_uri,
        },
        "deletion": deletion and {"state": deletion.state, "why": deletion.why, "at": deletion.at},
        "deployment_arn": live.deployment_arn if model.version == live.version else None,
        "until": live.due if model.version == live.version else None,
        "run": model.run_id,
        "upload": model.upload,
        "upload_version": model.upload_version,
        "dataset": model.dataset,
        "records": model.records,
        "trained_by": model.trained_by,
        "recipe_digest": model.recipe_digest,
        "base_model": model.base_model,
        "imported": model.imported,
        "converse": model.converse,
        "job_arn": model.job_arn,
        "model_arn": model.model_arn,
        "trained_at": model.trained_at,
        "approved_by": model.approved_by,
        "cost": model.cost.to_json() if model.cost else None,
    }


def _status(known: KnownVersion, live: LiveModel) -> str:
    """What is under way comes first: it says more than what was so far. What never was live is what its
    evaluation came to.
    """
    version, evaluated = known.model.version, known.evaluated
    if known.deletion and known.deletion.bars:
        return "deleted" if known.gone else "being deleted"
    if live.change and live.change.version == version:
        return f"{live.change.kind} under way"
    if evaluated and evaluated.outcome == "evaluating":
        return "evaluation under way"
    return live.standing(version) or (evaluated.outcome if evaluated else "")


def _until(version: int, live: LiveModel) -> str:
    """Of what answers by Provisioned Throughput, or is an imported model that has its time: how long it does."""
    short = (live.due or "")[:16].replace("T", " ")
    return f" until {short}" if short and version == live.version else ""


def _list(found: Sequence[_Listed]) -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("recipe", "version", "status", "trained", "run"):
        table.add_column(name, no_wrap=True)
    for name in ("records", "dataset", "cost", "model"):
        table.add_column(name, overflow="fold")
    for each in found:
        table.add_row(*map(printable, _cells(*each)))
    table_console().print(table)


def _cells(known: KnownVersion | Unreadable, live: LiveModel) -> tuple[str, ...]:
    if isinstance(known, Unreadable):
        return (known.id, f"cannot be read: {known.why}")
    model = known.model
    return (
        model.recipe,
        str(model.version),
        _status(known, live) + _until(model.version, live),
        (model.trained_at or "")[:16].replace("T", " "),
        model.run_id[:12],
        f"{model.records:,}",
        model.dataset[:12],
        dollars(model.cost and model.cost.usd),
        model.model_arn,
    )
