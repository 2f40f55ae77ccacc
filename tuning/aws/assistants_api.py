"""Questions to assistants through their private API, signed as any call to AWS.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SERVICE, _STAGE = "execute-api", "live"
_SECONDS = 35
"""API Gateway itself gives up after 29, unless its quota was raised.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"""


class ApiRefusedError(Exception):
    """What the API said in place of an assistant: a request that IAM or the API did not let pass."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"HTTP {status}: {message}")
        self.status = status


@dataclass(frozen=True, kw_only=True)
class DeployedAssistants:
    api: str
    """The API's id."""
    region: str

    def ask(self, name: str, question: str) -> Mapping[str, Any]:
        """What the assistant says, as JSON. It is sent once: a question that came twice would be paid twice. Raises
        ApiRefusedError and botocore's errors.
        """
        import botocore.session  # noqa: PLC0415 — half a second that commands without AWS do not need
        from botocore.auth import SigV4Auth  # noqa: PLC0415 — idem
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415 — idem
        from botocore.exceptions import NoCredentialsError  # noqa: PLC0415 — idem
        from botocore.httpsession import URLLib3Session  # noqa: PLC0415 — idem

        credentials = botocore.session.Session().get_credentials()
        if credentials is None:
            raise NoCredentialsError
        request = AWSRequest(
            method="POST",
            url=f"{self._address}/assistants/{name}",
            data=json.dumps({"question": question}),
            headers={"Content-Type": "application/json"},
        )
        SigV4Auth(credentials.get_frozen_credentials(), _SERVICE, self.region).add_auth(request)
        trusted = os.environ.get("AWS_CA_BUNDLE") or True
        answer = URLLib3Session(verify=trusted, timeout=_SECONDS).send(request.prepare())
        return _said(answer.status_code, answer.content)

    @property
    def _address(self) -> str:
        """An emulator has no names of its own for APIs: there it is a path."""
        if emulated := os.environ.get("AWS_ENDPOINT_URL"):
            return f"{emulated.rstrip('/')}/_aws/{_SERVICE}/{self.api}/{_STAGE}"
        return f"https://{self.api}.{_SERVICE}.{self.region}.amazonaws.com/{_STAGE}"


def _said(status: int, content: bytes) -> Mapping[str, Any]:
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ApiRefusedError(status, "its answer is not a JSON object")
    if "outcome" not in body:
        message = body.get("message") or body.get("Message")
        raise ApiRefusedError(status, str(message or "no reason was given"))
    return body
