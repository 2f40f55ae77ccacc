"""`tuning ask`: a question to the model of a recipe that is live, or to another that is compared with it."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal

import typer

from tuning.aws.answering_models import answering_models
from tuning.aws.candidates import Candidates
from tuning.aws.clients import Clients
from tuning.aws.guarding import DeployedGuardrail
from tuning.aws.imported_answers import LoadingModelError, UnreadableAnswerError
from tuning.aws.live_models import LiveModels
from tuning.aws.streamed_answers import StreamedAnswer
from tuning.cli.account import Account
from tuning.cli.assistant_asking import ask_assistant, asked_of_recipe, assert_alone
from tuning.cli.assistant_places import AssistantPlace
from tuning.cli.aws_errors import AccountError, speaks_to_aws
from tuning.cli.deployed_options import EnvironmentOption, FormatOption, Region
from tuning.cli.exits import Exit
from tuning.cli.guard_output import reason
from tuning.cli.guarded_asking import GuardedAnswer, ask_guarded
from tuning.cli.output import print_json, say
from tuning.cli.polling import polls
from tuning.cli.promotion_commands import RecipeName, assert_kept
from tuning.errors import OptionError
from tuning.evaluation.records import Message
from tuning.models.catalog import catalog
from tuning.models.import_units import awake_words
from tuning.releases.deployment_status import DeploymentStatus
from tuning.releases.evaluated_version import EvaluatedVersion
from tuning.releases.live_model import (
    IMPORTED_ARN,
    NotDeployedError,
    NothingLiveError,
    NotRunningError,
    region_of,
)
from tuning.releases.model_version import ModelVersion
from tuning.reports.visible_text import printable

_PAUSE_SECONDS = 15
_EACH_SAID = 4
"""Of the tries, one a minute."""
_LONGEST_LOADING = 600
"""Seconds. AWS says that a model is loaded in five minutes, or later, by its size.
https://docs.aws.amazon.com/bedrock/latest/userguide/invoke-imported-model.html"""


@speaks_to_aws
def ask_command(  # noqa: PLR0913 — one parameter an option; typer reads them from here
    recipe: RecipeName,
    question: Annotated[str | None, typer.Argument(metavar="QUESTION")] = None,
    *,
    assistant: Annotated[
        str | None,
        typer.Option(help="Ask an assistant through its API: --assistant NAME QUESTION."),
    ] = None,
    api: Annotated[
        str | None,
        typer.Option(
            envvar="TUNING_ASSISTANTS_API",
            help="With --assistant: the API's id, if the stack's outputs cannot be read, as inside the VPC.",
        ),
    ] = None,
    system: Annotated[
        str | None, typer.Option(help="A system prompt, if it was trained with one.")
    ] = None,
    version: Annotated[
        int | None, typer.Option(help="Another deployed version: a candidate under evaluation.")
    ] = None,
    compare: Annotated[
        Literal["base"] | None, typer.Option(help="Ask the base model as well.")
    ] = None,
    most_tokens: Annotated[
        int,
        typer.Option(
            min=1,
            # https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html
            help="Limit for the answer; deducted from the account's quota when the question is asked.",
        ),
    ] = 512,
    trace: Annotated[
        bool, typer.Option("--trace", help="Show what the environment's guardrail found, and why.")
    ] = False,
    environment: EnvironmentOption = "dev",
    region: Region = None,
    shown: FormatOption = "text",
) -> None:
    """Ask a recipe's live model, or an assistant. From inside the VPC, nothing leaves it.

    If the environment has a guardrail, it judges question and answer. Exit 1: one of them was blocked.
    """
    if assistant is not None:
        assert_alone(question, system, version, compare, trace or None)
        place = AssistantPlace(environment=environment, region=region, api=api)
        raise SystemExit(ask_assistant(assistant, recipe, place, shown))
    question = asked_of_recipe(question)
    account = Account.of(environment, region)
    number, arn = _deployed(account, recipe, version)
    asked = account.registry.version(recipe, number) if IMPORTED_ARN in arn or compare else None
    models = {f"{recipe} version {number}": arn}
    if compare:
        models[f"{recipe}'s base model"] = _base(recipe, asked)
    asking = _Asking(
        system=[system] if system else [],
        most_tokens=most_tokens,
        converse=not (asked and asked.imported) or asked.converse is True,
        client=account.client,
        guardrail=DeployedGuardrail.in_outputs(account.outputs, account.client),
    )
    if asking.guardrail:
        answers = [
            (
                each,
                ask_guarded(
                    asking.guardrail,
                    question,
                    partial(asking.answer, model),
                    partial(_pieces, each),
                ),
            )
            for each, model in models.items()
        ]
        documents = [answer.to_json(trace=trace) for _, answer in answers]
        blocked = any(answer.blocked for _, answer in answers)
        if shown == "text":
            _print_guarded(answers, most_tokens, trace=trace)
    else:
        streamed = {each: asking.answer(model, question) for each, model in models.items()}
        documents, blocked = [], False
        if shown == "json":
            documents = [_document(name, answer) for name, answer in streamed.items()]
        else:
            _print(streamed, most_tokens)
    if shown == "json":
        facts = {"recipe": recipe, "version": number, "deployment_arn": arn}
        ours, *others = documents
        base = {"base": {"model": models.popitem()[1], **others[0]}} if others else {}
        print_json({**facts, **ours, **base}, indent=None)
    raise SystemExit(Exit.REFUSED if blocked else Exit.DONE)


