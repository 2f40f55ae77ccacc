"""`tuning console`: a page on this machine that asks assistants, as `tuning ask --assistant` does."""

import os
import sys
from contextlib import suppress
from typing import Annotated

import typer

from tuning.cli.assistant_places import AssistantPlace, assistants_at
from tuning.cli.aws_errors import speaks_to_aws
from tuning.cli.console_server import ADDRESS, ConsoleServer
from tuning.cli.console_session import ConsoleSession
from tuning.cli.deployed_options import EnvironmentOption, FormatOption, Region
from tuning.cli.output import answer
from tuning.errors import OptionError


@speaks_to_aws
def console_command(
    *,
    assistant: Annotated[
        list[str] | None,
        typer.Option(help="An assistant to choose from; may be given several times. Default: all."),
    ] = None,
    api: Annotated[
        str | None,
        typer.Option(
            envvar="TUNING_ASSISTANTS_API",
            help="The API's id, if the stack's outputs cannot be read, as inside the VPC.",
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port of 127.0.0.1; 0 takes any free one.")
    ] = 0,
    environment: EnvironmentOption = "dev",
    region: Region = None,
    shown: FormatOption = "text",
) -> None:
    """Serve a page on this machine that asks the assistants of an environment, until Ctrl-C ends it.

    Only this machine can reach it, and only with its address, which is different each time.
    """
    place = AssistantPlace(environment=environment, region=region, api=api)
    found = assistants_at(place, assistant or ())
    session = ConsoleSession(
        environment=environment,
        region=found.api.region,
        assistants=found.names,
        emulated=os.environ.get("AWS_ENDPOINT_URL"),
        ask=found.api.ask,
    )
    with _server(session, port) as server:
        names = ", ".join(found.names)
        facts = {"url": server.url, "environment": environment, "assistants": found.names}
        answer(
            shown,
            f"{server.url} asks {names}. Anyone who has this address can ask in your name. Ctrl-C ends it.",
            **facts,
        )
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            server.serve_forever()


def _server(session: ConsoleSession, port: int) -> ConsoleServer:
    try:
        return ConsoleServer(session, port)
    except OSError as error:
        raise OptionError(
            f"--port {port}: not available on {ADDRESS} ({error.strerror}); omit it to use any free port"
        ) from None
