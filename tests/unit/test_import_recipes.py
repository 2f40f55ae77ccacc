"""Recipes of method IMPORT: each wrong one is refused with file, key and what is allowed."""

import pytest
from msgspec import structs

from lambdas import deployed_recipes
from tuning.constructs.config import Config
from tuning.errors import ConfigError, RecipeError
from tuning.imports.import_recipe_files import check_import_recipe, is_import, load_import
from tuning.models.import_check import facts
from tuning.runs.recipe_files import load

SOUND = 'method = "IMPORT"\ndescription = "d"\narchitecture = "LlamaForCausalLM"\n'
LIMITS = SOUND + "[limits]\n"
TRAINS = 'description = "d"\nbase_model = "amazon.nova-micro-v1:0:128k"\n'


def laid(tmp_path, text, name="support-llama.toml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_recipe_is_read_with_all_that_it_says(tmp_path):
    more = 'base = "Llama-3.1-8B"\nprecision = "F16"\nrounding = "peft"\n'
    limits = "[limits]\nmonthly_usd = 10.5\nawake_hours = 24\nmax_gb = 20\n"
    found = load_import(laid(tmp_path, SOUND + more + limits))
    assert (found.name, found.base, found.precision, found.rounding) == (
        "support-llama", "Llama-3.1-8B", "F16", "peft",
    )  # fmt: skip
    assert (found.limits.monthly_usd, found.limits.awake_hours, found.limits.max_gb) == (10.5, 24, 20)  # fmt: skip


def test_what_it_does_not_say_is_full_weights_in_bfloat16_rounded_once(tmp_path):
    found = load_import(laid(tmp_path, SOUND))
    assert (found.base, found.precision, found.rounding) == (None, "BF16", "once")


def test_limits_and_description_do_not_make_another_model(tmp_path):
    first = load_import(laid(tmp_path, SOUND))
    same = load_import(laid(tmp_path, LIMITS.replace('"d"', '"e"') + "max_gb = 1\n"))
    assert first.digest == same.digest != structs.replace(first, rounding="peft").digest


CASES = [
    ("description = ", "not valid TOML"),
    ('method = "IMPORT"\ndescription = "d"', "architecture: missing"),
    ('method = "IMPORT"\narchitecture = "x"', "description: missing"),
    (SOUND.replace("IMPORT", "FINE_TUNING"), "method = 'FINE_TUNING': must be 'IMPORT'"),
    (SOUND + "bas = 1", "bas: unknown key (did you mean 'base'?)"),
    (SOUND + 'base_model = "x"', "base_model: unknown key"),
    (SOUND + 'name = "x"', "name: unknown key"),
    (SOUND + "base = 1", "base = 1: must be text in quotes"),
    *((f"{SOUND}base = {base!r}", "must be the name of one folder under bases/") for base in ("a/b", "..", ".x", "", "a b", "s3://b/x")),
    (SOUND + 'precision = "F32"', "precision = 'F32': must be one of BF16, F16"),
    (SOUND + 'rounding = "twice"', "rounding = 'twice': must be one of once, peft"),
    (SOUND + "limits = 1", "limits = 1: must be a table"),
    (LIMITS + "max_hours = 1", "limits.max_hours: unknown key"),
    *((f"{LIMITS}max_gb = {wrong}", "must be whole gigabytes, 1 to 200") for wrong in ("0", "201", "1.5", "true")),
    *((f"{LIMITS}awake_hours = {wrong}", "must be whole hours, 1 to 8760") for wrong in ("0", "8761", "true", '"1"')),
    *((f"{LIMITS}monthly_usd = {wrong}", "must be US dollars, 0 or more") for wrong in ("-1", "inf", "nan", "true")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_of_a_wrong_recipe_the_wrong_key_is_named_and_what_is_allowed(tmp_path, text, expected):
    path = laid(tmp_path, text)
    with pytest.raises(RecipeError) as refused:
        load_import(path)
    message = str(refused.value)
    assert message.startswith(f"{path}: ")
    assert expected in message
    assert "\n" not in message


@pytest.mark.parametrize("name", ["Support.toml", "a--b.toml", "-a.toml", f"{'a' * 41}.toml"])
def test_a_name_that_no_folder_can_bear_is_refused(tmp_path, name):
    with pytest.raises(RecipeError, match="file name becomes part of job names"):
        load_import(laid(tmp_path, SOUND, name))


@pytest.mark.parametrize(
    ("architecture", "region", "expected"),
    [
        ("LlamaForCausalLM", "ap-south-1", "models are imported in us-east-1"),
        ("LlamaForCausalLn", "us-east-1", "did you mean 'LlamaForCausalLM'?"),
        ("Gemma3ForCausalLM", "us-east-1", "not supported by import"),
        ("GptOssForCausalLM", "us-west-2", "is imported in us-east-1 only, not in us-west-2"),
    ],
)
def test_what_a_region_does_not_import_is_refused_with_the_page(
    tmp_path, architecture, region, expected
):
    recipe = load_import(laid(tmp_path, SOUND.replace("LlamaForCausalLM", architecture)))
    with pytest.raises(RecipeError) as refused:
        check_import_recipe(recipe, region=region, file="x.toml")
    assert expected in str(refused.value)
    assert "https://docs.aws.amazon.com/" in str(refused.value)


def test_each_architecture_is_taken_in_each_region_that_imports_it(tmp_path):
    for name, known in facts()["architectures"].items():
        recipe = load_import(laid(tmp_path, SOUND.replace("LlamaForCausalLM", name)))
        for region in known.get("regions", facts()["regions"]):
            check_import_recipe(recipe, region=region, file="x.toml")


def test_commands_that_train_say_where_uploads_of_such_a_recipe_go(tmp_path):
    with pytest.raises(
        RecipeError, match=r"imports what was trained elsewhere.* adapters/support-llama/"
    ):
        load(laid(tmp_path, SOUND))


def environment(tmp_path, **texts):
    for name, text in texts.items():
        laid(tmp_path, text, f"{name}.toml")
    return Config(region="us-east-1", recipes=tuple(texts), recipes_folder=tmp_path)


def test_an_environment_keeps_recipes_that_train_apart_from_those_that_import(tmp_path):
    made = environment(tmp_path, trained=TRAINS, imported=SOUND)
    assert [each.name for each in made.load_recipes()] == ["trained"]
    assert [each.name for each in made.load_imports()] == ["imported"]


def test_an_environment_that_cannot_import_the_architecture_is_refused_at_synth(tmp_path):
    wrong = SOUND.replace("LlamaForCausalLM", "Gemma3ForCausalLM")
    with pytest.raises(RecipeError, match=r"imported\.toml: architecture = 'Gemma3ForCausalLM'"):
        environment(tmp_path, trained=TRAINS, imported=wrong)


def test_an_environment_that_only_imports_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="name one that trains as well"):
        environment(tmp_path, imported=SOUND)


def test_a_recipe_that_imports_is_no_fallback_of_one_that_trains(tmp_path):
    with pytest.raises(ConfigError, match=r"retry\.recipe = 'imported': not among the recipes"):
        environment(tmp_path, trained=TRAINS + '[retry]\nrecipe = "imported"\n', imported=SOUND)


def test_functions_find_each_recipe_by_its_kind(tmp_path, monkeypatch):
    monkeypatch.setattr(deployed_recipes, "FOLDER", tmp_path)
    laid(tmp_path, TRAINS, "trained.toml")
    laid(tmp_path, SOUND, "imported.toml")
    assert deployed_recipes.import_recipe("imported") == load_import(tmp_path / "imported.toml")
    assert deployed_recipes.import_recipe("trained") is None
    assert deployed_recipes.import_recipe("none") is None
    assert deployed_recipes.gate("imported") is None


def test_what_cannot_be_read_is_no_recipe_that_imports(tmp_path):
    assert not is_import(laid(tmp_path, "method = "))
    assert not is_import(tmp_path / "missing.toml")
