"""Objects under `datasets/` that start no run: what their owner is notified of, once."""

import re
from collections.abc import Sequence
from shlex import quote

from tuning.errors import nearest
from tuning.reports.visible_text import visible
from tuning.runs.uploads import PREFIX, SUFFIXES, Upload, UploadKind, set_named

_CONVERTED = (".xlsx", ".jsonl.zst", ".zst", ".txt")
"""What `tuning convert` reads and an upload may not be."""
_HELD_OUT = re.compile(r"test|eval|dev|hold|valid|bench")
_PACKED = (".gz", ".bz2", ".xz", ".zip", ".tar", ".tgz", ".7z", ".rar")


def upload_refusal(
    upload: Upload, recipes: Sequence[str], *, base_model: str | None = None
) -> str | None:
    """Why the upload is not taken, and what to do; None when it is, or when there is nothing to say:
    of a folder, as the S3 console makes it.

    `recipes` are the names of those that are deployed; `base_model` is that of the upload's recipe.
    """
    where, name = visible(upload.uri), upload.recipe_name
    if upload.is_empty_folder:
        return None
    if upload.kind is UploadKind.FOLDER:
        return f"{where}: it has content and the name of a folder. Upload it as train.jsonl in that folder."
    below = upload.key.removeprefix(PREFIX)
    if "/" not in below or not name:
        return (
            f"{where}: it is in no recipe's folder. Upload to {PREFIX}<recipe>/ with one of: "
            f"{', '.join(recipes)}."
        )
    if name not in recipes:
        return (
            f"{where}: no recipe {visible(name)!r} is deployed here{nearest(name, tuple(recipes))}; "
            f"upload to {PREFIX}<recipe>/ with one of: {', '.join(recipes)}."
        )
    if upload.kind is not UploadKind.UNKNOWN:
        return None
    # A command that is printed comes last, so that it can be copied as it is.
    return f"{where}: nothing was started: {_misnamed(upload, base_model)}"


def _misnamed(upload: Upload, base_model: str | None) -> str:
    suffix = "." + upload.name.partition(".")[2].lower()
    known = set_named(upload.name)
    if known and suffix.endswith(_CONVERTED) and base_model:
        return (
            f"an upload cannot end in {visible(suffix)}. Convert it on your machine, and upload "
            f"{known}.jsonl to the same folder: tuning convert {_shown(upload.name)} --model {base_model} "
            f"-o {known}.jsonl"
        )
    if known and suffix.endswith(_PACKED):
        return (
            f"an upload cannot be packed, but for .jsonl.gz. Unpack it, and upload {known}.jsonl."
        )
    if known:
        return f"an upload ends in one of {_suffixes()}. Save it as such, and upload it again."
    if suffix in SUFFIXES:
        return (
            f"only train{suffix} starts a run; validation{suffix} and evaluation{suffix} beside it are its "
            f"validation and evaluation set."
            f"{_moved(upload, suffix)}"
        )
    return (
        f"it is neither a training set, train.jsonl, nor a validation or evaluation set, validation.jsonl or "
        f"evaluation.jsonl "
        f"(or another of {_suffixes()}). If it is not meant to be here, delete it."
    )


def _moved(upload: Upload, suffix: str) -> str:
    if _HELD_OUT.search(upload.name.lower()):
        return " Its name says that it is not for training."
    folder = upload.uri.removesuffix(upload.name)
    if visible(upload.uri) != upload.uri:
        return " If it is the training set, rename it."
    return f" If it is the training set, rename it: aws s3 mv {quote(upload.uri)} {quote(f'{folder}train{suffix}')}"


def _shown(name: str) -> str:
    """As one word of a shell, when it can be shown and copied as it is."""
    return quote(name) if visible(name) == name else "FILE"


def _suffixes() -> str:
    return ", ".join(SUFFIXES)
