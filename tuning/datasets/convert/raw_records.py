"""What was given: raw records of a known dialect, each with its line, whatever held them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import IO, Any

from tuning.datasets.convert import detect
from tuning.datasets.convert.conversation import ReadRecord
from tuning.datasets.convert.conversion_refusals import RecordRefusedError, unreadable
from tuning.datasets.convert.dialects import CHAT, Votes, stranger, undetected
from tuning.datasets.convert.mapping import renamed, reversed_pairs
from tuning.datasets.convert.options import Options
from tuning.datasets.convert.peek import CUT_OFF, OpenedText
from tuning.datasets.convert.sources import (
    csv_files as tables,
)
from tuning.datasets.convert.sources import (
    excel_files,
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
from tuning.datasets.convert.sources.fields import ConversionNotes, Fields
from tuning.datasets.convert.sources.from_anthropic import read_anthropic_messages
from tuning.datasets.convert.sources.from_converse import read_converse
from tuning.datasets.convert.sources.from_gemini import gemini
from tuning.datasets.convert.sources.from_glaive import glaive
from tuning.datasets.convert.sources.from_openai import read_openai_chat
from tuning.datasets.convert.sources.from_preferences import preferred
from tuning.datasets.convert.sources.from_sharegpt import sharegpt
from tuning.datasets.convert.sources.from_xlam import xlam
from tuning.datasets.convert.sources.json_files import records_inside
from tuning.datasets.convert.sources.raw import Notes, Raw, RawContainer
from tuning.datasets.convert.sources.written_lists import lists_read
from tuning.datasets.convert.wrong_files import wrong_file
from tuning.datasets.unpacking import DAMAGED
from tuning.errors import OptionError, nearest

_SAMPLE = 500
"""Records that are looked at before the dialect is settled; after that, all are counted on."""
_SAMPLE_BYTES = 8 * 1024 * 1024
_FIELDS_KNOWN = 1000
"""Lists of fields that are kept; more of them are looked at one by one."""

_CONTAINERS: Mapping[str, RawContainer] = {
    "jsonl": jsons.jsonl,
    "json": jsons.spread,
    "csv": tables.read_csv,
    "xlsx": excel_files.read_excel,
    "parquet": columns.read_parquet,
    "text": documents.whole,
}
_READERS: Mapping[str, Callable[[Fields], ReadRecord]] = {
    "prompt_completion": pairs.read_prompt_completion,
    "alpaca": pairs.alpaca,
    "sharegpt": sharegpt,
    "openai_chat": read_openai_chat,
    "anthropic_messages": read_anthropic_messages,
    "gemini": gemini,
    "converse": read_converse,
    "xlam": xlam,
    "glaive": glaive,
    "image_caption": pairs.caption,
    "captions": pairs.caption,
    "document": pairs.read_document,
}


class Given:
    """One upload, read record by record. What it is settles itself while it is read."""

    def __init__(
        self,
        stream: IO[bytes],
        name: str,
        source: str | None,
        mapping: Mapping[str, str],
        options: Options,
        limit: int | None = None,
    ) -> None:
        known = (*detect.CONTAINERS, *detect.SHAPES)
        if source is not None and source not in known:
            raise OptionError(
                f"unknown source {source!r}{nearest(source, known)}; there are: {', '.join(known)}"
            )
        said = detect.Detected(name=source or "", why="said so")
        self._opened = OpenedText(stream, name=name, limit=limit, encoding=options.encoding)
        self._mapping = mapping
        self._options = options
        self._notes = Notes(self._opened.changed)
        self.container = said if source in detect.CONTAINERS else self._container()
        self._said = said if source in detect.SHAPES else None
        self.shape = self._said
        self.votes = Votes()
        self._turned: RecordRefusedError | None = None
        """Why nothing is read: a mapping that is the wrong way round."""
        self._plain: detect.Detected | None = None
        """The shape of records that need no further thought, once it is settled."""
        self._known: dict[tuple[str, ...], detect.Detected | None] = {}

    @property
    def notes(self) -> Notes:
        """What was read otherwise than it is in the file, and how often."""
        return self._notes

    def raws(self) -> Iterator[Raw]:
        """Records and faults in the order of the file; with the first, `shape` may be settled."""
        if fault := self._opened.fault or self._wrong():
            yield Raw(line=fault.line or 1, value=fault)
        elif self.container:
            yield from self._shaped(_CONTAINERS[self.container.name])

    def read(self, raw: Raw, account: ConversionNotes) -> ReadRecord | None:
        """The record without its dialect; None for one that was asked to be left out.

        Raises RecordRefusedError for what would be lost.
        """
        if isinstance(raw.value, RecordRefusedError):
            raise raw.value
        assert self.shape  # noqa: S101 — raws() gives records only when their shape is known
        preferring = not detect.PREFERENCES.isdisjoint(raw.value)
        why = detect.preference(raw.value, self._options.drop) if preferring else None
        named = self._named(raw.value, account)
        if why or self.shape.name == "preference":
            return preferred(Fields(named, "", account), keep=self._options.keep, why=why)
        return _READERS[self.shape.name](Fields(named, "", account))

    def original(self, field: str | None) -> str | None:
        """The field as it is called in the file."""
        if field is None:
            return None
        root = field.partition(".")[0].partition("[")[0]
        return self._mapping.get(root, root) + field[len(root) :]

    def _container(self) -> detect.Detected | None:
        if self._opened.office == "xlsx":
            return detect.Detected(name="xlsx", why="is a ZIP archive with a workbook")
        return detect.container(self._opened.head, self._opened.name)

    @property
    def _text(self) -> bool:
        return self.container is not None and self.container.name == "text"

    def _wrong(self) -> RecordRefusedError | None:
        binary = self.container is not None and self.container.name in ("parquet", "xlsx")
        opened = self._opened
        wrong = partial(wrong_file, opened.head, opened.office, name=opened.name)
        if not binary and (fault := wrong(text=self._text)):
            return fault
        if self.container is None and self._opened.head.strip():
            return unreadable(
                "cannot tell what this file is, by name or by its first bytes",
                f"Say it with --from {', --from '.join(detect.CONTAINERS)}.",
            )
        return None

    def _shaped(self, container: RawContainer) -> Iterator[Raw]:
        if self._said:
            for raw in self._unpacked(container):
                yield from self._expanded(raw)
            return
        waiting: list[tuple[Raw, detect.Detected | None]] = []
        settled, held = False, 0
        for raw in self._unpacked(container):
            raw, kind = self._look(raw)  # noqa: PLW2901 — the record, or why it is none
            if settled and kind is not None and kind is self._plain:
                yield raw
                continue
            if settled:
                yield from self._judged(raw, kind)
                continue
            waiting.append((raw, kind))
            held += raw.size
            if settled := len(waiting) == _SAMPLE or held > _SAMPLE_BYTES:
                yield from self._settle(waiting)
                if self._turned:
                    return
                waiting.clear()
        if not settled:
            yield from self._settle(waiting)
        if not self._turned:
            yield from self._outvoted()

    def _settle(self, waiting: list[tuple[Raw, detect.Detected | None]]) -> Iterator[Raw]:
        self.shape = self.votes.most
        sound = [raw.value for raw, _ in waiting if isinstance(raw.value, dict)]
        self._turned = reversed_pairs(sound, self._mapping)
        if self._turned:
            yield Raw(line=waiting[0][0].line, value=self._turned)
            return
        if self.shape and self.shape.name != "captions":
            self._plain = self.shape
        for raw, kind in waiting:
            yield from self._judged(raw, kind)

    def _judged(self, raw: Raw, kind: detect.Detected | None) -> Iterator[Raw]:
        """A record of the file's dialect, or why it is not one."""
        if isinstance(raw.value, RecordRefusedError):
            yield raw
        elif fault := stranger(kind, self.shape, self.votes):
            yield replace(raw, value=fault)
        elif self.shape is None:
            yield replace(raw, value=undetected(raw.value))
        else:
            yield from self._expanded(raw)

    def _outvoted(self) -> Iterator[Raw]:
        """The fault of a file whose beginning is of another dialect than most of it."""
        most = self.votes.most
        if most is None or self.shape == most:
            return
        began = self.shape.name if self.shape else "no known dialect"
        count = self.votes.of(most.name)
        if self.votes.of(began) >= count:
            return
        yield Raw(
            line=1,
            value=RecordRefusedError(
                rule="CV109",
                message=f"the file begins as {began}, but {count:,} of its "
                f"{self.votes.records:,} records are {most.name}",
                fix=f"Say what it is with --from {most.name}.",
                options=(("--from", most.name),),
                ends=True,
            ),
        )

    def _unpacked(self, container: RawContainer) -> Iterator[Raw]:
        line = 0
        try:
            for held in container(self._opened.stream, self._notes, self._options):
                raw = lists_read(held, self._mapping, self._notes)
                line = raw.line
                if self._options.records:
                    yield from records_inside(raw, self._options.records, self._notes)
                else:
                    yield raw
        except DAMAGED:
            yield Raw(line=line + 1, value=CUT_OFF)
        except RecordRefusedError as refusal:
            yield Raw(line=refusal.line or line + 1, value=refusal)

    def _look(self, raw: Raw) -> tuple[Raw, detect.Detected | None]:
        """The record with what it is; or why it is none, which has no vote."""
        if isinstance(raw.value, RecordRefusedError):
            return raw, None
        try:
            kind = self._kind(self._named(raw.value, None))
        except RecordRefusedError as refusal:
            return replace(raw, value=refusal), None
        self.votes.add(kind)
        return raw, kind

    def _kind(self, value: dict[str, Any]) -> detect.Detected | None:
        """What a record is. Once the file's dialect is settled, its fields tell, but for messages and
        marks; then the reader of the dialect finds what is otherwise inside.
        """
        if self._plain is None:
            return detect.shape(value)
        if isinstance(value.get("messages"), list):
            return self._plain if self._plain.name in CHAT else detect.shape(value)
        if not detect.MARKS.isdisjoint(value):
            return detect.shape(value)
        fields = tuple(value)
        if fields not in self._known:
            kind = detect.shape(value)
            same = kind is not None and kind.name == self._plain.name
            if len(self._known) == _FIELDS_KNOWN:
                return self._plain if same else kind
            self._known[fields] = self._plain if same else kind
        return self._known[fields]

    def _named(self, value: dict[str, Any], account: ConversionNotes | None) -> dict[str, Any]:
        drop = self._options.drop & value.keys()
        if drop and account:
            account.dropped.update(drop)
        if drop:
            value = {k: v for k, v in value.items() if k not in drop}
        return renamed(value, self._mapping) if self._mapping else value

    def _expanded(self, raw: Raw) -> Iterator[Raw]:
        captions = self.shape is not None and self.shape.name == "captions"
        if not captions or isinstance(raw.value, RecordRefusedError):
            yield raw
            return
        for picture, caption in raw.value.items():
            yield Raw(line=raw.line, value={"image-ref": picture, "caption": caption})
