"""Assistants' files: each wrong one is refused with file, key and what is allowed."""

from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import pytest

from tuning.assistants.assistant import Assistant, KnowledgeBase
from tuning.assistants.assistant_files import load_assistant
from tuning.constructs.config import Config
from tuning.errors import AssistantError, ConfigError, GuardrailError

RECIPES = Path(__file__).parents[3] / "recipes"
SOUND = 'recipe = "support-nova-micro"\nsystem_prompt = "You help."\ndaily_budget = 2.50\n'
KNOWS = SOUND + "[knowledge_base]\n"
RERANK = 'rerank = "{}"\nleast_score = 0.2\n'


def laid(tmp_path, text, name="support.toml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_an_assistant_is_read_with_all_that_it_says(tmp_path):
    beside = 'guardrail = "support"\nmost_output_tokens = 300\ncaller_requests_per_minute = 7\n'
    knows = "[knowledge_base]\ndimensions = 256\npassages = 3\nleast_score = 0.5\n"
    assert load_assistant(laid(tmp_path, SOUND + beside + knows)) == Assistant(
        name="support",
        recipe="support-nova-micro",
        system_prompt="You help.",
        guardrail="support",
        knowledge_base=KnowledgeBase(dimensions=256, passages=3, least_score=0.5),
        daily_budget=Decimal("2.50"),
        most_output_tokens=300,
        caller_requests_per_minute=7,
    )


def test_documents_are_for_those_that_ask_for_them(tmp_path):
    assert load_assistant(laid(tmp_path, SOUND)).knowledge_base is None
    assert load_assistant(laid(tmp_path, KNOWS)).knowledge_base == KnowledgeBase()


CASES = [
    ("recipe = ", "not valid TOML"),
    (SOUND + "budget = 1", "budget: unknown key (did you mean"),
    (SOUND + 'model = "x"', "recipe, model: both are said"),
    (SOUND.replace("recipe", "# recipe"), "recipe, model: neither is said"),
    (SOUND.replace('"support-nova-micro"', "1"), "recipe = 1: must be text in quotes"),
    (SOUND.replace("system_prompt", "# "), "system_prompt: missing"),
    (SOUND.replace("You help.", " "), "system_prompt: must be text of 1 to 8,000"),
    (SOUND.replace("You help.", "x" * 8_001), "system_prompt: must be text of 1 to 8,000"),
    (SOUND.replace("daily_budget", "# "), "daily_budget: missing"),
    *((SOUND.replace("2.50", wrong), f"daily_budget = {shown}: must be") for wrong, shown in (
        ("0", "0"), ("-1", "-1"), ("100001", "100001"), ("true", "True"), ('"5"', "5"), ("nan", "NaN"), ("inf", "Infinity"))),
    (SOUND.replace("2.50", "0.001"), "daily_budget = 0.001: must be whole cents"),
    *((f"{SOUND}most_output_tokens = {wrong}", "must be a whole number, 1 to 5,000") for wrong in ("0", "5001", "1.5", "true")),
    (SOUND + "caller_requests_per_minute = 0", "must be a whole number, 1 to 6,000"),
    (SOUND + "knowledge_base = 1", "knowledge_base = 1: must be a table"),
    (KNOWS + "passage = 1", "knowledge_base.passage: unknown key (did you mean 'passages'?)"),
    (KNOWS + 'embeddings = "x"', "knowledge_base.embeddings = 'x': must be one of amazon.titan"),
    (KNOWS + "embeddings = []", "knowledge_base.embeddings = []: must be one of"),
    (KNOWS + 'rerank = "amazon.rerank"\nleast_score = 0', "rerank = 'amazon.rerank': must be one of amazon.rerank-v1:0, cohere.rerank-v3-5:0"),
    (KNOWS + "rerank = 1\nleast_score = 0", "knowledge_base.rerank = 1: must be one of"),
    (KNOWS + 'rerank = "cohere.rerank-v3-5:0"', "knowledge_base.least_score: missing; scores of a reranker are on another scale"),
    (KNOWS + "dimensions = 300", "makes 256, 512, 1024"),
    (KNOWS + "chunk_tokens = 19", "must be a whole number, 20 to 8,192"),
    (KNOWS + "overlap_percent = 100", "must be a whole number, 1 to 99"),
    (KNOWS + "passages = 21", "must be a whole number, 1 to 20"),
    *((f"{KNOWS}least_score = {wrong}", "must be a number, 0 to 1") for wrong in ("-0.1", "1.1", "true", "nan", '"0.4"')),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), CASES)
