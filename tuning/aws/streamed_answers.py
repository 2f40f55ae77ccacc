"""What a deployed model answers, as it comes, through Bedrock's runtime.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tuning.aws.asking import converse_request
from tuning.aws.clients import Clients, client
from tuning.evaluation.records import Message


@dataclass(kw_only=True)
class StreamedAnswer:
    """Iterate over it once; what is beside the text is known afterwards."""

    model: str
    """The ARN of a deployment, or the id of a base model."""
    messages: Sequence[Message]
    system: Sequence[str] = ()
    most_tokens: int
    client: Clients = client
    stop_reason: str | None = field(default=None, init=False)
    """`end_turn`, `max_tokens` and others, as Converse says it."""
    usage: dict[str, int] = field(default_factory=dict, init=False)
    """Tokens: `inputTokens`, `outputTokens`."""

    def __iter__(self) -> Iterator[str]:
        """Raises botocore's errors, also in the middle of an answer."""
        asked = converse_request(
            self.model, self.messages, self.system, most_tokens=self.most_tokens
        )
        answer = self.client("bedrock-runtime").converse_stream(**asked)
        for event in answer["stream"]:
            if delta := event.get("contentBlockDelta"):
                yield delta["delta"].get("text", "")
            elif stop := event.get("messageStop"):
                self.stop_reason = stop["stopReason"]
            elif said := event.get("metadata"):
                self.usage = dict(said["usage"])
