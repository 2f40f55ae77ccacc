"""A Hugging Face folder of a tiny Llama in several shards, and LoRA adapters of it: random numbers of fixed seeds."""

import json

import ml_dtypes
import numpy as np
from safetensors.numpy import save_file

HIDDEN, VOCABULARY, SHARDS = 64, 256, 3
CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": HIDDEN,
    "intermediate_size": 2 * HIDDEN,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "num_hidden_layers": 2,
    "vocab_size": VOCABULARY,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "transformers_version": "4.51.3",
}


def numbers(*shape, seed):
    return np.random.default_rng([seed, *shape]).standard_normal(shape).astype(np.float32) * 0.1


def base(folder, seed=1):
    """A Hugging Face folder of several shards, each of which is a group at least."""
    folder.mkdir()
    shapes = {"model.embed_tokens.weight": (VOCABULARY, HIDDEN), "model.norm.weight": (HIDDEN,)}
    for layer in (0, 1):
        for name in ("q_proj", "k_proj", "v_proj", "o_proj"):
            shapes[f"model.layers.{layer}.self_attn.{name}.weight"] = (HIDDEN, HIDDEN)
    shapes["lm_head.weight"] = (VOCABULARY, HIDDEN)
    tensors = {
        name: numbers(*shape, seed=seed + n).astype(ml_dtypes.bfloat16)
        for n, (name, shape) in enumerate(sorted(shapes.items()))
    }
    files = [f"model-{n + 1:05}-of-{SHARDS:05}.safetensors" for n in range(SHARDS)]
    parts = [dict(list(tensors.items())[n::SHARDS]) for n in range(SHARDS)]
    for file, part in zip(files, parts, strict=True):
        save_file(part, folder / file, metadata={"format": "pt"})
    weight_map = {t: file for file, part in zip(files, parts, strict=True) for t in part}
    size = sum(t.nbytes for t in tensors.values())
    index = {"metadata": {"total_size": size}, "weight_map": weight_map}
    tokens = {"type": "BPE", "vocab": {f"t{n}": n for n in range(VOCABULARY)}}
    for name, content in {
        "config.json": CONFIG,
        "model.safetensors.index.json": index,
        "tokenizer.json": {"model": tokens, "added_tokens": []},
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "chat_template": "{{ messages }}",
        },
    }.items():
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    return folder


def adapter(folder, seed):
    folder.mkdir()
    tensors = {}
    for layer in (0, 1):
        for name in ("q_proj", "v_proj"):
            module = f"base_model.model.model.layers.{layer}.self_attn.{name}"
            tensors[f"{module}.lora_A.weight"] = numbers(4, HIDDEN, seed=seed + layer)
            tensors[f"{module}.lora_B.weight"] = numbers(HIDDEN, 4, seed=seed + 2 + layer)
    save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    config = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj"]}
    (folder / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder
