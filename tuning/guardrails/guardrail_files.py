"""Guardrails as people write them: one TOML file each, held against what Bedrock takes.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateGuardrail.html is the page of every limit that names
no other; botocore's model of the call has the same.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NoReturn, get_args

from tuning.errors import GuardrailError, nearest
from tuning.guardrails.guardrail import (
    FILTER_KINDS,
    PROMPT_ATTACK,
    ActionBothWays,
    DeniedTopic,
    FilterStrength,
    GroundingKind,
    Guardrail,
    PersonalAction,
    StrengthBothWays,
    Tier,
)
from tuning.guardrails.guardrail_lists import read_patterns, read_topics, read_words
from tuning.guardrails.personal_kinds import ENTITIES
from tuning.toml_files import read_toml, refuse_unknown_keys

_MAX_NAME = 32  # with an environment's 16 and two hyphens, what Bedrock takes: 50
_MAX_DESCRIPTION, _MAX_MESSAGE = 200, 500
_PROFILE = re.compile(r"[a-z0-9-]+\.guardrail\.v[0-9:]+")
_CONTENT = "https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-content-filters.html"
_ATTACKS = "https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-prompt-attack.html"
_TIERS = "https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-tiers.html"
_PERSONAL = "https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-sensitive-filters.html"
_GROUNDING = "https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-contextual-grounding-check.html"
_MOST_GROUNDED = 0.99
"""1 would block every answer; the page has thresholds from 0 to 0.99."""
_TABLES = ("content", "words", "personal_data", "grounding")
_POLICIES = ("content", "topics", "words", "personal_data", "patterns", "grounding")
_TEXTS = ("description", "blocked_input", "blocked_output")
_IN_A_FILE = tuple(
    each.name for each in fields(Guardrail) if each.name not in ("name", "profanity")
)


def load_guardrail(path: Path) -> Guardrail:
    """Read one guardrail file. Raises GuardrailError naming file and key."""
    return _Reader(path).guardrail(read_toml(path, "guardrail", GuardrailError))


@dataclass(frozen=True)
class _Reader:
    """Turns raw TOML into a Guardrail, or says which key is wrong."""

    path: Path

    def guardrail(self, raw: Mapping[str, Any]) -> Guardrail:
        self._named()
        refuse_unknown_keys(raw, _IN_A_FILE, "", self._refuse)
        for key in _TEXTS:
            self._text(raw.get(key), key, _MAX_DESCRIPTION if key == _TEXTS[0] else _MAX_MESSAGE)
        for table in _TABLES:
            if not isinstance(raw.get(table, {}), dict):
                self._refuse(f"{table} = {raw[table]!r}", "must be a table")
        self._tier(raw)
        words, profanity = read_words(raw.get("words", {}), self._refuse)
        made = Guardrail(
            name=self.path.stem,
            **{key: raw[key] for key in (*_TEXTS, "tier", "cross_region") if key in raw},
            languages=self._languages(raw.get("languages", ["en"])),
            content=self._content(raw.get("content", {})),
            topics=self._topics(raw.get("topics", [])),
            words=words,
            profanity=profanity,
            personal_data=self._personal(raw.get("personal_data", {})),
            patterns=read_patterns(raw.get("patterns", []), self._refuse),
            grounding=self._grounding(raw.get("grounding", {})),
        )
        if not any(raw.get(key) for key in _POLICIES):
            self._refuse(
                "policies", f"none: it would let everything pass; add one of {', '.join(_POLICIES)}"
            )
        return made

    def _tier(self, raw: Mapping[str, Any]) -> None:
        """Prompts leave the Region by a plain word alone."""
        tier, profile = raw.get("tier", "CLASSIC"), raw.get("cross_region")
        if tier not in get_args(Tier):
            self._refuse(
                f"tier = {tier!r}", f"must be one of {', '.join(get_args(Tier))}; see {_TIERS}"
            )
        if tier == "STANDARD" and profile is None:
            self._refuse(
                'tier = "STANDARD"',
                "needs a guardrail profile, by which prompts and answers may be judged in other Regions: name it, "
                f'such as cross_region = "us.guardrail.v1:0", or keep CLASSIC, which stays in its Region; see {_TIERS}',
            )
        if profile is None:
            return
        if tier != "STANDARD":
            self._refuse("cross_region", 'of no use without tier = "STANDARD"')
        if not isinstance(profile, str) or not _PROFILE.fullmatch(profile):
            self._refuse(
                f"cross_region = {profile!r}", f"must look like us.guardrail.v1:0; see {_TIERS}"
            )

    def _languages(self, raw: object) -> tuple[str, ...]:
        two = re.compile(r"[a-z]{2}")
        if (
            not isinstance(raw, list)
            or not raw
            or not all(isinstance(each, str) and two.fullmatch(each) for each in raw)
        ):
            self._refuse(
                f"languages = {raw!r}", 'must be a list of two-letter codes, such as ["en", "pt"]'
            )
        return tuple(raw)

    def _content(self, raw: Mapping[str, Any]) -> dict[str, StrengthBothWays]:
        found = {}
        for kind, given in raw.items():
            at = f"content.{kind}"
            if kind not in FILTER_KINDS:
                hint = nearest(kind, FILTER_KINDS) or f"; known: {', '.join(FILTER_KINDS)}"
                self._refuse(at, f"unknown filter{hint}; see {_CONTENT}")
            only = kind == PROMPT_ATTACK and isinstance(given, str)
            both = {"input": given, "output": "NONE"} if only else given
            strength = self._both_ways(both, at, get_args(FilterStrength))
            if kind == PROMPT_ATTACK and strength["output"] != "NONE":
                self._refuse(
                    f"{at}.output = {strength['output']!r}",
                    f'must be "NONE": attacks are looked for in what is asked; see {_ATTACKS}',
                )
            found[kind] = StrengthBothWays(**strength)
        return found

    def _topics(self, raw: object) -> tuple[DeniedTopic, ...]:
        return read_topics(raw, self._refuse)

    def _personal(self, raw: Mapping[str, Any]) -> dict[str, ActionBothWays]:
        found = {}
        for kind, given in raw.items():
            at = f"personal_data.{kind}"
            if kind not in ENTITIES:
                hint = (
                    nearest(kind, ENTITIES)
                    or "; for a number of your own country add a [[patterns]]"
                )
                self._refuse(at, f"Bedrock knows no such kind{hint}; see {_PERSONAL}")
            found[kind] = ActionBothWays(**self._both_ways(given, at, get_args(PersonalAction)))
        return found

    def _grounding(self, raw: Mapping[str, Any]) -> dict[GroundingKind, float]:
        kinds = get_args(GroundingKind)
        found: dict[GroundingKind, float] = {}
        for kind, least in raw.items():
            at = f"grounding.{kind}"
            if kind not in kinds:
                self._refuse(at, f"must be one of {', '.join(kinds)}; see {_GROUNDING}")
            if type(least) not in (int, float) or not 0 <= least <= _MOST_GROUNDED:
                self._refuse(
                    f"{at} = {least!r}", f"must be 0 to {_MOST_GROUNDED}; see {_GROUNDING}"
                )
            found["GROUNDING" if kind == kinds[0] else "RELEVANCE"] = float(least)
        return found

    def _both_ways(self, given: object, at: str, allowed: Sequence[str]) -> dict[str, Any]:
        """One word for both directions, or a table with one for each."""
        table = {"input": given, "output": given} if isinstance(given, str) else given
        if not isinstance(table, dict) or set(table) != {"input", "output"}:
            self._refuse(
                f"{at} = {given!r}",
                f"must be one of {', '.join(allowed)}, or {{ input = …, output = … }}",
            )
        for direction, word in table.items():
            if word not in allowed:
                near = nearest(word, allowed) if isinstance(word, str) else ""
                self._refuse(
                    f"{at}.{direction} = {word!r}", f"must be one of {', '.join(allowed)}{near}"
                )
        return table

    def _text(self, value: object, key: str, longest: int) -> None:
        if value is None:
            self._refuse(key, "missing; every guardrail says it")
        if not isinstance(value, str) or not value.strip() or len(value) > longest:
            self._refuse(key, f"must be text of 1 to {longest} characters")

    def _named(self) -> None:
        name = self.path.stem
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) or len(name) > _MAX_NAME:
            raise GuardrailError(
                f"{self.path}: a guardrail's file name becomes part of its name in AWS: use lower-case letters, digits "
                f"and single hyphens, at most {_MAX_NAME} characters"
            )

    def _refuse(self, what: str, why: str) -> NoReturn:
        raise GuardrailError(f"{self.path}: {what}: {why}")
