"""Executions of the Release state machine, as people start and follow them."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from msgspec import structs

from tuning.aws.clients import Clients, client
from tuning.aws.executions import Executions
from tuning.releases.release_request import ReleaseRequest

_POLL_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class ReleaseExecutions:
    machine: str
    """The ARN of the state machine."""
    client: Clients = client

    def start(self, request: ReleaseRequest) -> tuple[ReleaseRequest, bool]:
        """The request as it is being executed, and whether it was not before, by anyone. An execution that
        has ended is of a change that was not made, since what is live is as it was: it is asked for anew.
        """
        while (found := self._executions.described(request.execution)) is not None:
            if found.status == "RUNNING":
                return request, False
            request = structs.replace(request, attempt=request.attempt + 1)
        return request, self._executions.start(request.execution, request.to_json())

    def outcome(
        self, request: ReleaseRequest, *, pause: Callable[[float], Any] = time.sleep
    ) -> tuple[str, str]:
        """How it ended: `released`, `refused` or `failed`, and one sentence. Polls until it has ended."""
        executions = self._executions
        while (found := executions.described(request.execution)) and found.status == "RUNNING":
            pause(_POLL_SECONDS)
        if found is None:
            return "failed", f"its execution {request.execution} is gone"
        if found.status == "SUCCEEDED":
            said = json.loads(found.output)
            return said["state"], said["summary"]
        return "failed", found.cause or f"its execution is {found.status}"

    @property
    def _executions(self) -> Executions:
        return Executions(machine=self.machine, client=self.client)
