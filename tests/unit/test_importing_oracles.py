"""Adapters as the real PEFT wrote them, where this machine has them beside the repository: imported, they have the
bytes of a merge on this machine, or are refused by the fault.
"""

import json
import shutil

import pytest
from domain_builders import DATASETS
from import_world import FOLDER, WEIGHTS
from test_merge_oracles import LORA, NAMED, REFUSED, SOUND, order

from tuning.adapters.folder_merge import Order, merge

pytestmark = pytest.mark.skipif(not LORA.is_dir(), reason="the oracles are not beside us")
# Neither on the list of import, nor of 16 bits.
NOT_IMPORTABLE = ("bases/gpt2-f32", "bases/qwen2-f32")
# Found before a merge begins: there is no object that begins an import, or it waits for files in vain.
NEVER_BEGUN = {"refuse-pickle": "adapter_model.bin", "several-adapters": None}


def announced(importing, case, tmp_path):
    """The id of the import of a case, by a recipe for its base."""
    folder, expected, _ = case
    base = tmp_path / "tiny"
    shutil.copytree(folder.parent / expected["base"], base)
    config = json.loads((base / "config.json").read_text())
    f16 = "F16" if "-f16" in expected["base"] else "BF16"
    for name, content in (("tokenizer.json", "{}"), ("tokenizer_config.json", "{}")):
        if not (base / name).exists():
            (base / name).write_text(content)
    importing.recipe(
        "support",
        f'method = "IMPORT"\ndescription = "d"\nbase = "tiny"\nprecision = "{f16}"\n'
        f'architecture = "{config["architectures"][0]}"\n',
    )
    importing.lay(WEIGHTS, "bases/tiny/", base)
    importing.lay(DATASETS, FOLDER, folder / expected["adapter"])
    (import_id,) = importing.announced(f"{FOLDER}adapter_model.safetensors")
    return import_id


IMPORTABLE = [name for name, case in SOUND.items() if case[1]["base"] not in NOT_IMPORTABLE]


@pytest.mark.thorough
@pytest.mark.parametrize("name", IMPORTABLE)
def test_an_import_of_an_adapter_of_peft_has_the_bytes_of_its_merge(importing, name, tmp_path):
    import_id = announced(importing, SOUND[name], tmp_path)
    importing.run(import_id)
    assert importing.record(import_id).why is None
    base, adapter = tmp_path / "tiny", order(name).adapter
    merge(Order(base=base, adapter=adapter, converted=True), tmp_path / "local")
    wanted = {path.name: path.read_bytes() for path in (tmp_path / "local").iterdir()}
    made = importing.model(import_id)
    assert set(made) == set(wanted)
    assert [n for n in made if made[n] != wanted[n]] == ["merge-receipt.json"]


@pytest.mark.parametrize("name", [name for name in SOUND if name not in IMPORTABLE])
def test_what_merges_and_cannot_be_imported_is_refused_before_it_is_merged(
    importing, name, tmp_path
):
    import_id = announced(importing, SOUND[name], tmp_path)
    finished = importing.run(import_id)
    assert importing.record(import_id).state == "refused"
    assert "IM102" in finished["summary"] or "The weights are F32" in finished["summary"]
    assert not importing.s3.uploads


@pytest.mark.parametrize("name", [name for name in REFUSED if name not in NEVER_BEGUN])
def test_what_peft_would_merge_wrongly_is_refused_by_its_fault(importing, name, tmp_path):
    import_id = announced(importing, REFUSED[name], tmp_path)
    finished = importing.run(import_id)
    assert importing.record(import_id).state == "refused"
    assert not importing.bedrock.created
    assert not importing.s3.uploads
    if REFUSED[name][1]["base"] not in NOT_IMPORTABLE:
        assert NAMED.get(name, "") in finished["summary"]
