"""adapter_config.json: whatever it holds, it is read or refused; and PEFT's rules of selection."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuning.adapters import adapter_config
from tuning.adapters.refused import MergeRefusedError

SOUND = {"peft_type": "LORA", "r": 4, "lora_alpha": 8}
FIELDS = sorted(
    adapter_config._USED | adapter_config._WITHOUT_EFFECT | {*adapter_config._NO_MERGE, "novel"}  # noqa: SLF001 — every field that is known
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
Q = "model.layers.0.self_attn.q_proj"


def read(**changes):
    return adapter_config.settings(SOUND | changes, where="adapter_config.json")


@given(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4))
@settings(max_examples=400)
def test_any_configuration_is_read_or_refused(changes):
    try:
        found = read(**changes)
        found.scale_of(Q)
        found.targeted(Q)
        found.saved_whole(Q)
    except MergeRefusedError as error:
        assert error.rule.id.startswith("LA2")  # noqa: PT017 — any other exception is the fault


@pytest.mark.parametrize(
    ("changes", "selected"),
    [
        ({}, None),
        ({"target_modules": "all-linear"}, None),
        ({"target_parameters": ["x.weight"]}, False),
        ({"target_modules": ["q_proj"]}, True),
        ({"target_modules": ["proj"]}, False),
        ({"target_modules": [Q]}, True),
        ({"target_modules": r".*\.q_proj"}, True),
        ({"target_modules": r"q_proj"}, False),
        ({"target_modules": ["q_proj"], "exclude_modules": ["self_attn.q_proj"]}, False),
        ({"target_modules": ["q_proj"], "exclude_modules": r".*layers\.0\..*"}, False),
        ({"target_modules": ["q_proj"], "modules_to_save": ["self_attn"]}, False),
        ({"target_modules": ["q_proj"], "layers_to_transform": 0}, True),
        ({"target_modules": ["q_proj"], "layers_to_transform": [1]}, False),
        ({"target_modules": ["q_proj"], "layers_to_transform": [0], "layers_pattern": "layers"}, True),
        ({"target_modules": ["q_proj"], "layers_to_transform": [0], "layers_pattern": ["h"]}, False),
        ({"target_modules": ["q_proj"], "layers_to_transform": [0], "layers_pattern": ["(lay)(ers)"]}, True),
        ({"target_modules": ["q_proj"], "layers_to_transform": []}, True),
        ({"target_modules": [Q], "layers_to_transform": [1]}, True),
    ],
)  # fmt: skip
def test_modules_are_selected_as_peft_selects_them(changes, selected):
    assert read(**changes).targeted(Q) is selected


def test_the_first_pattern_of_the_file_that_matches_counts():
    found = read(
        rank_pattern={"self_attn.q_proj": 3, "q_proj": 5}, alpha_pattern={"proj": 1, "q_proj": 6}
    )
    assert found.rank_of(Q) == 3
    assert found.scale_of(Q) == 2


def test_what_only_reports_on_training_is_ignored():
    reported = {
        "base_model_name_or_path": "x", "lora_dropout": 0.5, "inference_mode": True, "revision": "main",
        "auto_mapping": {"unsloth_fixed": True}, "megatron_core": "megatron.core", "qalora_group_size": 16,
        "eva_config": {"rho": 2}, "loftq_config": {"loftq_bits": 4}, "fan_in_fan_out": True, "init_lora_weights": "eva",
        "runtime_config": {"ephemeral_gpu_offload": True}, "task_type": "CAUSAL_LM", "peft_version": "0.21.2",
        "lora_dtype": "bfloat16", "lorap_lr_ratio": 16.0, "lorap_emb_lr": 1e-06,
    }  # fmt: skip
    assert read(**reported).scale_of(Q) == 2