@dataclass(frozen=True, kw_only=True)
class _Asking:
    """What is the same of every model that is asked."""

    system: Sequence[str]
    most_tokens: int
    converse: bool
    client: Clients
    guardrail: DeployedGuardrail | None

    def answer(self, model: str, question: str) -> StreamedAnswer:
        return StreamedAnswer(
            model=model,
            messages=[Message(role="user", text=question)],
            system=self.system,
            most_tokens=self.most_tokens,
            converse=self.converse,
            more=self._named(),
            client=self.client,
        )

    def _named(self) -> dict[str, Any]:
        if self.guardrail is None:
            return {}
        return self.guardrail.inline if self.converse else self.guardrail.invoked


def _deployed(account: Account, recipe: str, version: int | None) -> tuple[int, str]:
    """The version that is asked, and the ARN of its deployment."""
    live = LiveModels(ledger=account.ledger).read(recipe)
    if version is not None and version != live.version:
        if imported := _imported(account, recipe, version):
            return version, imported
        if version == live.stopped:
            raise NotRunningError(recipe, version)
        candidate = Candidates(ledger=account.ledger).of(recipe, version)
        found = _candidate(account, candidate) if candidate else None
        if found is None or not found.answers:
            assert_kept(account, recipe, version)
            raise NotDeployedError(recipe, version, live.version)
        return version, found.arn
    if live.stopped and live.version is None:
        assert_kept(account, recipe, live.stopped)
        raise NotRunningError(recipe, live.stopped)
    if live.deployment_arn is None or live.version is None:
        raise NothingLiveError(recipe)
    return live.version, live.deployment_arn


def _candidate(account: Account, candidate: EvaluatedVersion) -> DeploymentStatus | None:
    models = answering_models(candidate.served_by, client=account.client)
    return models.find(candidate.deployment)


def _imported(account: Account, recipe: str, version: int) -> str | None:
    """The ARN of an imported model that is not live: it answers a person who has a right to ask it all the same."""
    model = account.registry.version(recipe, version)
    if model is None or not model.imported:
        return None
    assert_kept(account, recipe, version)
    say(
        f"{recipe} version {version} is not live, and callers may not ask it; this question wakes it. "
        f"{awake_words(region_of(model.model_arn), None)}"
    )
    return model.model_arn


def _base(recipe: str, model: ModelVersion | None) -> str:
    if model is None:
        raise NothingLiveError(recipe)
    if model.imported:
        raise OptionError(
            f"--compare base: {recipe} version {model.version} was trained elsewhere, from {model.base_model}, which "
            "Bedrock may not offer; ask another model by name"
        )
    return catalog().model(model.base_model).asked_as


def _pieces(name: str, answer: StreamedAnswer) -> Iterator[str]:
    """Raises AccountError where an imported model is not loaded in time, or answers in another form."""
    try:
        first, rest = _begun(name, answer)
    except UnreadableAnswerError as error:
        raise AccountError(f"{name}: {error}") from None
    yield first
    yield from rest


def _begun(name: str, answer: StreamedAnswer) -> tuple[str, Iterator[str]]:
    """Its first piece, and the others, once the model is loaded."""
    for number, seconds in enumerate(polls(_PAUSE_SECONDS)):
        pieces = iter(answer)
        try:
            return next(pieces, ""), pieces
        except LoadingModelError as error:
            if seconds >= _LONGEST_LOADING:
                raise AccountError(
                    f"{name} is still being loaded: {error}; ask again later"
                ) from None
            if number % _EACH_SAID == 0:
                say(
                    f"{name} is being loaded, which takes minutes: it is asked again, for ten at most ({error})"
                )
    raise AssertionError("polls without an end have ended")


def _document(name: str, answer: StreamedAnswer) -> dict[str, Any]:
    text = "".join(_pieces(name, answer))
    return {"answer": text, "stop_reason": answer.stop_reason, "usage": answer.usage}


def _print_guarded(
    answers: Sequence[tuple[str, GuardedAnswer]], most_tokens: int, *, trace: bool
) -> None:
    for name, answer in answers:
        if len(answers) > 1:
            sys.stdout.write(f"{name}:\n")
        sys.stdout.write("\n".join(map(printable, answer.text.split("\n"))) + "\n")
        _say_cut(answer.answer, most_tokens)
        for verdict in (answer.asked, answer.answered) if trace else ():
            if verdict:
                say(f"guardrail, {verdict.direction}: {verdict.outcome}")
                for finding in verdict.findings:
                    say(f"  {reason(finding)}")


def _print(answers: Mapping[str, StreamedAnswer], most_tokens: int) -> None:
    """As they come, one after the other."""
    for name, answer in answers.items():
        if len(answers) > 1:
            sys.stdout.write(f"{name}:\n")
        for piece in _pieces(name, answer):
            # A model's words steer no terminal; lines are its own.
            sys.stdout.write("\n".join(map(printable, piece.split("\n"))))
            sys.stdout.flush()
        sys.stdout.write("\n")
        _say_cut(answer, most_tokens)


def _say_cut(answer: StreamedAnswer | None, most_tokens: int) -> None:
    if answer and answer.stop_reason == "max_tokens":
        say(f"cut after {most_tokens:,} tokens: --most-tokens allows more")
