"""Images, videos and documents by reference to Amazon S3.

https://docs.aws.amazon.com/nova/latest/userguide/fine-tune-prepare-data-understanding.html
"""

import re
from typing import Any

from tuning.datasets.formats.walk import Walk, shown
from tuning.errors import nearest
from tuning.models.catalog import Method

MEDIA_KINDS = ("image", "video", "document")
_ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9.\-]{1,61}[a-z0-9])/([A-Za-z0-9_\-/.]+)")
_ACCOUNT = re.compile(r"[0-9]{12}")
_TWINS = {"jpg": "jpeg", "tif": "tiff", "quicktime": "mov", "mpg": "mpeg"}


def check_media(
    kind: str, value: object, at: str, role: str | None, method: Method, walk: Walk
) -> None:
    """One media block."""
    if kind not in method.media:
        taken = ", ".join(("text", *method.media))
        walk.fault("DS501", f"this model takes no {kind}; it takes {taken}", at)
    elif role == "assistant":
        walk.fault("DS502", f"{kind} in an assistant turn", at)
    _contested(kind, method, walk)
    if not walk.is_a(value, dict, at):
        return
    walk.keys(value, at, ("format", "source"), ("name",) if kind == "document" else ())
    if "format" in value and kind in method.media:
        _format(kind, value["format"], f"{at}.format", method, walk)
    if "source" in value:
        _source(value["source"], f"{at}.source", walk)


def _format(kind: str, value: object, at: str, method: Method, walk: Walk) -> None:
    known = {
        "image": method.image_formats,
        "video": method.video_formats,
        "document": method.document_formats,
    }[kind]
    if not walk.is_a(value, str, at):
        return
    if known and value not in known:
        twin = _TWINS.get(value.casefold(), value.casefold())
        close = f" (did you mean {twin!r}?)" if twin in known else nearest(twin, known)
        walk.fault("DS505", f"{shown(value)} is not taken{close}; {', '.join(known)} are", at)
    _contested(value, method, walk)


def _contested(subject: str, method: Method, walk: Walk) -> None:
    if subject in method.contested:
        walk.contested.add(subject)


def _source(value: object, at: str, walk: Walk) -> None:
    if not walk.is_a(value, dict, at):
        return
    if "bytes" in value:
        walk.fault("DS509", "the media file is embedded in the record", f"{at}.bytes")
        return
    walk.keys(value, at, ("s3Location",))
    place = value.get("s3Location")
    if "s3Location" not in value or not walk.is_a(place, dict, f"{at}.s3Location"):
        return
    walk.keys(place, f"{at}.s3Location", ("uri",), ("bucketOwner",))
    if "uri" in place:
        address(place["uri"], f"{at}.s3Location.uri", walk)
    _owner(place, f"{at}.s3Location", walk)


def _owner(place: dict[str, Any], at: str, walk: Walk) -> None:
    if "bucketOwner" not in place:
        walk.fault("DS507", 'the key "bucketOwner" is missing', at)
    elif walk.is_a(owner := place["bucketOwner"], str, f"{at}.bucketOwner") and not (
        _ACCOUNT.fullmatch(owner)
    ):
        walk.fault("DS506", "bucketOwner is not an account id of 12 digits", f"{at}.bucketOwner")


def address(value: object, at: str, walk: Walk) -> None:
    """An `s3://bucket/key` that the service can read."""
    if not walk.is_a(value, str, at):
        return
    found = _ADDRESS.fullmatch(value)
    if found and found[2].endswith("/"):
        walk.fault("DS506", "the address names a folder, not a file", at)
    elif found:
        walk.buckets.add(found[1])
    elif not value.startswith("s3://"):
        walk.fault("DS506", "the address does not start with s3://", at)
    elif strange := re.search(r"[^A-Za-z0-9_\-/.]", value[5:]):
        walk.fault("DS506", f"the address holds {shown(strange[0])}", at)
    else:
        walk.fault("DS506", "the address is not s3://bucket/name", at)


def check_media_together(messages: list[Any], method: Method, walk: Walk) -> None:
    """How many media, of how many kinds, one record holds."""
    kinds = [k for k in MEDIA_KINDS if k in walk.traits]
    if not kinds:
        return
    if len(kinds) > 1:
        walk.fault("DS503", f"{' and '.join(kinds)} in one record", "messages")
    if "reasoningContent" in walk.traits:
        _contested("reasoning beside media", method, walk)
    limits = {
        "image": method.max_images,
        "video": method.max_videos,
        "document": method.max_documents,
    }
    for kind in kinds:
        limit, held = limits[kind], _count(messages, kind)
        if limit is not None and held > limit:
            walk.fault("DS504", f"{held} {kind}s in one record; at most {limit}", "messages")


def _count(messages: list[Any], kind: str) -> int:
    turns = [m.get("content") for m in messages if isinstance(m, dict)]
    return sum(kind in b for t in turns if isinstance(t, list) for b in t if isinstance(b, dict))
