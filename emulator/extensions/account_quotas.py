"""What an account may have at all: of a new account, less.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
"""

import json
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import ec2, lambda_svc

from emulator.emulator_settings import EmulatorSettings
from emulator.entrance import Response
from emulator.extensions import provisioning
from emulator.extensions.patching import Theirs, patch

_UNRESERVED = 100
"""Executions that reservations must leave to the functions without one; all of a quota that is lower.
In fresh accounts with a quota of 10 or 50 every reservation was refused (public reports)."""
VPC_LIMIT = 5


def install(settings: EmulatorSettings) -> None:
    quota = settings.account_concurrency
    # MiniStack's own is what this machine bears.
    lambda_svc._ACCOUNT_CONCURRENCY_CAP = min(quota, lambda_svc._ACCOUNT_CONCURRENCY_CAP or quota)
    patch(lambda_svc, "_put_function_concurrency", _put_if_enough_is_left, quota)
    patch(lambda_svc, "_get_account_settings", _get_with_quota, quota)
    provisioning.before("AWS::Lambda::Function", lambda properties: _check(properties, quota))
    provisioning.before("AWS::EC2::VPC", _check_vpcs)
    patch(ec2._ACTION_MAP, "CreateVpc", _create_within_quota)


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


def _put_if_enough_is_left(
    put: Theirs[Response], quota: int, name: str, data: dict[str, Any]
) -> Response:
    wanted = int(data.get("ReservedConcurrentExecutions", 0))
    if why := _refusal(name, wanted, quota):
        refused: Response = error_response_json("InvalidParameterValueException", why, 400)
        return refused
    return put(name, data)


def _check(properties: provisioning.Properties, quota: int) -> None:
    # A function that is made anew is counted once: its own earlier reservation is its name's.
    wanted = int(properties.get("ReservedConcurrentExecutions") or 0)
    why = _refusal(properties.get("FunctionName", ""), wanted, quota) if wanted else None
    if why:
        raise ValueError(why)


def _get_with_quota(get: Theirs[Response], quota: int, *arguments: Any) -> Response:
    status, headers, body = get(*arguments)
    document = json.loads(body)
    limits = {
        "ConcurrentExecutions": quota,
        "UnreservedConcurrentExecutions": quota - _reserved(),
    }
    document["AccountLimit"].update(limits)
    return status, headers, json.dumps(document).encode()


def _check_vpcs(_properties: provisioning.Properties) -> None:
    if len(list(ec2._vpcs.values())) >= VPC_LIMIT:
        raise ValueError("The maximum number of VPCs has been reached.")


def _create_within_quota(create: Theirs[Response], asked: dict[str, Any]) -> Response:
    try:
        _check_vpcs({})
    except ValueError as full:
        refused: Response = ec2._error("VpcLimitExceeded", str(full), 400)
        return refused
    return create(asked)
