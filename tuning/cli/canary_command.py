"""`tuning canary`: the smallest dataset through the whole path of a deployed environment, and a verdict."""

from dataclasses import asdict
from io import BytesIO
from typing import Annotated, Any
from uuid import uuid4

import typer

from tuning.aws.answers import ask
from tuning.cli import completions
from tuning.cli.account import Account
from tuning.cli.aws_errors import speaks_to_aws
from tuning.cli.deployed_options import (
    EnvironmentOption,
    FormatOption,
    Profile,
    Region,
    recipe_option,
)
from tuning.cli.environment_recipes import deployed_recipe
from tuning.cli.exits import Exit
from tuning.cli.output import print_json, say
from tuning.cli.polling import polls
from tuning.errors import OptionError
from tuning.preflight.canary import (
    CanaryVerdict,
    Dataset,
    Stage,
    canary_verdict,
    not_received,
    smallest,
    stages,
)
from tuning.preflight.facts import NoAnswer
from tuning.reports.visible_text import printable
from tuning.runs.progress_bar import words
from tuning.runs.recipes import Recipe
from tuning.runs.run_record import RunRecord
from tuning.runs.uploads import PREFIX, TRAINING, VALIDATION, Upload

_INTERRUPTED = 130


@speaks_to_aws
def canary_command(
    environment: EnvironmentOption = "dev",
    region: Region = None,
    profile: Profile = None,
    recipe: Annotated[
        str, recipe_option("A recipe of the environment; one epoch is enough.")
    ] = "canary",
    run: Annotated[
        str | None,
        typer.Option(
            help="Report on a canary that was started before, by its run.",
            autocompletion=completions.complete_runs,
        ),
    ] = None,
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between two polls.")] = 5,
    patience: Annotated[
        float, typer.Option(min=0, help="Minutes in which an event must arrive.")
    ] = 15,
    *,
    keep_model: Annotated[
        bool, typer.Option(help="Do not delete the model that was trained.")
    ] = False,
    shown: FormatOption = "text",
) -> None:
    """Train the smallest dataset in a deployed environment, and say whether the whole path works.

    Exit 0: it does; 1: it does not, with the setting to change, if one helps; 3: AWS gave no answer.
    """
    account = Account.of(environment, region, profile)
    try:
        record = (
            account.run(run) if run else _started(account, environment, recipe, every, patience)
        )
        if record is not None:
            record = _followed(account, record.id, every, patience)
    except KeyboardInterrupt:
        say("no longer watched; the run goes on: tuning runs, then tuning canary --run RUN")
        raise SystemExit(_INTERRUPTED) from None
    found = canary_verdict(record) if record else not_received(account.dead_letters.count())
    model = None if keep_model else _clean_up(account, record)
    facts = {"environment": environment, "run": record.id if record else None, "model": model}
    _print(shown, found, stages(record), facts)
    raise SystemExit(Exit.DONE if found.works else Exit.REFUSED)


def _started(
    account: Account, environment: str, name: str, every: float, patience: float
) -> RunRecord | None:
    """The run of a new upload. None when there is none in time, or the upload was put aside."""
    try:
        recipe = deployed_recipe(name, environment, account.client)
    except OptionError as error:
        raise OptionError(
            f"{error}; add recipes/canary.toml to the recipes of {environment} and deploy, or name a "
            "recipe that trains for one epoch"
        ) from None
    data = smallest(recipe)
    before = account.dead_letters.count()
    upload = _upload(account, recipe, data)
    epochs = "the model's own number of epochs" if data.epochs is None else f"epochs: {data.epochs}"
    say(f"uploaded {data.records} records for {recipe.base_model}, {epochs}: {upload.uri}")
    for seconds in polls(every):
        if (run := account.ledger.became(upload)) is not None:
            return account.run(run)
        if account.dead_letters.count() > before or seconds > 60 * patience:
            return None
    raise AssertionError("polls do not end")


def _upload(account: Account, recipe: Recipe, data: Dataset) -> Upload:
    """Into a folder of its own: a folder has one training set."""
    folder = f"{PREFIX}{recipe.name}/canary-{uuid4().hex[:12]}/"
    if data.validation is not None:  # is to be there first
        account.objects.put(f"{folder}{VALIDATION}", BytesIO(data.validation), len(data.validation))
    return account.objects.put(f"{folder}{TRAINING}", BytesIO(data.training), len(data.training))


def _followed(account: Account, run_id: str, every: float, patience: float) -> RunRecord:
    """The run when it has ended and everybody was notified; without that, as it is after some patience."""
    shown_before, ended = "", None
    for seconds in polls(every):
        record = account.run(run_id)
        if (status := words(record, account.queue.positions().get(run_id))) != shown_before:
            shown_before = status
            say(f"{record.id[:12]}: {status}")
        if record.ended:
            ended = seconds if ended is None else ended
            if record.open is None or seconds - ended > 60 * patience:
                return record
    raise AssertionError("polls do not end")


def _clean_up(account: Account, record: RunRecord | None) -> str | None:
    """What became of the model, which costs by the month; None where there is none."""
    if record is None or record.model_arn is None:
        return None
    arn = record.model_arn
    done = ask("bedrock:DeleteCustomModel", lambda: account.jobs.delete_model(arn))
    if isinstance(done, NoAnswer):
        return f"is still there ({done.message}): aws bedrock delete-custom-model --model-identifier {arn}"
    return "is deleted; nothing of the canary costs anything now"


def _print(shown: str, found: CanaryVerdict, way: list[Stage], facts: dict[str, Any]) -> None:
    environment = facts["environment"]
    if shown == "json":
        document = {**facts, **asdict(found), "stages": [asdict(stage) for stage in way]}
        print_json(document)
        return
    width = max(len(stage.name) for stage in way)
    lines = [f"{stage.reached:<11}  {stage.name:<{width}}  {stage.what}" for stage in way]
    lines += ["", f"{found.kind}: {found.why}" if found.kind else found.why]
    if found.switch:
        lines.append(
            f"Set: {found.switch} in the Config of {environment} (app.py); then npx cdk deploy "
            f"'{environment}/*', and run tuning canary again."
        )
    if found.fix:
        lines.append(f"Fix: {found.fix}")
    if facts["model"]:
        lines.append(f"The model {facts['model']}.")
    for line in lines:
        print(printable(line).rstrip())  # noqa: T201 — output
