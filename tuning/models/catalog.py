"""What Bedrock lets be customized, as data: models, methods, limits, hyperparameters, each dated.

`catalog.json` holds every number, with the pages they come from under `sources`. Code holds none.
"""

import json
import math
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from tuning.errors import UnknownModelError, nearest

_PROFILE = re.compile(r"^(us|eu|apac|global|us-gov)\.")
_NAMED = 4
Validation = Literal["optional", "refused"]


class Hyperparameter(Struct, frozen=True, kw_only=True):
    """One hyperparameter's allowed values, as the service documents them."""

    name: str
    type: Literal["int", "float", "enum"]
    min: float | None = None
    max: float | None = None
    default: float | str | None = None
    required: bool = False
    values: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    """Words that are taken beside numbers, such as `auto`."""

    def refusal(self, value: object) -> str | None:
        """Why `value` is not allowed, or None when it is."""
        if value in (*self.values, *self.also):
            return None
        if self.type == "enum" or isinstance(value, bool) or not isinstance(value, int | float):
            return f"must be {self.allowed}"
        if self.type == "int" and not isinstance(value, int):
            return f"must be a whole number, {self.allowed}"
        low = -math.inf if self.min is None else self.min
        high = math.inf if self.max is None else self.max
        # Asked this way round, TOML's `nan` is refused: it is neither below nor above anything.
        return None if low <= value <= high else f"must be {self.allowed}"

    @property
    def allowed(self) -> str:
        if self.values:
            return "one of " + ", ".join(self.values)
        if self.min is None or self.max is None:
            return "a whole number" if self.type == "int" else "a number"
        spread = f"{self.min:g}" if self.min == self.max else f"{self.min:g} to {self.max:g}"
        return " or ".join((spread, *map(repr, self.also)))


class Method(Struct, frozen=True, kw_only=True):
    """A way to customize one model: the data it takes and every limit that the service sets."""

    name: str
    format: str
    """The dataset format: `converse`, `prompt_completion`, `openai_chat`, …"""
    min_records: int
    max_records: int
    """Training and validation records together."""
    validation: Validation
    media: tuple[str, ...] = ()
    """Kinds of media a record may refer to beside text."""
    hyperparameters: Mapping[str, Hyperparameter] = {}
    max_tokens_per_record: int | None = None
    max_validation_records: int | None = None
    quota_total_records: int | None = None
    chars_per_token_quota: int | None = None
    max_train_file_gb: int | None = None
    max_validation_file_gb: int | None = None
    max_file_gb: int | None = None
    max_line_kb: int | None = None
    caption_chars: tuple[int, int] | None = None
    reserved_words: tuple[str, ...] = ()
    """Words that fail the job when they appear in a prompt or system text as whole tokens."""
    reserved_words_sdk: tuple[str, ...] = ()
    """Words that only AWS's SDK refuses, in prompts and answers."""
    features: tuple[str, ...] = ()
    """What a record may hold beside text and media: `tools`, `reasoning`."""
    max_system_blocks: int | None = None
    max_images: int | None = None
    max_videos: int | None = None
    max_documents: int | None = None
    image_formats: tuple[str, ...] = ()
    video_formats: tuple[str, ...] = ()
    document_formats: tuple[str, ...] = ()
    contested: Mapping[str, str] = {}
    """What AWS's own pages disagree on, such as `tools`: what each says, and where."""
    teachers: tuple[str, ...] = ()
    """For distillation: the teacher models that this student may learn from."""


class Model(Struct, frozen=True, kw_only=True):
    """A base model, and how it can be customized."""

    id: str
    """The customization id; Converse takes another one."""
    name: str
    status: Literal["ACTIVE", "LEGACY", "EOL"]
    regions: tuple[str, ...]
    methods: Mapping[str, Method]
    legacy_date: str | None = None
    eol_date: str | None = None
    on_demand: bool = False
    """Whether the custom model can be served without Provisioned Throughput."""
    provisioned: bool = False
    """Whether AWS lists it for Provisioned Throughput."""
    calls_tools: bool | None = None
    """Whether Converse lists it with tool use: sources `tool_use`, `nova2_tool_use`. None where neither page was found to
    say it. UNCONFIRMED of what is trained from it."""

    @property
    def asked_as(self) -> str:
        """What Bedrock's runtime calls it: without the length of its context, which customization is for.
        https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html
        """
        return ":".join(self.id.split(":")[:2])


