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

from tuning.constructs.agent_zones import WITH_AGENTS
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

_OF_AGENTS = {"most_tool_calls": (1, 20), "most_rounds": (1, 8)}
MOST_TOOLS = 16


def _tools(count: int, of: str = "n", *, searches: bool = False) -> str:
    """As long as they may be, but the first, which `searches` the documents or is a function. `of`: a letter of
    their functions' names.
    """
    does = 'kind = "documents"' if searches else 'function = "f"\ninput = {type = "object"}'
    first = f'\n[[tools]]\nname = "a"\ndescription = "x"\n{does}\n' if count else ""
    return first + "".join(_long_tool(n, of) for n in range(1, count))


def _long_tool(number: int, of: str) -> str:
    name, alias = f"{of * 62}{number:02}", "v" * 128
    return f"""
[[tools]]
name = "{name}"
description = "{"Ü" * 1_000}"
function = "arn:aws:lambda:us-east-1:123456789012:function:{name}:{alias}"
seconds = 20
changes = true
input = {{type = "object", properties = {{x = {{type = "string", description = "{"y" * 3_900}"}}}}}}
"""


TOOLS = (0, 0, 1, 2, MOST_TOOLS)
"""Half of them have none."""
_DOCUMENTS = "[knowledge_base]\n"
_MOST_OF_DOCUMENTS = f"{_DOCUMENTS}dimensions = 256\nchunk_tokens = 8192\noverlap_percent = 99\npassages = 20\nleast_score = 1\n"


def knowledge(region: str) -> Sequence[str]:
    """What an assistant may say of documents: nothing, the least, the most, and each reranker of the Region."""
    rerankers = [name for name, regions in catalog().rerankers.items() if region in regions]
    reranked = [f'{_DOCUMENTS}rerank = "{each}"\nleast_score = 0.1\n' for each in rerankers]
    return ["", _DOCUMENTS, _MOST_OF_DOCUMENTS, *reranked]


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
    count, documents = draw(st.sampled_from(TOOLS)), draw(st.sampled_from(knowledge(region)))
    if count and "rerank" in documents:
        documents = _DOCUMENTS  # refused beside tools
    tools = _tools(count, searches=bool(documents))
    more = {
        name: draw(st.sampled_from(values))
        for name, values in {**_EXTREMES, **(_OF_AGENTS if tools else {})}.items()
        if draw(st.booleans())
    }
    prompt, usd = draw(st.sampled_from(_PROMPTS)), draw(st.sampled_from(_BUDGETS))
    return assistant_text(
        answers, prompt=prompt, usd=usd, more=more, documents=documents, tools=tools
    )


def drawn_zone_ids(region: str, zones: Sequence[str], draw: DrawFn) -> dict[str, str]:
    """Of the zones with endpoints, in an account: any but the first may be one in which no agent runs."""
    known = (*WITH_AGENTS[region], "another")
    ids = [draw(st.sampled_from(known)) for _ in zones]
    return dict(zip(zones, [WITH_AGENTS[region][0], *ids[1:]], strict=True))


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
    answers: str,
    *,
    prompt: str = "x",
    usd: str = "1.00",
    more: Mapping[str, int] = _NOTHING,
    documents: str = "",
    tools: str = "",
) -> str:
    """With documents or tools, a budget that pays for one answer of as much as there may be."""
    lines = [
        answers,
        f"system_prompt = {json.dumps(prompt, ensure_ascii=False)}",
        f'guardrail = "{DRAWN_GUARDRAIL}"',
        f"daily_budget = {_BUDGETS[-1] if documents or tools else usd}",
        *(f"{name} = {value}" for name, value in more.items()),
    ]
    return "\n".join(lines) + "\n" + documents + tools


def telling_assistants(region: str, recipes: Mapping[str, str]) -> list[dict[str, str]]:
    """What every sample has: one of each kind alone, both, as many as there may be, and the same with tools
    and with documents.
    """
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
        {"a": assistant_text(model, tools=_tools(MOST_TOOLS))},
        {"help-desk": assistant_text(recipe, tools=_tools(1)), "a": assistant_text(model)},
        {name: text + _tools(9, of=name[-1]) for name, text in many.items()},
        {
            f"a-{n}": assistant_text(model, documents=said)
            for n, said in enumerate(knowledge(region))
        },
        {
            "a": assistant_text(
                model, documents=_DOCUMENTS, tools=_tools(MOST_TOOLS, searches=True)
            ),
            "help-desk": assistant_text(
                recipe, documents=_DOCUMENTS, tools=_tools(1, searches=True)
            ),
        },
    ]
