"""Platforms that are wrong in one point. Each is wrong as real ones are; each must be found out."""

import copy
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from amazon import Amazon
from botocore.exceptions import BotoCoreError, ClientError


def _with(
    world: Amazon, service: str, operation: str, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    fake = world.service(service)
    really = getattr(fake, operation)
    setattr(fake, operation, lambda **given: really(**change(given)))


def _updating(world: Amazon, change: Callable[[list[dict[str, Any]]], None]) -> None:
    """`change` is shown the updates of each transaction; an empty one for each part that is none."""

    def changed(given: dict[str, Any]) -> dict[str, Any]:
        change([entry.get("Update", {}) for entry in given["TransactItems"]])
        return given

    _with(world, "dynamodb", "transact_write_items", changed)


def random_token(world: Amazon) -> None:
    """What boto3 does by itself when none is given. The name still holds."""
    _with(
        world,
        "bedrock",
        "create_model_customization_job",
        lambda given: given | {"clientRequestToken": uuid.uuid4().hex},
    )


def random_name(world: Amazon) -> None:
    """Create, then record: nothing of the second request is known from the first."""

    def forgotten(given: dict[str, Any]) -> dict[str, Any]:
        second = "-2" if given["jobName"].endswith("-2") else ""  # a second try has its own job
        name = f"job-{uuid.uuid4().hex}{second}"
        return given | {"jobName": name, "clientRequestToken": uuid.uuid4().hex}

    _with(world, "bedrock", "create_model_customization_job", forgotten)


def no_adoption(world: Amazon) -> None:
    """A name in use is taken for a fault, and nobody looks whose job it is. So is a token's replay."""
    random_token(world)
    really = world.bedrock.get_model_customization_job

    def get(*, jobIdentifier: str) -> Any:  # noqa: N803 — AWS's names
        if not jobIdentifier.startswith("arn:"):
            return really(jobIdentifier="nobody's")
        return really(jobIdentifier=jobIdentifier)

    world.bedrock.get_model_customization_job = get


def random_execution(world: Amazon) -> None:
    """Every delivery that gets through starts an execution of its own."""
    no_reconciler(world)
    _with(
        world, "stepfunctions", "start_execution", lambda given: given | {"name": uuid.uuid4().hex}
    )


def unconditional_arrival(world: Amazon) -> None:
    """The row is written anew whenever the event comes."""

    def change(updates: list[dict[str, Any]]) -> None:
        state = updates[0].get("ExpressionAttributeValues", {}).get(":state")
        if state == {"S": "received"}:
            for update in updates:
                update.pop("ConditionExpression", None)

    _updating(world, change)


def no_reconciler(world: Amazon) -> None:
    """Nobody looks from outside at what died within."""
    world.functions = {**world.functions, "reconcile_runs": lambda _event, _context: {"healed": {}}}


def unconditional_claims(world: Amazon) -> None:
    """Each run looks what is left, and takes it."""

    def change(updates: list[dict[str, Any]]) -> None:
        for update in updates:
            if "ADD committed" in update.get("UpdateExpression", ""):
                update.pop("ConditionExpression", None)
                update["ExpressionAttributeValues"].pop(":left", None)

    _updating(world, change)


def ledger_first(world: Amazon) -> None:
    """Who finds a row believes that its writer has started the run."""
    no_reconciler(world)
    really = world.ledger.get_item

    def get_item(**call: Any) -> Any:
        answer = really(**call)
        if answer.get("Item", {}).get("state") == {"S": "received"}:
            answer["Item"]["state"] = {"S": "started"}
        return answer

    world.ledger.get_item = get_item


def all_acknowledged(world: Amazon) -> None:
    """A batch is acknowledged whatever became of its messages."""
    really = world.functions["receive_upload"]

    def handler(event: Any, context: Any) -> Any:
        with suppress(ClientError, BotoCoreError):
            really(event, context)
        return {"batchItemFailures": []}

    world.functions = {**world.functions, "receive_upload": handler}


def overwritten_copy(world: Amazon) -> None:
    """The prepared copy has a fixed place, which the next upload overwrites."""

    def change(given: dict[str, Any]) -> dict[str, Any]:
        return {
            k: v for k, v in given.items() if k not in ("IfNoneMatch", "ChecksumSHA256")
        } | _renamed(given)

    _with(world, "s3", "put_object", change)


def _renamed(given: dict[str, Any]) -> dict[str, Any]:
    if not given["Key"].startswith("prepared/"):
        return {}
    body = given["Body"].read()
    return {"Body": body + b'{"appended": "by a function that was killed and tried again"}\n'}


def no_retries(world: Amazon) -> None:
    """The state machine gives up at the first fault."""
    world.definition = _edited(
        world.definition, lambda state: {k: v for k, v in state.items() if k != "Retry"}
    )


def quota_is_a_fault(world: Amazon) -> None:
    """HTTP 400 is taken for our mistake."""

    def edit(state: Mapping[str, Any]) -> Mapping[str, Any]:
        choices = [c for c in state.get("Choices", ()) if "queued" not in c["Condition"]]
        return {**state, "Choices": choices} if "Choices" in state else state

    world.definition = _edited(world.definition, edit)


def deaf_to_stops(world: Amazon) -> None:
    """A run that gave way starts its job all the same, which nobody stops."""
    for name in ("get_item", "update_item"):
        really = getattr(world.ledger, name)

        def call(really: Callable[..., Any] = really, **given: Any) -> Any:
            answer = really(**given)
            for held in (answer.get("Item", {}), answer.get("Attributes", {})):
                held.pop("stop_asked", None)
            return answer

        setattr(world.ledger, name, call)


def forgetful_registry(world: Amazon) -> None:
    """Nobody finds out that a run has its version already."""

    def change(updates: list[dict[str, Any]]) -> None:
        for update in updates:
            key = update.get("Key", {}).get("pk", {})
            if key.get("S", "").startswith("model##"):
                key["S"] = f"model##{uuid.uuid4().hex}"

    _updating(world, change)


def _edited(definition: Mapping[str, Any], edit: Callable[[Any], Any]) -> dict[str, Any]:
    edited = copy.deepcopy(dict(definition))
    edited["States"] = {name: edit(state) for name, state in edited["States"].items()}
    return edited


@dataclass(frozen=True, kw_only=True)
class Sabotage:
    do: Callable[[Amazon], None]
    found: str
    """What the story must end with."""
    faults: int = 1
    """How many it takes."""


SABOTAGES = (
    Sabotage(do=random_name, found="DUPLICATE"),
    Sabotage(do=no_adoption, found="OTHERWISE"),
    Sabotage(do=no_reconciler, found="FORGOTTEN"),
    Sabotage(do=unconditional_claims, found="OVERSPENT", faults=0),
    Sabotage(do=unconditional_arrival, found="BACKWARDS", faults=0),
    Sabotage(do=ledger_first, found="LOST", faults=0),
    Sabotage(do=all_acknowledged, found="LOST"),
    Sabotage(do=overwritten_copy, found="OTHER BYTES", faults=0),
    Sabotage(do=no_retries, found="OTHERWISE"),
    Sabotage(do=quota_is_a_fault, found="OTHERWISE", faults=0),
    Sabotage(do=random_execution, found="DUPLICATE"),
    Sabotage(do=deaf_to_stops, found="TWICE", faults=0),
    Sabotage(do=forgetful_registry, found="UNREGISTERED"),
)
