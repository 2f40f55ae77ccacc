"""Tied and resized vocabularies: the merged model is the adapter's, whatever PEFT's own merge makes."""

import json

import numpy as np
import pytest
import tiny_models
from tiny_models import HIDDEN, PREFIX, VOCABULARY, doubles, numbers, pair

EMBED, HEAD = "model.embed_tokens", "lm_head"
TIED = {"of": tiny_models.llama_tensors(head=False), "model": {"tie_word_embeddings": True}}
UNTIED = {"tie_word_embeddings": False}
OLD = TIED["of"][f"{EMBED}.weight"]


def whole(module, rows=VOCABULARY, seed=1):
    return {f"{PREFIX}{module}.weight": numbers(rows, HIDDEN, seed=seed)}


def rows_of(module, seed=1):
    return {f"{PREFIX}{module}.token_adapter.trainable_tokens_delta": numbers(2, HIDDEN, seed=seed)}


def embedding_lora():
    return {
        f"{PREFIX}{EMBED}.lora_embedding_A": numbers(2, VOCABULARY),
        f"{PREFIX}{EMBED}.lora_embedding_B": numbers(HIDDEN, 2),
    }


def changed_embedding():
    a, b = (doubles(embedding_lora()[f"{PREFIX}{EMBED}.lora_embedding_{part}"]) for part in "AB")
    return doubles(OLD) + 1.5 * (b @ a).T


def changed_head():
    lora = pair(HEAD, VOCABULARY, HIDDEN)
    a, b = (doubles(lora[f"{PREFIX}{HEAD}.lora_{part}.weight"]) for part in "AB")
    return doubles(OLD) + 1.5 * b @ a


SAVED = {"modules_to_save": [EMBED, HEAD]}
NEW, OTHER = numbers(VOCABULARY, HIDDEN, seed=1), numbers(VOCABULARY, HIDDEN, seed=2)
GROWN = numbers(VOCABULARY + 2, HIDDEN, seed=1)


def replaced(rows):
    made = OLD.copy()
    made[[3, 1]] = rows
    return made


