"""Each formula against float64, on weights of shapes that tell rows from columns, and on squares."""

import numpy as np
import pytest
import tiny_models
from tiny_models import HIDDEN, NARROW, PREFIX, Q0, V1, VOCABULARY, WIDE, doubles, numbers, pair

from tuning.adapters.folder_merge import Order, merge

EMBEDDING = "model.embed_tokens"


def close(found, wanted):
    assert found.shape == wanted.shape
    assert np.abs(doubles(found) - wanted).max() <= 4e-6
    return True


def change(tensors, module, scale):
    a, b = (doubles(tensors[f"{PREFIX}{module}.lora_{part}.weight"]) for part in "AB")
    return scale * (b @ a)


@pytest.mark.parametrize(
    ("settings", "scale"),
    [
        ({"lora_alpha": 3}, 1.5),
        ({"lora_alpha": 3, "use_rslora": True}, 3 / np.sqrt(2)),
        ({"lora_alpha": 3, "alpha_pattern": {"v_proj": 7}}, 3.5),
        ({"lora_alpha": 3, "alpha_pattern": {r"layers\.1\..*": 5, "v_proj": 7}}, 2.5),
        ({"lora_alpha": 3, "alpha_pattern": {"^model.layers.1.self_attn.v_proj": 9}}, 4.5),
        ({"lora_alpha": 3, "alpha_pattern": {"proj": 9}}, 1.5),
        ({"lora_alpha": 3, "r": 64, "rank_pattern": {"v_proj": 2}}, 1.5),
        (
            {"lora_alpha": 3, "r": 64, "rank_pattern": {"v_proj": 2}, "use_rslora": True},
            3 / np.sqrt(2),
        ),
        ({"lora_alpha": -3}, -1.5),
    ],
)
def test_the_scale_is_the_one_of_the_module(merged, settings, scale):
    of, tensors = tiny_models.llama_tensors(), pair(V1, NARROW, HIDDEN)
    made, receipt, _ = merged(tensors, of=of, dtype="F32", **settings)
    wanted = doubles(of[f"{V1}.weight"]) + change(tensors, V1, scale)
    assert close(made[f"{V1}.weight"], wanted)
    assert receipt.changed[f"{V1}.weight"]["scale"] == pytest.approx(scale)


def test_conv1d_is_transposed_even_where_it_is_square_and_the_configuration_denies_it(merged):
    of = {
        "transformer.wte.weight": numbers(VOCABULARY, HIDDEN),
        "transformer.h.0.attn.c_proj.weight": numbers(HIDDEN, HIDDEN),
        "transformer.h.0.mlp.c_fc.weight": numbers(HIDDEN, WIDE),
    }
    square, wide = "transformer.h.0.attn.c_proj", "transformer.h.0.mlp.c_fc"
    tensors = pair(square, HIDDEN, HIDDEN) | pair(wide, WIDE, HIDDEN)
    model = {"model_type": "gpt2", "tie_word_embeddings": True}
    made, _, _ = merged(tensors, of=of, dtype="F32", model=model, fan_in_fan_out=False)
    for module in (square, wide):
        wanted = doubles(of[f"{module}.weight"]) + change(tensors, module, 1.5).T
        assert close(made[f"{module}.weight"], wanted)


def embedding_pair(seed=3):
    return {
        f"{PREFIX}{EMBEDDING}.lora_embedding_A": numbers(2, VOCABULARY, seed=seed),
        f"{PREFIX}{EMBEDDING}.lora_embedding_B": numbers(HIDDEN, 2, seed=seed),
    }


def test_an_embedding_takes_the_transposed_change_on_the_adapters_own_copy(merged):
    own = numbers(VOCABULARY, HIDDEN, seed=77)
    tensors = embedding_pair() | {f"{PREFIX}{EMBEDDING}.base_layer.weight": own}
    made, _, _ = merged(tensors, dtype="F32")
    a, b = (doubles(tensors[f"{PREFIX}{EMBEDDING}.lora_embedding_{part}"]) for part in "AB")
    assert close(made[f"{EMBEDDING}.weight"], doubles(own) + 1.5 * (b @ a).T)


def dora(v, magnitude, axis):
    return (
        v / np.sqrt((v**2).sum(axis=axis, keepdims=True)) * np.expand_dims(doubles(magnitude), axis)
    )


@pytest.mark.parametrize("shape", [(NARROW,), (NARROW, 1), (1, NARROW)])
def test_dora_norms_the_rows_of_the_changed_weight(merged, shape):
    of, magnitude = tiny_models.llama_tensors(), np.abs(numbers(*shape)) + 1
    tensors = pair(V1, NARROW, HIDDEN) | {f"{PREFIX}{V1}.lora_magnitude_vector": magnitude}
    made, _, _ = merged(tensors, of=of, dtype="F32", use_dora=True, use_rslora=True)
    v = doubles(of[f"{V1}.weight"]) + change(tensors, V1, 3 / np.sqrt(2))
    assert close(made[f"{V1}.weight"], dora(v, magnitude.reshape(-1), 1))


