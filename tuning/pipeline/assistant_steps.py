"""What an assistant's function may do. Each assistant has one of its own, and each a role of its own.

Only an environment with assistants has them. `{assistant}` and `{guardrail}` are filled in for each.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from tuning.assistants.assistant_settings import AssistantSettings, ToolsSettings
from tuning.assistants.day_of_budget import CALLER_ATTRIBUTES, DAY_ATTRIBUTES, own_keys
from tuning.pipeline.grants import Access, access, use_key
from tuning.pipeline.ledger_grants import in_tables, reads_live
from tuning.pipeline.step import Step
from tuning.releases.release_steps import OF_ENVIRONMENT, OF_RECIPE
from tuning.runs.ledger_item import KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

_GUARDED = {"bedrock:GuardrailIdentifier": "{guardrail}"}
"""A numbered version in the request, and no call without.
https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-permissions-id.html"""
_LIVE = {
    **_GUARDED,
    f"aws:ResourceTag/{OF_ENVIRONMENT}": "{environment}",
    f"aws:ResourceTag/{OF_RECIPE}": "{recipe}",
}
"""A deployment of the recipe's."""
_CONVERSE = "bedrock:InvokeModel"
"""It authorises Converse: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html"""
_ASK = "bedrock:InvokeModelWithResponseStream"
"""It authorises ConverseStream: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html"""


def _of_one_assistant() -> tuple[Access, ...]:
    """Its days and its callers in the table of budgets, and nobody else's."""
    own: dict[str, Mapping[str, str | tuple[str, ...]]] = {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": own_keys("{assistant}")},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }
    attributes = (KEY, *DAY_ATTRIBUTES, *CALLER_ATTRIBUTES)
    counted: dict[str, Mapping[str, str | tuple[str, ...]]] = {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": tuple(sorted(attributes))},
        "StringEqualsIfExists": {"dynamodb:ReturnValues": "NONE"},
    }
    return (
        Access(actions=("dynamodb:GetItem",), on=("Budgets",), conditions=own),
        Access(actions=("dynamodb:UpdateItem",), on=("Budgets",), conditions={**own, **counted}),
    )


_OF_ITS_LEDGER = (
    *in_tables(*_of_one_assistant()),
    replace(reads_live(), on=("LedgerOfAssistant",)),
)


def _asks(action: str) -> tuple[Access, ...]:
    """Its assistant's model, and the guardrail before and after it."""
    live = access(action, on="AssistantDeployments")
    base = access(action, on="AssistantBases")
    return (
        replace(live, conditions={"StringEquals": _LIVE}),
        replace(base, conditions={"StringEquals": _GUARDED}),
        access("bedrock:ApplyGuardrail", on="AssistantGuardrail"),
    )


ANSWER_QUESTION = Step(
    name="answer_question",
    kind="assistant",
    does="Answers a question to one assistant, with its guardrail and within its daily budget.",
    failing="an assistant does not answer; its callers get errors, and only their questions are lost",
    settings=AssistantSettings,
    access=(
        *_asks(_ASK),
        access("bedrock:Retrieve", on="AssistantKnowledge"),
        # That a deployment's caller needs it is not confirmed; a guardrail's does, whose key it is too.
        # https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-permissions-kms.html
        use_key("DataKey", "bedrock", "Decrypt"),
        *_OF_ITS_LEDGER,
    ),
)

AGENT_ACCESS = (
    *_asks(_CONVERSE),
    # As of the function: the guardrail's key, and the model's.
    use_key("DataKey", "bedrock", "Decrypt"),
    access("lambda:InvokeFunction", on="ToolFunctions"),
    access("bedrock:Retrieve", on="AssistantKnowledge"),
)
"""What an agent may do: its assistant's model behind the guardrail, the functions of its tools and its assistant's
documents, and no others."""

ANSWER_WITH_TOOLS = Step(
    name="answer_with_tools",
    kind="assistant",
    does="Answers a question to one assistant with tools: its agent asks the model and calls them, within the daily budget.",
    failing="an assistant with tools does not answer; its callers get errors, and only their questions are lost",
    settings=ToolsSettings,
    access=(
        # A session ends with its answer, and does not wait to be idle.
        access(
            "bedrock-agentcore:InvokeAgentRuntime",
            "bedrock-agentcore:StopRuntimeSession",
            on="AgentRuntime",
        ),
        access("bedrock:ApplyGuardrail", on="AssistantGuardrail"),
        # https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-permissions-kms.html
        use_key("DataKey", "bedrock", "Decrypt"),
        *_OF_ITS_LEDGER,
    ),
)

ASSISTANT_STEPS = (ANSWER_QUESTION, ANSWER_WITH_TOOLS)
