"""`tuning costs`: what is kept and deployed of trained models, and what it costs a month."""

from collections.abc import Sequence

from rich.table import Table

from tuning.aws.billed_models import BilledModels
from tuning.aws.ledger import Unreadable
from tuning.aws.live_models import LiveModels
from tuning.cli.account import Account
from tuning.cli.aws_errors import AccountError, speaks_to_aws
from tuning.cli.beyond_kept import Beyond, beyond_kept
from tuning.cli.deployed_options import EnvironmentOption, FormatOption, Region
from tuning.cli.environment_recipes import deployed_gates
from tuning.cli.output import print_json, say
from tuning.cli.table_console import table_console
from tuning.errors import TuningError
from tuning.releases.live_model import LiveModel
from tuning.releases.standing_costs import ModelOrigin, StandingCost, together
from tuning.reports.advice import dollars
from tuning.reports.visible_text import printable


@speaks_to_aws
def costs_command(
    environment: EnvironmentOption = "dev",
    region: Region = None,
    shown: FormatOption = "text",
) -> None:
    """List the models, deployments and throughput that the account has, and what each costs a month while idle."""
    account = Account.of(environment, region)
    costs = list(BilledModels(client=account.client).costs(_origins(account)))
    beyond, unknown_beyond = _beyond(account, environment, costs)
    if shown == "json":
        unknown = sum(each.usd_per_month is None for each in costs)
        document = {
            "costs": [each.to_dict() for each in costs],
            "usd_per_month": f"{together(costs):f}",
            "without_a_known_price": unknown,
            "beyond": None if unknown_beyond else [each.to_dict() for each in beyond],
        }
        print_json(document)
    else:
        _list(costs, environment)
        for each in beyond:
            table_console().print(printable(each.words))
    if unknown_beyond:
        say(unknown_beyond)


def _origins(account: Account) -> dict[str, ModelOrigin]:
    registry, lives = account.registry, LiveModels(ledger=account.ledger)
    return {
        model.model_arn: ModelOrigin(
            recipe=recipe,
            version=model.version,
            status=_status(live, model.version),
            base_model=model.base_model,
        )
        for recipe in registry.recipes()
        for live in [lives.read(recipe)]
        for model in registry.versions(recipe)
        if not isinstance(model, Unreadable)
    }


def _beyond(
    account: Account, environment: str, costs: Sequence[StandingCost]
) -> tuple[list[Beyond], str]:
    """Of the recipes as they are deployed; or why that is not known, as to who may not read the functions' code: the
    costs are said all the same.
    """
    try:
        gates = deployed_gates(environment, account.client)
    except (AccountError, TuningError) as error:
        return [], f"which models are beyond keep_models of their recipes is not known: {error}"
    return list(beyond_kept(account, gates, costs)), ""


def _status(live: LiveModel, version: int) -> str:
    """With the time that Provisioned Throughput or an imported model has."""
    until = f" until {live.due}" if live.due and version == live.version else ""
    return f"{live.standing(version)}{until}"


def _list(costs: Sequence[StandingCost], environment: str) -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("what", "name", "of", "a month", "basis"):
        table.add_column(name, overflow="fold")
    for each in costs:
        whose = each.origin.words if each.origin else f"not trained by {environment}"
        cells = (each.kind, each.name, whose, dollars(each.usd_per_month), each.basis)
        table.add_row(*map(printable, cells))
    out = table_console()
    out.print(table)
    unknown = sum(each.usd_per_month is None for each in costs)
    rest = f", and {unknown} whose price is not known" if unknown else ""
    out.print(f"Together {dollars(together(costs))} a month{rest}.")
