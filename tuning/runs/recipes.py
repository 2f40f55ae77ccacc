"""A recipe: which base model learns, how, and under which limits. `recipe_files.py` reads it."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, Self

from msgspec import Struct, field, to_builtins

from tuning.evaluation.release_options import ReleaseOptions
from tuning.runs.json_record import fields_of

Hyperparameters = Mapping[str, int | float | str]
SameDataPolicy = Literal["ask", "allow"]
ValidationPolicy = Literal["required", "optional", "refused"]
FINE_TUNING = "FINE_TUNING"

_OPTIONS = ("same_data", "supersede", "wait_for_validation_minutes")
"""They shape neither model nor job, so they are no part of the digest."""
_SPENDING = ("approve_above_usd", "monthly_usd", "approval_hours")


class Limits(Struct, frozen=True, kw_only=True):
    """How long a run may take, what it may cost, and what it may be trained on."""

    max_hours: int = 24
    """A job still in progress after this many hours is stopped. Hours."""
    stall_hours: int = 6
    """A job whose sub-status does not move for this many hours before its training is stopped.
    Hours."""
    approve_above_usd: int | float | None = None
    """A run that may cost more than this waits for a person. None: no run does for its price."""
    monthly_usd: int | float | None = None
    """What all runs of the recipe may cost in a month, beside the environment's own budget."""
    approval_hours: int = 72
    """How long a run waits for a person before it is refused. Hours."""


class ConversionOptions(Struct, frozen=True, kw_only=True):
    """That uploads in other formats become the model's own, and what their columns are called."""

    map: Mapping[str, str] = field(default_factory=dict)
    """The upload's column or field for a name that its dialect expects: `prompt = "question"`."""


class Retry(Struct, frozen=True, kw_only=True):
    """That a job which stalled, or failed by an error inside AWS, before its training began is
    followed by a second and last one. Both are never in progress at once.
    """

    recipe: str
    """What the second job trains by: this recipe's own name, or another recipe of the environment."""


class Recipe(Struct, frozen=True, kw_only=True, eq=False):  # noqa: PLW1641 — its hyperparameters are a mapping
    """How uploads to one folder are checked, trained and released: a file of `recipes/`."""

    name: str
    """The file's name without `.toml`, and the folder that datasets are uploaded to."""
    description: str
    base_model: str
    method: str = FINE_TUNING
    validation: ValidationPolicy = "optional"
    """Whether a validation set must, may or must not lie beside the training set."""
    hyperparameters: Hyperparameters = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    strict: tuple[str, ...] = ()
    """Rules whose warnings refuse a dataset like errors, such as `DS702`."""
    convert: ConversionOptions | None = None
    """None: only what is in the model's own format is taken."""
    retry: Retry | None = None
    """None: a job that ended without a model ends its run."""
    same_data: SameDataPolicy = "ask"
    """Whether a person is asked before a run that trains on the same data by the same recipe as another one."""
    supersede: bool = False
    """Whether a version of an object that has no job yet gives way to a newer one."""
    wait_for_validation_minutes: int = 0
    """How long after its upload a training set waits for a validation set."""
    release: ReleaseOptions | None = None
    """None: a trained model is neither evaluated nor deployed. It shapes no model and no job."""
    kept_digest: str | None = None
    """The digest that a run was started with; None of a recipe that was read from its file."""

    def __eq__(self, other: object) -> bool:
        """Whatever digest is kept of them."""
        if not isinstance(other, Recipe):
            return False
        return (self.to_dict(), self.options) == (other.to_dict(), other.options)

    @property
    def provisioned_hours(self) -> int | None:
        """For how long its models may be served by Provisioned Throughput; None: it is not bought."""
        return self.release.provisioned_hours if self.release else None

    @property
    def judge(self) -> str | None:
        """The model that rates the answers of its evaluations, if it asks for one."""
        return self.release.judge if self.release else None

    @property
    def digest(self) -> str:
        """That of a run is kept, from its arrival on: a later version may know of more that shapes a job."""
        return self.kept_digest or self.content_digest

    @property
    def content_digest(self) -> str:
        """SHA-256 of everything that shapes the model or the job: better words in the description
        do not, nor do limits of spending, and 1.0 is the 1 that JSONata makes of it. Hex. Money is reserved
        for it, since a kept digest was given by the caller who started the run.
        """
        import hashlib  # noqa: PLC0415 — loads OpenSSL, which a check of a file does without

        return hashlib.sha256(json.dumps(self.content, sort_keys=True).encode()).hexdigest()

    @property
    def content(self) -> dict[str, Any]:
        """What `content_digest` is of."""
        what = {**self.to_dict(), "hyperparameters": self.wire_hyperparameters}
        del what["description"]
        # What one may spend is not part of what is trained: a raised limit trains nothing again.
        what["limits"] = {k: v for k, v in what["limits"].items() if k not in _SPENDING}
        for table in ("convert", "retry"):
            if what[table] is None:  # a recipe that does not use it has the digest it always had
                del what[table]
        return what

    @property
    def wire_hyperparameters(self) -> dict[str, str]:
        """As the API takes them: strings, no exponents."""
        return {k: _plain(v) for k, v in self.hyperparameters.items()}

    @property
    def options(self) -> dict[str, Any]:
        """How uploads become runs of it; of those that are not set there is none."""
        given = {name: value for name in _OPTIONS if (value := getattr(self, name))}
        return {**given, "release": self.release.to_dict()} if self.release else given

    def to_dict(self) -> dict[str, Any]:
        """Without options and digest, which are stored beside it: the first version took no key that it
        did not know.
        """
        beside = (*_OPTIONS, "release", "kept_digest")
        return {name: value for name, value in to_builtins(self).items() if name not in beside}

    @classmethod
    def from_dict(
        cls,
        raw: Mapping[str, Any],
        *,
        digest: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Self:
        """The inverse of `to_dict`, for what was checked before it was written."""
        convert, retry, beside = raw.get("convert"), raw.get("retry"), options or {}
        typed = {
            "limits": Limits(**fields_of(Limits, raw.get("limits", {}))),
            "strict": tuple(raw.get("strict", ())),
            "convert": None
            if convert is None
            else ConversionOptions(**fields_of(ConversionOptions, convert)),
            "retry": None if retry is None else Retry(**fields_of(Retry, retry)),
            "kept_digest": digest,
            **{name: value for name, value in beside.items() if name in _OPTIONS},
            "release": ReleaseOptions.from_dict(beside["release"]) if "release" in beside else None,
        }
        return cls(**{**fields_of(cls, raw), **typed})


def _plain(value: float | str) -> str:
    return value if isinstance(value, str) else f"{Decimal(repr(value)):f}".removesuffix(".0")
