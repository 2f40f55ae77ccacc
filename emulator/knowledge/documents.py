"""What of a document goes into a knowledge base: its text, in passages.

https://docs.aws.amazon.com/bedrock/latest/userguide/knowledge-base-ds.html
https://docs.aws.amazon.com/bedrock/latest/userguide/kb-chunking.html
"""

import json
from html.parser import HTMLParser
from pathlib import PurePosixPath
from typing import Any

from emulator.bedrock.api_errors import JobFailed

_MOST_BYTES = 50 * 1024 * 1024
METADATA_SUFFIX = ".metadata.json"
"""https://docs.aws.amazon.com/bedrock/latest/userguide/kb-metadata.html"""
_MOST_ATTRIBUTES, _MOST_ATTRIBUTE_BYTES = 35, 1024
"""Of one's own, with S3 Vectors: https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-bedrock-kb.html"""
_READ = (".txt", ".md", ".html", ".csv")
_UNREAD = (".doc", ".docx", ".xls", ".xlsx", ".pdf")
_TOKENS_A_WORD = 0.75
"""INFERRED: the usual share of English; Bedrock's own splitter is not public."""
_DEFAULT = {"maxTokens": 300, "overlapPercentage": 20}


def document_text(key: str, body: bytes) -> str:
    """Raises `JobFailed` for one document: texts are UNCONFIRMED."""
    suffix = PurePosixPath(key).suffix.lower()
    if len(body) > _MOST_BYTES:
        raise JobFailed(f"The file is larger than {_MOST_BYTES} bytes.")
    if suffix in _UNREAD:
        raise JobFailed(f"The emulator reads {', '.join(_READ)}; Bedrock would read {suffix}, too.")
    if suffix not in _READ:
        raise JobFailed("The file format was not supported.")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise JobFailed("The file could not be parsed.") from None
    plain = _without_marks(text) if suffix == ".html" else text
    if not plain.strip():
        raise JobFailed("The file has no text.")
    return plain


def attributes_of(body: bytes | None) -> dict[str, Any]:
    """Those of one's own, of the file beside a document."""
    if body is None:
        return {}
    try:
        found = json.loads(body)["metadataAttributes"]
        plain = {name: _value(each) for name, each in found.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise JobFailed("The metadata file could not be parsed.") from None
    if len(plain) > _MOST_ATTRIBUTES or len(json.dumps(plain).encode()) > _MOST_ATTRIBUTE_BYTES:
        raise JobFailed("The metadata file has too many attributes, or is too large.")
    return plain


def passages(text: str, chunking: dict[str, Any]) -> list[str]:
    """Of so many tokens at most, each beginning with the end of the one before. Raises `JobFailed`."""
    match chunking.get("chunkingStrategy", "FIXED_SIZE"):
        case "NONE":
            return [text]
        case "FIXED_SIZE":
            size = chunking.get("fixedSizeChunkingConfiguration", _DEFAULT)
        case other:
            raise JobFailed(f"The emulator has no {other} chunking.")
    found = text.split()
    length = max(1, int(size["maxTokens"] * _TOKENS_A_WORD))
    step = max(1, length - length * size["overlapPercentage"] // 100)
    starts = range(0, max(1, len(found) - (length - step)), step)
    return [" ".join(found[start : start + length]) for start in starts]


def _value(attribute: Any) -> Any:
    """As it is, or with its type beside it."""
    if not isinstance(attribute, dict):
        return attribute
    value = attribute["value"]
    return value[{"STRING": "stringValue", "NUMBER": "numberValue", "BOOLEAN": "booleanValue",
                  "STRING_LIST": "stringListValue"}[value["type"]]]  # fmt: skip


def _without_marks(text: str) -> str:
    reader = _Text()
    reader.feed(text)
    reader.close()
    return " ".join(reader.found)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, _attributes: Any) -> None:
        self._unseen += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if self._unseen <= 0:
            self.found.append(data)
