"""`tuning ask`: a question to the model of a recipe that is live, or to another that is compared with it."""

import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import typer

from tuning.aws.answering_models import answering_models
from tuning.aws.candidates import Candidates
from tuning.aws.live_models import LiveModels
from tuning.aws.streamed_answers import StreamedAnswer
from tuning.cli.account import Account
from tuning.cli.aws_errors import speaks_to_aws
from tuning.cli.deployed_options import EnvironmentOption, FormatOption, Region
from tuning.cli.exits import Exit
from tuning.cli.output import say
from tuning.cli.promotion_commands import RecipeName, assert_kept
from tuning.evaluation.records import Message
from tuning.models.catalog import catalog
from tuning.releases.deployment_status import DeploymentStatus
from tuning.releases.evaluated_version import EvaluatedVersion
from tuning.releases.live_model import NotDeployedError, NothingLiveError, NotRunningError
from tuning.reports.visible_text import printable


@speaks_to_aws
def ask_command(
    recipe: RecipeName,
    question: Annotated[str, typer.Argument(metavar="QUESTION")],
    system: Annotated[
        str | None, typer.Option(help="A system prompt, if it was trained with one.")
    ] = None,
    version: Annotated[
        int | None, typer.Option(help="Another one that is deployed: a candidate under evaluation.")
    ] = None,
    compare: Annotated[
        Literal["base"] | None, typer.Option(help="Ask the base model as well.")
    ] = None,
    most_tokens: Annotated[
        int,
        typer.Option(
            min=1,
            # https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html
            help="Of the answer; they are taken from the account's quota as the question is asked.",
        ),
    ] = 512,
    environment: EnvironmentOption = "dev",
    region: Region = None,
    shown: FormatOption = "text",
) -> None:
    """Ask the model of a recipe that is live. From inside the VPC, nothing leaves it."""
    account = Account.of(environment, region)
    number, arn = _deployed(account, recipe, version)
    models = {f"{recipe} version {number}": arn}
    if compare:
        models[f"{recipe}'s base model"] = _base(account, recipe, number)
    answers = {
        name: StreamedAnswer(
            model=model,
            messages=[Message(role="user", text=question)],
            system=[system] if system else [],
            most_tokens=most_tokens,
            client=account.client,
        )
        for name, model in models.items()
    }
    if shown == "json":
        ours, *others = [_document(answer) for answer in answers.values()]
        facts = {"recipe": recipe, "version": number, "deployment_arn": arn}
        base = {"base": {"model": models.popitem()[1], **others[0]}} if others else {}
        print(json.dumps({**facts, **ours, **base}))  # noqa: T201 — output
    else:
        _print(answers, most_tokens)
    raise SystemExit(Exit.DONE)


def _deployed(account: Account, recipe: str, version: int | None) -> tuple[int, str]:
    """The version that is asked, and the ARN of its deployment."""
    live = LiveModels(ledger=account.ledger).read(recipe)
    if version is not None and version != live.version:
        if version == live.stopped:
            raise NotRunningError(recipe, version)
        candidate = Candidates(ledger=account.ledger).of(recipe, version)
        found = _candidate(account, candidate) if candidate else None
        if found is None or not found.answers:
            assert_kept(account, recipe, version)
            raise NotDeployedError(recipe, version, live.version)
        return version, found.arn
    if live.stopped and live.version is None:
        raise NotRunningError(recipe, live.stopped)
    if live.deployment_arn is None or live.version is None:
        raise NothingLiveError(recipe)
    return live.version, live.deployment_arn


def _candidate(account: Account, candidate: EvaluatedVersion) -> DeploymentStatus | None:
    models = answering_models(provisioned=candidate.provisioned, client=account.client)
    return models.find(candidate.deployment)


def _base(account: Account, recipe: str, version: int) -> str:
    model = account.registry.version(recipe, version)
    if model is None:
        raise NothingLiveError(recipe)
    return catalog().model(model.base_model).asked_as


def _document(answer: StreamedAnswer) -> dict[str, Any]:
    text = "".join(answer)
    return {"answer": text, "stop_reason": answer.stop_reason, "usage": answer.usage}


def _print(answers: Mapping[str, StreamedAnswer], most_tokens: int) -> None:
    """As they come, one after the other."""
    for name, answer in answers.items():
        if len(answers) > 1:
            sys.stdout.write(f"{name}:\n")
        for piece in answer:
            # A model's words steer no terminal; lines are its own.
            sys.stdout.write("\n".join(map(printable, piece.split("\n"))))
            sys.stdout.flush()
        sys.stdout.write("\n")
        if answer.stop_reason == "max_tokens":
            say(f"cut after {most_tokens:,} tokens: --most-tokens takes more")
