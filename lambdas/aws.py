"""Clients of AWS, made once for each function, on first use.

botocore without boto3: the same API 60 ms sooner, and no client is made at import.
"""

from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config

# `standard` mode retries throttling with back-off and jitter; what outlives it is retried by the
# state machine, for hours. https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 4}, connect_timeout=5)


@cache
def client(service: str) -> Any:
    return botocore.session.get_session().create_client(service, config=_CONFIG)