def test_dora_norms_the_columns_of_an_embedding_and_of_conv1d(merged):
    of = {"transformer.wte.weight": numbers(VOCABULARY, HIDDEN)}
    module = "transformer.h.0.attn.c_proj"
    of[f"{module}.weight"] = numbers(HIDDEN, HIDDEN)
    wte = {k.replace(EMBEDDING, "transformer.wte"): t for k, t in embedding_pair().items()}
    magnitude = np.abs(numbers(HIDDEN)) + 1
    tensors = pair(module, HIDDEN, HIDDEN) | wte
    tensors |= {
        f"{PREFIX}{m}.lora_magnitude_vector": magnitude for m in (module, "transformer.wte")
    }
    model = {"model_type": "gpt2", "tie_word_embeddings": True}
    made, _, _ = merged(tensors, of=of, dtype="F32", model=model, use_dora=True)
    v = doubles(of[f"{module}.weight"]) + change(tensors, module, 1.5).T
    assert close(made[f"{module}.weight"], dora(v, magnitude, 0))
    a, b = (doubles(wte[f"{PREFIX}transformer.wte.lora_embedding_{part}"]) for part in "AB")
    v = doubles(of["transformer.wte.weight"]) + 1.5 * (b @ a).T
    assert close(made["transformer.wte.weight"], dora(v, magnitude, 0))
    assert (made["lm_head.weight"] == of["transformer.wte.weight"]).all()


def test_a_bias_of_lora_is_scaled(merged):
    of = tiny_models.llama_tensors(bias=True)
    tensors = pair(V1, NARROW, HIDDEN) | {f"{PREFIX}{V1}.lora_B.bias": numbers(NARROW, seed=9)}
    made, _, _ = merged(tensors, of=of, dtype="F32", lora_bias=True)
    wanted = doubles(of[f"{V1}.bias"]) + 1.5 * doubles(tensors[f"{PREFIX}{V1}.lora_B.bias"])
    assert close(made[f"{V1}.bias"], wanted)


def test_trained_rows_are_replaced_in_the_order_of_the_list(merged):
    of, rows = tiny_models.llama_tensors(), numbers(2, HIDDEN, seed=5)
    tensors = {f"{PREFIX}{EMBEDDING}.token_adapter.trainable_tokens_delta": rows}
    made, _, _ = merged(tensors, of=of, dtype="F32", trainable_token_indices=[11, 4])
    wanted = of[f"{EMBEDDING}.weight"].copy()
    wanted[[11, 4]] = rows
    assert (made[f"{EMBEDDING}.weight"] == wanted).all()


