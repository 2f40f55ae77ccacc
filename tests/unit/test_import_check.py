"""What Custom Model Import takes, and what it would refuse or misread."""

import pytest
from hypothesis import given as given_any
from hypothesis import settings
from hypothesis import strategies as st

from tuning.models.config_conversion import for_reference
from tuning.models.import_check import Candidate, check_import, facts

GB = 10**9
LLAMA = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "torch_dtype": "bfloat16",
    "max_position_embeddings": 131072,
    "rope_theta": 500000.0,
    "rope_scaling": {
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    },
}  # fmt: skip
FILES = dict.fromkeys(("config.json", "tokenizer_config.json", "tokenizer.json", "chat_template.jinja", "model.safetensors"), 1000)  # fmt: skip
TOKENIZER = {"tokenizer_class": "PreTrainedTokenizerFast"}


def candidate(*, less=(), more=None, config=None, tokenizer=TOKENIZER, **others):
    kept = {name: size for name, size in FILES.items() if name not in less} | (more or {})
    dtypes = others.pop("dtypes", frozenset({"BF16"}))
    return Candidate(
        files=kept,
        config=LLAMA | (config or {}),
        tokenizer_config=tokenizer,
        dtypes=frozenset(dtypes),
        **others,
    )


def test_a_sound_folder_is_accepted_without_a_word():
    checked = check_import(candidate(), "us-east-1")
    assert checked.findings == ()
    assert checked.accepted
    assert checked.converse is True
    assert checked.architecture == "LlamaForCausalLM"


GPT_OSS = {"architectures": ["GptOssForCausalLM"], "model_type": "gpt_oss", "rope_scaling": None}
ENDS = {"eos_token_id": [200002, 199999, 200012]}


@pytest.mark.parametrize(
    ("given", "region", "rule", "severity", "words"),
    [
        ({}, "ap-south-1", "IM101", "error", "ap-south-1"),
        ({"config": {"architectures": ["Gemma3ForCausalLM"]}}, "us-east-1", "IM102", "error", "Gemma3"),
        ({"config": {"architectures": []}}, "us-east-1", "IM102", "error", "not named"),
        ({"config": GPT_OSS, "generation_config": ENDS}, "us-west-2", "IM103", "error", "us-east-1 only"),
        ({"more": {"adapter_config.json": 1}}, "us-east-1", "IM201", "error", "adapter"),
        ({"less": ["model.safetensors"]}, "us-east-1", "IM202", "error", "safetensors"),
        ({"more": {"b.safetensors": 1}}, "us-east-1", "IM203", "error", "index"),
        ({"index": {"weight_map": {"x": "a.safetensors"}}}, "us-east-1", "IM203", "error", "a.safetensors"),
        ({"less": ["config.json"]}, "us-east-1", "IM204", "error", "config.json is missing"),
        ({"less": ["tokenizer.json"]}, "us-east-1", "IM204", "error", "tokenizer.model"),
        ({"more": {"model.safetensors": 200 * GB}}, "us-east-1", "IM205", "error", "200.0 GB"),
        ({"dtypes": {"BF16", "F8_E4M3"}}, "us-east-1", "IM206", "error", "F8_E4M3"),
        ({"config": {"quantization_config": {"a": 1}}}, "us-east-1", "IM206", "error", "config.json"),
        ({"dtypes": {"F32"}}, "us-east-1", "IM206", "warning", "F32"),
        ({"config": {"dtype": "bfloat16"}}, "us-east-1", "IM301", "error", "torch_dtype"),
        ({"config": {"max_position_embeddings": 1_000_000}}, "us-east-1", "IM302", "warning", "1000000"),
        ({"config": {"rope_scaling": LLAMA["rope_scaling"] | {"factor": 32.0}}}, "us-east-1", "IM303", "warning", "factor 32.0"),
        ({"tokenizer": {"tokenizer_class": "BloomTokenizerFast"}}, "us-east-1", "IM401", "error", "Bloom"),
        ({"tokenizer": {"tokenizer_class": "TokenizersBackend"}}, "us-east-1", "IM401", "error", "transformers 5"),
        ({"less": ["chat_template.jinja"]}, "us-east-1", "IM402", "warning", "no chat template"),
        ({"tokenizer": TOKENIZER | {"chat_template": "x"}}, "us-east-1", "IM402", "warning", "wins"),
        ({"config": GPT_OSS}, "us-east-1", "IM403", "error", "200012"),
        ({"config": GPT_OSS, "generation_config": {"eos_token_id": [200002]}}, "us-east-1", "IM403", "error", "200012"),
    ],
)  # fmt: skip
def test_a_fault_is_the_only_finding_and_is_named(given, region, rule, severity, words):
    checked = check_import(candidate(**given), region)
    (finding,) = checked.findings
    assert (finding.id, finding.severity) == (rule, severity)
    assert words in finding.message
    assert finding.fix.endswith(".")
    assert finding.source.startswith("https://docs.aws.amazon.com/")
    assert checked.accepted is (severity == "warning")


