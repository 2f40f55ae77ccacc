"""CloudFormation: what can be done with a stack whose operation has failed.

One whose first creation was rolled back can be deleted, and nothing else. One whose failed operation was not rolled
back (`--no-rollback`) goes on from there, as long as that is not to be rolled back either.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html#cfn-console-view-stack-data-resources-status-codes
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
"""

from collections.abc import Callable
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import handlers

from emulator.entrance import Response
from emulator.extensions.patching import Theirs, patch

_PAUSED = ("CREATE_FAILED", "UPDATE_FAILED")


def install() -> None:
    for action in ("UpdateStack", "CreateChangeSet"):
        patch(handlers._ACTION_HANDLERS, action, _handle_unless_refused, _rolled_back)
    for action in ("UpdateStack", "ExecuteChangeSet"):
        patch(handlers._ACTION_HANDLERS, action, _handle_unless_refused, _paused)


_Asked = dict[str, Any]


def _rolled_back(_asked: _Asked, stack: dict[str, Any]) -> str:
    if stack.get("StackStatus") != "ROLLBACK_COMPLETE":
        return ""
    return f"Stack:{stack['StackId']} is in ROLLBACK_COMPLETE state and can not be updated."


def _paused(asked: _Asked, stack: dict[str, Any]) -> str:
    """The text as public reports have it: aws/aws-cdk#30546, aws/aws-cdk-cli#1973."""
    status = stack.get("StackStatus")
    if status not in _PAUSED or handlers._p(asked, "DisableRollback") == "true":
        return ""
    return (
        f"This stack is currently in a non-terminal [{status}] state. To update the stack from this state, "
        "please use the disable-rollback parameter with update-stack API. To rollback to the last known good "
        "state, use the rollback-stack API"
    )


def _handle_unless_refused(
    handle: Theirs[Response], why_not: Callable[[_Asked, dict[str, Any]], str], asked: _Asked
) -> Response:
    wanted = handlers._p(asked, "StackName")
    for stack in list(cloudformation._stacks.values()):
        named = wanted in (stack.get("StackName"), stack.get("StackId"))
        if named and (why := why_not(asked, stack)):
            refused: Response = handlers._error("ValidationError", why)
            return refused
    return handle(asked)
