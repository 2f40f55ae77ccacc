"""What is converted to: a format, and how much of it the model at hand takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

from tuning.datasets.convert.conversion_refusals import Option
from tuning.errors import OptionError, nearest
from tuning.models.catalog import Method, Model, catalog

TARGET_FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "converse": "Bedrock conversations: Nova, Llama 3.2 and 3.3",
        "prompt_completion": "pairs of texts: Llama 3.1",
        "openai_chat": "OpenAI chat messages: reinforcement fine-tuning",
        "anthropic_messages": "Anthropic messages in plain text: Claude 3 Haiku, historic",
        "image_caption": "pictures in S3 and what they show: Titan Image, Titan Embeddings",
        "distillation": "prompts, with or without an answer: distillation",
        "continued_pre_training": "running text in pieces: historic on Bedrock",
    }
)

_RICH = ("converse", "openai_chat")
_RFT = ("REINFORCEMENT_FINE_TUNING", "RFT_OPENAI_API")


@dataclass(frozen=True, kw_only=True)
class Target:
    format: str
    """One of FORMATS."""
    reader: str = "the format"
    """Who reads it, for messages: a model and method, or the format as such."""
    media: frozenset[str] = frozenset()
    tools: bool = False
    reasoning: bool = False
    max_system: int | None = None
    """System texts, where the model takes fewer than the format could hold."""
    plain: bool = False
    """Each message is one text."""
    of_a_model: bool = False
    prompts_only: bool = False
    """Records end with what the user says: the model answers, a grader judges."""

    @classmethod
    def of_format(cls, name: str) -> Self:
        """All that the format can say. Raises OptionError for an unknown one."""
        if name not in TARGET_FORMATS:
            raise OptionError(
                f"unknown format {name!r}{nearest(name, TARGET_FORMATS)}; there are: {', '.join(TARGET_FORMATS)}"
            )
        rich = name in _RICH
        media = frozenset({"image", "video", "document"} if rich else ())
        reader = f"the format {name}"
        return cls(format=name, reader=reader, media=media, tools=rich, reasoning=rich)

    @classmethod
    def of_model(cls, model: Model, method: Method) -> Self:
        """What this model takes in this method."""
        rft = method.name in _RFT
        return cls(
            format=method.format,
            reader=f"{model.id} ({method.name})",
            media=frozenset(method.media),
            tools="tools" in method.features and not rft,
            reasoning="reasoning" in method.features and not rft,
            max_system=method.max_system_blocks,
            plain=rft,
            of_a_model=True,
            prompts_only=rft,
        )

    def others(self, wanted: str) -> tuple[Option, ...]:
        """The option for a model that also takes tools, reasoning, or a kind of media; or a format."""
        if not self.of_a_model:
            return (("--to", "converse"),)
        if self.prompts_only:
            return ()  # another method is another purpose
        for model in catalog().models.values():
            method = model.methods.get("FINE_TUNING")
            if (
                method
                and model.status == "ACTIVE"
                and wanted in (*method.features, *method.media, method.format)
            ):
                return (("--model", model.id),)
        return ()
