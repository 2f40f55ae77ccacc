"""A run: one version of one object treated by one recipe, exactly once.

What it is known by is derived once, when the upload arrives. From then on it is stored and read back:
a version of this platform that derived it in another way would start a second paid job.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from msgspec import Struct

from tuning.runs.json_record import fields_of
from tuning.runs.ledger_item import Stored
from tuning.runs.recipes import Recipe
from tuning.runs.uploads import Upload


@dataclass(frozen=True, kw_only=True)
class Run:
    """What becomes of one upload: the input of its execution."""

    id: str
    """32 hex digits: the execution's name and the key of the ledger's row."""
    upload: Upload
    recipe: Recipe
    """What this try trains by."""
    fallback: Recipe | None = None
    """What a second try would train by; the recipe's `[retry]` names it."""
    attempt: int = 1
    job_name: str
    """Legal as `jobName` and as `customModelName`: recipe names are lower-case and hyphens.

    Both take 63 characters: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelCustomizationJob.html
    """
    request_token: str
    """`clientRequestToken`. boto3 fills in a random one when it is left out, so that a retried call
    would start a second paid job; this one makes the retry the same request."""
    supersedes: str | None = None
    """The run of an earlier version of the object, which gives way as long as it has no job."""
    overtaken_by: str | None = None
    """The run of a newer version of the object, which was received before this one: this one trains nothing."""

    @classmethod
    def new(cls, *, upload: Upload, recipe: Recipe, fallback: Recipe | None = None) -> Self:
        """The run of an upload that arrives. The same upload and recipe give the same run."""
        run_id = _digest(upload, recipe.digest)
        return cls(
            id=run_id,
            upload=upload,
            recipe=recipe,
            fallback=fallback,
            job_name=_job_name(recipe, run_id, again=False),
            request_token=_token(run_id, again=False),
        )

    @property
    def tries_again(self) -> bool:
        """Whether a job that ended for no fault of our own is followed by a second one, never a third."""
        return self.attempt == 1 and self.fallback is not None

    def again(self) -> Self:
        """The run on its second try: one run, one row, one budget, whatever it trains by now. Its job
        has another name and token, the same every time.
        """
        recipe = self.fallback or self.recipe
        return replace(
            self,
            recipe=recipe,
            fallback=None,
            attempt=2,
            job_name=_job_name(recipe, self.id, again=True),
            request_token=_token(self.id, again=True),
        )

    @property
    def reports_prefix(self) -> str:
        """Where this platform writes about the run, in the artifacts bucket."""
        return f"runs/{self.id}/"

    @property
    def output_prefix(self) -> str:
        """Where Bedrock writes, in the artifacts bucket. What a first job left is not a result of the
        second.
        """
        return f"jobs/{self.id}/" + ("" if self.attempt == 1 else "again/")

    def to_dict(self) -> dict[str, Any]:
        """The execution's input, and the `run` of the ledger's row."""
        return {
            "id": self.id,
            "job_name": self.job_name,
            "request_token": self.request_token,
            "upload": self.upload.to_dict(),
            "recipe": self.recipe.to_dict(),
            "recipe_digest": self.recipe.digest,
            "recipe_options": self.recipe.options,
            "fallback": self.fallback.to_dict() if self.fallback else None,
            "fallback_digest": self.fallback.digest if self.fallback else None,
            "attempt": self.attempt,
            # Versions before the digests were stored read from it that the id is not to be derived.
            "first": None if self.attempt == 1 else self.id,
            **({"supersedes": self.supersedes} if self.supersedes else {}),
            **({"overtaken_by": self.overtaken_by} if self.overtaken_by else {}),
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Self:
        """What the first version did not store is what it would have derived."""
        recipe = Recipe.from_dict(
            raw["recipe"], digest=raw.get("recipe_digest"), options=raw.get("recipe_options")
        )
        upload, attempt = Upload.from_dict(raw["upload"]), int(raw.get("attempt", 1))
        again = attempt > 1
        run_id = raw.get("id") or raw.get("first") or _digest(upload, recipe.digest)
        fallback = raw.get("fallback")
        return cls(
            id=run_id,
            upload=upload,
            recipe=recipe,
            fallback=(
                Recipe.from_dict(fallback, digest=raw.get("fallback_digest")) if fallback else None
            ),
            attempt=attempt,
            job_name=raw.get("job_name") or _job_name(recipe, run_id, again=again),
            request_token=raw.get("request_token") or _token(run_id, again=again),
            supersedes=raw.get("supersedes"),
            overtaken_by=raw.get("overtaken_by"),
        )


class Misdirected(Struct, frozen=True, kw_only=True):
    """An upload that cannot become a run, by its key: it is refused, and its owner is notified."""

    id: str
    upload: Upload
    refusal: str

    @classmethod
    def new(cls, *, upload: Upload, refusal: str) -> Self:
        return cls(id=_digest(upload, None), upload=upload, refusal=refusal)

    def to_dict(self) -> dict[str, Any]:
        return {"id": self.id, "upload": self.upload.to_dict(), "refusal": self.refusal}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Self:
        return cls(**{**fields_of(cls, raw), "upload": Upload.from_dict(raw["upload"])})


class ReceivedVersion(Stored, frozen=True, kw_only=True):
    """That a version of an object has its run, whatever its recipe says since. Its key is not a run's."""

    version_of: str
    """URI of the object."""
    run_id: str

    @classmethod
    def of(cls, upload: Upload, run_id: str) -> Self:
        return cls(id=version_key(upload), version_of=upload.uri, run_id=run_id)


def version_key(upload: Upload) -> str:
    """Under which the ledger remembers what a version of an object has become."""
    return f"version#{_digest(upload, None)}"


def is_run(pk: str) -> bool:
    """Whether an item of the ledger is a run; others count money, or remember what was received."""
    return "#" not in pk


def received(raw: Mapping[str, Any]) -> Run | Misdirected:
    """What an upload has become, from the input of its execution."""
    return Run.from_dict(raw) if "recipe" in raw else Misdirected.from_dict(raw)


def _digest(upload: Upload, recipe: str | None) -> str:
    what = [upload.bucket, upload.key, upload.version_id, recipe]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:32]


def object_digest(upload: Upload) -> str:
    """Of an object, whatever its version."""
    return hashlib.sha256(json.dumps([upload.bucket, upload.key]).encode()).hexdigest()[:32]


def _job_name(recipe: Recipe, run_id: str, *, again: bool) -> str:
    return f"{recipe.name}-{run_id[:20]}" + ("-2" if again else "")


def _token(run_id: str, *, again: bool) -> str:
    what = f"create {run_id}" + (" again" if again else "")
    return hashlib.sha256(what.encode()).hexdigest()
