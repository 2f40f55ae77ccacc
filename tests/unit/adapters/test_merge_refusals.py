"""Every refusal is reached by a fault, names it, and leaves nothing behind."""

import re

import numpy as np
import pytest
import tiny_models
from test_merge_spoilt_folders import SPOILT
from tiny_models import HIDDEN, NARROW, PREFIX, Q0, V1, VOCABULARY, WIDE, numbers, pair

from tuning.adapters.refused import GROUPS, merge_refusals

A, B = f"{PREFIX}{Q0}.lora_A.weight", f"{PREFIX}{Q0}.lora_B.weight"
MAGNITUDE = f"{PREFIX}{Q0}.lora_magnitude_vector"
EMBED, HEAD = f"{PREFIX}model.embed_tokens", f"{PREFIX}lm_head"
ROWS = {f"{EMBED}.token_adapter.trainable_tokens_delta": numbers(2, HIDDEN)}
TIED = {"of": tiny_models.llama_tensors(head=False), "model": {"tie_word_embeddings": True}}
LARGER = numbers(VOCABULARY + 2, HIDDEN)
EXPERTS = f"{PREFIX}model.layers.0.mlp.experts"
FUSED = {
    "of": tiny_models.llama_tensors(experts=2),
    "target_parameters": ["experts.gate_up_proj", "experts.down_proj"],
}


def plain(**changes):
    """The sound adapter with some tensors changed; None takes one away."""
    made = tiny_models.plain() | changes
    return {key: tensor for key, tensor in made.items() if tensor is not None}


def zeros(*shape):
    return np.zeros(shape, np.float32)


def broken(value):
    made = tiny_models.plain()[A].copy()
    made[1, 3] = value
    return plain(**{A: made})


