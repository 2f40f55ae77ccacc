"""The assistants of an environment, each held against what else the environment has."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tuning.assistants.agent_cost import most_of_agent
from tuning.assistants.assistant import Assistant
from tuning.assistants.assistant_files import load_assistant
from tuning.assistants.reranking import rerank_usd
from tuning.assistants.token_price import TokenPrice
from tuning.constructs.agent_zones import letters_with_agents
from tuning.errors import AssistantError, ConfigError, UnknownModelError, nearest
from tuning.guardrails.guardrail import Guardrail
from tuning.guardrails.guardrail_files import load_guardrail
from tuning.models.catalog import catalog
from tuning.models.serving import Serving

if TYPE_CHECKING:
    from tuning.constructs.config import Config

_REGION_OF_ARN = 3
_MOST_IN_A_POLICY = 20_000
"""Characters, of the 20,480 of an endpoint's policy: the rest is for its statement.
https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html"""
_MOST = 10
"""Each has a function, an alarm or two and perhaps a knowledge base."""


def assistant_files(config: "Config") -> list[Path]:
    folder = config.assistants_folder or config.folder.parent / "assistants"
    return [folder / f"{name}.toml" for name in config.assistants]


def assistants_of(config: "Config") -> tuple[Assistant, ...]:
    """Raises AssistantError, GuardrailError or ConfigError."""
    names = config.assistants
    if isinstance(names, str):  # ("x") is text, ("x",) is a tuple
        raise ConfigError(f"assistants = {names!r}: must be a tuple of names: add a comma")
    if twice := {one for one in names if names.count(one) > 1}:
        raise ConfigError(f"assistants: named more than once: {', '.join(sorted(twice))}")
    if len(names) > _MOST:
        raise ConfigError(f"assistants: {len(names)} of them; there is room for {_MOST}")
    loaded = []
    for file in assistant_files(config):
        loaded.append(load_assistant(file))
        _check(loaded[-1], str(file), config)
        guardrail_of(loaded[-1], config)
    _check_functions(loaded, config.region)
    return tuple(loaded)


def agent_letters(config: "Config") -> tuple[str, ...]:
    """Zones for the interfaces of agents. Raises ConfigError."""
    return letters_with_agents(config.region, config.endpoint_zones, config.zone_ids)


def guardrail_of(assistant: Assistant, config: "Config") -> Guardrail:
    """Its own, or that of the environment; `_check` says that there is one. Raises GuardrailError."""
    name = assistant.guardrail or config.guardrail
    return load_guardrail(config.folder.parent / "guardrails" / f"{name}.toml")


def with_documents(config: "Config") -> tuple[Assistant, ...]:
    """Those that answer from documents."""
    return tuple(each for each in config.load_assistants() if each.knowledge_base)


def _check(assistant: Assistant, file: str, config: "Config") -> None:
    if not (assistant.guardrail or config.guardrail):
        raise AssistantError(
            f"{file}: guardrail: missing, and the environment has none: an assistant answers behind a guardrail only; "
            "name a file in guardrails/ here, or in Config(guardrail=…)"
        )
    if assistant.recipe is not None:
        _check_recipe(assistant.recipe, file, config)
    elif assistant.model is not None:
        try:
            model = catalog().model(assistant.model)
        except UnknownModelError as error:
            raise AssistantError(f"{file}: model: {error}") from None
        if config.region not in model.regions:
            raise AssistantError(
                f"{file}: model: {model.id} is offered in {', '.join(model.regions)}, not in {config.region}"
            )
    _check_reranking(assistant, file, config)
    if assistant.tools:
        _check_tools(assistant, base_model_of(assistant, config), file, config)
    _check_budget(assistant, file, config)


def _check_budget(assistant: Assistant, file: str, config: "Config") -> None:
    base = base_model_of(assistant, config)
    price = price_of(base)
    if price is None:
        raise AssistantError(
            f"{file}: daily_budget: no dated price of tokens is known of {base}, without which no budget holds; add it "
            "to tuning/models/prices.json with its date and source, or choose another model"
        )
    least = price.most(0, assistant.most_output_tokens)
    least += rerank_usd(assistant.knowledge_base)
    if assistant.tools:
        least = most_of_agent(assistant, price, len(assistant.system_prompt.encode()))
    if assistant.daily_budget < least:
        raise AssistantError(
            f"{file}: daily_budget = {assistant.daily_budget}: less than one answer of most_output_tokens = "
            f"{assistant.most_output_tokens} may cost, {least:f} US dollars; nothing could be asked"
        )


def _check_reranking(assistant: Assistant, file: str, config: "Config") -> None:
    rerank = assistant.knowledge_base.rerank if assistant.knowledge_base else None
    if rerank is None:
        return
    if assistant.tools:
        raise AssistantError(
            f"{file}: knowledge_base.rerank: what an agent looks up is not reserved for; leave it out, or the tools"
        )
    regions = catalog().rerankers[rerank]
    if config.region not in regions:
        there = [name for name, places in catalog().rerankers.items() if config.region in places]
        other = f"; {config.region} has {', '.join(there)}" if there else ""
        raise AssistantError(
            f"{file}: knowledge_base.rerank: {rerank} is in {', '.join(regions)}, not in {config.region}{other}: "
            f"{catalog().sources['rerank']}"
        )


def _check_tools(assistant: Assistant, base: str, file: str, config: "Config") -> None:
    model = catalog().model(base)
    if not model.calls_tools:
        says = "cannot call tools" if model.calls_tools is False else "is not known to call tools"
        raise AssistantError(
            f"{file}: tools: {model.id} {says}: {catalog().sources['tool_use']}; leave them out, or choose another model"
        )
    for tool in assistant.tools:
        parts = (tool.function or "").split(":")
        if len(parts) > _REGION_OF_ARN and parts[_REGION_OF_ARN] != config.region:
            raise AssistantError(
                f"{file}: tools[{tool.name}].function: is in {parts[_REGION_OF_ARN]}; the VPC has a way to Lambda in "
                f"{config.region} only"
            )
    agent_letters(config)


def _check_functions(assistants: Sequence[Assistant], region: str) -> None:
    """The endpoint of Lambda names each of them."""
    named = {tool.function for each in assistants for tool in each.tools if tool.function}
    head = len(f'"arn:aws:lambda:{region}:123456789012:function:",')
    size = sum(len(f'"{each}",') if ":lambda:" in each else head + len(each) for each in named)
    if size > _MOST_IN_A_POLICY:
        raise ConfigError(
            f"assistants: their tools name {len(named)} functions with ARNs of {size:,} characters; the policy of the "
            f"VPC's endpoint of Lambda has room for {_MOST_IN_A_POLICY:,}: name fewer, or give them shorter names"
        )


def base_model_of(assistant: Assistant, config: "Config") -> str:
    """By whose price its tokens are billed."""
    if assistant.model is not None:
        return assistant.model
    return next(one.base_model for one in config.load_recipes() if one.name == assistant.recipe)


def _check_recipe(recipe: str, file: str, config: "Config") -> None:
    imported: list[str] = [one.name for one in config.load_imports()]
    if recipe in imported:
        raise AssistantError(
            f"{file}: recipe = {recipe!r}: it imports models, which are billed by the minute while they are awake, so "
            "that no budget of tokens holds; name a recipe that trains"
        )
    trained = [one for one in config.recipes if one not in imported]
    if recipe not in trained:
        raise AssistantError(
            f"{file}: recipe = {recipe!r}: not among the recipes of this environment{nearest(recipe, trained)}; there "
            f"are: {', '.join(trained)}"
        )


def price_of(base_model: str) -> TokenPrice | None:
    """Of a model on demand, and of what is trained from it; None where no dated price is known."""
    serving = Serving.of(base_model)
    asked, answered = serving.input_usd_per_1000_tokens, serving.output_usd_per_1000_tokens
    if asked is None or answered is None:
        return None
    return TokenPrice(input_usd_per_1000=asked, output_usd_per_1000=answered)
