"""Assistants as people write them: one TOML file each, read and checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from tuning.assistants.assistant import Assistant, KnowledgeBase
from tuning.assistants.tool_files import read_tools
from tuning.errors import AssistantError, nearest
from tuning.toml_files import read_toml, refuse_unknown_keys

_MAX_NAME = 24
"""It is a part of names of buckets, of at most 63 characters with the stack's."""
_MAX_PROMPT = 8_000
_MOST_TOKENS = 5_000
"""An answer must be there before API Gateway gives up, by default after 29 s: some 170 tokens a second at most.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"""
_MOST_USD = 100_000
_MOST_REQUESTS = 6_000
_EMBEDDINGS: Mapping[str, tuple[int, ...]] = {"amazon.titan-embed-text-v2:0": (256, 512, 1024)}
"""By model, the dimensions that it makes.
https://docs.aws.amazon.com/bedrock/latest/userguide/titan-embedding-models.html"""
_WHOLES: Mapping[str, tuple[int, int]] = {
    "chunk_tokens": (20, 8192),
    "overlap_percent": (1, 99),
    "passages": (1, 20),
}
"""Of fixed-size chunks; the most that an embedding takes.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent_FixedSizeChunkingConfiguration.html"""
_OF_TOOLS: Mapping[str, int] = {"most_tool_calls": 20, "most_rounds": 8}
_IN_A_FILE = tuple(each.name for each in fields(Assistant) if each.name != "name")
_OF_KNOWLEDGE = tuple(each.name for each in fields(KnowledgeBase))


def load_assistant(path: Path) -> Assistant:
    """Read one assistant's file. Raises AssistantError naming file and key."""
    return _Reader(path).assistant(read_toml(path, "assistant", AssistantError, Decimal))


@dataclass(frozen=True)
class _Reader:
    """Turns raw TOML into an Assistant, or says which key is wrong."""

    path: Path

    def assistant(self, raw: Mapping[str, Any]) -> Assistant:
        self._named()
        self._may_call_tools(raw)
        refuse_unknown_keys(raw, _IN_A_FILE, "", self._refuse)
        for text in ("recipe", "model", "guardrail"):
            if text in raw and (not isinstance(raw[text], str) or not raw[text].strip()):
                self._refuse(f"{text} = {raw[text]!r}", "must be text in quotes")
        if ("recipe" in raw) == ("model" in raw):
            both = "both are said" if "recipe" in raw else "neither is said"
            self._refuse("recipe, model", f"{both}; name the one that answers")
        prompt = raw.get("system_prompt")
        if prompt is None:
            self._refuse("system_prompt", "missing; every assistant needs it")
        if not isinstance(prompt, str) or not prompt.strip() or len(prompt) > _MAX_PROMPT:
            self._refuse("system_prompt", f"must be text of 1 to {_MAX_PROMPT:,} characters")
        made = {**raw, "name": self.path.stem, "daily_budget": self._budget(raw)}
        self._whole(raw, "most_output_tokens", 1, _MOST_TOKENS)
        self._whole(raw, "caller_requests_per_minute", 1, _MOST_REQUESTS)
        if "knowledge_base" in raw:
            made["knowledge_base"] = self._knowledge(raw["knowledge_base"])
        if "tools" in raw:
            made["tools"] = read_tools(
                raw["tools"], has_documents="knowledge_base" in raw, refuse=self._refuse
            )
        return Assistant(**made)

    def _may_call_tools(self, raw: Mapping[str, Any]) -> None:
        for key, most in _OF_TOOLS.items():
            if key in raw and "tools" not in raw:
                self._refuse(key, "this assistant has no tools to call; omit it")
            self._whole(raw, key, 1, most)

    def _budget(self, raw: Mapping[str, Any]) -> Decimal:
        given = raw.get("daily_budget")
        if given is None:
            self._refuse(
                "daily_budget",
                "missing; every assistant needs it: what it may cost per day, in US dollars",
            )
        if type(given) is int:
            given = Decimal(given)
        if not isinstance(given, Decimal) or not given.is_finite() or not 0 < given <= _MOST_USD:
            self._refuse(
                f"daily_budget = {given}", f"must be US dollars, more than 0 to {_MOST_USD:,}"
            )
        if given != given.quantize(Decimal("0.01")):
            self._refuse(f"daily_budget = {given}", "must be whole cents of a US dollar")
        return given

    def _knowledge(self, raw: object) -> KnowledgeBase:
        if not isinstance(raw, dict):
            self._refuse(f"knowledge_base = {raw!r}", "must be a table, which may be empty")
        refuse_unknown_keys(raw, _OF_KNOWLEDGE, "knowledge_base.", self._refuse)
        at, model = "knowledge_base.", raw.get("embeddings", KnowledgeBase.embeddings)
        if not isinstance(model, str) or model not in _EMBEDDINGS:
            near = nearest(model, _EMBEDDINGS) if isinstance(model, str) else ""
            self._refuse(
                f"{at}embeddings = {model!r}", f"must be one of {', '.join(_EMBEDDINGS)}{near}"
            )
        dimensions = raw.get("dimensions", KnowledgeBase.dimensions)
        if type(dimensions) is not int or dimensions not in _EMBEDDINGS[model]:
            made = ", ".join(map(str, _EMBEDDINGS[model]))
            self._refuse(f"{at}dimensions = {dimensions!r}", f"{model} makes {made}")
        for key, (least, most) in _WHOLES.items():
            self._whole(raw, key, least, most, at)
        score = raw.get("least_score", KnowledgeBase.least_score)
        if type(score) not in (int, float, Decimal) or not 0 <= float(score) <= 1:
            self._refuse(f"{at}least_score = {score}", "must be a number, 0 to 1")
        self._reranks(raw, at)
        return KnowledgeBase(**{**raw, "least_score": float(score)})

    def _reranks(self, raw: Mapping[str, Any], at: str) -> None:
        if "rerank" not in raw:
            return
        from tuning.models.catalog import catalog  # noqa: PLC0415 — for an assistant that reranks

        model, known = raw["rerank"], catalog().rerankers
        if not isinstance(model, str) or model not in known:
            near = nearest(model, known) if isinstance(model, str) else ""
            self._refuse(f"{at}rerank = {model!r}", f"must be one of {', '.join(known)}{near}")
        if "least_score" not in raw:
            self._refuse(
                f"{at}least_score",
                "missing; scores of a reranker are on another scale than the default is of: see docs/documents.md",
            )

    def _whole(self, raw: Mapping[str, Any], key: str, least: int, most: int, at: str = "") -> None:
        if key in raw and (type(raw[key]) is not int or not least <= raw[key] <= most):
            self._refuse(
                f"{at}{key} = {raw[key]!r}", f"must be a whole number, {least:,} to {most:,}"
            )

    def _named(self) -> None:
        name = self.path.stem
        if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) or len(name) > _MAX_NAME:
            raise AssistantError(
                f"{self.path}: an assistant's file name becomes part of names in AWS: use lower-case letters, digits "
                f"and single hyphens, a letter first, at most {_MAX_NAME} characters"
            )

    def _refuse(self, what: str, why: str) -> NoReturn:
        raise AssistantError(f"{self.path}: {what}: {why}")
