"""The receipt, and its proof: no byte of a merged folder can change unseen."""

import hashlib
import json

import pytest
import tiny_models
from tiny_models import HIDDEN, PREFIX, Q0, VOCABULARY, numbers

from tuning.adapters.folder_merge import Order, merge, verify
from tuning.adapters.refused import MergeRefusedError


@pytest.fixture
def done(tmp_path):
    base = tiny_models.base(tmp_path / "base", shards=2)
    whole = {f"{PREFIX}lm_head.weight": numbers(VOCABULARY, HIDDEN)}
    adapter = tiny_models.adapter(
        tmp_path / "adapter", tiny_models.plain() | whole, modules_to_save=["lm_head"]
    )
    (adapter / "training_args.bin").write_bytes(b"pickle")
    (base / "modeling.py").write_text("raise SystemExit")
    order = Order(base=base, adapter=adapter)
    merge(order, tmp_path / "out")
    return order, tmp_path / "out"


def faults(order, folder, base=None, adapter=None):
    with pytest.raises(MergeRefusedError, match="LA701") as caught:
        verify(folder, base, adapter, order)
    return str(caught.value)


def test_a_merged_folder_is_proven_from_the_paths_in_its_receipt(done):
    order, folder = done
    assert verify(folder, None, None, order)["outcome"] == "merged"


def test_the_receipt_holds_the_hashes_that_anybody_can_compute(done):
    order, folder = done
    receipt = json.loads((folder / "merge-receipt.json").read_text())

    def sha256(path):
        return hashlib.sha256(path.read_bytes()).hexdigest()

    def digest_of_all(digests):
        lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
        return {"count": len(digests), "sha256": hashlib.sha256(lines.encode()).hexdigest()}

    def tensors(place):
        found = tiny_models.weights(place).items()
        return {name: hashlib.sha256(tensor.tobytes()).hexdigest() for name, tensor in found}

    places = {"base": order.base, "adapter": order.adapter, "output": folder}
    for part, place in places.items():
        for name, digest in receipt[part]["files"].items():
            assert digest == sha256(place / name)
    others = {p.name for p in folder.iterdir() if p.suffix != ".safetensors"}
    assert set(receipt["output"]["files"]) == others - {"merge-receipt.json"}
    made = tensors(folder)
    assert receipt["base"]["weights"] == digest_of_all(tensors(order.base))
    assert receipt["output"]["weights"] == digest_of_all(made)
    changed = {name: about["sha256"] for name, about in receipt["changed"].items()}
    assert changed == {name: made[name] for name in (f"{Q0}.weight", "lm_head.weight")}
    untouched = {name: digest for name, digest in made.items() if name not in changed}
    assert receipt["unchanged"] == digest_of_all(untouched)
    assert receipt["changed"][f"{Q0}.weight"]["formula"] == "W + s B A"
    assert receipt["changed"][f"{Q0}.weight"]["scale"] == 1.5
    assert receipt["changed"]["lm_head.weight"]["formula"] == "adapter's own tensor"
    assert set(receipt["made_with"]) == {"python", "numpy", "ml-dtypes", "bedrock-private-tuning"}
    assert receipt["left_out"] == ["adapter/training_args.bin", "base/modeling.py"]


@pytest.mark.thorough
def test_any_byte_that_changes_is_found(done):
    order, folder = done
    for path in sorted(folder.iterdir()):
        sound = path.read_bytes()
        for place in {0, 7, 8, len(sound) // 3, len(sound) // 2, len(sound) - 1}:
            spoilt = bytearray(sound)
            spoilt[place] ^= 1
            path.write_bytes(spoilt)
            assert path.name in faults(order, folder)
        for spoilt in (sound[:-1], sound + b" ", b""):
            path.write_bytes(spoilt)
            assert path.name in faults(order, folder)
        path.write_bytes(sound)
    verify(folder, None, None, order)


def test_the_tensor_that_differs_is_named(done):
    order, folder = done
    for path in folder.glob("*.safetensors"):
        sound = path.read_bytes()
        path.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    found = faults(order, folder)
    assert "differs" in found
    assert ".weight" in found


def test_a_file_more_or_less_is_found(done):
    order, folder = done
    (folder / "extra.json").write_text("{}")
    assert "extra.json does not belong here" in faults(order, folder)
    (folder / "extra.json").unlink()
    (folder / "sub").mkdir()
    (folder / "sub" / "hidden").write_text("")
    assert "sub/hidden" in faults(order, folder)


@pytest.mark.parametrize("name", ["config.json", "model-00001-of-00002.safetensors"])
def test_a_missing_file_is_found(done, name):
    order, folder = done
    (folder / name).unlink()
    assert f"{name} is missing" in faults(order, folder)


def forge(folder, change):
    """A receipt that was changed, with a seal that fits."""
    path = folder / "merge-receipt.json"
    content = json.loads(path.read_text())
    content.pop("seal")
    change(content)
    plain = json.dumps(content, sort_keys=True, separators=(",", ":"))
    content["seal"] = hashlib.sha256(plain.encode()).hexdigest()
    path.write_text(json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def test_a_forged_receipt_is_found_though_its_seal_fits(done):
    order, folder = done
    forge(folder, lambda content: content["changed"][f"{Q0}.weight"].update(sha256="0" * 64))
    assert "changed differs" in faults(order, folder)


@pytest.mark.parametrize(
    "change",
    [
        {"base": None},
        {"adapter": {"path": 7}},
        {"rounding": "twice"},
        {"schema": 2},
        {"rounding": ["once"]},
    ],
)
def test_a_forged_receipt_that_makes_no_sense_is_refused(done, change):
    order, folder = done
    forge(folder, lambda content: content.update(change))
    assert "merge-receipt.json" in faults(order, folder)


def test_another_adapter_or_base_is_found(done, tmp_path):
    order, folder = done
    other = tiny_models.adapter(tmp_path / "other", lora_alpha=4)
    assert "differs" in faults(order, folder, None, other)
    base = tiny_models.base(tmp_path / "other-base", tiny_models.llama_tensors(bias=True), shards=2)
    assert "differs" in faults(order, folder, base, None)


def test_a_folder_that_moved_is_proven_from_paths_that_are_given(done, tmp_path):
    order, folder = done
    places = [tmp_path / "elsewhere" / name for name in ("out", "base", "adapter")]
    (tmp_path / "elsewhere").mkdir()
    for place, old in zip(places, (folder, order.base, order.adapter), strict=True):
        old.rename(place)
    assert verify(*places, order)


def test_the_other_rounding_is_another_merge_and_says_so(done, tmp_path):
    order, _ = done
    merge(Order(base=order.base, adapter=order.adapter, rounding="peft"), tmp_path / "peft")
    assert verify(tmp_path / "peft", None, None, order)["rounding"] == "peft"


def test_a_folder_without_a_receipt_is_not_proven(tmp_path, done):
    assert "no merge-receipt.json" in faults(done[0], tmp_path)
