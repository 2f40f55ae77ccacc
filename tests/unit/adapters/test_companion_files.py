"""What lies beside the weights: the adapter's own tokenizer and template first, config.json as needed."""

import json

import pytest
import tiny_models
from tiny_models import HIDDEN, PREFIX, VOCABULARY, numbers

from tuning.adapters.companion_files import changed_config
from tuning.adapters.folder_merge import Order, merge

GROWN = {
    f"{PREFIX}{name}.weight": numbers(VOCABULARY + 2, HIDDEN, seed=seed)
    for seed, name in enumerate(("lm_head", "model.embed_tokens"))
}


@pytest.fixture
def made(tmp_path):
    def run(own=None, of=None, tensors=None, **model):
        base = tiny_models.base(tmp_path / "base", **model)
        adapter = tiny_models.adapter(tmp_path / "adapter", tensors)
        for folder, files in ((base, of), (adapter, own)):
            for name, content in (files or {}).items():
                (folder / name).write_text(
                    content if isinstance(content, str) else json.dumps(content)
                )
        receipt = merge(Order(base=base, adapter=adapter), tmp_path / "out")
        found = {p.name: p.read_text("latin-1") for p in (tmp_path / "out").iterdir()}
        return found, receipt

    return run


def test_everything_of_the_base_that_a_model_needs_is_copied(made):
    of = {
        "generation_config.json": {"a": 1},
        "vocab.json": {"t0": 0},
        "NOTICE.txt": "notice",
        "preprocessor_config.json": {},
        "training.log": "no",
        "model.py": "no",
    }
    found, receipt = made(of=of)
    for name in ("generation_config.json", "vocab.json", "NOTICE.txt", "LICENSE", "tokenizer.json"):
        assert name in found
    assert "training.log" not in found
    assert receipt.left_out == ("base/model.py", "base/training.log")


def test_an_unchanged_configuration_is_copied_byte_for_byte(made, tmp_path):
    found, _ = made(of={"config.json": '{ "model_type":"llama",\n\n "x": 1.50}'})
    assert found["config.json"] == (tmp_path / "base" / "config.json").read_text()


def test_the_adapters_template_wins_over_every_template_of_the_base(made):
    of = {"chat_template.json": '{"chat_template": "base"}', "chat_template.jinja": "base"}
    found, _ = made(own={"chat_template.jinja": "own"}, of=of)
    assert found["chat_template.jinja"] == "own"
    assert "chat_template.json" not in found


def test_a_template_inside_of_the_adapters_tokenizer_is_not_hidden_by_the_bases_file(made):
    own = {"tokenizer_config.json": {"chat_template": "own"}}
    found, _ = made(own=own, of={"chat_template.jinja": "base"})
    assert "chat_template.jinja" not in found
    assert json.loads(found["tokenizer_config.json"]) == {"chat_template": "own"}


def test_the_bases_embedded_template_is_kept_where_the_adapter_brings_none(made):
    found, _ = made(own={"tokenizer_config.json": {"a": 1}})
    assert found["chat_template.jinja"] == "base"


def test_the_bases_template_is_kept_where_the_adapter_says_nothing(made):
    found, _ = made(of={"chat_template.jinja": "base"})
    assert found["chat_template.jinja"] == "base"


def test_added_tokens_of_the_base_do_not_contradict_the_adapters_tokenizer(made):
    of = {"special_tokens_map.json": {"pad": "old"}, "added_tokens.json": {"old": 3}}
    own = {"tokenizer.json": tiny_models.tokenizer(VOCABULARY)}
    found, receipt = made(own=own, of=of)
    assert "special_tokens_map.json" not in found
    assert "added_tokens.json" not in found
    assert "taken from the adapter: tokenizer.json" in receipt.notes


def test_a_tokenizer_that_grew_with_the_embedding_comes_along(made):
    own = {"tokenizer.json": tiny_models.tokenizer(VOCABULARY + 2)}
    found, receipt = made(own=own, tensors=tiny_models.plain() | GROWN)
    assert json.loads(found["tokenizer.json"]) == own["tokenizer.json"]
    assert json.loads(found["config.json"])["vocab_size"] == VOCABULARY + 2
    assert receipt.config_changes == {"vocab_size": VOCABULARY + 2}


def test_new_rows_without_a_tokenizer_are_said(made):
    _, receipt = made(tensors=tiny_models.plain() | GROWN)
    assert any("brings no tokenizer" in note for note in receipt.notes)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"vocab_size": 1}, {"vocab_size": 9, "tie_word_embeddings": False}),
        ({"text_config": {"vocab_size": 1}}, {"text_config": {"vocab_size": 9, "tie_word_embeddings": False}}),
        (
            {"tie_word_embeddings": True, "text_config": {"vocab_size": 1, "tie_word_embeddings": True}},
            {"tie_word_embeddings": False, "text_config": {"vocab_size": 9, "tie_word_embeddings": False}},
        ),
        (
            {"tie_word_embeddings": True, "text_config": {"vocab_size": 1}},
            {"tie_word_embeddings": False, "text_config": {"vocab_size": 9}},
        ),
    ],
)  # fmt: skip
def test_a_change_is_made_wherever_the_configuration_has_the_field(config, expected):
    changed = changed_config(config, {"vocab_size": 9, "tie_word_embeddings": False})
    assert json.loads(changed) == expected


def test_an_adapter_for_another_base_by_name_is_said(tmp_path):
    adapter = tiny_models.adapter(
        tmp_path / "q", base_model_name_or_path="unsloth/some-8b-bnb-4bit"
    )
    base = tiny_models.base(tmp_path / "b")
    receipt = merge(Order(base=base, adapter=adapter), tmp_path / "o")
    (note,) = receipt.notes
    assert "some-8b-bnb-4bit" in note
    assert "quantised" in note
