"""The files of one run: what was uploaded, the copies that are trained, the reports."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from io import BufferedReader
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from tuning.aws import s3_objects
from tuning.datasets.bounds import Timed
from tuning.runs.check_delay import waits_until
from tuning.runs.function_settings import RunSettings
from tuning.runs.preparation import Prepared, deleted, prepare, second, several, too_large
from tuning.runs.readings import Source
from tuning.runs.run import Run
from tuning.runs.times import utc_time
from tuning.runs.uploads import (
    EVALUATION,
    EVALUATION_LETTERS,
    MAX_EVALUATION_MB,
    SET_LETTERS,
    TRAINING,
    VALIDATION,
    VALIDATION_LETTERS,
    Upload,
    UploadKind,
    kind_of,
    recipe_folder,
)

Copies = Mapping[str, BinaryIO]
"""By the name that the prepared copy will bear."""
_CHUNK = 1024 * 1024
"""Bytes that are read at once: the time that is left is asked for as often."""


def waiting_until(run: Run, now: datetime) -> datetime | None:
    """Until when the check waits for other uploads of its folder, at `now` (aware, UTC). No data are read."""
    upload, beside = run.upload, []
    if run.recipe.wait_for_validation_minutes:
        beside = s3_objects.beside(upload.bucket, upload.folder, VALIDATION_LETTERS)
    there = any(kind_of(each.key) is UploadKind.VALIDATION_SET for each in beside)
    return waits_until(run, now, has_validation=there)


def empty_copies(open_files: ExitStack) -> Copies:
    names = (TRAINING, VALIDATION, EVALUATION)
    return {name: open_files.enter_context(TemporaryFile()) for name in names}


def prepared(
    run: Run,
    settings: RunSettings,
    copies: Copies,
    open_files: ExitStack,
    *,
    remaining: Callable[[], float],
) -> Prepared:
    """The verdict on exactly the uploaded version and what lies beside it now. `remaining` are the seconds
    that are left for it.
    """
    try:
        return _checked(run, settings, copies, open_files, remaining)
    except FileNotFoundError as error:  # perhaps in the middle: a large file is many requests
        return deleted(str(error.filename))


def _checked(
    run: Run,
    settings: RunSettings,
    copies: Copies,
    open_files: ExitStack,
    remaining: Callable[[], float],
) -> Prepared:
    upload, limit = run.upload, int(settings.max_dataset_mb)
    if too_big := too_large(upload.name, upload.size, limit_mb=limit):
        return too_big
    versions = {upload.key: (upload.version_id, upload.size)}
    there = s3_objects.beside(upload.bucket, upload.folder, SET_LETTERS)
    training = {
        _name(o.key): o.modified_at for o in there if kind_of(o.key) is UploadKind.TRAINING_SET
    }
    arrived_at = utc_time(upload.arrived_at)
    if late := second(upload.name, training, arrived_at=arrived_at):
        return late
    sets = {TRAINING: upload.key}
    for kind, copied in (
        (UploadKind.VALIDATION_SET, VALIDATION),
        (UploadKind.EVALUATION_SET, EVALUATION),
    ):
        beside = [each.key for each in there if kind_of(each.key) is kind]
        if kind is UploadKind.EVALUATION_SET and not beside:
            beside = _of_all_runs(upload)
        if unclear := several([_name(key) for key in beside], kind):
            return unclear
        for key in beside:
            sets[copied], versions[key] = key, s3_objects.latest(upload.bucket, key)
            most = min(limit, MAX_EVALUATION_MB) if copied == EVALUATION else limit
            if too_big := too_large(_name(key), versions[key][1], limit_mb=most):
                return too_big
    sources: dict[str, Source] = {}
    for copied, key in sets.items():
        (version, size), copy = versions[key], copies[copied]
        stream = open_files.enter_context(s3_objects.reading(upload.bucket, key, version, size))
        name = _name(key)
        read = BufferedReader(Timed(stream, remaining, name=name), _CHUNK)
        written = cast("BinaryIO", Timed(copy, remaining, name=name))
        sources[copied] = Source(name=name, stream=read, copy=written)
    checked = prepare(
        run.recipe,
        sources[TRAINING],
        sources.get(VALIDATION),
        evaluation=sources.get(EVALUATION),
        limit_mb=limit,
    )
    used = {copied: versions[key][0] for copied, key in sets.items()}
    return replace(
        checked, validation_version=used.get(VALIDATION), evaluation_version=used.get(EVALUATION)
    )


def _of_all_runs(upload: Upload) -> list[str]:
    """The evaluation sets of the recipe, which are for runs that have none of their own."""
    folder = recipe_folder(upload.key)
    if folder == upload.folder:
        return []
    there = s3_objects.beside(upload.bucket, folder, EVALUATION_LETTERS)
    return [each.key for each in there if kind_of(each.key) is UploadKind.EVALUATION_SET]


def published(prepared: Prepared, bucket: str, copies: Copies) -> dict[str, str]:
    """Only what was accepted becomes a prepared copy. Answers where each file lies."""
    uris = {}
    for name, digest in prepared.digests.items():
        copies[name].seek(0)
        key = f"prepared/{digest}/{name}"
        uris[name] = s3_objects.put_once(bucket, key, copies[name], sha256=digest)
    return uris


def write_reports(prepared: Prepared, run: Run, bucket: str) -> str:
    """The report beside the run: one for programs, one for people. Answers where the latter is."""
    document = prepared.document(run)
    s3_objects.put(bucket, f"{run.reports_prefix}report.json", document, "application/json")
    page = prepared.page(run)
    return s3_objects.put(
        bucket, f"{run.reports_prefix}report.html", page, "text/html; charset=utf-8"
    )


def _name(key: str) -> str:
    return key.rpartition("/")[2]
