"""`tuning ask --assistant NAME`: a question to an assistant, in the way that any other caller asks it."""

import sys
from collections.abc import Mapping
from typing import Any, Literal

from tuning.aws.assistants_api import ApiRefusedError
from tuning.cli.assistant_places import AssistantPlace, assistants_at
from tuning.cli.aws_errors import AccountError
from tuning.cli.exits import Exit
from tuning.cli.output import print_json, say
from tuning.errors import OptionError
from tuning.reports.visible_text import printable

_EXITS = {"answered": Exit.DONE, "not_known": Exit.DONE, "unavailable": Exit.FAULT}


def assert_alone(question: str | None, *others: object) -> None:
    """An assistant has its own model, system prompt and guardrail: its file says them."""
    if question is not None:
        raise OptionError("--assistant: takes a question and no recipe: its file names the model")
    if any(each is not None for each in others):
        raise OptionError("--assistant: takes none of --system, --version, --compare and --trace")


def asked_of_recipe(question: str | None) -> str:
    if question is None:
        raise OptionError(
            "no question was given: tuning ask RECIPE QUESTION, or --assistant NAME QUESTION"
        )
    return question


def ask_assistant(
    name: str, question: str, place: AssistantPlace, shown: Literal["text", "json"]
) -> Exit:
    """Prints what it says. Raises AccountError where the environment has no assistants or the API does not let the
    question pass, OptionError where it has none of that name.
    """
    found = assistants_at(place, (name,))
    try:
        said = found.api.ask(name, question)
    except ApiRefusedError as error:
        raise AccountError(f"{name}: {error}") from None
    if shown == "json":
        print_json({"assistant": name, **said}, indent=None)
    else:
        _print(said)
    return _EXITS.get(str(said["outcome"]), Exit.REFUSED)


def _print(said: Mapping[str, Any]) -> None:
    """What a model or a document says steers no terminal."""
    lines = str(said["answer"]).split("\n")
    for each in said.get("citations", []):
        place = f"{each['document']}, {each['place']}"
        lines.append(f"[{each['number']}] {place}")
    sys.stdout.write("\n".join(map(printable, lines)) + "\n")
    if said.get("cut"):
        say("cut: the assistant's file limits the length of an answer")
    if use := said.get("use"):
        tokens = f"{use['input_tokens']:,} tokens asked, {use['output_tokens']:,} answered"
        say(f"{tokens}, {use['usd']} US dollars")
    if reranking := said.get("rerank_usd"):
        say(f"passages reranked, {reranking} US dollars")
    if left := said.get("left_usd"):
        say(f"left of the daily budget: {left} US dollars")
