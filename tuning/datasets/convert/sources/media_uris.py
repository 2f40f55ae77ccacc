"""Where a picture or a film lies. Bedrock reads only from S3, so nothing else can be converted."""

from tuning.datasets.convert.conversation import Media, MediaKind
from tuning.datasets.convert.sources.fields import refuse

# https://docs.aws.amazon.com/nova/latest/userguide/fine-tune-prepare-data-understanding.html
MEDIA_FORMATS: dict[str, tuple[MediaKind, str]] = {
    "png": ("image", "png"),
    "jpg": ("image", "jpeg"),
    "jpeg": ("image", "jpeg"),
    "gif": ("image", "gif"),
    "webp": ("image", "webp"),
    "mov": ("video", "mov"),
    "mkv": ("video", "mkv"),
    "mp4": ("video", "mp4"),
    "webm": ("video", "webm"),
}


def in_s3(address: str, at: str) -> Media:
    """The media at an `s3://` address, its format read off its name."""
    if not address.startswith("s3://"):
        where = "inside the record" if address.startswith("data:") else "on the web"
        refuse(
            "CV209",
            f"the picture lies {where}; Bedrock reads pictures only from S3",
            "Upload it beside the dataset and write its s3:// address.",
            at,
        )
    suffix = address.rpartition(".")[2].lower()
    if suffix not in MEDIA_FORMATS:
        refuse(
            "CV209",
            "the file's name does not say its format",
            f"Let the name end in one of {', '.join(MEDIA_FORMATS)}.",
            at,
        )
    kind, form = MEDIA_FORMATS[suffix]
    return Media(kind=kind, format=form, uri=address)
