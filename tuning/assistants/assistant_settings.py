"""What the functions of assistants know of their environment."""

from tuning.errors import SettingsError
from tuning.runs.function_settings import Settings


class AssistantSettings(Settings, frozen=True, kw_only=True):
    """What `answer_question` knows: of one assistant, whose file lies beside the functions' code."""

    assistant: str
    ledger_table: str
    budgets_table: str
    guardrail_arn: str
    guardrail_version: str
    token_price: str
    """Of its model, as TokenPrice has it."""
    base_model: str
    """What Bedrock's runtime calls it; "none" where a recipe's live version answers."""
    knowledge_base: str
    """The id of that with its documents; "none" without any."""
    rerank_usd: str
    """What reranking the passages of one question may cost at most; "0" where nothing is reranked."""


class ToolsSettings(AssistantSettings, frozen=True, kw_only=True):
    """And what `answer_with_tools` knows, of an assistant with tools."""

    agent_runtime_arn: str


class DocumentIntakeSettings(Settings, frozen=True, kw_only=True):
    """What `receive_document` knows."""

    state_machine_arn: str
    """Of Ingestion."""
    assistants: tuple[str, ...]
    """The names of those that have documents."""


class IngestionSettings(Settings, frozen=True, kw_only=True):
    """What the steps of the Ingestion state machine know."""

    knowledge_bases: tuple[str, ...]
    """`assistant=knowledge base/data source`, by their ids, of each assistant."""

    def place_of(self, assistant: str) -> str:
        """Raises SettingsError of an assistant that has none."""
        found = dict(each.split("=", 1) for each in self.knowledge_bases)
        if assistant not in found:
            raise SettingsError(f"no knowledge base of the assistant {assistant!r}")
        return found[assistant]


class AgentSettings(Settings, frozen=True, kw_only=True):
    """What an agent's program knows: of one assistant with tools, whose file lies beside its code."""

    assistant: str
    guardrail_arn: str
    guardrail_version: str
    token_price: str
    knowledge_base: str
    """As of its function, which searches none."""
