"""What was given: raw records of a known dialect, each with its line, whatever held them."""

from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

from tuning.datasets import looks
from tuning.datasets.convert import detect
from tuning.datasets.convert.conversation import Record
from tuning.datasets.convert.conversion_refusals import RecordRefusedError
from tuning.datasets.convert.mapping import renamed
from tuning.datasets.convert.peek import DAMAGE, Opened
from tuning.datasets.convert.sources import (
    csv_files as tables,
)
from tuning.datasets.convert.sources import (
    from_documents as documents,
)
from tuning.datasets.convert.sources import (
    from_flat_fields as pairs,
)
from tuning.datasets.convert.sources import (
    json_files as jsons,
)
from tuning.datasets.convert.sources import (
    parquet_files as columns,
)
from tuning.datasets.convert.sources.fields import Account, Fields
from tuning.datasets.convert.sources.from_anthropic import anthropic_messages
from tuning.datasets.convert.sources.from_converse import converse
from tuning.datasets.convert.sources.from_openai import openai_chat
from tuning.datasets.convert.sources.from_sharegpt import sharegpt
from tuning.datasets.convert.sources.raw import Container, Raw
from tuning.errors import OptionError, nearest

_SAMPLE = 20
"""Records that may pass before a dialect that is only likely is settled on."""

_CONTAINERS: Mapping[str, Container] = {
    "jsonl": jsons.jsonl,
    "json": jsons.spread,
    "csv": tables.table,
    "parquet": columns.rows,
    "text": documents.whole,
}
_READERS: Mapping[str, Callable[[Fields], Record]] = {
    "prompt_completion": pairs.prompt_completion,
    "alpaca": pairs.alpaca,
    "sharegpt": sharegpt,
    "openai_chat": openai_chat,
    "anthropic_messages": anthropic_messages,
    "converse": converse,
    "image_caption": pairs.caption,
    "captions": pairs.caption,
    "document": pairs.document,
}


class Given:
    """One upload, read record by record. What it is settles itself while it is read."""

    def __init__(
        self,
        stream: IO[bytes],
        name: str,
        source: str | None,
        mapping: Mapping[str, str],
        limit: int | None = None,
    ) -> None:
        known = (*detect.CONTAINERS, *detect.SHAPES)
        if source is not None and source not in known:
            raise OptionError(
                f"unknown source {source!r}{nearest(source, known)}; there are: {', '.join(known)}"
            )
        said = detect.Kind(name=source or "", why="said so")
        self._opened = Opened(stream, name=name, limit=limit)
        self._mapping = mapping
        self.changed = self._opened.changed
        self.container = (
            said if source in detect.CONTAINERS else detect.container(self._opened.head, name)
        )
        self.shape = said if source in detect.SHAPES else None

    def raws(self) -> Iterator[Raw]:
        """Records and faults in the order of the file; with the first, `shape` may be settled."""
        if fault := self._whole_file_fault():
            yield Raw(line=1, value=fault)
        elif self.container:
            yield from self._shaped(_CONTAINERS[self.container.name])

    def read(self, raw: Raw, account: Account) -> Record:
        """The record without its dialect. Raises RecordRefusedError for what would be lost."""
        if isinstance(raw.value, RecordRefusedError):
            raise raw.value
        assert self.shape  # noqa: S101 — raws() gives records only when their shape is known
        return _READERS[self.shape.name](Fields(self._named(raw.value, account), "", account))

    def original(self, field: str | None) -> str | None:
        """The field as it is called in the file."""
        if field is None:
            return None
        root = field.partition(".")[0].partition("[")[0]
        return self._mapping.get(root, root) + field[len(root) :]

    def _whole_file_fault(self) -> RecordRefusedError | None:
        if self._opened.damaged:
            return _CUT_OFF
        head = self._opened.head
        if looks.utf16(head):
            return RecordRefusedError(
                ends=True,
                rule="CV101",
                message="the file is UTF-16",
                fix="Save it as UTF-8, such as: iconv -f UTF-16 -t UTF-8",
            )
        parquet = self.container is not None and self.container.name == "parquet"
        if not parquet and (kind := looks.binary(head)):
            return RecordRefusedError(
                ends=True,
                rule="CV108",
                message=f"the file is {kind}, not text",
                fix="Export it as CSV in UTF-8, JSONL or Parquet.",
            )
        if self.container is None and head.strip():
            return RecordRefusedError(
                ends=True,
                rule="CV108",
                message="cannot tell what this file is, by name or by its first bytes",
                fix=f"Say it with --from {', --from '.join(detect.CONTAINERS)}.",
            )
        return None

    def _shaped(self, container: Container) -> Iterator[Raw]:
        waiting: list[Raw] = []
        settled = self.shape is not None
        for raw in self._unpacked(container):
            if settled or isinstance(raw.value, RecordRefusedError):
                yield from self._expanded(raw)
                continue
            found = self._look(raw.value)
            if isinstance(found, RecordRefusedError):
                yield Raw(line=raw.line, value=found)
                continue
            self.shape = found
            waiting.append(raw)
            if settled := found.sure or len(waiting) == _SAMPLE:
                for held in waiting:
                    yield from self._expanded(held)
                waiting.clear()
        yield from waiting

    def _unpacked(self, container: Container) -> Iterator[Raw]:
        line = 0
        try:
            for raw in container(self._opened.stream):
                line = raw.line
                yield raw
        except DAMAGE:
            yield Raw(line=line + 1, value=_CUT_OFF)

    def _look(self, value: dict[str, Any]) -> detect.Kind | RecordRefusedError:
        try:
            named = self._named(value, Account())
        except RecordRefusedError as refusal:
            return refusal
        return detect.shape(named) or _undetected(value)

    def _named(self, value: dict[str, Any], account: Account) -> dict[str, Any]:
        for name in account.drop & value.keys():
            account.dropped[name] += 1
        return renamed({k: v for k, v in value.items() if k not in account.drop}, self._mapping)

    def _expanded(self, raw: Raw) -> Iterator[Raw]:
        captions = self.shape is not None and self.shape.name == "captions"
        if not captions or isinstance(raw.value, RecordRefusedError):
            yield raw
            return
        for picture, caption in raw.value.items():
            yield Raw(line=raw.line, value={"image-ref": picture, "caption": caption})


_CUT_OFF = RecordRefusedError(
    rule="CV108",
    message="the gzip file is damaged or cut off",
    fix="Upload it again; compare the checksums.",
    ends=True,
)


def _undetected(value: Mapping[str, Any]) -> RecordRefusedError:
    names = [str(name)[:40] for name in value][:20]
    hint = detect.suggestion(names) or "--map prompt=FIELD --map completion=FIELD"
    return RecordRefusedError(
        rule="CV108",
        message=f"cannot tell the dialect of a record with the fields {', '.join(names) or '-'}",
        fix=f"Name the fields: {hint}; or say the dialect with --from.",
    )
