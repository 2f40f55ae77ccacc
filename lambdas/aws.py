"""Clients of AWS, made once for each function, on first use.

botocore without boto3: the same API 60 ms sooner, and no client is made at import.
"""

from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config

# `standard` mode retries throttling with back-off and jitter; what outlives it is retried by the
# state machine, for hours. https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
# In us-east-1 botocore still calls the global name of S3 unless told otherwise; endpoints in a VPC
# answer to the Region's. https://docs.aws.amazon.com/sdkref/latest/guide/feature-s3-regional-endpoint.html
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 4},
    connect_timeout=5,
    s3={"us_east_1_regional_endpoint": "regional"},
)


@cache
def client(service: str) -> Any:
    return botocore.session.get_session().create_client(service, config=_CONFIG)