CASES = {
    "a configuration of another method": ("LA201", {"peft_type": "IA3"}, "IA3"),
    "a rank that is missing": ("LA202", {"r": None}, "r is missing"),
    "a rank that is a fraction": ("LA202", {"r": 2.0}, "2.0"),
    "a rank that is a truth": ("LA202", {"r": True}, "True"),
    "a rank of zero in a pattern": ("LA202", {"rank_pattern": {"q_proj": 0}}, "q_proj"),
    "an alpha that is missing": ("LA203", {"lora_alpha": None}, "lora_alpha is missing"),
    "an alpha that is a text": ("LA203", {"lora_alpha": "16"}, "'16'"),
    "an alpha beyond float32": ("LA203", {"lora_alpha": 1e39}, "scale"),
    "an alpha of a thousand digits": ("LA203", {"lora_alpha": 10**1000}, "too large"),
    "a base changed by PiSSA": ("LA204", {"init_lora_weights": "pissa_niter_16"}, "pissa_niter_16"),
    "a base changed by OLoRA": ("LA204", {"init_lora_weights": "olora"}, "olora"),
    "a base changed by CorDA": ("LA204", {"init_lora_weights": "corda"}, "corda"),
    "a base changed by LoftQ": ("LA204", {"init_lora_weights": "loftq"}, "loftq"),
    "a base changed by LoRA-GA": ("LA204", {"init_lora_weights": "lora_ga"}, "lora_ga"),
    "aLoRA": ("LA205", {"alora_invocation_tokens": [1]}, "alora_invocation_tokens"),
    "replicated layers": ("LA205", {"layer_replication": [[0, 1]]}, "layer_replication"),
    "QA-LoRA": ("LA205", {"use_qalora": True}, "use_qalora"),
    "BD-LoRA": ("LA205", {"use_bdlora": {"nblocks": 2}}, "use_bdlora"),
    "Arrow": ("LA205", {"arrow_config": {"top_k": 1}}, "arrow_config"),
    "Megatron": ("LA205", {"megatron_config": {"a": 1}}, "megatron_config"),
    "KaSA": ("LA205", {"kasa_config": {"beta": 1}}, "kasa_config"),
    "MonteCLoRA": ("LA205", {"monteclora_config": {"a": 1}}, "monteclora_config"),
    "VeLoRA": ("LA205", {"velora_config": {"a": 1}}, "velora_config"),
    "a setting of tomorrow": ("LA206", {"use_newlora": True}, "use_newlora"),
    "an initialisation of tomorrow": ("LA206", {"init_lora_weights": "novel"}, "novel"),
    "a flag that is a text": ("LA207", {"use_dora": "yes"}, "use_dora"),
    "an unknown kind of bias": ("LA207", {"bias": "some"}, "bias"),
    "targets that are numbers": ("LA207", {"target_modules": [1]}, "target_modules"),
    "a pattern that is not an expression": ("LA207", {"rank_pattern": {"(": 2}}, "expression"),
    "targets that are no expression": ("LA207", {"target_modules": "*"}, "expression"),
    "layers that are texts": ("LA207", {"layers_to_transform": ["1"]}, "layers_to_transform"),
    "the same row twice": ("LA207", {"trainable_token_indices": [1, 1]}, "trainable_token_indices"),
    "no prefix": ("LA301", plain(**{A: None, A.removeprefix(PREFIX): zeros(2, HIDDEN)}), "begin"),
    "an unknown part": ("LA301", plain(**{f"{PREFIX}{Q0}.lora_C.weight": zeros(2)}), "lora_C"),
    "a bias of lora_A": ("LA301", plain(**{f"{PREFIX}{Q0}.lora_A.bias": zeros(2)}), "lora_A"),
    "a layer that is not there": (
        "LA302",
        pair("model.layers.7.self_attn.q_proj", 8, 8),
        "layers.7",
    ),
    "a whole tensor that is not there": (
        "LA302",
        plain(**{f"{PREFIX}score.weight": zeros(2, 8)}),
        "score",
    ),
    "no lora_B": ("LA303", plain(**{B: None}), "without its lora_B"),
    "no lora_A": ("LA303", plain(**{A: None}), "without its lora_A"),
    "a magnitude alone": ("LA303", {MAGNITUDE: zeros(HIDDEN)}, "lora_A and lora_B"),
    "another rank": ("LA304", {"r": 4}, "rank 4"),
    "a lora_B of another rank": ("LA305", plain(**{B: zeros(HIDDEN, 3)}), "another base"),
    "a wider base": ("LA305", pair(Q0, 9, 9), "another base"),
    "lora_A and lora_B exchanged": ("LA305", pair(V1, HIDDEN, NARROW), "another base"),
    "a whole tensor of another shape": (
        "LA305",
        plain(**{f"{PREFIX}model.norm.weight": zeros(9)}),
        "model.norm.weight",
    ),
    "another hidden size of the vocabulary": (
        "LA305",
        plain(**{f"{EMBED}.weight": zeros(VOCABULARY, 9)}),
        "embed_tokens",
    ),
    "a magnitude of another length": (
        "LA305",
        plain(**{MAGNITUDE: zeros(9)}) | {"use_dora": True},
        "lora_magnitude_vector",
    ),
    "a row beyond the vocabulary": (
        "LA305",
        ROWS | {"trainable_token_indices": [1, VOCABULARY]},
        "rows up to",
    ),
    "DoRA without magnitudes": ("LA306", {"use_dora": True}, "lora_magnitude_vector is missing"),
    "magnitudes without DoRA": (
        "LA306",
        plain(**{MAGNITUDE: zeros(HIDDEN)}),
        "use_dora is not set",
    ),
    "a target without LoRA": ("LA307", {"target_modules": ["q_proj"]}, "layers.1.self_attn.q_proj"),
    "a target of an expression without LoRA": (
        "LA307",
        {"target_modules": r".*layers\.[01]\.self_attn\.q_proj"},
        "layers.1.self_attn.q_proj",
    ),
    "a saved module that is missing": ("LA307", {"modules_to_save": ["lm_head"]}, "lm_head"),
    "a saved norm that is missing": ("LA307", {"modules_to_save": ["norm"]}, "norm"),
    "a tied head that is missing": ("LA307", TIED | {"modules_to_save": ["lm_head"]}, "lm_head"),
    "biases that are missing": (
        "LA307",
        {"of": tiny_models.llama_tensors(bias=True), "bias": "all"},
        "bias",
    ),
    "biases of LoRA layers that are missing": (
        "LA307",
        {"of": tiny_models.llama_tensors(bias=True), "bias": "lora_only"},
        "layers.0.self_attn.q_proj.bias",
    ),
    "trained rows that are missing": ("LA307", {"trainable_token_indices": [1, 2]}, "embedding"),
    "fused experts of one layer only": (
        "LA307",
        FUSED
        | {
            f"{EXPERTS}.lora_A.weight": zeros(4, WIDE),
            f"{EXPERTS}.lora_B.weight": zeros(HIDDEN, 4),
            f"{EXPERTS}.base_layer.lora_A.weight": zeros(4, HIDDEN),
            f"{EXPERTS}.base_layer.lora_B.weight": zeros(2 * WIDE, 4),
        },
        "layers.1.mlp.experts",
    ),
    "LoRA on a layer that is not selected": ("LA308", {"target_modules": ["v_proj"]}, "q_proj"),
    "LoRA on a layer that is excluded": (
        "LA308",
        {"target_modules": ["q_proj"], "exclude_modules": ["layers.0.self_attn.q_proj"]},
        "q_proj",
    ),
    "LoRA on a layer of another number": (
        "LA308",
        {"target_modules": ["q_proj"], "layers_to_transform": [1]},
        "layers.0",
    ),
    "trained rows that are not announced": ("LA308", ROWS, "trainable_token_indices"),
    "a bias of LoRA that is not announced": (
        "LA308",
        plain(**{f"{PREFIX}{Q0}.lora_B.bias": zeros(HIDDEN)}),
        "lora_bias is not set",
    ),
    "a bias of LoRA that is missing": ("LA308", {"lora_bias": True}, "lora_bias is set"),
    "a whole tensor beside LoRA": (
        "LA308",
        plain(**{f"{PREFIX}{Q0}.weight": zeros(HIDDEN, HIDDEN)}),
        "q_proj.weight",
    ),
    "one part under two names": (
        "LA309",
        plain(**{f"{PREFIX}{Q0}.lora_A.default.weight": zeros(2, HIDDEN)}),
        "same part",
    ),
    "two adapters in one file": (
        "LA309",
        {
            f"{PREFIX}{m}.lora_{part}.{name}.weight": zeros(2, 2)
            for m, name in ((Q0, "alpha"), (V1, "beta"))
            for part in "AB"
        },
        "alpha, beta",
    ),
    "two copies that differ": (
        "LA309",
        plain(
            **{
                f"{HEAD}.weight": zeros(VOCABULARY, HIDDEN),
                f"{HEAD}.modules_to_save.weight": numbers(VOCABULARY, HIDDEN),
            }
        ),
        "differ",
    ),
    "a bias of LoRA on a layer without": (
        "LA310",
        plain(**{f"{PREFIX}{Q0}.lora_B.bias": zeros(HIDDEN)}) | {"lora_bias": True},
        "no bias",
    ),
    "NaN in the adapter": ("LA501", broken(np.nan), "NaN"),
    "infinity in the adapter": ("LA501", broken(-np.inf), "Inf"),
    "a row of zeros under DoRA": (
        "LA504",
        plain(**{MAGNITUDE: numbers(HIDDEN)})
        | {"use_dora": True, "of": tiny_models.llama_tensors() | {f"{Q0}.weight": zeros(8, 8)}}
        | {B: zeros(HIDDEN, 2)},
        "norm",
    ),
    "a base with infinity": (
        "LA502",
        {"of": tiny_models.llama_tensors() | {f"{Q0}.weight": np.full((8, 8), np.inf, np.float32)}},
        f"{Q0}.weight",
    ),
    "a sum beyond float16": ("LA503", {"dtype": "F16", "lora_alpha": 1e7}, "65504"),
    "a sum beyond float32": (
        "LA503",
        {"dtype": "F32", "lora_alpha": 3e38} | plain(**{B: numbers(8, 2, scale=1e3)}),
        "float32",
    ),
    "an adapter that was not trained": ("LA505", plain(**{B: zeros(HIDDEN, 2)}), "zero"),
    "an alpha of zero": ("LA505", {"lora_alpha": 0}, "alpha"),
    "new rows in the embedding alone": ("LA601", plain(**{f"{EMBED}.weight": LARGER}), "lm_head"),
    "new rows in the head alone": ("LA601", plain(**{f"{HEAD}.weight": LARGER}), "lm_head"),
    "tied matrices that differ": (
        "LA602",
        TIED | plain(**{f"{HEAD}.weight": LARGER[:-2], f"{EMBED}.weight": LARGER[2:]}),
        "differ",
    ),
    "more fused parameters than announced": (
        "LA603",
        FUSED
        | {"target_parameters": ["experts.down_proj"]}
        | {
            f"{EXPERTS}{nested}.lora_{part}.weight": zeros(4, 4)
            for nested in ("", ".base_layer")
            for part in "AB"
        },
        "down_proj",
    ),
}


@pytest.mark.parametrize("fault", CASES)
def test_a_fault_is_refused_by_its_id_and_named(refused, fault):
    rule, content, words = CASES[fault]
    tensors = {k: v for k, v in content.items() if k.startswith(("base_model", "model."))}
    options = {k: v for k, v in content.items() if k not in tensors}
    found = refused(tensors or None, **options)
    assert found.startswith(f"{rule} {merge_refusals()[rule].title}: ")
    assert words in found


def test_refusals_are_ordered_whole_and_of_a_known_group():
    found = list(merge_refusals().values())
    assert [r.id for r in found] == sorted(r.id for r in found)
    for refusal in found:
        assert re.fullmatch(r"LA[1-7]\d\d", refusal.id)
        assert refusal.id[2] in GROUPS
        assert refusal.source.startswith("https://")
        assert all(text.strip() == text != "" for text in vars(refusal).values())
        assert "|" not in "".join(vars(refusal).values())


def test_every_refusal_has_a_fault_that_reaches_it():
    elsewhere = {"LA104", "LA107", "LA701"}  # test_tensor_header, below, test_merge_receipt
    reached = {case[0] for case in (*CASES.values(), *SPOILT.values())}
    assert reached | elsewhere == set(merge_refusals())
