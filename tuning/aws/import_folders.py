"""The folders of an import: what lies in them now, pinned, and what they lack still."""

from tuning.adapters.base_weights import INDEX, small_json
from tuning.aws.pinned_folder import PinnedFolder, pinned_files
from tuning.imports.import_plan import ImportSources
from tuning.imports.import_run import ImportUpload, PinnedFile
from tuning.imports.import_uploads import missing_files, missing_weights

BASES = "bases/"


def import_sources(upload: ImportUpload, *, base: str | None, weights_bucket: str) -> ImportSources:
    """Each file at the version that lies there now; what began the import at the version that did."""
    found = [each for each in pinned_files(upload.bucket, upload.folder) if _is_its_own(each)]
    name = upload.key.removeprefix(upload.folder)
    began = PinnedFile(
        name=name,
        bucket=upload.bucket,
        key=upload.key,
        version_id=upload.version_id,
        size=upload.size,
    )
    own = (began, *(each for each in found if each.name != name))
    uri = f"s3://{upload.bucket}/{upload.folder}"
    if upload.source == "weights" or base is None:
        return ImportSources(base_uri=uri, base=own)
    folder = f"{BASES}{base}/"
    bases = tuple(each for each in pinned_files(weights_bucket, folder) if _is_its_own(each))
    return ImportSources(
        base_uri=f"s3://{weights_bucket}/{folder}", base=bases, adapter_uri=uri, adapter=own
    )


def opened_folders(sources: ImportSources) -> tuple[PinnedFolder, PinnedFolder | None]:
    """The base, or full weights; and the adapter."""
    uri = sources.adapter_uri
    adapter = PinnedFolder(uri, sources.adapter) if uri else None
    return PinnedFolder(sources.base_uri, sources.base), adapter


def still_missing(sources: ImportSources) -> list[str]:
    """What is not there yet, as people would say it. Raises MergeRefusedError for an index that is none."""
    base, adapter = opened_folders(sources)
    shards = _named_by_index(base)
    if adapter is None:
        return missing_files("weights", base.files(), shards)
    missing = missing_files("adapter", adapter.files(), None)
    return missing + [f"{sources.base_uri}{name}" for name in missing_weights(base.files(), shards)]


def _is_its_own(file: PinnedFile) -> bool:
    """Trainers keep checkpoints in folders of the folder: each is an upload of its own."""
    return bool(file.name) and "/" not in file.name


def _named_by_index(folder: PinnedFolder) -> list[str] | None:
    if INDEX not in folder.files():
        return None
    weights = small_json(folder, INDEX, rule="LA402").get("weight_map")
    files = weights.values() if isinstance(weights, dict) else ()
    return [name for name in files if isinstance(name, str)]
