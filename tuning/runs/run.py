"""A run: one upload treated by one recipe, exactly once. Its id is a function of both."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from tuning.errors import nearest
from tuning.runs.recipes import Recipe
from tuning.runs.uploads import Upload


@dataclass(frozen=True, kw_only=True)
class Run:
    upload: Upload
    recipe: Recipe
    """What this try trains by."""
    fallback: Recipe | None = None
    """What a second try would train by; the recipe's `[retry]` names it."""
    attempt: int = 1
    first: str | None = None
    """The run's id, on its second try: one run, one row, one budget, whatever it trains by now."""

    @property
    def id(self) -> str:
        """The same upload and recipe have the same id, today or in a year. 32 hex digits."""
        if self.first:
            return self.first
        what = [self.upload.bucket, self.upload.key, self.upload.version_id, self.recipe.digest]
        return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:32]

    @property
    def tries_again(self) -> bool:
        """Whether a job that ended for no fault of ours is followed by a second one, never a third."""
        return self.attempt == 1 and self.fallback is not None

    def again(self) -> Self:
        """The run on its second try. Its job has another name and token, the same every time."""
        recipe = self.fallback or self.recipe
        return replace(self, recipe=recipe, fallback=None, attempt=2, first=self.id)

    @property
    def job_name(self) -> str:
        """Legal as `jobName` and as `customModelName`: recipe names are lower-case and hyphens.

        Both take 63 characters: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelCustomizationJob.html
        """
        return f"{self.recipe.name}-{self.id[:20]}" + ("" if self.attempt == 1 else "-2")

    @property
    def request_token(self) -> str:
        """`clientRequestToken`. boto3 fills in a random one when it is left out, so that a retried
        call would start a second paid job; this one makes the retry the same request.
        """
        what = f"create {self.id}" + ("" if self.attempt == 1 else " again")
        return hashlib.sha256(what.encode()).hexdigest()

    @property
    def reports_prefix(self) -> str:
        """Where this platform writes about the run, in the artifacts bucket."""
        return f"runs/{self.id}/"

    @property
    def output_prefix(self) -> str:
        """Where Bedrock writes, in the artifacts bucket. What a first job left is no result of the
        second.
        """
        return f"jobs/{self.id}/" + ("" if self.attempt == 1 else "again/")

    def to_dict(self) -> dict[str, Any]:
        """The execution's input. What is derived stands in it for people and for the state machine;
        `from_dict` derives it anew.
        """
        return {
            "id": self.id,
            "job_name": self.job_name,
            "upload": self.upload.to_dict(),
            "recipe": self.recipe.to_dict(),
            "fallback": self.fallback.to_dict() if self.fallback else None,
            "attempt": self.attempt,
            "first": self.first,
        }

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Self:
        fallback = raw.get("fallback")
        return cls(
            upload=Upload(**raw["upload"]),
            recipe=Recipe.from_dict(raw["recipe"]),
            fallback=Recipe.from_dict(fallback) if fallback else None,
            attempt=int(raw.get("attempt", 1)),
            first=raw.get("first"),
        )


@dataclass(frozen=True, kw_only=True)
class Misdirected:
    """An upload to a folder that no deployed recipe has: it is refused, and its owner is told."""

    upload: Upload
    recipes: tuple[str, ...]

    @property
    def id(self) -> str:
        what = [self.upload.bucket, self.upload.key, self.upload.version_id, None]
        return hashlib.sha256(json.dumps(what).encode()).hexdigest()[:32]

    def to_dict(self) -> dict[str, Any]:
        name = self.upload.recipe_name
        return {
            "id": self.id,
            "upload": self.upload.to_dict(),
            "refusal": (
                f"{self.upload.uri}: no recipe {name!r} is deployed here"
                f"{nearest(name, self.recipes)}; upload to datasets/<recipe>/ with one of: "
                f"{', '.join(self.recipes)}."
            ),
        }
