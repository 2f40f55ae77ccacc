"""What cannot be imported is refused with the reason, and leaves nothing behind."""

import pytest
import tiny_models
from domain_builders import DATASETS
from import_world import BEGINS, FOLDER, RECIPE, WEIGHTS, WHOLE, budgeted, registered


def refused(importing, import_id):
    """Why, of an import that leaves nothing behind."""
    finished = importing.run(import_id)
    record = importing.record(import_id)
    assert record.state == "refused"
    assert record.why in finished["summary"]
    assert not importing.bedrock.created
    assert not importing.s3.uploads
    assert registered() is None
    assert not budgeted(importing)
    return record.why


def adapter_refused(importing, folders, tmp_path, **config):
    base, _ = folders
    spoilt = tiny_models.adapter(tmp_path / "spoilt", **config)
    importing.lay(WEIGHTS, "bases/tiny/", base)
    importing.lay(DATASETS, FOLDER, spoilt)
    (import_id,) = importing.announced(BEGINS)
    return refused(importing, import_id)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"peft_type": "IA3"}, "IA3"),
        ({"r": 3}, "rank"),
        ({"init_lora_weights": "pissa"}, "pissa"),
        ({"alora_invocation_tokens": [1]}, "alora_invocation_tokens"),
        ({"target_modules": ["k_proj"]}, "LA3"),
    ],
)
def test_an_adapter_that_cannot_be_merged_is_refused_by_its_fault(
    importing, folders, tmp_path, config, words
):
    assert words in adapter_refused(importing, folders, tmp_path, **config)


def test_an_adapter_that_overflows_in_its_merge_is_refused_and_its_parts_are_gone(
    importing, tmp_path
):
    base = tiny_models.base(tmp_path / "tiny", dtype="F16", shards=2)
    tensors = {name: 200 * tensor for name, tensor in tiny_models.plain().items()}
    large = tiny_models.adapter(tmp_path / "large", tensors, lora_alpha=1e4)
    importing.recipe("support", RECIPE + 'precision = "F16"\n')
    importing.lay(WEIGHTS, "bases/tiny/", base)
    importing.lay(DATASETS, FOLDER, large)
    (import_id,) = importing.announced(BEGINS)
    finished = importing.run(import_id)
    assert "overflows" in finished["summary"]
    assert importing.record(import_id).state == "refused"
    assert not importing.s3.uploads
    assert not budgeted(importing)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ('precision = "F16"\n', "The weights are BF16; recipe support is for F16"),
        ("[limits]\nmonthly_usd = 1\n", "0 USD are left"),
    ],
)
def test_what_the_recipe_does_not_take_is_refused(importing, folders, more, words):
    base, adapter = folders
    importing.recipe("support", RECIPE + more)
    importing.lay(WEIGHTS, "bases/tiny/", base)
    importing.lay(DATASETS, FOLDER, adapter)
    (import_id,) = importing.announced(BEGINS)
    finished = importing.run(import_id)
    assert importing.record(import_id).state == "refused"
    assert words in finished["summary"] or "1 USD are left" in finished["summary"]
    assert not importing.s3.uploads
    assert not budgeted(importing)


def test_another_architecture_than_the_recipes_is_refused(importing, tmp_path):
    other = tiny_models.base(tmp_path / "other", architectures=["MistralForCausalLM"])
    importing.lay(WEIGHTS, WHOLE, other)
    (import_id,) = importing.announced(f"{WHOLE}config.json")
    assert "config.json says architecture MistralForCausalLM; recipe support is for LlamaForCausalLM" in refused(importing, import_id)  # fmt: skip


def test_what_import_does_not_take_is_refused_by_its_rule(importing, tmp_path):
    spoilt = tiny_models.base(tmp_path / "spoilt")
    (spoilt / "tokenizer_config.json").write_text('{"tokenizer_class": "BloomTokenizerFast"}')
    importing.lay(WEIGHTS, WHOLE, spoilt)
    (import_id,) = importing.announced(f"{WHOLE}config.json")
    assert "IM401" in refused(importing, import_id)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (f"{FOLDER}adapter_model.bin", "is a pickle"),
        ("adapters/suport/adapter_model.safetensors", "did you mean 'support'?"),
        (f"{WHOLE}pytorch_model.bin", "is a pickle"),
    ],
)
def test_what_can_be_no_import_is_refused_where_everybody_looks(importing, key, words):
    importing.s3.lay(DATASETS if key.startswith("adapters/") else WEIGHTS, key, b"?")
    (import_id,) = importing.announced(key)
    assert words in refused(importing, import_id)


def test_companions_start_nothing(importing):
    importing.s3.lay(DATASETS, f"{FOLDER}adapter_config.json", b"{}")
    assert importing.announced(f"{FOLDER}adapter_config.json") == []


def test_a_recipe_that_was_changed_since_refuses_what_had_arrived(importing, begun):
    importing.recipe("support", RECIPE + 'rounding = "peft"\n')
    assert "was changed since the upload arrived" in refused(importing, begun)


def test_a_recipe_that_is_gone_refuses_what_had_arrived(importing, begun):
    (importing.recipes / "support.toml").unlink()
    assert "is deployed any more" in refused(importing, begun)


def test_a_file_that_is_deleted_meanwhile_refuses_the_import(importing, begun):
    del importing.s3.versions[DATASETS, BEGINS]
    assert "was deleted while it was read" in refused(importing, begun)


def test_the_environments_budget_holds_for_imports_too(importing, begun, monkeypatch):
    monkeypatch.setenv("MONTHLY_BUDGET_USD", "1")
    importing.forget(monkeypatch)
    why = refused_after_check(importing, begun)
    assert "may cost 1.95 USD, and 1 USD are left of the environment's budget" in why
    assert "raise monthly_budget_usd in app.py, deploy, and upload it again" in why


def refused_after_check(importing, import_id):
    importing.run(import_id)
    record = importing.record(import_id)
    assert record.state == "refused"
    assert not importing.s3.uploads
    return record.why
