"""What an import reads and writes, fixed once, and kept as `plan.json`."""

from tuning.adapters.distributed_merge import DistributedPlan
from tuning.imports.import_run import PinnedFile
from tuning.runs.json_record import Record


class ImportSources(Record, frozen=True, kw_only=True):
    """The folders that are read, each of their files at one version."""

    base_uri: str
    """Of the folder that an adapter is merged into, or of the full weights."""
    base: tuple[PinnedFile, ...]
    adapter_uri: str | None = None
    """None of full weights."""
    adapter: tuple[PinnedFile, ...] = ()

    @property
    def weights(self) -> int:
        """Bytes of the base's weights, about as many as will be imported."""
        return sum(each.size for each in self.base if each.name.endswith(".safetensors"))

    @property
    def seen(self) -> int:
        """Bytes of all that is there."""
        return sum(each.size for each in (*self.base, *self.adapter))


class ImportPlan(Record, frozen=True, kw_only=True):
    sources: ImportSources
    merge: DistributedPlan
