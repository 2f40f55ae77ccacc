"""A merge that many functions share is the merge of one process, byte for byte, however it is cut."""

import json

import pytest
import tiny_models
from group_merges import folders, group_of, merge_by_groups, plan_of
from test_merge_oracles import LORA, SOUND, order
from test_merge_same_bytes import everything
from tiny_models import HIDDEN, PREFIX, VOCABULARY, numbers

from tuning.adapters import merge_inputs
from tuning.adapters.distributed_merge import (
    ForeignPlanError,
    GroupResult,
    assembled,
    group_work,
    import_candidate,
)
from tuning.adapters.folder_merge import Order, merge, verify
from tuning.adapters.receipt import read_receipt
from tuning.adapters.refused import MergeRefusedError
from tuning.models.config_conversion import REFERENCE
from tuning.models.import_check import check_import

TINY, SEVERAL, WHOLE = 1, 3000, 10**12
MERGED = [*SOUND, "tied-embedding-lora"] if LORA.is_dir() else []


def files(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()}


@pytest.mark.thorough
@pytest.mark.parametrize("target", [TINY, SEVERAL, WHOLE])
@pytest.mark.parametrize("name", MERGED)
def test_groups_of_any_size_make_the_bytes_and_the_receipt_of_one_process(name, target, tmp_path):
    asked = order(name)
    merge(asked, tmp_path / "out")
    made, _, plan = merge_by_groups(asked.base, asked.adapter, target=target)
    assert made == files(tmp_path / "out")
    shards = len(list((tmp_path / "out").glob("*.safetensors")))
    assert len(plan.groups) == shards if target == WHOLE else len(plan.groups) > shards


@pytest.fixture
def inputs(tmp_path):
    base = tiny_models.base(tmp_path / "base", shards=3)
    options = {"r": 5, "use_dora": True, "modules_to_save": ["lm_head"]}
    return base, tiny_models.adapter(tmp_path / "adapter", everything(), **options)


@pytest.mark.parametrize("rounding", ["once", "peft"])
def test_every_formula_comes_out_the_same(inputs, tmp_path, rounding):
    base, adapter = inputs
    merge(merge_order(inputs, rounding=rounding), tmp_path / "out")
    made, content, _ = merge_by_groups(base, adapter, rounding=rounding, target=TINY)
    assert made == files(tmp_path / "out")
    assert content["rounding"] == rounding


def merge_order(inputs, **options):
    base, adapter = inputs
    return Order(base=base, adapter=adapter, **options)


def test_groups_may_be_merged_in_any_order_and_more_than_once(inputs):
    base, adapter = inputs
    straight, _, _ = merge_by_groups(base, adapter, target=TINY)
    again, _, _ = merge_by_groups(
        base, adapter, target=TINY, order=lambda n: [*reversed(n), *n[::2], *n]
    )
    assert again == straight


def test_threads_change_no_byte_of_a_group(inputs):
    plan = plan_of(*inputs, target=SEVERAL)
    for number in range(len(plan.groups)):
        one, two = (group_of(plan, number, *inputs, threads=threads) for threads in (1, 3))
        assert one == two


def test_a_group_that_was_not_merged_is_named(inputs):
    plan = plan_of(*inputs, target=TINY)
    results = [group_of(plan, n, *inputs)[0] for n in range(len(plan.groups)) if n != 4]
    with pytest.raises(ForeignPlanError, match="group 4 of"):
        assembled(plan, *folders(*inputs), results)


@pytest.mark.parametrize("fault", ["parts", "size", "tensor"])
def test_a_result_that_is_not_as_planned_is_named(inputs, fault):
    plan = plan_of(*inputs, target=TINY)
    results = [group_of(plan, n, *inputs)[0] for n in range(len(plan.groups))]
    raw = results[2].to_json()
    if fault == "parts":
        raw["parts"] = raw["parts"][1:]
    elif fault == "size":
        raw["parts"][0]["size"] += 1
    else:
        raw["after"] = {"model.other": "00"}
    results[2] = GroupResult.from_json(raw)
    with pytest.raises(ForeignPlanError, match="group 2"):
        assembled(plan, *folders(*inputs), results)


def test_other_inputs_than_were_planned_are_refused(inputs, tmp_path):
    plan = plan_of(*inputs, target=TINY)
    other = tiny_models.adapter(
        tmp_path / "other",
        everything(),
        r=5,
        use_dora=True,
        lora_alpha=7,
        modules_to_save=["lm_head"],
    )
    with pytest.raises(ForeignPlanError, match="otherwise than was planned"):
        group_of(plan, 0, inputs[0], other)


def test_an_adapter_is_read_whole_once_and_not_again_by_each_group(inputs, monkeypatch):
    reads = []
    monkeypatch.setattr(merge_inputs, "all_finite", lambda _: reads.append("whole"))
    monkeypatch.setattr(merge_inputs, "same_bytes", lambda *_: reads.append("pair") or True)
    embedding = f"{PREFIX}model.embed_tokens.weight"
    plan = plan_of(*inputs, target=TINY)
    before = list(reads)
    assert before[0] == "whole"
    with group_work(plan, *folders(*inputs)):
        assert reads == before
    assert embedding not in plan.same_tensors


