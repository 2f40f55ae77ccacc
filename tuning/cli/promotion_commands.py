"""`tuning release`, `promote` and `rollback`: which version of a recipe answers."""

from typing import Annotated

import typer

from tuning.aws.live_models import LiveModels
from tuning.aws.model_deletions import ModelDeletions
from tuning.cli import completions
from tuning.cli.account import Account
from tuning.cli.awake_models import awake_costs
from tuning.cli.aws_errors import speaks_to_aws
from tuning.cli.deployed_options import EnvironmentOption, FormatOption, Region, RunId
from tuning.cli.exits import Exit
from tuning.cli.output import Shown, answer, say
from tuning.models.serving import Serving
from tuning.releases.model_deletion import DeletedModelError
from tuning.releases.release_request import NotReleasableError, ReleaseRequest

RecipeName = Annotated[
    str, typer.Argument(metavar="RECIPE", autocompletion=completions.complete_recipes)
]
WaitOption = Annotated[
    bool, typer.Option("--wait/--no-wait", help="Wait until it has ended; about eight minutes.")
]


@speaks_to_aws
def release_command(
    run: RunId,
    environment: EnvironmentOption = "dev",
    region: Region = None,
    wait: WaitOption = True,  # noqa: FBT002 — an option
    shown: FormatOption = "text",
) -> None:
    """Bring the model of a trained run live, through the gate if its recipe has one."""
    account = Account.of(environment, region)
    record = account.run(run)
    model = account.registry.of_run(record.id)
    if model is None:
        raise NotReleasableError(
            f"{record.id}: is {record.state}, and has no model that is registered; tuning releases lists those"
        )
    request = ReleaseRequest.of_model(model, by=account.caller)
    _make(account, request, environment, wait=wait, shown=shown)


@speaks_to_aws
def promote_command(
    recipe: RecipeName,
    version: Annotated[int | None, typer.Argument(help="Default: the newest.")] = None,
    environment: EnvironmentOption = "dev",
    region: Region = None,
    wait: WaitOption = True,  # noqa: FBT002 — an option
    shown: FormatOption = "text",
) -> None:
    """Bring a version of a recipe live; what was live is the target of a rollback."""
    account = Account.of(environment, region)
    target = version if version is not None else account.registry.newest(recipe)
    if not target:
        raise NotReleasableError(f"{recipe}: no model of this recipe was trained here")
    live = LiveModels(ledger=account.ledger).read(recipe)
    request = ReleaseRequest.promotion(live, target, kind="promote", by=account.caller)
    _make(account, request, environment, wait=wait, shown=shown)


@speaks_to_aws
def rollback_command(
    recipe: RecipeName,
    version: Annotated[int | None, typer.Argument(help="Default: what was live before.")] = None,
    environment: EnvironmentOption = "dev",
    region: Region = None,
    wait: WaitOption = True,  # noqa: FBT002 — an option
    shown: FormatOption = "text",
) -> None:
    """Bring back the version that was live before, or the named one."""
    account = Account.of(environment, region)
    live = LiveModels(ledger=account.ledger).read(recipe)
    request = ReleaseRequest.rollback(live, version, by=account.caller)
    _make(account, request, environment, wait=wait, shown=shown)


def assert_kept(account: Account, recipe: str, version: int) -> None:
    """Raises DeletedModelError of a version whose model is deleted, or about to be."""
    deletion = ModelDeletions(ledger=account.ledger).of(recipe, version)
    if deletion and deletion.bars:
        model = account.registry.version(recipe, version)
        raise DeletedModelError(deletion.refusal(model))


def _say_price(account: Account, request: ReleaseRequest, environment: str) -> None:
    """Of what is paid for while nobody asks it, or by the minute while somebody does."""
    model = account.registry.version(request.recipe, request.version)
    if model and model.imported:
        say(awake_costs(account, model, environment))
        return
    serving = Serving.of(model.base_model) if model else None
    if serving and not serving.on_demand:
        say(
            f"{request.recipe} version {request.version} is paid by the hour, for provisioned_hours of its recipe: "
            f"{serving.provisioned_costs}"
        )


def _make(
    account: Account, request: ReleaseRequest, environment: str, *, wait: bool, shown: Shown
) -> None:
    """Exit 0 once it is live, or asked for with --no-wait; 1 when it is refused or failed."""
    assert_kept(account, request.recipe, request.version)
    _say_price(account, request, environment)
    request, started = account.releases.start(request)
    facts = {"recipe": request.recipe, "version": request.version, "execution": request.execution}
    if not wait:
        state = "started" if started else "asked for before"
        answer(shown, f"{request.recipe} version {request.version}: {state}", state=state, **facts)
        return
    state, why = account.releases.outcome(request)
    answer(
        shown, f"{request.recipe} version {request.version}: {state}. {why}", state=state, **facts
    )
    raise SystemExit(Exit.DONE if state == "released" else Exit.REFUSED)
