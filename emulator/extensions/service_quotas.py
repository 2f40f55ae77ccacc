"""Service Quotas: what the account may have, as this emulator holds it to it. MiniStack has no such service.

https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/Welcome.html
https://docs.aws.amazon.com/general/latest/gr/bedrock.html
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ministack import app
from ministack.core import iam_actions, router
from ministack.core.responses import error_response_json, get_account_id, get_region

from emulator.bedrock.model_imports import IMPORTS_AT_ONCE, MOST_IMPORTED
from emulator.emulator_settings import EmulatorSettings
from emulator.entrance import Response
from emulator.extensions.account_quotas import VPC_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable

_SERVICE = "servicequotas"
_TARGET = "ServiceQuotasV20190624"
_NAMES = {
    "bedrock": "Amazon Bedrock",
    "lambda": "AWS Lambda",
    "vpc": "Amazon Virtual Private Cloud (Amazon VPC)",
}


@dataclass(frozen=True, kw_only=True)
class Held:
    service: str
    code: str
    name: str
    default: float
    granted: float | None = None
    """What this account has. None: there is nothing beside the default, so that only the default is
    answered, as AWS does "for some quotas"; for which is INFERRED: those that cannot be raised."""


def install(settings: EmulatorSettings) -> None:
    held = {(each.service, each.code): each for each in _quotas(settings)}
    router.SERVICE_PATTERNS[_SERVICE] = {"target_prefixes": [_TARGET]}
    iam_actions.SERVICE_TO_IAM_NAMESPACE[_SERVICE] = _SERVICE

    async def handle(
        _method: str, _path: str, headers: Any, body: bytes, _query: dict[str, list[str]]
    ) -> Response:
        return _answer(held, headers.get("x-amz-target", "").rpartition(".")[2], body)

    app.SERVICE_HANDLERS[_SERVICE] = handle


def _quotas(settings: EmulatorSettings) -> tuple[Held, ...]:
    def bedrock(code: str, name: str, default: float, granted: float | None = None) -> Held:
        return Held(service="bedrock", code=code, name=name, default=default, granted=granted)

    executions, units = settings.account_concurrency, settings.model_units
    return (
        bedrock(
            "L-0406044C",
            "(Model customization) Scheduled customization jobs",
            10,
            # An emulator that was asked for another quota holds it.
            None if settings.quota == 10 else settings.quota,  # noqa: PLR2004 — the default above
        ),
        bedrock("L-CB5B847D", "(Model customization) Custom models per account", 100, 100),
        bedrock("L-1EF80F3E", "(Model customization) Custom model deployments", 10, 10),
        bedrock("L-430C95DD", "(Model customization) Deployments in progress", 2, 2),
        bedrock("L-BE77399C", "Model units no-commitment across custom models", 0, units),
        bedrock("L-45B04988", "Imported models per account", MOST_IMPORTED, MOST_IMPORTED),
        bedrock("L-5F098EFA", "Concurrent model import jobs", IMPORTS_AT_ONCE),
        Held(
            service="lambda",
            code="L-B99A9384",
            name="Concurrent executions",
            default=1000,
            granted=executions,
        ),
        Held(
            service="vpc",
            code="L-F678F1CE",
            name="VPCs per Region",
            default=VPC_LIMIT,
            granted=VPC_LIMIT,
        ),
    )


def _answer(held: dict[tuple[str, str], Held], operation: str, body: bytes) -> Response:
    answers: dict[str, Callable[[Held], float | None]] = {
        "GetServiceQuota": lambda quota: quota.granted,
        "GetAWSDefaultServiceQuota": lambda quota: quota.default,
    }
    if operation not in answers:
        return _refused("UnknownOperationException", f"The emulator has no {operation}.")
    asked = json.loads(body or b"{}")
    service, code = str(asked.get("ServiceCode", "")), str(asked.get("QuotaCode", ""))
    if service not in _NAMES:
        return _refused("NoSuchResourceException", f"There is no such service: {service}")
    quota = held.get((service, code))
    value = answers[operation](quota) if quota else None
    if quota is None or value is None:
        return _refused("NoSuchResourceException", f"There is no such quota: {code}")
    document = {
        "ServiceCode": service,
        "ServiceName": _NAMES[service],
        "QuotaArn": f"arn:aws:servicequotas:{get_region()}:{get_account_id()}:{service}/{code}",
        "QuotaCode": code,
        "QuotaName": quota.name,
        "Value": value,
        "Unit": "None",
        "Adjustable": quota.granted is not None,
        "GlobalQuota": False,
    }
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    return 200, headers, json.dumps({"Quota": document}).encode()


def _refused(code: str, message: str) -> Response:
    """HTTP 400 by the protocol; the texts are UNCONFIRMED."""
    refused: Response = error_response_json(code, message, 400)
    return refused
