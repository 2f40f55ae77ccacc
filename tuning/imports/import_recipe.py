"""A recipe of method IMPORT: which base its adapters belong to, and under which limits. `import_recipe_files.py`
reads it.
"""

import hashlib
import json
from typing import Any, Literal

from msgspec import Struct, field, to_builtins

from tuning.adapters.rounding import Rounding

IMPORT = "IMPORT"
Precision = Literal["BF16", "F16"]
"""What the weights are written as, which is the base's own: a merge converts nothing."""


class ImportLimits(Struct, frozen=True, kw_only=True):
    monthly_usd: int | float | None = None
    """What the storage of its imported models may cost in a month, beside the environment's own budget."""
    awake_hours: int | None = None
    """For how long a version may be live: it is billed by the minute while it is awake. Then its model is deleted
    from Bedrock. None: until somebody takes it down. Hours."""
    max_gb: int = 200
    """Weights of more are refused unread. https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-import-model.html"""


class ImportRecipe(Struct, frozen=True, kw_only=True):
    name: str
    """The file's name without `.toml`, and the folder that adapters and weights are uploaded to."""
    description: str
    base: str | None = None
    """The folder under `bases/` in the bucket of weights that adapters are merged into. None: the recipe takes full
    weights only."""
    architecture: str
    """As config.json has it, such as `LlamaForCausalLM`; anything else is refused."""
    precision: Precision = "BF16"
    rounding: Rounding = "once"
    limits: ImportLimits = field(default_factory=ImportLimits)
    method: Literal["IMPORT"] = "IMPORT"

    @property
    def digest(self) -> str:
        """SHA-256 of everything that shapes the model. Hex."""
        what = {k: v for k, v in self.to_dict().items() if k not in ("description", "limits")}
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        document: dict[str, Any] = to_builtins(self)
        return document
