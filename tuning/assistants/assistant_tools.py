"""Tools: what an assistant's model may ask for beside answering, each called by our own code and never by the model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

ToolKind = Literal["function", "documents"]
"""A Lambda function of the user's, or the assistant's own knowledge base."""


@dataclass(frozen=True, kw_only=True)
class AssistantTool:
    name: str
    description: str
    """For the model: what it is good for."""
    input_schema: Mapping[str, Any]
    """JSON Schema of an object: what it takes."""
    kind: ToolKind = "function"
    function: str | None = None
    """A function's ARN, or its name in the environment's own account and Region. None of documents."""
    changes: bool = False
    """Whether it does more than to look something up. Such a tool is called before any tool has answered, and never
    after: so that nothing that a tool answers can be the reason for it (docs/decisions/0047)."""
    seconds: int = 5
    """How long it may take."""

    @property
    def spec(self) -> dict[str, Any]:
        """As Converse takes it."""
        described = {"name": self.name, "description": self.description}
        return {"toolSpec": {**described, "inputSchema": {"json": dict(self.input_schema)}}}
