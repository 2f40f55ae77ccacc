"""A deployed guardrail, asked about a text without a model.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ApplyGuardrail.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from tuning.aws.clients import Clients, client
from tuning.guardrails.assessments import verdict_of
from tuning.guardrails.guard_verdict import Grounds, GuardVerdict
from tuning.guardrails.guardrail import Direction

_EMULATED = "x-emulated"
"""A header of an emulated Bedrock's answers."""


@dataclass(frozen=True, kw_only=True)
class DeployedGuardrail:
    arn: str
    version: str
    """A number, never DRAFT."""
    client: Clients = client

    @classmethod
    def in_outputs(cls, outputs: Mapping[str, str], client: Clients) -> Self | None:
        """That of an environment; None where it has none."""
        if "Guardrail" not in outputs:
            return None
        return cls(arn=outputs["Guardrail"], version=outputs["GuardrailVersion"], client=client)

    def judge(
        self, text: str, direction: Direction, grounds: Grounds | None = None
    ) -> GuardVerdict:
        """Raises botocore's errors."""
        guarded: dict[str, Any] = {"text": text}
        if grounds:
            guarded["qualifiers"] = ["guard_content"]
        answer = self.client("bedrock-runtime").apply_guardrail(
            guardrailIdentifier=self.arn,
            guardrailVersion=self.version,
            source=direction.upper(),
            content=[*_grounds(grounds), {"text": guarded}],
        )
        headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        return verdict_of(answer, text, direction, emulated=_EMULATED in headers)

    @property
    def inline(self) -> dict[str, Any]:
        """As Converse takes it, so that IAM lets the call pass: docs/decisions/0044."""
        names = {"guardrailIdentifier": self.arn, "guardrailVersion": self.version}
        return {"guardrailConfig": {**names, "trace": "enabled"}}

    @property
    def invoked(self) -> dict[str, Any]:
        """As InvokeModel takes it, for imported models that Converse refuses. Sources of AWS's contradict each other on
        whether an imported model takes one at all: not confirmed.
        https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html
        """
        return {"guardrailIdentifier": self.arn, "guardrailVersion": self.version}


def _grounds(grounds: Grounds | None) -> list[dict[str, Any]]:
    """https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-contextual-grounding-check.html"""
    if grounds is None:
        return []
    parts = {"grounding_source": grounds.source, "query": grounds.query}
    return [{"text": {"text": part, "qualifiers": [name]}} for name, part in parts.items() if part]
