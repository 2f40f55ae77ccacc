"""IAM: a role that was just made, or whose trust was just changed, is not known everywhere yet.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
"""

from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import iam, lambda_svc

from emulator.clock import Clock
from emulator.entrance import Response
from emulator.extensions import provisioning
from emulator.extensions.patching import Theirs, patch

NOT_BY_LAMBDA = "The role defined for the function cannot be assumed by Lambda."
"""https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-deployment.html"""


class YoungRoles:
    """CloudFormation waits for a role by itself before it makes a function with it; a caller of the API
    must try again.
    """

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock, self._seconds = clock, seconds
        self._changed: dict[str, float] = {}

    def knows(self, role: str) -> bool:
        """Whether services can assume it by now; `role` is its ARN or its name."""
        changed = self._changed.get(role.rpartition("/")[2])
        return changed is None or self._clock.now() >= changed + self._seconds

    def changes(self, name: str) -> None:
        self._changed[name] = self._clock.now()

    def install(self) -> None:
        for action in ("CreateRole", "UpdateAssumeRolePolicy"):
            patch(iam._IAM_HANDLERS, action, self._change_and_note)
        provisioning.after_create("AWS::IAM::Role", lambda name, _properties: self.changes(name))
        patch(lambda_svc, "_create_function", self._create_if_known)

    def _change_and_note(self, change: Theirs[Response], asked: dict[str, Any]) -> Response:
        answer = change(asked)
        if answer[0] < provisioning.REFUSED:
            self.changes(str(iam._p(asked, "RoleName")))
        return answer

    def _create_if_known(self, create: Theirs[Response], data: dict[str, Any]) -> Response:
        if not self.knows(str(data.get("Role", ""))):
            refused: Response = error_response_json(
                "InvalidParameterValueException", NOT_BY_LAMBDA, 400
            )
            return refused
        return create(data)
