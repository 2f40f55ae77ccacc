"""`tuning convert` as a command that can be shown, changed and carried out."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import IO, Self

from tuning.datasets.convert.conversion import Conversion, convert
from tuning.datasets.convert.conversion_refusals import Option
from tuning.datasets.convert.mapping import parse_mapping
from tuning.datasets.convert.options import Options
from tuning.datasets.convert.suggestions import spelt
from tuning.datasets.convert.targets.target import Target
from tuning.errors import OptionError
from tuning.models.catalog import Method, catalog

_CONVERT = "tuning convert"
_SINGLE = frozenset(
    {
        "--model",
        "--method",
        "--to",
        "--from",
        "--keep",
        "--encoding",
        "--columns",
        "--records",
        "--sheet",
    }
)
"""Options of which the last one holds."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """One call of `tuning convert`, or of another command with its options."""

    path: str
    options: tuple[Option, ...] = ()
    program: str = _CONVERT

    def __str__(self) -> str:
        return f"{self.program} {spelt((('', self.path),)).strip()} {spelt(self.options)}".rstrip()

    def values(self, name: str) -> list[str]:
        return [value for option, value in self.options if option == name]

    def value(self, name: str) -> str | None:
        return next(reversed(self.values(name)), None)

    def has(self, name: str) -> bool:
        return any(option == name for option, _ in self.options)

    def changed(self, add: Iterable[Option], withdraw: Iterable[Option] = ()) -> Self:
        """The command with more options, each in place of those that it contradicts."""
        kept = [option for option in self.options if option not in set(withdraw)]
        for name, value in add:
            if (name, value) in kept:
                continue
            kept = [known for known in kept if not _contradicts((name, value), known)]
            kept = _appended(kept, name, value)
        return replace(self, options=tuple(kept))

    @property
    def method(self) -> Method | None:
        """What the model offers by the method; None where a format is named instead.

        Raises OptionError, or UnknownModelError, for what does not exist.
        """
        model = self.value("--model")
        if model is None:
            return None
        known = catalog().model(model)
        first = next(
            (name for name in ("FINE_TUNING", *known.methods) if name in known.methods), ""
        )
        name = self.value("--method") or first
        if name not in known.methods:
            raise OptionError(f"--method {name}: {known.id} offers {', '.join(known.methods)}")
        return known.methods[name]

    @property
    def target(self) -> Target:
        """What is converted to. Raises as `method` does."""
        if method := self.method:
            return Target.of_model(catalog().model(str(self.value("--model"))), method)
        return Target.of_format(self.value("--to") or "converse")

    @property
    def writes(self) -> bool:
        """Whether records are converted, or only read."""
        return self.program == _CONVERT

    def conversion(
        self, stream: IO[bytes], *, name: str, limit: int | None = None, most: int | None = None
    ) -> Conversion:
        """What the command does with this file. Raises as `convert`, and as `method` does."""
        return convert(
            stream,
            name=name,
            target=self.target,
            source=self.value("--from"),
            mapping=self.mapping,
            options=self.wishes,
            limit=limit,
            most=most,
        )

    @property
    def mapping(self) -> dict[str, str]:
        return parse_mapping(self.values("--map"))

    @property
    def wishes(self) -> Options:
        columns = self.value("--columns")
        tokens = self.value("--chunk-tokens")
        return Options(
            drop=frozenset(self.values("--drop")),
            join=self.has("--join"),
            chunk_tokens=int(tokens) if tokens else Options.chunk_tokens,
            media_folder=self.value("--media-folder"),
            bucket_owner=self.value("--bucket-owner"),
            keep="chosen" if self.has("--keep") else None,
            encoding=self.value("--encoding"),
            columns=tuple(columns.split(",")) if columns else (),
            records=self.value("--records"),
            sheet=self.value("--sheet"),
        )


def _appended(kept: list[Option], name: str, value: str) -> list[Option]:
    """The options with one more. What is mapped out of a mapped name comes from its field."""
    wanted, _, field = value.partition("=")
    through = next(
        (o for o in kept if o[0] == name == "--map" and o[1].startswith(f"{field}=")), None
    )
    if through is None:
        return [*kept, (name, value)]
    straight = f"{wanted}={through[1].partition('=')[2]}"
    return [*(option for option in kept if option != through), (name, straight)]


def _contradicts(new: Option, known: Option) -> bool:
    name, value = new
    if name in ("--model", "--to") and known[0] in ("--model", "--method", "--to"):
        return True
    if name == "--map" and known[0] == "--map":
        return value.partition("=")[0] == known[1].partition("=")[0]
    return name in _SINGLE and name == known[0]