# The adapter's tensors and settings; the embedding and the head that must come out, None where tied.
CASES = {
    "LoRA on the embedding": (embedding_lora(), {}, changed_embedding(), OLD),
    "LoRA on the head": (pair(HEAD, VOCABULARY, HIDDEN), {}, OLD, changed_head()),
    "LoRA on both": (embedding_lora() | pair(HEAD, VOCABULARY, HIDDEN), {}, changed_embedding(), changed_head()),
    "the embedding trained": (whole(EMBED), {"modules_to_save": [EMBED]}, NEW, OLD),
    "the head trained": (whole(HEAD), {"modules_to_save": [HEAD]}, OLD, NEW),
    "both trained apart": (whole(EMBED) | whole(HEAD, seed=2), SAVED, NEW, OTHER),
    "both trained apart and equal": (whole(EMBED) | whole(HEAD), SAVED, NEW, NEW),
    "both trained as one": (whole(EMBED) | whole(HEAD), SAVED | {"ensure_weight_tying": True}, NEW, None),
    "the embedding trained as one": (whole(EMBED), {"modules_to_save": [EMBED], "ensure_weight_tying": True}, NEW, None),
    "the embedding beside": (whole(EMBED), {}, NEW, None),
    "both beside, equal": (whole(EMBED) | whole(HEAD), {}, NEW, None),
    "the head beside": (whole(HEAD), {}, NEW, None),
    "rows of the embedding": (rows_of(EMBED), {"trainable_token_indices": [3, 1]}, replaced(numbers(2, HIDDEN, seed=1)), None),
    "other rows of each": (
        rows_of(EMBED) | rows_of(HEAD, seed=2),
        {"trainable_token_indices": {EMBED: [3, 1], HEAD: [3, 1]}},
        replaced(numbers(2, HIDDEN, seed=1)),
        replaced(numbers(2, HIDDEN, seed=2)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("case", CASES)
def test_a_tied_base_comes_out_as_the_adapter_uses_it(merged, case, shards):
    tensors, settings, embedding, head = CASES[case]
    made, receipt, out = merged(tensors, dtype="F32", shards=shards, **TIED, **settings)
    assert np.abs(doubles(made[f"{EMBED}.weight"]) - embedding).max() < 4e-6
    config = json.loads((out / "config.json").read_text())
    if head is None:
        assert f"{HEAD}.weight" not in made
        assert receipt.added == ()
        assert config["tie_word_embeddings"] is True
        return
    assert np.abs(doubles(made[f"{HEAD}.weight"]) - head).max() < 4e-6
    assert receipt.added == (f"{HEAD}.weight",)
    assert receipt.config_changes == UNTIED
    assert config["tie_word_embeddings"] is False


def test_a_head_that_is_added_to_shards_is_in_the_index(merged):
    made, _, out = merged(embedding_lora(), dtype="F16", shards=3, **TIED)
    index = json.loads((out / "model.safetensors.index.json").read_text())
    assert set(index["weight_map"]) == set(made)
    assert index["weight_map"][f"{HEAD}.weight"] == index["weight_map"][f"{EMBED}.weight"]
    assert index["metadata"]["total_size"] == sum(t.nbytes for t in made.values())


def test_a_tied_base_that_has_its_head_in_the_files_too_keeps_both_alike(merged):
    of = tiny_models.llama_tensors()
    of[f"{HEAD}.weight"] = of[f"{EMBED}.weight"]
    model = {"tie_word_embeddings": True}
    made, receipt, _ = merged(whole(EMBED), of=of, dtype="F32", model=model)
    assert (made[f"{EMBED}.weight"] == NEW).all()
    assert (made[f"{HEAD}.weight"] == NEW).all()
    assert receipt.added == ()
    assert receipt.config_changes == {}


def test_a_silent_configuration_without_a_head_means_tied(merged):
    model = {"tie_word_embeddings": None}
    made, receipt, _ = merged(embedding_lora(), of=TIED["of"], dtype="F32", model=model)
    assert (made[f"{HEAD}.weight"] == OLD).all()
    assert receipt.config_changes == UNTIED


@pytest.mark.parametrize("tied", [True, False])
def test_a_vocabulary_grows_on_both_sides(merged, tied):
    options = TIED if tied else {}
    tensors = whole(EMBED, VOCABULARY + 2) | whole(HEAD, VOCABULARY + 2)
    made, receipt, out = merged(tensors, dtype="F32", **options)
    assert (made[f"{EMBED}.weight"] == GROWN).all()
    assert (f"{HEAD}.weight" in made) is not tied
    assert receipt.config_changes == {"vocab_size": VOCABULARY + 2}
    assert json.loads((out / "config.json").read_text())["vocab_size"] == VOCABULARY + 2


def test_new_rows_are_trained_on_the_grown_matrix(merged):
    tensors = whole(HEAD, VOCABULARY + 2) | {
        f"{PREFIX}{EMBED}.token_adapter.base_layer.weight": GROWN,
        f"{PREFIX}{EMBED}.token_adapter.trainable_tokens_delta": numbers(2, HIDDEN, seed=4),
    }
    made, _, _ = merged(tensors, dtype="F32", trainable_token_indices=[VOCABULARY, VOCABULARY + 1])
    wanted = np.concatenate([GROWN[:-2], numbers(2, HIDDEN, seed=4)])
    assert (made[f"{EMBED}.weight"] == wanted).all()


def test_a_module_that_is_saved_twice_and_as_it_was_before_counts_once(merged):
    tensors = whole(HEAD) | {
        f"{PREFIX}{HEAD}.modules_to_save.weight": NEW,
        f"{PREFIX}{HEAD}.original_module.weight": OTHER,
    }
    made, receipt, _ = merged(tensors, dtype="F32", modules_to_save=[HEAD])
    assert (made[f"{HEAD}.weight"] == NEW).all()
    assert any("original_module" in note for note in receipt.notes)


@pytest.mark.parametrize("prefix", ["model.", "transformer."])
def test_a_base_without_its_first_prefix_is_found(merged, prefix):
    of = {n.removeprefix("model."): t for n, t in tiny_models.llama_tensors().items()}
    tensors = pair(f"{prefix}layers.0.self_attn.q_proj", HIDDEN, HIDDEN)
    made, receipt, _ = merged(tensors, of=of, dtype="F32")
    assert set(made) == set(of)
    assert list(receipt.changed) == ["layers.0.self_attn.q_proj.weight"]


@pytest.mark.parametrize("inner", ["language_model.model.", "model."])
def test_the_text_of_a_model_that_sees_is_found_under_its_name_in_the_files(merged, inner):
    of = {n.replace("model.", inner, 1): t for n, t in tiny_models.llama_tensors().items()}
    tensors = pair("model.language_model.layers.0.self_attn.q_proj", HIDDEN, HIDDEN)
    made, receipt, _ = merged(
        tensors, of=of, dtype="F32", model={"text_config": {"vocab_size": 20}}
    )
    assert set(made) == set(of)
    assert list(receipt.changed) == [f"{inner}layers.0.self_attn.q_proj.weight"]
