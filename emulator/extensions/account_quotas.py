"""What an account may have at all: of a new account, less.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
"""

import json
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import ec2, lambda_svc

from emulator.emulator_settings import EmulatorSettings
from emulator.entrance import Response
from emulator.extensions import provisioning

_UNRESERVED = 100
"""Executions that reservations must leave to the functions without one; all of a quota that is lower.
In fresh accounts with a quota of 10 or 50 every reservation was refused (public reports)."""
VPC_LIMIT = 5


def install(settings: EmulatorSettings) -> None:
    quota = settings.account_concurrency
    # MiniStack's own is what this machine bears.
    lambda_svc._ACCOUNT_CONCURRENCY_CAP = min(quota, lambda_svc._ACCOUNT_CONCURRENCY_CAP or quota)
    lambda_svc._put_function_concurrency = _leaving(lambda_svc._put_function_concurrency, quota)
    lambda_svc._get_account_settings = _telling(lambda_svc._get_account_settings, quota)
    provisioning.before("AWS::Lambda::Function", lambda properties: _check(properties, quota))
    provisioning.before("AWS::EC2::VPC", _check_vpcs)
    ec2._ACTION_MAP["CreateVpc"] = _one_more_vpc(ec2._ACTION_MAP["CreateVpc"])


def _refusal(function: str, wanted: int, quota: int) -> str | None:
    """Why a function may not reserve so much beside what the others of its Region have reserved."""
    least = min(_UNRESERVED, quota)
    if quota - _reserved(beside=function) - wanted >= least:
        return None
    return (
        "Specified ReservedConcurrentExecutions for function decreases account's "
        f"UnreservedConcurrentExecution below its minimum value of [{least}]."
    )


def _reserved(*, beside: str = "") -> int:
    return sum(
        int(each.get("concurrency") or 0)
        for name, each in lambda_svc._functions.items()
        if name != beside
    )


def _leaving(put: Callable[..., Response], quota: int) -> Callable[..., Response]:
    def put_if_enough_is_left(name: str, data: dict[str, Any]) -> Response:
        wanted = int(data.get("ReservedConcurrentExecutions", 0))
        if why := _refusal(name, wanted, quota):
            refused: Response = error_response_json("InvalidParameterValueException", why, 400)
            return refused
        return put(name, data)

    return put_if_enough_is_left


def _check(properties: provisioning.Properties, quota: int) -> None:
    # A function that is made anew is counted once: its own earlier reservation is its name's.
    wanted = int(properties.get("ReservedConcurrentExecutions") or 0)
    why = _refusal(properties.get("FunctionName", ""), wanted, quota) if wanted else None
    if why:
        raise ValueError(why)


def _telling(get: Callable[..., Response], quota: int) -> Callable[..., Response]:
    def get_with_quota(*arguments: Any) -> Response:
        status, headers, body = get(*arguments)
        document = json.loads(body)
        limits = {
            "ConcurrentExecutions": quota,
            "UnreservedConcurrentExecutions": quota - _reserved(),
        }
        document["AccountLimit"].update(limits)
        return status, headers, json.dumps(document).encode()

    return get_with_quota


def _check_vpcs(_properties: provisioning.Properties) -> None:
    if len(list(ec2._vpcs.values())) >= VPC_LIMIT:
        raise ValueError("The maximum number of VPCs has been reached.")


def _one_more_vpc(create: Callable[..., Response]) -> Callable[..., Response]:
    def create_within_quota(asked: dict[str, Any]) -> Response:
        try:
            _check_vpcs({})
        except ValueError as full:
            refused: Response = ec2._error("VpcLimitExceeded", str(full), 400)
            return refused
        return create(asked)

    return create_within_quota
