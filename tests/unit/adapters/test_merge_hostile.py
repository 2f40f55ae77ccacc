"""Inputs that were damaged at random are merged or refused: nothing else happens, and nothing is left."""

import copy
import json
import random
import shutil

import numpy as np
import pytest
import tiny_models
from safetensors.numpy import load_file, save_file

from tuning.adapters.folder_merge import Order, merge
from tuning.adapters.refused import MergeRefusedError

pytestmark = pytest.mark.thorough

JUNK = [
    *(None, True, False, 0, 1, -1, 2**70, 1.5, 1e308, "", "x", "(", "*", "\udc80", [], ["x"], [1]),
    *([None], {}, {"a": 1}, {"(": 1}, [[0, 1]], {"a": {"b": 1}}),
]
FIELDS = ("metadata", "weight_map", "text_config", "quantization_config", "novel", "model", "vocab")


def spoil_json(dice, path):
    content = json.loads(path.read_text())
    for _ in range(dice.randint(1, 3)):
        inner = [v for v in content.values() if isinstance(v, dict) and v]
        place = dice.choice([content, *inner])
        key = dice.choice([*place, *FIELDS])
        match dice.randrange(3):
            case 0:
                place[key] = copy.deepcopy(dice.choice(JUNK))
            case 1:
                place.pop(key, None)
            case 2:
                place[str(dice.choice(JUNK))] = copy.deepcopy(dice.choice(JUNK))
    path.write_text(json.dumps(content))


def spoil_tensors(dice, path):
    tensors = load_file(path)
    key = dice.choice(sorted(tensors))
    tensor = tensors.pop(key)
    changed = [
        (key.replace(".weight", ".bias"), tensor),
        (f"{key}.x", tensor),
        (key.replace("lora_", "lora_embedding_"), tensor),
        (key.replace("lora_A", "lora_magnitude_vector").replace(".weight", ""), tensor),
        (key.replace("base_model.model.", ""), tensor),
        (key.replace("self_attn", "mlp.experts"), tensor),
        (key, np.ascontiguousarray(tensor.T)),
        (key, tensor.reshape(-1)),
        (key, tensor[:0]),
        (key, tensor.astype(np.int32)),
    ]
    name, made = dice.choice(changed)
    save_file({**tensors, name: made} if dice.random() < 0.8 else tensors, path)


def spoil_bytes(dice, path):
    raw = bytearray(path.read_bytes())
    for _ in range(dice.randint(1, 3)):
        place = dice.randrange(max(1, min(len(raw) - 1, dice.choice([64, 2000]))))
        match dice.randrange(3):
            case 0:
                raw[place : place + 1] = bytes([dice.randrange(256)])
            case 1:
                del raw[place : place + dice.randrange(20)]
            case 2:
                raw[place:place] = bytes(dice.randrange(9))
    path.write_bytes(raw)


@pytest.mark.parametrize("seed", range(3))
def test_damaged_inputs_are_merged_or_refused(tmp_path, seed):
    dice = random.Random(seed)  # noqa: S311 — a fuzzer repeats itself on purpose
    refused = merged = 0
    for number in range(150):
        folder = tmp_path / str(number)
        folder.mkdir()
        base = tiny_models.base(folder / "base", shards=dice.choice([1, 2]))
        adapter = tiny_models.adapter(folder / "adapter", target_modules=[tiny_models.Q0])
        (adapter / "tokenizer.json").write_text(json.dumps(tiny_models.tokenizer(20)))
        ours = [*base.iterdir(), *adapter.iterdir()]
        spoil = dice.choice([spoil_json, spoil_tensors, spoil_bytes])
        if spoil is spoil_json:
            spoil(dice, dice.choice([p for p in sorted(ours) if p.suffix == ".json"]))
        elif spoil is spoil_tensors:
            spoil(dice, adapter / "adapter_model.safetensors")
        else:
            spoil(dice, dice.choice(sorted(p for p in ours if p.stat().st_size)))
        try:
            merge(Order(base=base, adapter=adapter), folder / "out")
            merged += 1
        except MergeRefusedError as error:
            refused += 1
            str(error).encode()
            assert sorted(p.name for p in folder.iterdir()) == ["adapter", "base"]
        shutil.rmtree(folder)
    assert merged
    assert refused
