"""What the ledger keeps of an import: one upload of an adapter or of full weights, on its way to a version."""

import hashlib
from typing import Literal

from tuning.runs.json_record import Record
from tuning.runs.ledger_item import SCHEMA, Stored
from tuning.runs.money_records import Reservation, Settlement

OF_IMPORTS = "import#"
"""What the keys of this file begin with. They have a `#`, so that no right to runs is one to them."""

ImportState = Literal[
    "received", "checked", "reserved", "merged", "importing", "imported", "refused", "failed"
]
ENDED_IMPORTS: tuple[ImportState, ...] = ("imported", "refused", "failed")
ImportSource = Literal["adapter", "weights"]
"""`adapter`: under `adapters/` of the datasets bucket. `weights`: under `models/` of the bucket of weights."""


class ImportUpload(Record, frozen=True, kw_only=True):
    """The object that began it: adapter_model.safetensors of an adapter, config.json of full weights."""

    bucket: str
    key: str
    version_id: str
    size: int
    """Bytes."""
    arrived_at: str
    """When S3 created it. ISO 8601, UTC."""

    @property
    def folder(self) -> str:
        """`adapters/support/2026-11/`."""
        return self.key.rpartition("/")[0] + "/"

    @property
    def source(self) -> ImportSource:
        return "adapter" if self.key.startswith("adapters/") else "weights"

    @property
    def recipe_name(self) -> str:
        """`support` for `adapters/support/2026-11/adapter_model.safetensors`."""
        return self.key.split("/")[1]

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def import_id(self, recipe_digest: str) -> str:
        """The same upload under the same recipe is one import, however often its event comes: 32 hex digits,
        a legal name of an execution, a job and a part of a key.
        """
        what = f"{self.bucket}\n{self.key}\n{self.version_id}\n{recipe_digest}"
        return hashlib.sha256(what.encode()).hexdigest()[:32]


class PinnedFile(Record, frozen=True, kw_only=True):
    """One file that an import reads, at the version that was checked."""

    name: str
    bucket: str
    key: str
    version_id: str
    size: int


class ImportRecord(Stored, frozen=True, kw_only=True):
    """Its key is `import#<import id>`."""

    state: ImportState
    upload: ImportUpload
    recipe: str
    recipe_digest: str
    arrived_at: str
    schema: int = SCHEMA
    groups: int = 0
    """Of tensors, each merged by one function: `tuning/adapters/tensor_groups.py`."""
    bytes: int = 0
    """Of the merged weights."""
    base: str | None = None
    """Of an adapter: the name of what it is merged into."""
    architecture: str | None = None
    converse: bool | None = None
    model_units: int | None = None
    """Custom model units of a copy, as they are expected; None where they are not known beforehand."""
    reservation: Reservation | None = None
    settlement: Settlement | None = None
    receipt_uri: str | None = None
    job_arn: str | None = None
    model_arn: str | None = None
    no_model: bool = False
    """Whether Bedrock has said that no model is being made: there is no job, or it has failed."""
    version: int | None = None
    why: str | None = None
    """Of `refused` and `failed`: sentences. Of an object that can be no import, from the beginning."""
    notes: tuple[str, ...] = ()
    """What import may read otherwise than it was trained: warnings of the check, in sentences."""
    ended_at: str | None = None

    @property
    def import_id(self) -> str:
        return self.id.removeprefix(OF_IMPORTS)

    @property
    def ended(self) -> bool:
        return self.state in ENDED_IMPORTS


def import_key(import_id: str) -> str:
    return f"{OF_IMPORTS}{import_id}"