EXPERTS = "model.layers.0.mlp.experts"
PARAMETERS = ["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]


def fused(rank=2, experts=3, *, swapped=True):
    """LoRA of both fused parameters of both layers: down outermost, the expert fastest in B."""
    made = {}
    for layer in (0, 1):
        for nested, out, into in ((".base_layer", 2 * WIDE, HIDDEN), ("", HIDDEN, WIDE)):
            rows, columns = (out, into) if swapped else (into, out)
            key = f"{PREFIX}{EXPERTS}{nested}".replace(".0.", f".{layer}.")
            made[f"{key}.lora_A.weight"] = numbers(experts * rank, columns, seed=layer)
            made[f"{key}.lora_B.weight"] = numbers(rows, rank * experts, seed=layer + 5, scale=0.1)
    return made


def expert_change(tensors, nested, expert, *, swapped=True, experts=3, rank=2):
    key = f"{PREFIX}{EXPERTS}{nested}"
    a = doubles(tensors[f"{key}.lora_A.weight"]).reshape(experts, rank, -1)[expert]
    b = doubles(tensors[f"{key}.lora_B.weight"])
    b = b.reshape(b.shape[0], rank, experts)[:, :, expert]
    return 1.5 * (b @ a if swapped else (b @ a).T)


@pytest.mark.parametrize("swapped", [True, False], ids=["since-0.19", "0.17"])
def test_fused_experts_reach_the_single_experts_of_the_files(merged, swapped):
    of, tensors = tiny_models.llama_tensors(experts=3), fused(swapped=swapped)
    made, _, _ = merged(tensors, of=of, dtype="F32", target_parameters=PARAMETERS)
    for expert in range(3):
        both = expert_change(tensors, ".base_layer", expert, swapped=swapped)
        wanted = {
            "gate_proj": both[:WIDE],
            "up_proj": both[WIDE:],
            "down_proj": expert_change(tensors, "", expert, swapped=swapped),
        }
        for leaf, delta in wanted.items():
            name = f"{EXPERTS}.{expert}.{leaf}.weight"
            assert close(made[name], doubles(of[name]) + delta)


def test_fused_experts_of_mixtral_have_other_names_in_the_files(merged):
    renamed = {"gate_proj": "w1", "down_proj": "w2", "up_proj": "w3", "mlp": "block_sparse_moe"}
    of = {}
    for name, tensor in tiny_models.llama_tensors(experts=3).items():
        parts = [renamed.get(part, part) for part in name.split(".")]
        of[".".join(parts)] = tensor
    tensors = fused()
    made, _, _ = merged(tensors, of=of, dtype="F32", target_parameters=PARAMETERS)
    for leaf, part in (("w1", slice(WIDE)), ("w3", slice(WIDE, None))):
        name = f"model.layers.0.block_sparse_moe.experts.2.{leaf}.weight"
        assert close(made[name], doubles(of[name]) + expert_change(tensors, ".base_layer", 2)[part])


@pytest.mark.parametrize(
    ("version", "model", "swapped"),
    [
        ("0.21.2", "llama", True),
        ("0.19.0.dev0", "llama", True),
        ("0.18.1", "llama", False),
        (None, "llama", False),
        ("0.21.2", "gpt_oss", False),
        (None, "gpt_oss", False),
    ],
)
def test_square_experts_are_read_as_the_version_of_peft_wrote_them(merged, version, model, swapped):
    fused_tensor = f"{EXPERTS}.down_proj"
    of = {fused_tensor: numbers(3, HIDDEN, HIDDEN), "model.embed_tokens.weight": numbers(4, HIDDEN)}
    tensors = {
        f"{PREFIX}{EXPERTS}.lora_A.weight": numbers(6, HIDDEN, seed=1),
        f"{PREFIX}{EXPERTS}.lora_B.weight": numbers(HIDDEN, 6, seed=2),
    }
    options = {"target_parameters": ["experts.down_proj"], "peft_version": version}
    made, _, _ = merged(tensors, of=of, dtype="F32", model={"model_type": model}, **options)
    wanted = np.stack([expert_change(tensors, "", e, swapped=swapped) for e in range(3)])
    assert close(made[fused_tensor], doubles(of[fused_tensor]) + wanted)


def test_ties_of_rounding_go_to_even(merged):
    """1 + 2^-8 lies in the middle of two bfloat16, and so does 1 + 3 * 2^-8."""
    of = tiny_models.llama_tensors() | {f"{Q0}.weight": np.ones((HIDDEN, HIDDEN), np.float32)}
    a, b = np.zeros((1, HIDDEN), np.float32), np.ones((HIDDEN, 1), np.float32)
    a[0, :2] = 2.0**-8, 3 * 2.0**-8
    tensors = {f"{PREFIX}{Q0}.lora_A.weight": a, f"{PREFIX}{Q0}.lora_B.weight": b}
    made, _, _ = merged(tensors, of=of, r=1, lora_alpha=1)
    assert made[f"{Q0}.weight"][0, :3].astype(np.float32).tolist() == [1.0, 1 + 2.0**-6, 1.0]


def test_the_sum_is_rounded_once_not_the_change_first(merged):
    """The change alone would be rounded down, into the tie; and the tie to even, which is 1."""
    of = tiny_models.llama_tensors() | {f"{Q0}.weight": np.ones((HIDDEN, HIDDEN), np.float32)}
    a = np.full((1, HIDDEN), 2.0**-8 + 2.0**-17, np.float32)
    tensors = {
        f"{PREFIX}{Q0}.lora_A.weight": a,
        f"{PREFIX}{Q0}.lora_B.weight": np.ones((HIDDEN, 1), np.float32),
    }
    made, _, _ = merged(tensors, of=of, r=1, lora_alpha=1)
    assert (made[f"{Q0}.weight"].astype(np.float32) == 1 + 2.0**-7).all()


@pytest.mark.parametrize("dtype", ["BF16", "F16", "F32", "F64"])
def test_the_adapters_own_dtype_is_only_how_it_is_stored(dtype, tmp_path):
    of = tiny_models.llama_tensors()
    kept = {k: t.astype(tiny_models.DTYPES[dtype]) for k, t in tiny_models.plain().items()}
    base = tiny_models.base(tmp_path / "base", of, dtype="F32")
    adapter = tiny_models.adapter(tmp_path / "adapter", kept, dtype=dtype)
    merge(Order(base=base, adapter=adapter), tmp_path / "out")
    wanted = doubles(of[f"{Q0}.weight"]) + change(kept, Q0, 1.5)
    assert close(tiny_models.weights(tmp_path / "out")[f"{Q0}.weight"], wanted)
