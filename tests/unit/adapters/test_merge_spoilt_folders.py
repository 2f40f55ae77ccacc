"""Folders that are incomplete, damaged or hostile: refused, named, and nothing is left behind."""

import json

import numpy as np
import pytest
import tiny_models
from safetensors.numpy import load_file, save_file
from tiny_models import PREFIX, Q0, VOCABULARY

from tuning.adapters.folder_merge import Order, merge
from tuning.adapters.refused import MergeRefusedError

A = f"{PREFIX}{Q0}.lora_A.weight"


@pytest.fixture
def folders(tmp_path):
    return tiny_models.base(tmp_path / "base"), tiny_models.adapter(tmp_path / "adapter")


def write(name, content):
    def spoil(folder):
        (folder / name).write_bytes(
            content if isinstance(content, bytes) else json.dumps(content).encode()
        )

    return spoil


def remove(name):
    return lambda folder: (folder / name).unlink()


def rename(name, other):
    return lambda folder: (folder / name).rename(folder / other)


def retyped(name, dtype):
    def spoil(folder):
        path = folder / "model.safetensors"
        tensors = (
            load_file(path) if path.is_file() else load_file(folder / "adapter_model.safetensors")
        )
        path = path if path.is_file() else folder / "adapter_model.safetensors"
        save_file(tensors | {name: tensors[name].astype(dtype)}, path)

    return spoil


def indexed(weight_map):
    """An index over the one file, renamed."""

    def spoil(folder):
        names = tiny_models.weights(folder)
        (folder / "model.safetensors").rename(folder / "model-1.safetensors")
        weights = dict.fromkeys(names, "model-1.safetensors") | weight_map
        weights = {tensor: file for tensor, file in weights.items() if file}
        write("model.safetensors.index.json", {"weight_map": weights})(folder)
        (folder.parent / "model-2.safetensors").write_bytes(b"")

    return spoil


def doubled(folder):
    indexed({"again": "model-2.safetensors"})(folder)
    tensors = load_file(folder / "model-1.safetensors")
    name = f"{Q0}.weight"
    save_file({"again": tensors[name], name: tensors[name]}, folder / "model-2.safetensors")


SPOILT = {
    "an adapter without its configuration": ("LA101", "adapter", remove("adapter_config.json"), "adapter_config.json"),
    "an adapter without weights": ("LA102", "adapter", remove("adapter_model.safetensors"), "adapter_model.safetensors"),
    "an adapter in a pickle": ("LA103", "adapter", rename("adapter_model.safetensors", "adapter_model.bin"), "adapter_model.bin"),
    "a base in a pickle": ("LA103", "base", rename("model.safetensors", "pytorch_model.bin"), "pytorch_model.bin"),
    "a base in another file": ("LA401", "base", rename("model.safetensors", "weights.safetensors"), "weights.safetensors"),
    "a configuration that is not JSON": ("LA105", "adapter", write("adapter_config.json", b"{"), "JSON"),
    "a configuration with a key twice": ("LA105", "adapter", write("adapter_config.json", b'{"r": 1, "r": 2}'), "'r' appears twice"),
    "a tokenizer that is not JSON": ("LA105", "adapter", write("tokenizer.json", b"["), "JSON"),
    "an adapter that links to elsewhere": ("LA108", "adapter", lambda folder: (folder / "chat_template.jinja").symlink_to(folder.parent / "base" / "LICENSE"), "LICENSE"),
    "a model in place of an adapter": ("LA106", "adapter", rename("adapter_config.json", "config.json"), "whole model"),
    "an adapter of integers": ("LA311", "adapter", retyped(A, np.int32), "I32"),
    "a base without its configuration": ("LA401", "base", remove("config.json"), "config.json"),
    "a base with a broken configuration": ("LA401", "base", write("config.json", b"{"), "JSON"),
    "an index of a shard that is missing": ("LA402", "base", indexed({"x": "model-3.safetensors"}), "model-3.safetensors"),
    "an index out of the folder": ("LA402", "base", indexed({"x": "../model-2.safetensors"}), "../model-2"),
    "an index to the root": ("LA402", "base", indexed({"x": "/etc/passwd"}), "/etc/passwd"),
    "an index by the other slash": ("LA402", "base", indexed({"x": "..\\model-2.safetensors"}), "model-2"),
    "an index of hidden files": ("LA402", "base", indexed({"x": ".model-2.safetensors"}), "model-2"),
    "an index of a pickle": ("LA402", "base", indexed({"x": "model.bin"}), "model.bin"),
    "an index of numbers": ("LA402", "base", indexed({"x": 7}), "weight_map"),
    "an index of a tensor that is missing": ("LA402", "base", indexed({"x": "model-1.safetensors"}), "x:"),
    "an index without a tensor": ("LA402", "base", indexed({"model.norm.weight": None}), "model.norm.weight"),
    "an index without weights": ("LA402", "base", write("model.safetensors.index.json", {}), "weight_map"),
    "a tensor in two shards": ("LA402", "base", doubled, f"{Q0}.weight"),
    "a quantised base": ("LA403", "base", write("config.json", {"quantization_config": {"quant_method": "gptq"}}), "gptq"),
    "a base of bytes": ("LA403", "base", retyped("model.norm.weight", np.uint8), "U8"),
    "a base of doubles where it changes": ("LA404", "base", retyped(f"{Q0}.weight", np.float64), "F64"),
    "a tokenizer with more tokens than rows": ("LA604", "adapter", write("tokenizer.json", tiny_models.tokenizer(VOCABULARY + 1)), "20 rows"),
    "an added token without a row": ("LA604", "adapter", write("added_tokens.json", {"<pad>": VOCABULARY}), "token 20"),
}  # fmt: skip


