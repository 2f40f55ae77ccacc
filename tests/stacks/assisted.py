"""An environment with two assistants behind two guardrails: one of a recipe's live version, one of a base model."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from stubbed_bundle import reviewed_deployment
from tested_configs import RICH
from whole_app import ROOT

from review.synthesis import Reviewed

RECIPE = 'description = "d"\nbase_model = "amazon.nova-2-lite-v1:0:256k"\n'
ASSISTANTS = {
    "help-desk": 'recipe = "support"\nsystem_prompt = "You help."\ndaily_budget = 5.00\n',
    "plain": (
        'model = "amazon.nova-2-lite-v1:0:256k"\nsystem_prompt = "You help."\ndaily_budget = 1.00\n'
        'guardrail = "strict"\n'
    ),
}
STRICT = (
    'description = "d"\nblocked_input = "no"\nblocked_output = "no"\n[words]\nblocked = ["a"]\n'
)

KNOWLEDGE = "[knowledge_base]\n"
RERANKED = {"help-desk": 'rerank = "cohere.rerank-v3-5:0"\nleast_score = 0.2\n'}
"""What the file of one of those with documents says besides."""


def reviewed(
    folder: Path,
    name: str,
    *,
    assistants: Sequence[str] = tuple(ASSISTANTS),
    guardrail: str | None = "support",
    templates: bool = False,
    knowledge: str = "",
    files: Mapping[str, str] = ASSISTANTS,
    **more: Any,
) -> Reviewed:
    """`knowledge`: what the files end with, of documents; `more`: of the Config."""
    for room in ("recipes", "assistants", "guardrails"):
        (folder / room).mkdir(exist_ok=True)
    shutil.copy(ROOT / "guardrails/support.toml", folder / "guardrails")
    (folder / "guardrails/strict.toml").write_text(STRICT, encoding="utf-8")
    (folder / "recipes/support.toml").write_text(RECIPE, encoding="utf-8")
    for each, text in {**ASSISTANTS, **files}.items():
        documents = knowledge and knowledge + RERANKED.get(each, "")
        (folder / f"assistants/{each}.toml").write_text(text + documents, encoding="utf-8")
    config = replace(
        RICH,
        region="us-east-1",
        recipes=("support",),
        recipes_folder=folder / "recipes",
        guardrail=guardrail,
        assistants=tuple(assistants),
        **more,
    )
    return reviewed_deployment(folder, name, config, templates=templates)
