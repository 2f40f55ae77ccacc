"""Small bases and adapters, made here; random numbers of a fixed seed."""

import json

import ml_dtypes
import numpy as np
from safetensors.numpy import load_file, save_file

HIDDEN, WIDE, NARROW, VOCABULARY = 8, 12, 4, 20
DTYPES = {"BF16": ml_dtypes.bfloat16, "F16": np.float16, "F32": np.float32, "F64": np.float64}
PREFIX = "base_model.model."
Q0, V1 = "model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.v_proj"


def numbers(*shape, seed=0, scale=1.0):
    return (np.random.default_rng([seed, *shape]).standard_normal(shape) * scale).astype(np.float32)


def llama_tensors(*, bias=False, head=True, experts=0):
    shapes = {"model.embed_tokens.weight": (VOCABULARY, HIDDEN), "model.norm.weight": (HIDDEN,)}
    for layer in (0, 1):
        inner = f"model.layers.{layer}"
        shapes[f"{inner}.input_layernorm.weight"] = (HIDDEN,)
        shapes[f"{inner}.self_attn.q_proj.weight"] = (HIDDEN, HIDDEN)
        shapes[f"{inner}.self_attn.v_proj.weight"] = (NARROW, HIDDEN)
        if bias:
            shapes[f"{inner}.self_attn.q_proj.bias"] = (HIDDEN,)
            shapes[f"{inner}.self_attn.v_proj.bias"] = (NARROW,)
        for e in range(experts):
            moe = f"{inner}.mlp.experts.{e}"
            shapes[f"{moe}.gate_proj.weight"] = shapes[f"{moe}.up_proj.weight"] = (WIDE, HIDDEN)
            shapes[f"{moe}.down_proj.weight"] = (HIDDEN, WIDE)
    if head:
        shapes["lm_head.weight"] = (VOCABULARY, HIDDEN)
    return {name: numbers(*shape, seed=n) for n, (name, shape) in enumerate(shapes.items())}


def base(folder, tensors=None, *, dtype="BF16", shards=1, **config):
    """A Hugging Face folder; returns its path."""
    folder.mkdir()
    kept = {n: t.astype(DTYPES[dtype]) for n, t in (tensors or llama_tensors()).items()}
    parts = [dict(sorted(kept.items())[n::shards]) for n in range(shards)]
    names = ["model.safetensors"]
    if shards > 1:
        names = [f"model-{n + 1:05}-of-{shards:05}.safetensors" for n in range(shards)]
        weights = {t: name for name, part in zip(names, parts, strict=True) for t in part}
        size = sum(t.nbytes for t in kept.values())
        index = {"metadata": {"total_size": size}, "weight_map": weights}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    for name, part in zip(names, parts, strict=True):
        save_file(part, folder / name, metadata={"format": "pt"})
    config = {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "num_hidden_layers": 2,
        "vocab_size": VOCABULARY,
        "tie_word_embeddings": False,
    } | config
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer(VOCABULARY)))
    (folder / "tokenizer_config.json").write_text('{"chat_template": "base"}')
    (folder / "LICENSE").write_text("of the base")
    return folder


def tokenizer(size):
    return {
        "model": {"type": "BPE", "vocab": {f"t{n}": n for n in range(size)}},
        "added_tokens": [],
    }


def pair(module, out, into, *, rank=2, seed=3):
    """lora_A and lora_B of a layer."""
    return {
        f"{PREFIX}{module}.lora_A.weight": numbers(rank, into, seed=seed),
        f"{PREFIX}{module}.lora_B.weight": numbers(out, rank, seed=seed + 1, scale=0.1),
    }


def plain(rank=2):
    """A sound adapter of one layer."""
    return pair(Q0, HIDDEN, HIDDEN, rank=rank)


CONFIG = {
    "peft_type": "LORA",
    "r": 2,
    "lora_alpha": 3,
    "target_modules": None,
    "base_model_name_or_path": "base",
}


def adapter(folder, tensors=None, *, dtype="F32", **config):
    folder.mkdir()
    kept = {n: t.astype(DTYPES[dtype]) for n, t in (tensors or plain()).items()}
    save_file(kept, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    (folder / "adapter_config.json").write_text(json.dumps(CONFIG | config))
    return folder


def weights(folder):
    """Every tensor of a folder, by name."""
    found = {}
    for path in sorted(folder.glob("*.safetensors")):
        found |= load_file(path)
    return found


def doubles(array):
    return np.asarray(array).astype(np.float64)
