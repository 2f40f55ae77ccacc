"""`tuning ask`: a question to the model of a recipe that is live."""

import json
import sys
from typing import Annotated

import typer

from tuning.aws.live_models import LiveModels
from tuning.aws.streamed_answers import StreamedAnswer
from tuning.cli.account import Account
from tuning.cli.aws_errors import speaks_to_aws
from tuning.cli.deployed_options import EnvironmentOption, FormatOption, Region
from tuning.cli.exits import Exit
from tuning.cli.output import say
from tuning.cli.promotion_commands import RecipeName
from tuning.evaluation.records import Message
from tuning.releases.live_model import NothingLiveError
from tuning.reports.visible_text import printable


@speaks_to_aws
def ask_command(
    recipe: RecipeName,
    question: Annotated[str, typer.Argument(metavar="QUESTION")],
    system: Annotated[
        str | None, typer.Option(help="A system prompt, if it was trained with one.")
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
    live = LiveModels(ledger=account.ledger).read(recipe)
    if live.deployment_arn is None or live.version is None:
        raise NothingLiveError(recipe)
    answer = StreamedAnswer(
        model=live.deployment_arn,
        messages=[Message(role="user", text=question)],
        system=[system] if system else [],
        most_tokens=most_tokens,
        client=account.client,
    )
    if shown == "json":
        facts = {"recipe": recipe, "version": live.version, "deployment_arn": live.deployment_arn}
        text = "".join(answer)
        said = {"answer": text, "stop_reason": answer.stop_reason, "usage": answer.usage}
        print(json.dumps({**facts, **said}))  # noqa: T201 — output
    else:
        for piece in answer:
            # A model's words steer no terminal; lines are its own.
            sys.stdout.write("\n".join(map(printable, piece.split("\n"))))
            sys.stdout.flush()
        sys.stdout.write("\n")
        if answer.stop_reason == "max_tokens":
            say(f"cut after {most_tokens:,} tokens: --most-tokens takes more")
    raise SystemExit(Exit.DONE)
