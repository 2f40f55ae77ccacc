"""Each wrong recipe is refused with one message that names file, key and what is allowed."""

import pytest
from domain_builders import any_recipe

from tuning.errors import RecipeError
from tuning.models.catalog import catalog
from tuning.runs.recipe_files import check_recipe, load

SOUND = 'description = "d"\nbase_model = "amazon.nova-micro-v1:0:128k"\n'
HYPER = SOUND + "[hyperparameters]\n"
LIMITS = SOUND + "[limits]\n"
CONVERT = SOUND + "[convert]\n"


def refusal(tmp_path, text, *, name="support.toml", region="us-east-1"):
    """The message with which a recipe file is refused, at reading or against the catalog."""
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RecipeError) as refused:
        check_recipe(load(path), region=region, catalog=catalog(), file=str(path))
    message = str(refused.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


CASES = [
    pytest.param("description = ", "not valid TOML", id="broken TOML"),
    pytest.param(b'description = "\xff"', "not valid TOML", id="not UTF-8"),
    pytest.param('base_model = "x"', "description: missing", id="no description"),
    pytest.param('description = "d"', "base_model: missing", id="no base model"),
    pytest.param('description = ""\nbase_model = "x"', "description: missing", id="empty"),
    pytest.param(
        SOUND + 'basemodel = "x"', "basemodel: unknown key (did you mean 'base_model'?)", id="typo"
    ),
    pytest.param(SOUND + "zzz = 1", "zzz: unknown key; known: description, base_model", id="key"),
    pytest.param(SOUND + 'name = "x"', "name: unknown key", id="the file gives the name"),
    pytest.param(
        SOUND + "validation = true", "validation = True: must be text in quotes", id="not text"
    ),
    pytest.param(
        SOUND + 'validation = "maybe"',
        "validation = 'maybe': must be one of required, optional, refused",
        id="policy",
    ),
    pytest.param(
        SOUND + 'supersede = "yes"', "supersede = 'yes': must be true or false", id="supersede"
    ),
    *[
        pytest.param(
            f"{SOUND}wait_for_validation_minutes = {minutes}",
            "must be whole minutes, 0 to 1440",
            id=f"{minutes} minutes",
        )
        for minutes in ("-1", "1441", "1.5", "true", '"5"')
    ],
    pytest.param(
        SOUND + 'validation = "refused"\nwait_for_validation_minutes = 5',
        'the recipe takes no validation set: validation = "refused"',
        id="waits for what it refuses",
    ),
    pytest.param(SOUND + "limits = 3", "limits = 3: must be a table", id="limits not a table"),
    pytest.param(
        SOUND + "hyperparameters = []",
        "hyperparameters = []: must be a table",
        id="hyperparameters not a table",
    ),
    pytest.param(SOUND + "retry = 1", "retry = 1: must be a table", id="retry not a table"),
    pytest.param(SOUND + "[retry]", "retry.recipe: missing; name 'support' or another recipe"),
    pytest.param(SOUND + "[retry]\nrecipe = 1", "retry.recipe = 1: must be text in quotes"),
    pytest.param(SOUND + "[retry]\ntimes = 3", "retry.times: unknown key; known: recipe"),
    pytest.param(
        LIMITS + "max_hour = 3",
        "limits.max_hour: unknown key (did you mean 'max_hours'?)",
        id="limit typo",
    ),
    pytest.param(LIMITS + "max_hours = 0", "limits.max_hours = 0: must be whole hours, 1 to 96"),
    pytest.param(LIMITS + "max_hours = 97", "limits.max_hours = 97: must be whole hours, 1 to 96"),
    pytest.param(
        LIMITS + "stall_hours = true", "limits.stall_hours = True: must be whole hours, 1 to 96"
    ),
    pytest.param(
        LIMITS + "stall_hours = 1.5", "limits.stall_hours = 1.5: must be whole hours, 1 to 96"
    ),
    *[
        pytest.param(
            f"{LIMITS}{key} = {dollars}", "must be US dollars, 0 or more", id=f"{key} {dollars}"
        )
        for key in ("approve_above_usd", "monthly_usd")
        for dollars in ("-1", "-0.01", "true", '"5"', "inf", "nan")
    ],
    pytest.param(SOUND + 'strict = "DS702"', "strict: must be a list of rules", id="one rule"),
    pytest.param(SOUND + "strict = [702]", "strict: must be a list of rules", id="number as rule"),
    pytest.param(SOUND + 'strict = ["DS70"]', "strict: no rule 'DS70'", id="no such rule"),
    pytest.param(SOUND + "convert = true", "convert = True: must be a table", id="not a table"),
    pytest.param(
        CONVERT + "mapp = {}", "convert.mapp: unknown key (did you mean 'map'?)", id="map typo"
    ),
    pytest.param(CONVERT + 'map = "x"', "convert.map = 'x': must be a table", id="map no table"),
    pytest.param(
        CONVERT + 'map = { promt = "q" }',
        "convert.map.promt: unknown name (did you mean 'prompt'?)",
        id="name typo",
    ),
    pytest.param(
        CONVERT + 'map = { zzz = "q" }', "unknown name; known: prompt, completion", id="name"
    ),
    pytest.param(
        CONVERT + "map = { prompt = 3 }", "convert.map.prompt = 3: must be text in quotes"
    ),
    pytest.param(
        CONVERT + 'map = { prompt = " " }', "convert.map.prompt = ' ': must name a column"
    ),
    pytest.param(
        CONVERT + 'map = { prompt = "q", completion = "q" }',
        "convert.map.prompt = 'q': this column is mapped twice",
    ),
    pytest.param(
        HYPER + "epochs = 2",
        "hyperparameters.epochs: unknown for amazon.nova-micro-v1:0:128k"
        " (did you mean 'epochCount'?); it takes epochCount, learningRate",
        id="hyperparameter typo",
    ),
    pytest.param(
        HYPER + "temperature = 2", "it takes epochCount, learningRate, learningRateWarmupSteps"
    ),
    pytest.param(HYPER + "epochCount = 6", "hyperparameters.epochCount = 6: must be 1 to 5"),
    pytest.param(HYPER + "epochCount = true", "hyperparameters.epochCount = True: must be 1 to 5"),
    pytest.param(HYPER + 'epochCount = "2"', "hyperparameters.epochCount = '2': must be 1 to 5"),
    pytest.param(
        HYPER + "epochCount = 2.0",
        "hyperparameters.epochCount = 2.0: must be a whole number, 1 to 5",
        id="float where a whole number belongs",
    ),
    pytest.param(HYPER + "learningRate = nan", "learningRate = nan: must be 1e-06 to 0.0001"),
    pytest.param(HYPER + "learningRate = 1", "learningRate = 1: must be 1e-06 to 0.0001"),
    pytest.param(
        SOUND + 'method = "DISTILLATION"', "method = 'DISTILLATION': this platform starts"
    ),
    pytest.param(SOUND + 'method = "fine_tuning"', "starts FINE_TUNING jobs", id="method's case"),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_of_a_wrong_recipe_the_wrong_key_is_named_and_what_is_allowed(tmp_path, text, expected):
    assert expected in refusal(tmp_path, text)


MODELS = [
    pytest.param("amazon.nova-micro-v1:0", "takes 'amazon.nova-micro-v1:0:128k'", id="base id"),
    pytest.param("amazon.nova-mcro-v1:0:128k", "did you mean 'amazon.nova-micro", id="typo"),
    pytest.param("amazon.titan-text-lite-v1", "is not in the catalog of", id="gone"),
    pytest.param("amazon.nova-canvas-v1:0", "is EOL since 2026-09-30", id="Nova Canvas"),
    pytest.param(
        "anthropic.claude-3-haiku-20240307-v1:0:200k", "is EOL since 2026-09-10", id="Claude 3"
    ),
    pytest.param(
        "meta.llama3-3-70b-instruct-v1:0:128k",
        "can be customized in us-west-2, not in us-east-1",
        id="other Region",
    ),
    pytest.param(
        "amazon.titan-image-generator-v2:0", 'takes no validation set; set validation = "refused"'
    ),
]


@pytest.mark.parametrize(("model", "expected"), MODELS)
def test_a_model_that_cannot_be_trained_is_refused_with_the_page(tmp_path, model, expected):
    message = refusal(tmp_path, f'description = "d"\nbase_model = "{model}"\n')
    assert message.startswith(("base_model: ", "validation = "))
    assert expected in message
    assert "https://docs.aws.amazon.com/bedrock/" in message


def test_a_hyperparameter_without_default_is_asked_for(tmp_path):
    text = 'description = "d"\nvalidation = "refused"\n'
    text += 'base_model = "amazon.titan-image-generator-v2:0"\n'
    assert "hyperparameters.stepCount: required, 10 to 40000 or 'auto'" in refusal(tmp_path, text)


@pytest.mark.parametrize(
    "name", ["Support", "su pport", "a--b", "-a", "a-", "a_b", "a.b", "é", "x" * 41]
)
def test_a_name_that_no_job_can_bear_is_refused(tmp_path, name):
    assert "at most 40 characters" in refusal(tmp_path, SOUND, name=f"{name}.toml")


@pytest.mark.parametrize("name", ["a", "a-b", "support-llama-3-3-70b", "7", "x" * 40])
def test_plain_names_are_taken(tmp_path, name):
    path = tmp_path / f"{name}.toml"
    path.write_text(SOUND)
    assert load(path).name == name


def test_for_a_missing_recipe_the_others_are_listed(tmp_path):
    (tmp_path / "support.toml").write_text(SOUND)
    with pytest.raises(RecipeError) as refused:
        load(tmp_path / "suport.toml")
    assert str(refused.value).endswith(
        "suport.toml: no such recipe (did you mean 'support'?); there are: support"
    )


def test_a_model_without_a_method_names_those_it_has():
    recipe = any_recipe(base_model="openai.gpt-oss-20b")
    with pytest.raises(RecipeError, match=r"openai\.gpt-oss-20b offers RFT_OPENAI_API"):
        check_recipe(recipe, region="us-west-2", catalog=catalog(), file="f.toml")


def test_a_gate_on_a_base_that_cannot_be_served_on_demand_is_refused_before_anything_is_trained(
    tmp_path,
):
    known = catalog().models.values()
    base = next(each for each in known if each.status == "ACTIVE" and not each.on_demand)
    assert base.methods["FINE_TUNING"].format == "converse"
    text = (
        f'description = "d"\nbase_model = "{base.id}"\nmethod = "FINE_TUNING"\n'
        'validation = "refused"\n[release]\nmetric = "token_f1"\n'
    )
    said = refusal(tmp_path, text, region=base.regions[0])
    assert said.startswith(f"release: models customized from {base.id} cannot be deployed")
    assert "provisioned_hours in its recipe's table [release]" in said
    assert "no dated price is known" in said


def gated(tmp_path, base, *more):
    """What is said of a recipe with a gate; its base is that of `base`."""
    lines = ('description = "d"', f'base_model = "{base}"', "[release]", 'metric = "token_f1"')
    region = catalog().models[base].regions[0]
    path = tmp_path / "support.toml"
    path.write_text("\n".join([*lines, *more]))
    check_recipe(load(path), region=region, catalog=catalog(), file="f.toml")


def test_a_gate_on_a_base_that_is_served_by_the_hour_takes_hours(tmp_path):
    gated(tmp_path, "meta.llama3-1-8b-instruct-v1:0:128k", "provisioned_hours = 4")


def test_hours_on_a_base_that_is_served_on_demand_are_a_mistake(tmp_path):
    with pytest.raises(RecipeError, match=r"release\.provisioned_hours = 4: of no use"):
        gated(tmp_path, "amazon.nova-micro-v1:0:128k", "provisioned_hours = 4")


def test_a_gate_on_a_base_that_answers_pictures_is_refused_whatever_it_asks_for(tmp_path):
    text = 'description = "d"\nbase_model = "amazon.titan-image-generator-v2:0"\n'
    text += 'validation = "refused"\n[hyperparameters]\nstepCount = 10\n'
    text += '[release]\nmetric = "token_f1"\nprovisioned_hours = 4\n'
    said = refusal(tmp_path, text, region="us-east-1")
    assert said.startswith(
        "release: models customized from amazon.titan-image-generator-v2:0 do not answer with text"
    )
