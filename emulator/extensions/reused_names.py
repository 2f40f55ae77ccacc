"""SQS: the name of a deleted queue is not free for a minute.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
"""

from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import sqs
from ministack.services.cloudformation import provisioners

from emulator.clock import Clock
from emulator.extensions import provisioning

_SECONDS = 60
TOO_SOON = "You must wait 60 seconds after deleting a queue before you can create another with the same name."
Names = dict[tuple[str, str, str], float]
"""Account, Region and name of a queue to when it was deleted."""


def install(clock: Clock) -> None:
    deleted: Names = {}

    def taken(name: str) -> bool:
        since = deleted.get((get_account_id(), get_region(), name))
        return since is not None and clock.now() < since + _SECONDS

    def remember(name: str) -> None:
        deleted[get_account_id(), get_region(), name] = clock.now()

    def check(properties: provisioning.Properties) -> None:
        if taken(properties.get("QueueName", "")):
            raise ValueError(TOO_SOON)

    create = sqs._HANDLERS["CreateQueue"]

    def create_if_free(data: dict[str, Any], url: str) -> dict[str, Any]:
        if taken(data.get("QueueName", "")):
            raise sqs._Err("QueueDeletedRecently", TOO_SOON)
        made: dict[str, Any] = create(data, url)
        return made

    sqs._HANDLERS["CreateQueue"] = create_if_free
    sqs._HANDLERS["DeleteQueue"] = _then(sqs._HANDLERS["DeleteQueue"], remember)
    handlers = provisioners._RESOURCE_HANDLERS["AWS::SQS::Queue"]
    provisioning.before_create("AWS::SQS::Queue", check)
    handlers["delete"] = _then_by_url(handlers["delete"], remember)


def _then(delete: Callable[..., Any], remember: Callable[[str], None]) -> Callable[..., Any]:
    def delete_and_remember(data: dict[str, Any], url: str) -> Any:
        name = str(data.get("QueueUrl", url)).rpartition("/")[2]
        answer = delete(data, url)
        remember(name)
        return answer

    return delete_and_remember


def _then_by_url(delete: Callable[..., Any], remember: Callable[[str], None]) -> Callable[..., Any]:
    def delete_and_remember(url: str, properties: provisioning.Properties) -> Any:
        answer = delete(url, properties)
        remember(url.rpartition("/")[2])
        return answer

    return delete_and_remember
