"""What one emulator is started with; the one contract between its launcher and its server."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
"""Loopback, always: the emulator executes whatever code is deployed to it."""

ACCOUNT = "000000000000"
"""MiniStack takes a 12-digit access key for the account id, so this is also the access key."""

CERTIFICATE = "server.pem"
"""Key and certificate of an enforcing server, in its directory."""

TRUST = ("AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""How SDKs and Node.js learn of one more authority. Not SSL_CERT_FILE: it would take the place
of all others, and the CDK's bundling still has to reach a package index."""

NEW_ACCOUNT: dict[str, Any] = {"account_concurrency": 10, "model_units": 0}
"""Quotas that public reports of fresh accounts name, as members of `Settings`."""


@dataclass(frozen=True, kw_only=True)
class EmulatorSettings:
    port: int = 4566
    phase_seconds: float = 0.5
    """How long each phase of a customization job takes (on AWS: minutes to hours)."""
    deployment_seconds: float = 1.0
    """How long the deployment of a model takes to answer (on AWS: seven to eight minutes)."""
    tokens_per_minute: int = 1_000_000
    """Of all deployments of a base together, by the emulator's clock; AWS's number is the account's.
    https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html"""
    wait_scale: float = 0.02
    """Factor on Step Functions Wait seconds and retry intervals: 300 s become 6 s."""
    quota: int = 10
    """Customization jobs in progress at a time.
    https://docs.aws.amazon.com/general/latest/gr/bedrock.html (L-0406044C)"""
    account_concurrency: int = 1000
    """Lambda executions at a time, of the whole account.
    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
    model_units: int = 0
    """Of Provisioned Throughput, L-BE77399C: none, unless an account asked for them and was given some.
    https://docs.aws.amazon.com/general/latest/gr/bedrock.html"""
    role_seconds: float = 3.0
    """How long services do not know a new role; AWS says seconds."""
    event_seed: int | None = None
    """Which events are delivered twice, or not at all; None delivers each once."""
    members_must_talk: bool = True
    """Whether a job in a VPC fails unless its security groups let its nodes reach each other.
    The one public report of such a job, and SageMaker's page; that Bedrock follows it is inferred.
    https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html#train-vpc-groups"""
    enforce: bool = False
    """Whether calls are held to the policies of identities, resources and endpoints, over TLS."""
    authority: str = ""
    """Under `enforce`: the file of the authority that signed the certificate."""
    plain_port: int = 0
    """Under `enforce`: where the same account answers without TLS, to be seen refusing."""

    @property
    def endpoint(self) -> str:
        return f"{'https' if self.enforce else 'http'}://{HOST}:{self.port}"

    @property
    def plain_endpoint(self) -> str:
        """Without TLS, whether or not that is refused."""
        return f"http://{HOST}:{self.plain_port or self.port}"

    def client_environment(self) -> dict[str, str]:
        """The variables that point a program at this emulator; the secret is the instance's."""
        trust = {name: self.authority for name in TRUST if self.authority}
        return trust | {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
            "CDK_DEFAULT_ACCOUNT": ACCOUNT,
            "CDK_DEFAULT_REGION": "us-east-1",
        }

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "EmulatorSettings":
        return cls(**json.loads(path.read_text(encoding="utf-8")))
