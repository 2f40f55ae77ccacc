"""How an uploaded file is read: as it is, converted on the way, or not at all."""

from dataclasses import dataclass
from io import BufferedReader, BytesIO
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, cast

from msgspec import structs

from tuning.datasets.bounds import Bounded
from tuning.datasets.check import Part
from tuning.datasets.convert.followable import CONVERT
from tuning.datasets.convert.foreign import Inspection, inspected
from tuning.datasets.report import Finding
from tuning.datasets.rules import rules
from tuning.models.catalog import Method, Model, catalog
from tuning.runs.recipes import FINE_TUNING, Recipe

if TYPE_CHECKING:
    from tuning.datasets.convert.checked_stream import Feed
    from tuning.datasets.convert.command import Command


@dataclass(frozen=True, kw_only=True)
class Source:
    """One uploaded file, and the empty file that its prepared copy goes to."""

    name: str
    """As it was uploaded: findings name it."""
    stream: BinaryIO
    copy: BinaryIO


@dataclass(frozen=True, kw_only=True)
class AsItIs:
    """A file of the model's own format."""

    part: Part
    remark: Finding | None = None
    """What refuses it beside what the checker finds."""


@dataclass(frozen=True, kw_only=True)
class Converted:
    """A file of another format, record by record in the model's own."""

    part: Part
    feed: "Feed"


@dataclass(frozen=True, kw_only=True)
class Unread:
    """A file that cannot be read."""

    why: Finding


Reading: TypeAlias = AsItIs | Converted | Unread


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads what is uploaded for one recipe."""

    recipe: Recipe
    limit: int | None = None
    """Bytes that may come of one file, unpacked and converted."""

    @property
    def model(self) -> Model:
        return catalog().model(self.recipe.base_model)

    @property
    def method(self) -> Method:
        return self.model.methods[self.recipe.method]

    def reading(self, source: Source) -> Reading:
        """Raises OverLimitError when already the beginning is too much."""
        if source.name.endswith(".parquet"):
            return Unread(why=file_refusal("DS907", source.name, _PARQUET))
        mapping = self.recipe.convert.map if self.recipe.convert else {}
        seen = inspected(source.stream, name=source.name, method=self.method, mapping=mapping)
        if seen.container == "parquet":
            return Unread(why=file_refusal("DS907", source.name, _PARQUET))
        if seen.foreign and self.recipe.convert:
            return self._converted(source, seen)
        part = Part(
            name=source.name,
            stream=cast("BinaryIO", seen.stream),
            prepared=source.copy,
            limit=self.limit,
        )
        if not seen.foreign:
            return AsItIs(part=part)
        silent = f"Recipe {self.recipe.name} does not allow a conversion: {seen.foreign}."
        why = file_refusal("DS906", source.name, silent)
        if seen.container != "jsonl":
            why = structs.replace(
                why, fix=why.fix.replace(CONVERT, self._tried(source.name, seen.head))
            )
        # A table line by line as JSON would be one error a line, and none of them to the point.
        return AsItIs(part=part, remark=why) if seen.container == "jsonl" else Unread(why=why)

    def command(self, name: str) -> "Command":
        """What converts a file of this name for the recipe, on the machine of who uploaded it."""
        from tuning.datasets.convert.command import Command  # noqa: PLC0415 — as in _converted

        recipe = self.recipe
        method = () if recipe.method == FINE_TUNING else (("--method", recipe.method),)
        mapping = recipe.convert.map.items() if recipe.convert else ()
        maps = (("--map", f"{wanted}={field}") for wanted, field in mapping)
        return Command(path=name, options=(("--model", recipe.base_model), *method, *maps))

    def _tried(self, name: str, head: bytes) -> str:
        """The command with all that it needs, as far as the beginning of the file shows."""
        from tuning.datasets.convert.tried_commands import advised  # noqa: PLC0415 — as in _converted

        plain = self.command(name)
        found = advised(plain, lambda: BytesIO(head), name=name.removesuffix(".gz"))
        return str(next(iter(found.commands), plain))

    def _converted(self, source: Source, seen: Inspection) -> Converted:
        # A fifth of the function's start, which a file in the model's own format needs not wait for.
        from tuning.datasets.convert.checked_stream import Feed  # noqa: PLC0415 — see above
        from tuning.datasets.convert.conversion import convert  # noqa: PLC0415 — idem
        from tuning.datasets.convert.targets.target import Target  # noqa: PLC0415 — idem

        assert self.recipe.convert  # noqa: S101 — reading() has asked
        conversion = convert(
            seen.stream,
            name=source.name,
            target=Target.of_model(self.model, self.method),
            mapping=self.recipe.convert.map,
            limit=self.limit,
        )
        feed = Feed(conversion)
        stream: BinaryIO = feed.stream
        if self.limit is not None:
            stream = BufferedReader(Bounded(stream, self.limit, name=source.name))
        return Converted(
            part=Part(name=source.name, stream=stream, prepared=source.copy), feed=feed
        )


def file_refusal(rule: str, file: str, message: str) -> Finding:
    """The finding that refuses a whole file."""
    return Finding(
        rule=rule, severity="error", file=file, line=None, message=message, fix=rules()[rule].fix
    )


_PARQUET = "The file is Parquet, which is not read here."
