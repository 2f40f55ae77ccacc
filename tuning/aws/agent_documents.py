"""A tool that searches documents: Retrieve of the assistant's own knowledge base, waited for no longer than it may take."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from tuning.assistants.passages import Passage
from tuning.assistants.tool_calls import ToolFailedError
from tuning.aws import clients
from tuning.aws.retrieval import KnowledgeBaseRetriever


@cache
def waiting_for_passages(seconds: int) -> Any:
    """A client that asks once: a second try would have no time left."""
    return clients.create("bedrock-agent-runtime", None, attempts=1, read_seconds=seconds)


@dataclass(frozen=True, kw_only=True)
class AgentDocuments:
    knowledge_base: str
    """Its id."""
    assistant: str
    passages: int
    client: Callable[[int], Any] = waiting_for_passages

    def find(self, question: str, seconds: float) -> Sequence[Passage]:
        """Raises ToolFailedError."""
        from botocore.exceptions import (  # noqa: PLC0415 — not before there is a client
            BotoCoreError,
            ClientError,
        )

        longest = max(1, math.floor(seconds))
        retriever = KnowledgeBaseRetriever(
            knowledge_base=self.knowledge_base,
            assistant=self.assistant,
            passages=self.passages,
            client=lambda _service: self.client(longest),
        )
        try:
            return retriever.retrieve(question)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise ToolFailedError(f"the documents were not searched: {code}") from error
        except BotoCoreError as error:
            raise ToolFailedError(f"the documents did not answer within {longest} s") from error