@pytest.mark.parametrize("fault", SPOILT)
def test_a_spoilt_folder_is_refused_and_named(folders, tmp_path, fault):
    rule, which, spoil, words = SPOILT[fault]
    spoil(tmp_path / which)
    with pytest.raises(MergeRefusedError, match=rule) as caught:
        merge(Order(base=folders[0], adapter=folders[1]), tmp_path / "out")
    assert words in str(caught.value)
    assert not [p for p in tmp_path.iterdir() if "out" in p.name]


def test_a_pickle_beside_the_weights_is_not_opened(folders, tmp_path):
    (folders[1] / "adapter_model.bin").write_bytes(b"\x80\x05.")
    receipt = merge(Order(base=folders[0], adapter=folders[1]), tmp_path / "out")
    assert receipt.changed
    assert receipt.left_out == ("adapter/adapter_model.bin",)


@pytest.mark.parametrize("name", ["chat_template.jinja", "tokenizer.json"])
def test_a_link_out_of_the_adapter_is_not_followed(folders, tmp_path, name):
    secret = tmp_path / "secret"
    secret.write_text("{}")
    (folders[1] / name).symlink_to(secret)
    with pytest.raises(MergeRefusedError, match="LA108") as caught:
        merge(Order(base=folders[0], adapter=folders[1]), tmp_path / "out")
    assert name in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_the_links_of_the_hugging_face_cache_are_followed(folders, tmp_path):
    snapshot, blobs = tmp_path / "cache" / "snapshots" / "abc", tmp_path / "cache" / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    for number, path in enumerate(sorted(folders[1].iterdir())):
        path.rename(blobs / str(number))
        (snapshot / path.name).symlink_to(f"../../blobs/{number}")
    assert merge(Order(base=folders[0], adapter=snapshot), tmp_path / "out").changed


def test_an_adapter_without_a_tensor_is_refused(folders, tmp_path):
    save_file({}, folders[1] / "adapter_model.safetensors")
    with pytest.raises(MergeRefusedError, match="LA107"):
        merge(Order(base=folders[0], adapter=folders[1]), tmp_path / "out")


def test_several_adapters_are_named(folders, tmp_path):
    inner = tmp_path / "both"
    inner.mkdir()
    for name in ("one", "two"):
        tiny_models.adapter(inner / name)
    with pytest.raises(MergeRefusedError, match="one, two"):
        merge(Order(base=folders[0], adapter=inner), tmp_path / "out")
