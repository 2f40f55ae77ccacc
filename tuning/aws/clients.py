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


@cache
def client(service: str) -> Any:
    """In the Region and with the credentials of this process, as in a function."""
    return create(service, None)


def clients(region: str | None = None) -> Clients:
    """Those of one Region; None: the one that the AWS command line would take."""
    return cache(lambda service: create(service, region))


def create(service: str, region: str | None) -> Any:
    """Raises NoRegionError when no Region is known. Tests replace this function, and nothing else."""
    import botocore.session  # noqa: PLC0415 — half a second that commands without AWS do not need
    from botocore.config import Config  # noqa: PLC0415 — idem

    # `standard` mode retries throttling with back-off and jitter; what outlives it is retried by the
    # state machine, for hours. https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
    # In us-east-1 botocore still calls the global name of S3 unless told otherwise; endpoints in a VPC
    # answer to the Region's. https://docs.aws.amazon.com/sdkref/latest/guide/feature-s3-regional-endpoint.html
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 4},
        connect_timeout=5,
        s3={"us_east_1_regional_endpoint": "regional"},
    )
    # The AWS command line knows AWS_REGION, botocore only AWS_DEFAULT_REGION.
    # https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html
    chosen = region or os.environ.get("AWS_REGION")
    return botocore.session.get_session().create_client(service, chosen, config=config)
