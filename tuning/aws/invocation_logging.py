"""Bedrock's log of what models are asked and answer: one setting for an account and Region.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tuning.aws.clients import client
from tuning.aws.transient import aws_errors

_PATIENCE_SECONDS = 90.0
"""For a role that Bedrock does not know yet. AWS says seconds.
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency"""
_PAUSE_SECONDS = 5.0
_UNPROVEN = "ValidationException"
"""What Bedrock answers when the role cannot write, or cannot yet: "Failed to validate permissions for log group".
https://github.com/alphagov/govuk-infrastructure/pull/2440"""


class ForeignLogError(Exception):
    """Somebody else has set up the account's log."""


def destinations(setting: Mapping[str, Any]) -> str | None:
    """Where a setting sends what it logs, for people; None: nowhere."""
    cloud_watch = setting.get("cloudWatchConfig") or {}
    group = cloud_watch.get("logGroupName", "")
    buckets = [
        each["bucketName"]
        for each in (setting.get("s3Config"), cloud_watch.get("largeDataDeliveryS3Config"))
        if each
    ]
    where = [f"s3://{bucket}" for bucket in buckets] + [group_in_words(group)] * bool(group)
    return " and ".join(where) or None


def group_in_words(group: str) -> str:
    return f"log group {group}"


@dataclass(frozen=True, kw_only=True)
class InvocationLog:
    """The log that is sent to one group, and nowhere else."""

    group: str

    def set_up(self, *, role: str, formerly: str | None = None) -> None:
        """Where there is none, or it is ours: of this group, or of the one that was ours before. Raises
        ForeignLogError, having changed nothing; AWS has no condition for it, so that of two who set it up
        within the same moment the later one prevails.
        """
        give_up = time.monotonic() + _PATIENCE_SECONDS
        while True:
            found = current_setting()
            if found and (there := destinations(found)) not in self._ours(formerly):
                raise ForeignLogError(
                    "Bedrock already logs what the models of this account and Region are asked, to "
                    f"{there or 'no destination'}, and log_account_prompts overwrites no setting of somebody else. "
                    "Take log_account_prompts out of the environment's Config, or, if that log is not wanted, "
                    "aws bedrock delete-model-invocation-logging-configuration; then deploy again"
                )
            try:
                client("bedrock").put_model_invocation_logging_configuration(
                    loggingConfig=self._setting(role)
                )
            except aws_errors() as error:
                if not _may_be_young(error) or time.monotonic() >= give_up:
                    raise
                time.sleep(_PAUSE_SECONDS)
            else:
                return

    def remove(self) -> bool:
        """Whether it was there; one that took its place stays."""
        found = current_setting()
        if not found or destinations(found) not in self._ours(None):
            return False
        client("bedrock").delete_model_invocation_logging_configuration()
        return True

    def _ours(self, formerly: str | None) -> set[str]:
        return {group_in_words(name) for name in (self.group, formerly) if name}

    def _setting(self, role: str) -> dict[str, Any]:
        """Text alone: images and the like go to a bucket only."""
        others = ("image", "embedding", "video", "audio")
        return {
            "cloudWatchConfig": {"logGroupName": self.group, "roleArn": role},
            "textDataDeliveryEnabled": True,
            **{f"{kind}DataDeliveryEnabled": False for kind in others},
        }


def current_setting() -> dict[str, Any]:
    """Empty when there is none."""
    answer = client("bedrock").get_model_invocation_logging_configuration()
    return dict(answer.get("loggingConfig") or {})


def _may_be_young(error: Exception) -> bool:
    response: Mapping[str, Any] = getattr(error, "response", {})
    return bool(response.get("Error", {}).get("Code") == _UNPROVEN)