def test_what_could_not_work_is_refused_with_file_and_key(tmp_path, text, said):
    path = laid(tmp_path, text)
    with pytest.raises(AssistantError) as refused:
        load_assistant(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert said in str(refused.value)


@pytest.mark.parametrize("name", ["Support", "a_b", "a--b", "1a", "a" * 25, "-a"])
def test_names_are_parts_of_names_in_aws(tmp_path, name):
    with pytest.raises(AssistantError, match="becomes part of names in AWS"):
        load_assistant(laid(tmp_path, SOUND, f"{name}.toml"))


def test_a_file_that_is_not_there_is_said_with_those_that_are(tmp_path):
    laid(tmp_path, SOUND)
    with pytest.raises(AssistantError, match=r"no such assistant \(did you mean 'support'\?\)"):
        load_assistant(tmp_path / "suport.toml")


TOOL = '[[tools]]\nname = "orders"\ndescription = "Looks orders up."\nfunction = "orders"\ninput = {type = "object"}\n'
SEARCH = '[[tools]]\nname = "search"\ndescription = "Searches."\nkind = "documents"\n'


def environment(tmp_path, text=SOUND, assistants=("support",), guardrail="support", **more):
    laid(tmp_path, text)
    named = {"region": "us-east-1", "recipes": ("support-nova-micro",), "recipes_folder": RECIPES}
    return Config(
        **named, assistants=assistants, assistants_folder=tmp_path, guardrail=guardrail, **more
    )


def test_an_environment_has_those_that_it_names(tmp_path):
    assert [each.name for each in environment(tmp_path).load_assistants()] == ["support"]
    assert environment(tmp_path, assistants=()).load_assistants() == ()


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        (SOUND.replace("micro", "lite"), AssistantError, "not among the recipes of this environment (did you mean"),
        (SOUND.replace('recipe = "support-nova-micro"', 'model = "amazon.x"'), AssistantError, "model: "),
        (SOUND.replace('recipe = "support-nova-micro"', 'model = "amazon.nova-lite-v1:0:300k"'), AssistantError, "no dated price of tokens is known"),
        (SOUND.replace("2.50", "0.01") + "most_output_tokens = 5000", None, ""),
        (SOUND + 'guardrail = "none-such"', GuardrailError, "no such guardrail"),
        (KNOWS + RERANK.format("cohere.rerank-v3-5:0"), None, ""),
        (KNOWS + RERANK.format("amazon.rerank-v1:0"), AssistantError, "not in us-east-1; us-east-1 has cohere.rerank-v3-5:0: https://docs.aws.amazon.com/bedrock/latest/userguide/rerank-supported.html"),
        (SOUND + SEARCH + "[knowledge_base]\n" + RERANK.format("cohere.rerank-v3-5:0"), AssistantError, "what an agent looks up is not reserved for"),
        (SOUND + TOOL + "[knowledge_base]\n", AssistantError, "none of them searches the documents"),
    ],
)  # fmt: skip
def test_assistants_are_held_against_the_environment(tmp_path, text, kind, said):
    if kind is None:
        assert environment(tmp_path, text).load_assistants()
        return
    with pytest.raises(kind) as refused:
        environment(tmp_path, text)
    assert said in str(refused.value)


def test_a_budget_that_pays_for_no_answer_is_refused(tmp_path):
    """The dearest known model, the longest answer, one cent."""
    dear = SOUND.replace(
        'recipe = "support-nova-micro"', 'model = "amazon.nova-2-lite-v1:0:256k"'
    ).replace("2.50", "0.01")
    with pytest.raises(AssistantError, match="less than one answer of most_output_tokens = 5000"):
        environment(tmp_path, dear + "most_output_tokens = 5000")


def test_no_assistant_is_without_a_guardrail(tmp_path):
    with pytest.raises(AssistantError, match="answers behind a guardrail only"):
        environment(tmp_path, guardrail=None)
    assert environment(tmp_path, SOUND + 'guardrail = "support"', guardrail=None).load_assistants()


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("support", "must be a tuple of names"),
        (("support", "support"), "named more than once: support"),
        (tuple(f"a{number}" for number in range(11)), "there is room for 10"),
    ],
)
def test_names_of_assistants_are_few_and_different(tmp_path, names, said):
    with pytest.raises(ConfigError, match=said):
        environment(tmp_path, assistants=names)


def test_the_example_that_people_copy_is_read_and_names_every_key():
    """What it says of documents are the defaults, as its words have it."""
    path = RECIPES.with_name("assistants") / "help-desk.toml"
    example = load_assistant(path)
    assert example.knowledge_base == KnowledgeBase()
    config = Config(
        region="us-east-1",
        recipes=("support-nova-micro",),
        recipes_folder=RECIPES,
        assistants=("help-desk",),
    )
    assert config.load_assistants() == (example,)
    text = path.read_text("utf-8")
    for key in (*fields(Assistant), *fields(KnowledgeBase)):
        assert key.name == "name" or key.name in text, key.name


def test_tools_of_all_assistants_name_no_more_functions_than_the_endpoint_of_lambda_has_room_for(
    tmp_path,
):
    """Its policy names each of them once."""

    def config(functions):
        tools = [TOOL.replace('function = "orders"', f'function = "{each}"') for each in functions]
        text = SOUND + "".join(
            one.replace('name = "orders"', f'name = "tool-{n}"') for n, one in enumerate(tools)
        )
        names = tuple(f"clerk-{n}" for n in range(9))
        for name in names:
            (tmp_path / f"{name}.toml").write_text(text.replace("tool-", f"{name}-"), "utf-8")
            text = text.replace("function-", "function-x")
        zones = {"a": "use1-az1", "b": "use1-az2"}
        return environment(tmp_path, assistants=names, zone_ids=zones)

    config(["function-"] * 3)
    long = [f"function-{'x' * 40}:{n:0128}" for n in range(10)]
    with pytest.raises(ConfigError, match=r"90 functions .* room for 20,000: name fewer"):
        config(long)
