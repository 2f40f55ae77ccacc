"""The ledger's keys are written down: a release that derived one in another way would forget what it has seen."""

import pytest
from domain_builders import any_recipe, any_upload

from tuning.runs.newest_version import newest_key
from tuning.runs.run import version_key
from tuning.runs.same_data import data_key
from tuning.runs.uploads import TRAINING
from tuning.runs.validation_sets import ValidationSet, folder_key

KEYS = {
    "a version of an object": (version_key, "version#715b620b329142f2b2f4299483c57d03"),
    "the newest version of an object": (newest_key, "newest#fbd7222b1720647a62f890d63cae2e8c"),
    "the newest run of a folder": (folder_key, "folder#2526c63d43d0272800d20e333a039efa"),
    "a validation set": (
        lambda upload: ValidationSet.of(upload).id,
        "validation#1b8877f1c005c27e064c936eb4ac85fa",
    ),
    "data that were trained on": (
        lambda _: data_key(any_recipe(), {TRAINING: "ab"}),
        "data#0feda3fec78a2ee049256681ed0aa60d",
    ),
}


@pytest.mark.parametrize(("key_of", "key"), KEYS.values(), ids=KEYS)
def test_the_ledger_finds_in_a_year_what_it_has_of(key_of, key):
    assert key_of(any_upload(bucket="b", key="datasets/support/train.jsonl")) == key


def test_all_versions_of_an_object_share_one_newest_and_other_objects_have_their_own():
    upload = any_upload()
    assert newest_key(any_upload(version_id="v2")) == newest_key(upload)
    others = [any_upload(bucket="other"), any_upload(key="datasets/support/2/train.jsonl")]
    assert newest_key(upload) not in [newest_key(other) for other in others]