def test_tensors_that_were_compared_while_planning_are_not_compared_again(tmp_path, monkeypatch):
    """A tied base whose two matrices are both saved: whether they are the same decides the merge."""
    both = {
        f"{PREFIX}{name}.weight": numbers(VOCABULARY, HIDDEN, seed=3)
        for name in ("lm_head", "model.embed_tokens")
    }
    base = tiny_models.base(
        tmp_path / "base", tiny_models.llama_tensors(head=False), tie_word_embeddings=True
    )
    adapter = tiny_models.adapter(
        tmp_path / "adapter", both, modules_to_save=["lm_head", "embed_tokens"]
    )
    plan = plan_of(base, adapter)
    assert list(plan.same_tensors.values()) == [True]
    monkeypatch.setattr(merge_inputs, "same_bytes", None)
    group_of(plan, 0, base, adapter)


def test_an_adapter_that_changes_nothing_is_refused_at_the_end(tmp_path):
    base = tiny_models.base(tmp_path / "base")
    adapter = tiny_models.adapter(tmp_path / "adapter", lora_alpha=0)
    with pytest.raises(MergeRefusedError, match="LA505"):
        merge_by_groups(base, adapter)


def newer(base):
    """As transformers 5 writes it."""
    rope = {"rope_theta": 500000.0, "rope_type": "default"}
    config = json.loads((base / "config.json").read_text())
    written = config | {"dtype": "bfloat16", "rope_parameters": rope}
    (base / "config.json").write_text(json.dumps(written))


def test_full_weights_are_copied_with_a_receipt(tmp_path):
    base = tiny_models.base(tmp_path / "base", shards=2)
    made, content, plan = merge_by_groups(base, None, target=TINY)
    copied = {name: data for name, data in files(base).items() if name in made}
    assert made == {**copied, "merge-receipt.json": made["merge-receipt.json"]}
    assert {"config.json", "model.safetensors.index.json", *plan.files} <= set(copied)
    assert content["outcome"] == "copied"
    assert content["adapter"] == content["changed"] == {}
    assert content["base"]["weights"] == content["output"]["weights"]


def test_small_files_of_transformers_5_are_written_as_import_reads_them(tmp_path):
    base = tiny_models.base(tmp_path / "base")
    newer(base)
    (base / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "TokenizersBackend", "chat_template": "x", "b": 1})
    )
    made, content, _ = merge_by_groups(base, None, converted=True)
    config = json.loads(made["config.json"])
    assert (config["torch_dtype"], config["rope_theta"]) == ("bfloat16", 500000.0)
    tokenizer = {"tokenizer_class": "PreTrainedTokenizerFast", "chat_template": "x", "b": 1}
    assert json.loads(made["tokenizer_config.json"]) == tokenizer
    assert content["converted_for"] == REFERENCE
    said = " ".join(content["notes"])
    assert "config.json was converted to transformers 4.51.3" in said
    assert "TokenizersBackend is called PreTrainedTokenizerFast" in said


def test_a_tokenizer_without_tokenizer_json_keeps_its_class(tmp_path):
    """The other class reads no other file, so the name alone would not help."""
    base = tiny_models.base(tmp_path / "base")
    (base / "tokenizer.json").unlink()
    (base / "tokenizer_config.json").write_text('{"tokenizer_class": "TokenizersBackend"}')
    made, content, _ = merge_by_groups(base, None, converted=True)
    assert b"TokenizersBackend" in made["tokenizer_config.json"]
    assert content["notes"] == []


def test_what_was_converted_is_verified_as_it_was_made(inputs, tmp_path):
    base, adapter = inputs
    newer(base)
    made, _, _ = merge_by_groups(base, adapter, converted=True)
    (tmp_path / "out").mkdir()
    for name, data in made.items():
        (tmp_path / "out" / name).write_bytes(data)
    assert b"rope_theta" in made["config.json"]
    verify(tmp_path / "out", None, None, merge_order(inputs))


def test_the_candidate_for_import_is_the_folder_that_comes_out(inputs):
    base, adapter = inputs
    (base / "tokenizer_config.json").write_text('{"chat_template": "x"}')
    made, _, plan = merge_by_groups(base, adapter, converted=True)
    candidate = import_candidate(plan, *folders(base, adapter))
    del made["merge-receipt.json"]
    assert candidate.files == {name: len(data) for name, data in made.items()}
    assert candidate.config == json.loads(made["config.json"])
    assert candidate.index == json.loads(made["model.safetensors.index.json"])
    assert candidate.dtypes == {"BF16"}
    assert check_import(candidate, "us-east-1").accepted


def test_a_receipt_of_groups_has_a_seal_that_fits(inputs):
    made, content, _ = merge_by_groups(*inputs, target=TINY)
    found = read_receipt(made["merge-receipt.json"], "merge-receipt.json")
    assert {k: v for k, v in found.items() if k != "made_with"} == content
