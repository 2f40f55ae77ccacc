"""Assistants of drawn configurations: of a recipe or of a base model, with each setting at its extremes.

Their guardrail is the file that every drawn configuration with assistants has; where the environment names it too, it
is one guardrail, else one that the assistants' stack makes.
"""

import json
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from tuning.models.catalog import Model, catalog
from tuning.models.prices import SERVING, prices

DRAWN_GUARDRAIL = "support"
MOST_ASSISTANTS = 10
ASSISTANT_NAMES = ("a", "help-desk", "x" * 24, "a1-b2-c3")
_BASE = re.compile(r'^base_model = "(.+)"$', re.MULTILINE)
_PROMPTS = ("x", "Ümläute, 'quotes' and \\ more.", "y" * 8_000)
_BUDGETS = ("1.00", "100000.00")
_NOTHING: Mapping[str, int] = MappingProxyType({})
_EXTREMES = {"most_output_tokens": (1, 5_000), "caller_requests_per_minute": (1, 6_000)}


def priced_models(region: str) -> list[Model]:
    """Those that an assistant of that Region may ask: without a price of their tokens no budget holds."""
    known = catalog().models.values()
    return [each for each in known if region in each.regions and each.id in prices()[SERVING]]


def drawn_assistants(region: str, recipes: Mapping[str, str], draw: DrawFn) -> dict[str, str]:
    """The text of each file in `assistants/`; none where no model of the Region has a price."""
    if not priced_models(region) or draw(st.integers(0, 2)):
        return {}
    count = draw(st.sampled_from((1, 2, len(ASSISTANT_NAMES), MOST_ASSISTANTS)))
    names = [*draw(st.permutations(ASSISTANT_NAMES))][:count]
    names += [f"assistant-{n}" for n in range(count - len(names))]
    return {name: _drawn(region, recipes, draw) for name in names}


def _drawn(region: str, recipes: Mapping[str, str], draw: DrawFn) -> str:
    answers = draw(st.sampled_from(who_answers(region, recipes)))
    more = {
        name: draw(st.sampled_from(values))
        for name, values in _EXTREMES.items()
        if draw(st.booleans())
    }
    prompt, usd = draw(st.sampled_from(_PROMPTS)), draw(st.sampled_from(_BUDGETS))
    return assistant_text(answers, prompt=prompt, usd=usd, more=more)


def who_answers(region: str, recipes: Mapping[str, str]) -> Sequence[str]:
    """Each line that says who answers: base models first, then recipes that train them."""
    known = [each.id for each in priced_models(region)]
    models = [f'model = "{each}"' for each in known]
    found = {name: _BASE.search(text) for name, text in recipes.items()}
    return [
        *models,
        *(f'recipe = "{name}"' for name, base in found.items() if base and base[1] in known),
    ]


def assistant_text(
    answers: str, *, prompt: str = "x", usd: str = "1.00", more: Mapping[str, int] = _NOTHING
) -> str:
    lines = [
        answers,
        f"system_prompt = {json.dumps(prompt, ensure_ascii=False)}",
        f'guardrail = "{DRAWN_GUARDRAIL}"',
        f"daily_budget = {usd}",
        *(f"{name} = {value}" for name, value in more.items()),
    ]
    return "\n".join(lines) + "\n"


def telling_assistants(region: str, recipes: Mapping[str, str]) -> list[dict[str, str]]:
    """What every sample has: one of each kind alone, both, and as many as there may be."""
    answers = who_answers(region, recipes)
    model, recipe = answers[0], answers[-1]
    longest = {name: values[-1] for name, values in _EXTREMES.items()}
    many = {
        f"assistant-{n}": assistant_text(answers[n % len(answers)], usd="100000.00", more=longest)
        for n in range(MOST_ASSISTANTS)
    }
    return [
        {"a": assistant_text(model)},
        {"x" * 24: assistant_text(recipe, prompt="y" * 8_000)},
        {"help-desk": assistant_text(recipe), "a1-b2-c3": assistant_text(model)},
        many,
    ]
