"""What the real PEFT makes of tiny adapters, where this machine has those oracles beside the repository.

An element may be off by 1 ulp or 1e-6, whichever is more, in 1 of 1,000; float32 by 1e-5.
"""

import json
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
import tiny_llama
import tiny_models
from safetensors.numpy import load_file

from tuning.adapters.folder_merge import Order, merge, verify
from tuning.adapters.refused import MergeRefusedError

BESIDE = [parent / "shared" / "data" / "lora" for parent in Path(__file__).parents[4:]]
LORA = next((folder for folder in BESIDE if folder.is_dir()), BESIDE[0])
pytestmark = pytest.mark.skipif(not LORA.is_dir(), reason="the oracles are not beside us")

DTYPES = {"BF16": ml_dtypes.bfloat16, "F16": np.float16, "F32": np.float32}


def cases():
    for path in sorted(LORA.glob("*/expect.json")):
        found = json.loads(path.read_text())
        yield path.parent.name, path.parent, found, path.parent / "merged"
        for name, inner in found.get("adapters", {}).items():
            yield f"{path.parent.name}/{name}", path.parent, inner, path.parent / "merged" / name


CASES = {name: rest for name, *rest in cases()}
SOUND = {name: case for name, case in CASES.items() if case[1]["outcome"] == "merge"}
REFUSED = {name: case for name, case in CASES.items() if case[1]["accept"] == ["refuse"]}
LLAMAS = [
    name
    for name, case in SOUND.items()
    if case[1]["base"].startswith(("bases/llama", "bases/qwen2", "bases/mistral"))
]
NATIVE = [name for name, case in CASES.items() if (case[2] / "native.safetensors").is_file()]
# What the reason must name, of each fault.
NAMED = {
    "refuse-alora": "alora_invocation_tokens",
    "refuse-base-4bit": "quantised",
    "refuse-base-missing-shard": "model-00002-of-00004.safetensors",
    "refuse-dora-without-magnitude": "lora_magnitude_vector is missing",
    "refuse-empty": "holds no tensor",
    "refuse-ia3": "IA3",
    "refuse-inf": "Inf",
    "refuse-layer-replication": "layer_replication",
    "refuse-loha": "LOHA",
    "refuse-missing-B": "layers.1.self_attn.v_proj.lora_A.weight is there without its lora_B",
    "refuse-nan": "NaN",
    "refuse-no-peft-type": "peft_type is missing",
    "refuse-no-r": "r is missing",
    "refuse-other-base": "another base",
    "refuse-overflow-f16": "overflows",
    "refuse-pickle": "adapter_model.bin is a pickle",
    "refuse-pissa": "pissa",
    "refuse-prompt-tuning": "PROMPT_TUNING",
    "refuse-rank-0": "r is 0",
    "refuse-rank-differs": "rank 16",
    "refuse-rank-negative": "r is -4",
    "refuse-truncated": "truncated",
    "refuse-unknown-key": "layers.7",
    "several-adapters": "alpha, beta",
}


def order(name, **options):
    folder, expected, _ = CASES[name]
    return Order(
        base=folder.parent / expected["base"], adapter=folder / expected["adapter"], **options
    )


def off(found, wanted):
    """How many elements differ; none may by more than the rule allows."""
    a, b = found.astype(np.float32), wanted.astype(np.float32)
    if found.dtype == np.float32:
        assert np.abs(a - b).max() <= 1e-5
        return 0
    ulp = np.abs(b) * float(ml_dtypes.finfo(found.dtype).eps)
    assert (np.abs(a - b) <= np.maximum(ulp, 1e-6)).all()
    return int((a != b).sum())


@pytest.mark.parametrize("name", SOUND)
def test_a_merge_is_what_peft_makes_rounded_once(name, tmp_path):
    _, expected, oracles = CASES[name]
    receipt = merge(order(name), tmp_path / "out")
    oracle, base = load_file(oracles / "f32.safetensors"), tiny_models.weights(order(name).base)
    made = tiny_models.weights(tmp_path / "out")
    wrong = elements = 0
    for tensor, about in expected["changed"].items():
        wanted = oracle[tensor].astype(DTYPES[about["dtype"]])
        assert made[tensor].dtype == wanted.dtype
        assert made[tensor].shape == wanted.shape
        wrong += off(made[tensor], wanted)
        elements += wanted.size
    assert wrong <= max(2, elements // 1000)
    untouched = set(made) - set(expected["changed"])
    assert len(untouched) == expected["unchanged_count"]
    assert all(made[t].tobytes() == base[t].tobytes() for t in untouched)
    assert set(receipt.changed) == set(expected["changed"])
    assert sorted(receipt.added) == sorted(expected["added"])
    assert dict(receipt.config_changes) == expected["config_changes"]
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert (
        config
        == json.loads((order(name).base / "config.json").read_text()) | expected["config_changes"]
    )
    verify(tmp_path / "out", None, None, order(name))


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_names_the_fault_and_leaves_nothing(name, tmp_path):
    with pytest.raises(MergeRefusedError) as caught:
        merge(order(name), tmp_path / "out")
    assert NAMED[name] in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", [*NATIVE, *(n for n in SOUND if n not in NATIVE and "dora" not in n)]
)
def test_the_rounding_called_peft_makes_the_bytes_of_peft(name, tmp_path):
    _, expected, oracles = CASES[name]
    merge(order(name, rounding="peft"), tmp_path / "out")
    made = tiny_models.weights(tmp_path / "out")
    own = oracles / ("native.safetensors" if name in NATIVE else "f32.safetensors")
    oracle = load_file(own)
    for tensor in expected["changed"]:
        wanted = oracle[tensor].astype(made[tensor].dtype)
        assert made[tensor].tobytes() == wanted.tobytes(), tensor


@pytest.mark.parametrize("name", LLAMAS)
def test_the_merged_model_answers_as_the_adapter_does(name, tmp_path):
    _, _, oracles = CASES[name]
    merge(order(name), tmp_path / "out")
    expected = np.load(oracles / "logits.npz")
    found = tiny_llama.logits(tmp_path / "out", expected["input_ids"])[:, -3:]
    # What rounding the weights once costs in logits of about 3, with a scale of 8 at most.
    allowed = {"F32": 1e-4, "F16": 5e-3, "BF16": 8e-2}[tiny_llama.dtype(tmp_path / "out")]
    assert np.abs(found - expected["adapter"]).max() <= allowed
    before = expected["base"]
    assert np.abs(before - expected["adapter"][..., : before.shape[-1]]).max() > 0.5


def test_a_tied_base_with_lora_on_its_embedding_answers_as_the_adapter_does(tmp_path):
    """PEFT's own merge is off by 2.3 there: it moves the head with the embedding."""
    receipt = merge(order("tied-embedding-lora"), tmp_path / "out")
    assert receipt.added == ("lm_head.weight",)
    assert receipt.config_changes == {"tie_word_embeddings": False}
    expected = np.load(CASES["tied-embedding-lora"][2] / "logits.npz")
    found = tiny_llama.logits(tmp_path / "out", expected["input_ids"])[:, -3:]
    assert np.abs(found - expected["adapter"]).max() <= 2e-2
    assert np.abs(expected["merged"] - expected["adapter"]).max() > 2


def test_every_oracle_is_used():
    assert set(SOUND) | set(REFUSED) | {"tied-embedding-lora"} == set(CASES)
    assert set(REFUSED) == set(NAMED)
