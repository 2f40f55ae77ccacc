"""The forward pass of a tiny Llama, Mistral or Qwen2 in float32, with numpy: its logits."""

import json

import numpy as np
import tiny_models


def dtype(folder):
    names = {"bfloat16": "BF16", "float16": "F16", "float32": "F32"}
    return names[json.loads((folder / "config.json").read_text())["dtype"]]


def logits(folder, ids):
    """(batch, tokens, vocabulary), of (batch, tokens) ids."""
    config = json.loads((folder / "config.json").read_text())
    tensors = {n: t.astype(np.float32) for n, t in tiny_models.weights(folder).items()}
    state = tensors["model.embed_tokens.weight"][ids]
    for layer in range(config["num_hidden_layers"]):
        inner = _layer(tensors, f"model.layers.{layer}")
        state = state + _attention(_normed(state, inner, "input_layernorm", config), inner, config)
        state = state + _mlp(_normed(state, inner, "post_attention_layernorm", config), inner)
    last = _normed(state, _layer(tensors, "model"), "norm", config)
    head = "model.embed_tokens.weight" if config["tie_word_embeddings"] else "lm_head.weight"
    return last @ tensors[head].T


def _layer(tensors, prefix):
    return lambda name: tensors.get(f"{prefix}.{name}")


def _linear(x, inner, name):
    bias = inner(f"{name}.bias")
    made = x @ inner(f"{name}.weight").T
    return made if bias is None else made + bias


def _normed(x, inner, name, config):
    size = np.mean(np.square(x), axis=-1, keepdims=True)
    return x / np.sqrt(size + config["rms_norm_eps"]) * inner(f"{name}.weight")


def _mlp(x, inner):
    gate = _linear(x, inner, "mlp.gate_proj")
    return _linear(
        gate / (1 + np.exp(-gate)) * _linear(x, inner, "mlp.up_proj"), inner, "mlp.down_proj"
    )


def _attention(x, inner, config):
    batch, tokens, _ = x.shape
    heads, groups = config["num_attention_heads"], config["num_key_value_heads"]
    size = config.get("head_dim") or config["hidden_size"] // heads

    def split(name, count):
        made = _linear(x, inner, f"self_attn.{name}").reshape(batch, tokens, count, size)
        return made.transpose(0, 2, 1, 3)

    theta = config["rope_parameters"]["rope_theta"]
    query, key = (_turned(split(n, c), theta) for n, c in (("q_proj", heads), ("k_proj", groups)))
    key, value = (np.repeat(t, heads // groups, axis=1) for t in (key, split("v_proj", groups)))
    scores = query @ key.transpose(0, 1, 3, 2) / np.sqrt(size)
    scores = np.where(np.tri(tokens, dtype=bool), scores, -np.inf)
    share = np.exp(scores - scores.max(axis=-1, keepdims=True))
    share /= share.sum(axis=-1, keepdims=True)
    mixed = (share @ value).transpose(0, 2, 1, 3).reshape(batch, tokens, heads * size)
    return _linear(mixed, inner, "self_attn.o_proj")


def _turned(x, theta):
    """Rotary positions."""
    tokens, size = x.shape[-2:]
    angles = np.outer(np.arange(tokens), theta ** (-np.arange(0, size, 2) / size))
    cos, sin = (np.tile(f(angles), 2).astype(np.float32) for f in (np.cos, np.sin))
    first, second = np.split(x, 2, axis=-1)
    return x * cos + np.concatenate([-second, first], axis=-1) * sin