def test_models_that_see_may_be_half_as_large():
    mllama = {"architectures": ["MllamaForConditionalGeneration"], "model_type": "mllama"}
    given = candidate(config=mllama, more={"model.safetensors": 100 * GB})
    assert [f.id for f in check_import(given, "us-east-1").findings] == ["IM205"]


def test_a_folder_without_anything_is_refused_and_nothing_crashes():
    empty = Candidate(files={}, config=None)
    found = {f.id for f in check_import(empty, "us-east-1").findings}
    assert found == {"IM102", "IM202", "IM204"}


def test_gpt_oss_is_accepted_where_it_is_offered_and_has_no_converse():
    checked = check_import(candidate(config=GPT_OSS, generation_config=ENDS), "us-east-1")
    assert checked.findings == ()
    assert checked.converse is False


def test_every_architecture_says_whether_converse_can_be_called():
    for entry in facts()["architectures"].values():
        assert isinstance(entry["converse"], bool)
        assert set(entry.get("regions", [])) <= set(facts()["regions"])


# What transformers 5.24.0 wrote, and what 4.51.3 reads to the same logits, bit for bit (seen with both).
NEW = {
    "dtype": "bfloat16",
    "model_type": "llama",
    "rope_parameters": {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "original_max_position_embeddings": 8192},
    "vocab_size": 256,
}  # fmt: skip
OLD = {
    "model_type": "llama",
    "rope_scaling": {
        "rope_type": "llama3",
        "factor": 8.0,
        "original_max_position_embeddings": 8192,
    },
    "rope_theta": 500000.0,
    "torch_dtype": "bfloat16",
    "vocab_size": 256,
}


def test_a_configuration_of_version_5_gets_the_names_of_version_4():
    converted = for_reference(NEW)
    assert converted.config == OLD
    assert converted.fault is None
    assert len(converted.changes) == 2


def test_a_configuration_of_version_4_is_left_alone():
    assert for_reference(OLD).config is OLD
    assert for_reference(for_reference(NEW).config).changes == ()


@pytest.mark.parametrize(
    ("rope", "expected"),
    [
        ({"rope_type": "default", "rope_theta": 1e6}, {"rope_theta": 1e6, "rope_scaling": None}),
        ({"rope_theta": 1e6}, {"rope_theta": 1e6, "rope_scaling": None}),
        (None, {"rope_scaling": None}),
        (
            {"rope_type": "yarn", "rope_theta": 1e6, "factor": 4.0, "partial_rotary_factor": 0.5},
            {"rope_theta": 1e6, "partial_rotary_factor": 0.5, "rope_scaling": {"rope_type": "yarn", "factor": 4.0}},
        ),
    ],
)  # fmt: skip
def test_rope_is_split_as_version_4_has_it(rope, expected):
    assert (
        for_reference({"model_type": "qwen2", "rope_parameters": rope}).config
        == {"model_type": "qwen2"} | expected
    )


def test_the_number_of_experts_of_qwen3_is_not_lost():
    """Version 4 would take its default of 128, and the weights would not fit."""
    converted = for_reference({"model_type": "qwen3_moe", "num_local_experts": 4})
    assert converted.config == {"model_type": "qwen3_moe", "num_experts": 4}
    mixtral = {"model_type": "mixtral", "num_local_experts": 4}
    assert for_reference(mixtral).config is mixtral


@pytest.mark.parametrize(
    "config",
    [
        {"model_type": "qwen2_vl", "dtype": "bfloat16"},
        {"model_type": "llama", "rope_parameters": {"full_attention": {"rope_theta": 1.0}}},
        {"model_type": "llama", "rope_parameters": [1]},
        {"model_type": "llama", "dtype": "bfloat16", "torch_dtype": "float32"},
    ],
)
def test_what_cannot_be_converted_is_said_and_left_as_it_was(config):
    converted = for_reference(config)
    assert converted.fault
    assert converted.config is config
    given = candidate(config=config)
    assert "IM301" in {f.id for f in check_import(given, "us-east-1").findings}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)  # fmt: skip
FIELDS = (
    *("architectures", "model_type", "dtype", "torch_dtype", "rope_parameters", "rope_scaling"),
    *("text_config", "max_position_embeddings", "quantization_config", "num_local_experts"),
    *("tokenizer_class", "chat_template", "eos_token_id", "weight_map"),
)
ANY = st.dictionaries(st.sampled_from(FIELDS), JSON | st.sampled_from(["llama", "qwen3_moe"]))


@given_any(ANY, ANY, ANY, ANY, st.dictionaries(st.text(max_size=5), st.integers(0), max_size=3))
@settings(max_examples=300)
def test_whatever_the_files_hold_it_is_judged(config, tokenizer, generation, index, listing):
    anything = Candidate(
        files=listing,
        config=config,
        tokenizer_config=tokenizer,
        generation_config=generation,
        index=index,
    )
    assert not check_import(anything, "us-east-1").accepted
