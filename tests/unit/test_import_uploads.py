"""What an object under adapters/ or models/ is, by its key; and whether a folder is complete."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuning.imports.import_run import ImportUpload
from tuning.imports.import_uploads import (
    ImportObject,
    import_object,
    import_refusal,
    import_upload,
    missing_files,
)
from tuning.runs.uploads import NotAnUploadError

RECIPES = {"llama": True, "weights-only": False}
BUCKETS = {"adapters/": "datasets-1", "models/": "weights-1"}
ADAPTER, WEIGHTS = "adapters/llama/2026/adapter_model.safetensors", "models/llama/2026/config.json"


def uploaded(key, *, size=10):
    bucket = BUCKETS["adapters/"] if key.startswith("adapters/") else BUCKETS["models/"]
    return ImportUpload(
        bucket=bucket, key=key, version_id="v1", size=size, arrived_at="2026-11-30T08:00:00Z"
    )


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (ADAPTER, "BEGINS"),
        ("adapters/llama/adapter_model.safetensors", "BEGINS"),
        (WEIGHTS, "BEGINS"),
        ("adapters/llama/adapter_config.json", "COMPANION"),
        ("adapters/llama/a/chat_template.jinja", "COMPANION"),
        ("adapters/llama/a/training_args.bin", "COMPANION"),
        ("models/llama/model-00001-of-00002.safetensors", "COMPANION"),
        ("models/llama/model.safetensors.index.json", "COMPANION"),
        ("adapters/llama/", "FOLDER"),
        ("models/", "FOLDER"),
        ("adapters/adapter_model.safetensors", "UNKNOWN"),
        ("adapters/llama/config.json", "UNKNOWN"),
        ("adapters/llama/model.safetensors", "UNKNOWN"),
        ("adapters/llama/adapter_model.bin", "UNKNOWN"),
        ("models/llama/pytorch_model.bin", "UNKNOWN"),
        ("models/llama/adapter_config.json", "UNKNOWN"),
        ("datasets/llama/adapter_model.safetensors", "UNKNOWN"),
        ("bases/llama/config.json", "UNKNOWN"),
        ("", "UNKNOWN"),
    ],
)
def test_an_object_is_known_by_its_key(key, kind):
    assert import_object(key) is ImportObject[kind]


@pytest.mark.parametrize(
    "key",
    [
        ADAPTER,
        WEIGHTS,
        "adapters/llama/a/README.md",
        "models/weights-only/model.safetensors",
        "models/weights-only/config.json",
    ],
)
def test_of_what_begins_an_import_or_belongs_to_one_nothing_is_refused(key):
    assert import_refusal(uploaded(key), RECIPES) is None


def test_an_empty_folder_of_the_console_is_no_fault_and_one_with_content_is():
    assert import_refusal(uploaded("adapters/new/", size=0), RECIPES) is None
    assert "has content" in import_refusal(uploaded("adapters/llama/a/"), RECIPES)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("adapters/llama/a/adapter_model.bin", "is a pickle, which runs code when it is read"),
        ("models/llama/pytorch_model-00001-of-00002.bin", "is a pickle"),
        ("models/llama/consolidated.00.PTH", "is a pickle"),
        ("models/llama/model.gguf", "takes SafeTensors only"),
        ("adapters/llama/model.safetensors", "Full weights belong under models/<recipe>/"),
        ("models/llama/adapter_config.json", "an adapter belongs under adapters/<recipe>/"),
        ("adapters/llama/notes.txt", "begins with adapter_model.safetensors"),
        ("adapters/adapter_model.safetensors", "in no recipe's folder"),
        ("adapters/lama/adapter_model.safetensors", "did you mean 'llama'?"),
        ("models/other/config.json", "with one of: llama, weights-only"),
        ("adapters/weights-only/adapter_model.safetensors", "names no base"),
    ],
)
def test_what_is_refused_says_where_it_lies_and_what_to_do(key, words):
    why = import_refusal(uploaded(key), RECIPES)
    assert words in why
    assert why.startswith(f"{uploaded(key).uri}: ")


@given(st.text(max_size=60), st.sampled_from(["adapters/", "models/", "adapters/llama/", ""]))
def test_every_key_is_begun_known_or_refused_with_one_line(rest, prefix):
    upload = uploaded(prefix + rest)
    kind, why = import_object(upload.key), import_refusal(upload, RECIPES)
    if kind is ImportObject.UNKNOWN and upload.key.startswith(("adapters/", "models/")):
        assert why
    if kind is ImportObject.BEGINS:
        assert (why is None) == (upload.recipe_name == "llama")
    assert why is None or ("\n" not in why and why.endswith("."))


@pytest.mark.parametrize(
    ("source", "names", "shards", "missing"),
    [
        ("adapter", {"adapter_model.safetensors", "adapter_config.json"}, None, []),
        ("adapter", {"adapter_model.safetensors"}, None, ["adapter_config.json"]),
        ("weights", {"config.json", "tokenizer_config.json", "tokenizer.json", "model.safetensors"}, None, []),
        ("weights", {"config.json", "tokenizer_config.json", "tokenizer.model", "a.safetensors"}, ["a.safetensors"], []),
        ("weights", {"config.json"}, None, ["tokenizer_config.json", "tokenizer.json or tokenizer.model", "model.safetensors or model.safetensors.index.json"]),
        ("weights", {"config.json", "tokenizer_config.json", "tokenizer.json", "a.safetensors"}, ["a.safetensors", "b.safetensors", "b.safetensors"], ["b.safetensors"]),
        ("weights", {"config.json", "tokenizer_config.json", "tokenizer.json", "a.safetensors"}, None, ["model.safetensors.index.json"]),
    ],
)  # fmt: skip
def test_a_folder_is_complete_or_says_what_it_lacks(source, names, shards, missing):
    assert missing_files(source, names, shards) == missing


def event(key=ADAPTER, bucket="datasets-1", **object_fields):
    what = {"key": key, "version-id": "v1", "size": 3} | object_fields
    return {
        "time": "2026-11-30T08:00:00Z",
        "detail": {"bucket": {"name": bucket}, "object": what},
    }


def test_an_event_becomes_the_upload_that_it_announces():
    found = import_upload(event(), buckets=BUCKETS)
    assert (found.uri, found.version_id, found.source) == (f"s3://datasets-1/{ADAPTER}", "v1", "adapter")  # fmt: skip
    assert found.recipe_name == "llama"
    assert import_upload(event(WEIGHTS, "weights-1"), buckets=BUCKETS).source == "weights"


@pytest.mark.parametrize(
    ("given_event", "words"),
    [
        (event(bucket="weights-1"), "not the one that takes adapters/"),
        (event(WEIGHTS), "not the one that takes models/"),
        (event("bases/a/config.json", "weights-1"), "under neither adapters/ nor models/"),
        (event(**{"version-id": ""}), "'version-id' is missing"),
        (event(size="3"), "'size' is str; int expected"),
        ({"detail": {}}, "'object' is missing"),
    ],
)
def test_an_event_of_anything_else_is_refused_by_the_field_that_is_wrong(given_event, words):
    with pytest.raises(NotAnUploadError, match=words):
        import_upload(given_event, buckets=BUCKETS)


def test_the_same_upload_under_the_same_recipe_is_one_import():
    first, again = uploaded(ADAPTER), uploaded(ADAPTER)
    assert first.import_id("digest") == again.import_id("digest") != first.import_id("other")
