"""Names of what was deleted, which are not free at once: of a queue for a minute, of a state machine while it is
being deleted, which is until its executions have ended.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
"""

from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import error_response_json, get_account_id, get_region
from ministack.services import sqs, stepfunctions
from ministack.services.cloudformation import provisioners

from emulator.clock import Clock
from emulator.entrance import Response
from emulator.extensions import provisioning
from emulator.extensions.patching import Theirs, patch

_TOO_SOON = "You must wait 60 seconds after deleting a queue before you can create another with the same name."
_QUEUE_SECONDS = 60
_MACHINE_SECONDS = 25
"""Of a machine without executions, by a public report: go-to-k/cdkd#2116. One whose execution waits has its name
until that execution ends; here it ends with the machine. That CloudFormation does not wait for the name is inferred:
it cannot wait for as long as an execution may."""


@dataclass(frozen=True, kw_only=True)
class _Taken:
    """Names of one kind of resource that were deleted not long ago."""

    clock: Clock
    seconds: float
    why: str
    since: dict[tuple[str, str, str], float] = field(default_factory=dict)
    """By account, Region and name."""

    def __contains__(self, name: str) -> bool:
        since = self.since.get((get_account_id(), get_region(), name))
        return since is not None and self.clock.now() < since + self.seconds

    def remember(self, name: str) -> None:
        self.since[get_account_id(), get_region(), name] = self.clock.now()

    def install(self, kind: str, named: str) -> None:
        """For CloudFormation. `named` is the property with the name, which also ends the physical id."""

        def check(properties: provisioning.Properties) -> None:
            if properties.get(named, "") in self:
                raise ValueError(self.why)

        handlers = provisioners._RESOURCE_HANDLERS[kind]
        provisioning.before_create(kind, check)
        patch(handlers, "delete", self._delete_and_remember)

    def _delete_and_remember(
        self, delete: Theirs[Any], identifier: str, properties: provisioning.Properties
    ) -> Any:
        answer = delete(identifier, properties)
        self.remember(identifier.replace("/", ":").rpartition(":")[2])
        return answer


def install(clock: Clock) -> None:
    queues = _Taken(clock=clock, seconds=_QUEUE_SECONDS, why=_TOO_SOON)
    queues.install("AWS::SQS::Queue", "QueueName")
    patch(sqs._HANDLERS, "CreateQueue", _create_queue_if_free, queues)
    patch(sqs._HANDLERS, "DeleteQueue", _delete_queue, queues)
    machines = _Taken(clock=clock, seconds=_MACHINE_SECONDS, why="State Machine is being deleted")
    machines.install("AWS::StepFunctions::StateMachine", "StateMachineName")
    patch(stepfunctions, "_create_state_machine", _create_machine_if_free, machines)
    patch(stepfunctions, "_delete_state_machine", _delete_machine, machines)


def _create_queue_if_free(
    create: Theirs[Any], taken: _Taken, data: dict[str, Any], url: str
) -> Any:
    if data.get("QueueName", "") in taken:
        raise sqs._Err("QueueDeletedRecently", taken.why)
    return create(data, url)


def _delete_queue(delete: Theirs[Any], taken: _Taken, data: dict[str, Any], url: str) -> Any:
    name = str(data.get("QueueUrl", url)).rpartition("/")[2]
    answer = delete(data, url)
    taken.remember(name)
    return answer


def _create_machine_if_free(
    create: Theirs[Response], taken: _Taken, asked: dict[str, Any]
) -> Response:
    if (name := asked.get("name", "")) in taken:
        where = f"arn:aws:states:{get_region()}:{get_account_id()}:stateMachine:{name}"
        refused: Response = error_response_json(
            "StateMachineDeleting", f"{taken.why}: '{where}'", 400
        )
        return refused
    return create(asked)


def _delete_machine(delete: Theirs[Response], taken: _Taken, asked: dict[str, Any]) -> Response:
    there = asked.get("stateMachineArn") in stepfunctions._state_machines
    answer = delete(asked)
    if there:
        taken.remember(str(asked["stateMachineArn"]).rpartition(":")[2])
    return answer
