"""From an upload in any known dialect to the lines that a model and method take.

Nothing is lost without being asked for: what the target cannot hold refuses the record, by file,
line and field; what was given up or changed is counted.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any

from msgspec import Struct, structs, to_builtins

from tuning.datasets.convert.conversation import Json, ReadRecord
from tuning.datasets.convert.conversion_refusals import Option, RecordRefusedError
from tuning.datasets.convert.followable import with_file
from tuning.datasets.convert.options import Options
from tuning.datasets.convert.raw_records import Given
from tuning.datasets.convert.sources.fields import ConversionNotes
from tuning.datasets.convert.sources.raw import Raw
from tuning.datasets.convert.targets import (
    to_converse as converse,
)
from tuning.datasets.convert.targets import (
    to_flat_fields as plain,
)
from tuning.datasets.convert.targets import (
    to_openai as openai,
)
from tuning.datasets.convert.targets.target import Target
from tuning.datasets.convert.targets.writing import Writing
from tuning.datasets.encodings import candidates, listed
from tuning.datasets.report import Finding, Verdict
from tuning.datasets.scan import MAX_LINE

_LISTED = 20

_WRITERS: Mapping[str, Callable[[ReadRecord, Writing], dict[str, Json]]] = {
    "converse": converse.write_converse,
    "distillation": converse.distillation,
    "prompt_completion": plain.write_prompt_completion,
    "anthropic_messages": plain.write_anthropic_messages,
    "image_caption": plain.write_image_caption,
    "openai_chat": openai.write_openai_chat,
}


@dataclass(frozen=True, kw_only=True)
class ConvertedLine:
    """One line of the converted dataset, and where it comes from."""

    source_line: int
    """In the original: the line where the record or the piece begins; the row for Parquet."""
    number: int | None = None
    """Which record of the original, where its line holds several."""
    record: bytes
    """JSON in UTF-8 with its `\\n`."""


class Summary(Struct, frozen=True, kw_only=True):
    """What became of one upload."""

    verdict: Verdict
    file: str
    container: str | None
    shape: str | None
    why: str
    target: str
    records: int
    """Read, refused or not."""
    written: int
    """Lines; more than records where running text was cut in pieces."""
    refused: int
    dropped: Mapping[str, int]
    """Fields given up with `drop`, and how often each was met."""
    changed: Mapping[str, int]
    """What differs between target and source, and how often."""
    counts: Mapping[str, int]
    cut_short: bool
    """Whether a fault kept what follows it in the file from being read."""
    findings: tuple[Finding, ...]
    """The first of each rule, in order of line."""

    def to_dict(self) -> dict[str, Any]:
        document: dict[str, Any] = to_builtins(self)
        return document


class Remedies:
    """What would help against the refusals of one file, each option once."""

    def __init__(self) -> None:
        self.options: dict[Option, None] = {}
        """Needed together."""
        self.choices: dict[Option, None] = {}
        """One of which a person has to choose."""
        self.withdraw: dict[Option, None] = {}
        """Given, and not to be given."""
        self.helpless = 0
        """Refusals against which no option helps."""

    def add(self, refusal: RecordRefusedError) -> None:
        self.options.update(dict.fromkeys(refusal.options))
        self.choices.update(dict.fromkeys(refusal.choices))
        self.withdraw.update(dict.fromkeys(refusal.withdraw))
        self.helpless += not (refusal.options or refusal.choices or refusal.withdraw)


class Conversion:
    """Iterate once for the lines; ask for the summary after that."""

    def __init__(
        self, given: Given, *, name: str, target: Target, options: Options, most: int | None = None
    ) -> None:
        self._given = given
        self._most = most
        self.name = name
        self._target = target
        self._options = options
        self._account = ConversionNotes()
        self._counts: Counter[str] = Counter()
        self._findings: list[Finding] = []
        self._records = self._written = self._refused = 0
        self._cut_short = False
        self._remedies = Remedies()

    def __iter__(self) -> Iterator[ConvertedLine]:
        for raw, record, account in self._read():
            try:
                lines = list(self._lines(raw, record, account))
            except RecordRefusedError as refusal:
                self._refuse(raw, refusal)
                continue
            if account.dropped or account.changed:
                self._account.dropped.update(account.dropped)
                self._account.changed.update(account.changed)
            self._written += len(lines)
            yield from lines

    def records(self) -> Iterator[tuple[int, ReadRecord]]:
        """The records without any dialect, each with its line in the original."""
        for raw, record, _ in self._read():
            yield raw.line, record

    @property
    def summary(self) -> Summary:
        shape, container = self._given.shape, self._given.container
        return Summary(
            verdict="refused" if self._counts else "accepted",
            file=self.name,
            container=container.name if container else None,
            shape=shape.name if shape else None,
            why="; ".join(f"{kind.name}: {kind.why}" for kind in (container, shape) if kind),
            target=self._target.format,
            records=self._records,
            written=self._written,
            refused=self._refused,
            dropped=dict(self._account.dropped),
            changed=dict(self._account.changed + self._given.notes),
            counts=dict(sorted(self._counts.items())),
            cut_short=self._cut_short,
            findings=tuple(sorted(map(self._described, self._findings), key=lambda f: f.line or 0)),
        )

    def _read(self) -> Iterator[tuple[Raw, ReadRecord, ConversionNotes]]:
        for raw in islice(self._given.raws(), self._most):
            self._records += 1
            account = ConversionNotes(drop=self._options.drop)
            try:
                record = self._given.read(raw, account)
            except RecordRefusedError as refusal:
                self._refuse(raw, refusal)
            else:
                if record is None:
                    self._account.changed.update(account.changed)
                else:
                    yield raw, record, account
        if not self._records:
            self._refuse(None, _NOTHING)

    @property
    def remedies(self) -> Remedies:
        """What would help against the refusals, when all was read."""
        if self._given.notes.other and not self.mixed and not self._options.encoding:
            may = candidates(self._given.notes.sample)
            self._remedies.choices.update((("--encoding", one.encoding), None) for one in may)
        return self._remedies

    @property
    def mixed(self) -> bool:
        """Whether most of the file is in UTF-8, so that none of it is read in another encoding."""
        return bool(self._given.notes.other) and self._given.notes.mixed

    def _described(self, found: Finding) -> Finding:
        """A finding in the light of the whole file."""
        if found.rule != "CV101" or not self._given.notes.other:
            return found
        if self.mixed:
            fix = "Write the line again in UTF-8, in which other lines of the file are."
            return structs.replace(found, fix=fix)
        may = candidates(self._given.notes.sample)
        if not may:
            return found
        return structs.replace(
            found,
            message=f"{found.message}; {listed(may)}",
            fix="Look which of them reads right, and name it with --encoding.",
        )

    def _lines(
        self, raw: Raw, record: ReadRecord, account: ConversionNotes
    ) -> Iterator[ConvertedLine]:
        to = Writing(target=self._target, options=self._options, account=account)
        if self._target.format == "continued_pre_training":
            for before, piece in plain.write_pieces(record, to):
                yield ConvertedLine(source_line=raw.line + before, record=_encoded(piece))
        else:
            written = _encoded(_WRITERS[to.target.format](record, to))
            yield ConvertedLine(source_line=raw.line, number=raw.number, record=written)

    def _refuse(self, raw: Raw | None, refusal: RecordRefusedError) -> None:
        self._refused += raw is not None
        self._cut_short = self._cut_short or refusal.ends
        self._counts[refusal.rule] += 1
        self._remedies.add(refusal)
        if self._counts[refusal.rule] > _LISTED and not refusal.ends:
            return
        self._findings.append(
            Finding(
                rule=refusal.rule,
                severity="error",
                file=self.name,
                line=refusal.line or (raw.line if raw else None),
                column=refusal.column or (raw.column if raw else None),
                record=raw.number if raw else None,
                field=self._given.original(refusal.field),
                message=refusal.message,
                fix=with_file(refusal.fix, self.name),
            )
        )


def convert(
    stream: IO[bytes],
    *,
    name: str,
    target: Target | None = None,
    source: str | None = None,
    mapping: Mapping[str, str] | None = None,
    options: Options | None = None,
    limit: int | None = None,
    most: int | None = None,
) -> Conversion:
    """Begin a conversion. Raises OptionError for an unknown source or a missing library.

    `name` is the file's name: it goes into findings, and its suffix distinguishes CSV and text.
    Reads the stream once, in constant memory for JSONL, CSV and seekable Parquet; of an archive not
    more than `limit` bytes, then raises OverLimitError. Ends after `most` records.
    """
    wishes = options or Options()
    given = Given(stream, name, source, mapping or {}, wishes, limit)
    goal = target or Target.of_format("converse")
    return Conversion(given, name=name, target=goal, options=wishes, most=most)


def _encoded(record: Mapping[str, Json]) -> bytes:
    try:
        line = _ENCODER.encode(record).encode() + b"\n"
        if len(line) <= MAX_LINE:
            return line
        raise _too_long(len(line))
    except (TypeError, ValueError) as error:  # a date or NaN, which columns may hold
        why = str(error)
    except RecursionError:
        why = "it is nested too deeply"
    raise RecordRefusedError(
        rule="CV102",
        message=f"cannot be written as JSON: {why}",
        fix="Hold text, numbers, lists and objects, not too deeply nested.",
    )


def _too_long(size: int) -> RecordRefusedError:
    return RecordRefusedError(
        rule="CV105",
        message=f"the line would have {size:,} bytes; no record is longer than {MAX_LINE:,}",
        fix="Shorten the record, or split it into several.",
    )


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
_NOTHING = RecordRefusedError(
    rule="CV106",
    message="there is no record in the file",
    fix="Give at least one record.",
    ends=True,
)
