"""The environment variables of the server's process, and so of the functions."""

import os
from pathlib import Path

from emulator.credentials import Credentials
from emulator.emulator_settings import CERTIFICATE, HOST, TRUST, EmulatorSettings


def inherited(
    settings: EmulatorSettings, credentials: Credentials, scratch: Path
) -> dict[str, str]:
    """All that the server inherits: functions get a copy of it, so nothing personal is in it.

    The root's secret is the exception: S3 checks presigned addresses by it, and unless policies are
    enforced, functions call as the root.
    """
    return _enforcing(settings, scratch.parent) | {
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        # Not where MiniStack looks otherwise: folders under /tmp that anybody may have made.
        "S3_DATA_DIR": str(scratch / "s3"),
        "STATE_DIR": str(scratch / "state"),
        "GATEWAY_PORT": str(settings.port),
        "BIND_HOST": HOST,
        "MINISTACK_HOST": "localhost",
        "SFN_WAIT_SCALE": str(settings.wait_scale),
        "LAMBDA_EXECUTOR": "local",
        # Listeners of services nobody here uses, and a Docker engine that is none of its business.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{scratch}/no-docker.sock",
    }


def _enforcing(settings: EmulatorSettings, directory: Path) -> dict[str, str]:
    """Functions trust the emulator's authority and, having nobody else to talk to, no other."""
    if not settings.enforce:
        return {}
    trusted = dict.fromkeys((*TRUST, "SSL_CERT_FILE"), settings.authority)
    shown = str(directory / CERTIFICATE)
    own = {"AUTH": "true", "USE_SSL": "1", "MINISTACK_SSL_CERT": shown, "MINISTACK_SSL_KEY": shown}
    return trusted | own
