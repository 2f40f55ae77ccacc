"""A customization job, as far as the steps that follow a run must know it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, kw_only=True)
class Job:
    """A customization job that bears the run's tag."""

    arn: str
    name: str
    status: str
    """As AWS spells it."""
    model_arn: str | None = None

    @classmethod
    def seen(cls, answer: Mapping[str, Any]) -> Self:
        """As Bedrock describes or lists it."""
        return cls(
            arn=answer["jobArn"],
            name=answer["jobName"],
            status=answer["status"],
            model_arn=answer.get("outputModelArn"),
        )

    @property
    def ended(self) -> bool:
        return self.status in ("Completed", "Failed", "Stopped")
