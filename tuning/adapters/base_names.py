"""What a module of the model in memory is called in the base's files.

Mostly the same. transformers renames some on load: a base saved without its first prefix, the parts
of models that see, the experts of Mixtral.
https://github.com/huggingface/transformers, `conversion_mapping.py`, `modeling_utils.py`
"""

import re
from collections.abc import Iterator

from tuning.adapters.base_weights import Base

# In memory, in the files. Taken only where the base has nothing under the first name.
_RENAMED = (
    ("model.language_model.", "language_model.model."),
    ("model.language_model.", "model."),
    ("model.visual.", "visual."),
    ("model.vision_model.", "vision_model."),
    ("model.vision_tower.", "vision_tower."),
    ("model.multi_modal_projector.", "multi_modal_projector."),
    ("lm_head.", "language_model.lm_head."),
    ("lm_head.", "embed_out."),
    ("transformer.", ""),
    ("model.", ""),
)
_MIXTRAL = (".mlp.", ".block_sparse_moe.")
_EMBEDDINGS = ("embed_tokens", "wte", "embed_in", "word_embeddings", "tok_embeddings")
_HEADS = ("lm_head", "embed_out")
_CONV1D_MODELS = frozenset({"gpt2", "openai-gpt", "imagegpt", "decision_transformer"})
_CONV1D_LAYERS = frozenset({"c_attn", "c_proj", "c_fc", "q_attn"})


class BaseNames:
    def __init__(self, base: Base) -> None:
        self._base = base
        self._used: set[tuple[str, str]] = set()
        self._mixtral = False
        self._had: dict[str, bool] = {}
        self.embedding = self._one_of(_EMBEDDINGS)
        """The input embedding's tensor, None where there is none that is known."""
        self.head = self._one_of(_HEADS)
        """The output head's tensor, None where the files have none."""

    def tensor(self, path: str) -> str | None:
        """The tensor of a parameter, None where the base has none."""
        if path in self._base:
            return path
        moe = path.replace(*_MIXTRAL)
        if moe in self._base:
            self._mixtral = True
            return moe
        for memory, file in _RENAMED:
            renamed = file + path.removeprefix(memory)
            if path.startswith(memory) and renamed in self._base and not self._has(memory):
                self._used.add((memory, file))
                return renamed
        return None

    def is_head(self, path: str) -> bool:
        """Whether a parameter is the output head, which a tied base has no tensor of."""
        return path.removesuffix(".weight").rpartition(".")[2] in _HEADS

    def new_head(self) -> str:
        """What the head's tensor is called where it must be added."""
        prefix = "language_model." if ("lm_head.", "language_model.lm_head.") in self._used else ""
        embedding = self.embedding or ""
        return "embed_out.weight" if "embed_in" in embedding else f"{prefix}lm_head.weight"

    def conv1d(self, path: str) -> bool:
        """Whether a layer is GPT-2's Conv1D, stored (in, out). Shapes and configuration do not tell:
        some are square, and PEFT overrules `fan_in_fan_out` by the layer's type.
        """
        return (
            self._base.config.get("model_type") in _CONV1D_MODELS
            and path.rpartition(".")[2] in _CONV1D_LAYERS
        )

    def modules(self) -> Iterator[tuple[str, str]]:
        """Modules with a weight of two dimensions: the path in memory, and the weight's tensor."""
        for tensor in self._base.places:
            if tensor.endswith(".weight") and len(self._base.span(tensor).shape) == 2:  # noqa: PLR2004 — rows, columns
                yield self.path(tensor).removesuffix(".weight"), tensor

    def path(self, tensor: str) -> str:
        """The path in memory of a tensor, as the adapter's keys have spelled such until now."""
        if self._mixtral:
            tensor = tensor.replace(_MIXTRAL[1], _MIXTRAL[0])
        for memory, file in sorted(self._used, key=lambda pair: -len(pair[1])):
            if tensor.startswith(file) and not (file == "" and self.is_head(tensor)):
                return memory + tensor.removeprefix(file)
        return tensor

    def beyond_the_model(self, path: str) -> bool:
        """A layer that the files have and the model does not load, such as DeepSeek's last."""
        layers = self._base.text_config().get("num_hidden_layers")
        match = re.search(r"\.layers\.(\d+)\.", path)
        return bool(match) and isinstance(layers, int) and int(match[1]) >= layers  # type: ignore[index]

    def _has(self, prefix: str) -> bool:
        if prefix not in self._had:
            self._had[prefix] = any(tensor.startswith(prefix) for tensor in self._base.places)
        return self._had[prefix]

    def _one_of(self, leaves: tuple[str, ...]) -> str | None:
        found = [
            tensor
            for tensor in self._base.places
            if tensor.endswith(".weight") and tensor.split(".")[-2] in leaves
        ]
        return found[0] if len(found) == 1 else None