class Catalog(Struct, frozen=True, kw_only=True):
    """The base models that are known, as of a day."""

    as_of: str
    sources: Mapping[str, str]
    models: Mapping[str, Model]
    historic_methods: Mapping[str, Method] = {}
    """Methods that no model offers any more; their data can still be checked."""
    rerankers: Mapping[str, tuple[str, ...]] = {}
    """By their ids, the Regions that have them: source `rerank`."""

    def model(self, identifier: str) -> Model:
        """The model of that customization id. Raises UnknownModelError, with the nearest miss."""
        if identifier in self.models:
            return self.models[identifier]
        hint = self._meant(identifier) or nearest(identifier, self.models)
        raise UnknownModelError(
            f"base model {identifier!r} is not in the catalog of {self.as_of}{hint}; "
            f"see {self.sources['fine_tuning']}"
        )

    def _meant(self, identifier: str) -> str:
        """The id of which only a part was given, such as `nova-micro` or an inference profile's."""
        part = _PROFILE.sub("", identifier.strip().casefold().replace(" ", "-"))
        whole = [m for m in self.models if m.startswith(f"{part}:")]
        if whole:
            return f" (customization takes {whole[0]!r})"
        held = [m for m in self.models if part and part in m]
        known = " or ".join(map(repr, held[:_NAMED]))
        return f" (did you mean {known}?)" if held else ""


@cache
def catalog() -> Catalog:
    """The catalog that ships with this version."""
    raw = json.loads(Path(__file__).with_name("catalog.json").read_text(encoding="utf-8"))
    return Catalog(
        as_of=raw["as_of"],
        sources=raw["sources"],
        models={m["id"]: _model(m, raw) for m in raw["models"]},
        historic_methods={n: _method(n, m, raw) for n, m in raw["historic_methods"].items()},
        rerankers={name: tuple(regions) for name, regions in raw["rerankers"].items()},
    )


def _model(entry: Mapping[str, Any], raw: Mapping[str, Any]) -> Model:
    return Model(
        id=entry["id"],
        name=entry["name"],
        status=entry["status"],
        regions=tuple(entry["regions"]),
        methods={n: _method(n, m, raw) for n, m in entry["methods"].items()},
        legacy_date=entry.get("legacy_date"),
        eol_date=entry.get("eol_date"),
        on_demand=bool(entry.get("on_demand")),
        provisioned=entry.get("provisioned") is True,
        calls_tools=entry.get("calls_tools"),
    )


def _method(name: str, entry: Mapping[str, Any], raw: Mapping[str, Any]) -> Method:
    known = set(Method.__struct_fields__)
    plain = {k: _frozen(v) for k, v in entry.items() if k in known}
    reserved = raw["reserved_words"].get(entry.get("reserved_words"), {})
    disputed = raw["contested"].get(entry.get("contested"), {})
    ranges = raw["hyperparameter_sets"].get(entry.get("hyperparameters"), {})
    hyperparameters = {n: _hyperparameter(n, r) for n, r in ranges.items()}
    return Method(
        **{
            **plain,
            "name": name,
            "hyperparameters": hyperparameters,
            "contested": _contested(disputed) if disputed else {},
            "reserved_words": tuple(reserved.get("words", ())),
            "reserved_words_sdk": tuple(reserved.get("also", {}).get("words", ())),
        }
    )


def _contested(entry: Mapping[str, Any]) -> dict[str, str]:
    """A sentence for each subject that names every source."""
    here, others = entry["page"], " and ".join(entry["others"])
    return {
        subject: f"{said['page']} ({here}); {said['others']} ({others}). No job is known to have "
        "failed, or to have passed, for it"
        for subject, said in entry["subjects"].items()
    }


def _hyperparameter(name: str, entry: Mapping[str, Any]) -> Hyperparameter:
    known = set(Hyperparameter.__struct_fields__)
    return Hyperparameter(name=name, **{k: _frozen(v) for k, v in entry.items() if k in known})


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
