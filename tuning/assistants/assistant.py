"""An assistant: which model answers, behind which guardrail, from which documents, and for how much a day.

`assistant_files.py` reads it, `answering.py` answers by it.
"""

from dataclasses import dataclass
from decimal import Decimal

from tuning.assistants.assistant_tools import AssistantTool


@dataclass(frozen=True, kw_only=True)
class KnowledgeBase:
    """How documents are cut, found again and given to the model."""

    embeddings: str = "amazon.titan-embed-text-v2:0"
    """What makes vectors of texts, in the environment's own Region."""
    dimensions: int = 1024
    chunk_tokens: int = 300
    overlap_percent: int = 20
    passages: int = 5
    """How many are looked for, and given to the model at most."""
    least_score: float = 0.4
    """0 to 1. Passages below it are as good as none: without any the assistant says that it does not know."""
    rerank: str | None = None
    """The model by which passages are put in order, among more of them; its scores are those that `least_score` is of."""


@dataclass(frozen=True, kw_only=True)
class Assistant:
    name: str
    """The file's name without `.toml`; its documents are under `documents/<name>/`."""
    recipe: str | None = None
    """Of which the live version answers; exactly one of recipe and model is said."""
    model: str | None = None
    """A base model, by its name in the catalog."""
    system_prompt: str
    guardrail: str | None = None
    """A file in `guardrails/`. None: that of the environment, and without any an assistant is refused."""
    knowledge_base: KnowledgeBase | None = None
    """None: it answers from what the model knows, without documents. Beside tools, one of them searches it."""
    daily_budget: Decimal
    """What its model and its reranker may cost in a day of UTC. US dollars."""
    most_output_tokens: int = 1024
    """Of an answer; a longer one is cut."""
    caller_requests_per_minute: int = 30
    """Of one caller, by their IAM identity."""
    tools: tuple[AssistantTool, ...] = ()
    """What its model may ask for. None: it is asked once, and answers."""
    most_tool_calls: int = 5
    """For one question."""
    most_rounds: int = 4
    """For one question: how often the model is asked, the last time for its answer."""

    @property
    def always_searched(self) -> KnowledgeBase | None:
        """The documents in which each question is looked up before its model is asked. With tools it is the model that
        asks for a search.
        """
        return None if self.tools else self.knowledge_base
