"""CloudFormation: a stack whose first creation was rolled back can be deleted, and nothing else.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html#cfn-console-view-stack-data-resources-status-codes
"""

from collections.abc import Callable
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import handlers

from emulator.entrance import Response


def install() -> None:
    for action in ("UpdateStack", "CreateChangeSet"):
        handlers._ACTION_HANDLERS[action] = _unless_rolled_back(handlers._ACTION_HANDLERS[action])


def _unless_rolled_back(handle: Callable[..., Response]) -> Callable[..., Response]:
    def handle_unless_rolled_back(asked: dict[str, Any]) -> Response:
        wanted = handlers._p(asked, "StackName")
        for stack in list(cloudformation._stacks.values()):
            named = wanted in (stack.get("StackName"), stack.get("StackId"))
            if named and stack.get("StackStatus") == "ROLLBACK_COMPLETE":
                why = f"Stack:{stack['StackId']} is in ROLLBACK_COMPLETE state and can not be updated."
                refused: Response = handlers._error("ValidationError", why)
                return refused
        return handle(asked)

    return handle_unless_rolled_back
