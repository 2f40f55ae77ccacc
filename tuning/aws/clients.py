"""Clients of AWS: the one place where they are made, on first use and once for each service.

botocore without boto3: the same API 60 ms sooner. It is imported with the first client, so that
commands which need no AWS do not wait for it.
"""

import os
from collections.abc import Callable
from functools import cache
from typing import Any

Clients = Callable[[str], Any]
"""Gives the client of a service, by botocore's name of it."""

ATTEMPTS = 3
CONNECT_SECONDS = 5
READ_SECONDS = 10
"""Without a byte of the answer. botocore's own default, 60, is as long as most of our functions may take."""


@cache
def client(service: str) -> Any:
    """In the Region and with the credentials of this process, as in a function."""
    return create(service, None)


@cache
def asked_once(service: str) -> Any:
    """As `client`, but that no call of it is sent a second time, and that an answer may be awaited for as long as
    anyone waits for it: API Gateway's 29 seconds.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
    """
    return create(service, None, attempts=1, read_seconds=29)


def clients(region: str | None = None, profile: str | None = None) -> Clients:
    """Those of one Region, and of one profile; None: the one that the AWS command line would take."""
    if profile:
        return cache(lambda service: create(service, region, profile))
    return cache(lambda service: create(service, region))


def chosen_region(profile: str | None = None) -> str | None:
    """The Region of a command that names none; None when there is none.

    The AWS command line knows AWS_REGION, botocore only AWS_DEFAULT_REGION.
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
    """
    import botocore.session  # noqa: PLC0415 — half a second that commands without AWS do not need

    session = botocore.session.Session(profile=profile)
    region: str | None = os.environ.get("AWS_REGION") or session.get_config_variable("region")
    return region


def longest_call() -> float:
    """Seconds until a call to which nobody answers has raised, all its attempts and the pauses between
    them included. Every function has more: one that is cut off could not say what went wrong.
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
    """
    pauses = sum(min(2.0**attempt, 20.0) for attempt in range(1, ATTEMPTS))
    return ATTEMPTS * (CONNECT_SECONDS + READ_SECONDS) + pauses


def create(
    service: str,
    region: str | None,
    profile: str | None = None,
    *,
    attempts: int = ATTEMPTS,
    read_seconds: int = READ_SECONDS,
) -> Any:
    """Raises NoRegionError when no Region is known. Tests replace this function, and nothing else."""
    import botocore.session  # noqa: PLC0415 — half a second that commands without AWS do not need
    from botocore import exceptions  # noqa: PLC0415 — idem
    from botocore.config import Config  # noqa: PLC0415 — idem

    # `standard` mode retries throttling with back-off and jitter; what outlives it is retried by the
    # state machine, for hours. https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
    # In us-east-1 botocore still calls the global name of S3 unless configured otherwise; endpoints in a VPC
    # answer to the Region's. https://docs.aws.amazon.com/sdkref/latest/guide/feature-s3-regional-endpoint.html
    config = Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        s3={"us_east_1_regional_endpoint": "regional"},
    )
    chosen = region or os.environ.get("AWS_REGION")  # see above
    session = botocore.session.Session(profile=profile)
    try:
        return session.create_client(service, chosen, config=config)
    except exceptions.BotoCoreError:
        raise
    except ValueError as error:
        # All that botocore says of an AWS_ENDPOINT_URL that is not an address.
        raise exceptions.EndpointConnectionError(endpoint_url=str(error)) from error
