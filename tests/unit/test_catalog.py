"""The catalog holds what AWS's pages say; the tables below were copied from them by hand."""

import json
from importlib.resources import files
from typing import Any

import pytest

from tuning.errors import UnknownModelError
from tuning.models.catalog import Hyperparameter, catalog

# base model, Region, format, records at least and at most, tokens a record, state. From
# https://docs.aws.amazon.com/bedrock/latest/userguide/custom-model-fine-tuning.html
# https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-prepare.html
NOVA_DATA = ("us-east-1", "converse", 8, 20_000, 32_000, "ACTIVE")
LLAMA_DATA = ("us-west-2", "converse", 100, 10_000, 16_000, "ACTIVE")
OLDER_LLAMA_DATA = ("us-west-2", "prompt_completion", 100, 10_000, 16_000, "ACTIVE")
BOTH_REGIONS = "us-east-1 us-west-2"
FINE_TUNED = [
    ("amazon.nova-micro-v1:0:128k", *NOVA_DATA),
    ("amazon.nova-lite-v1:0:300k", *NOVA_DATA),
    ("amazon.nova-pro-v1:0:300k", *NOVA_DATA),
    ("amazon.nova-2-lite-v1:0:256k", "us-east-1", "converse", 200, 20_000, 32_000, "ACTIVE"),
    ("meta.llama3-3-70b-instruct-v1:0:128k", *LLAMA_DATA),
    ("meta.llama3-2-1b-instruct-v1:0:128k", *LLAMA_DATA),
    ("meta.llama3-2-3b-instruct-v1:0:128k", *LLAMA_DATA),
    ("meta.llama3-2-11b-instruct-v1:0:128k", *LLAMA_DATA),
    (
        *("meta.llama3-2-90b-instruct-v1:0:128k", "us-west-2", "converse"),
        *(100, 10_000, 10_000, "ACTIVE"),
    ),
    ("meta.llama3-1-8b-instruct-v1:0:128k", *OLDER_LLAMA_DATA),
    ("meta.llama3-1-70b-instruct-v1:0:128k", *OLDER_LLAMA_DATA),
    ("amazon.titan-image-generator-v2:0", BOTH_REGIONS, "image_caption", 5, 10_000, None, "ACTIVE"),
    ("amazon.titan-embed-image-v1:0", BOTH_REGIONS, "image_caption", 1000, 500_000, None, "ACTIVE"),
    ("amazon.nova-canvas-v1:0", "us-east-1", "image_caption", 1, 10_000, None, "EOL"),
    (
        *("anthropic.claude-3-haiku-20240307-v1:0:200k", "us-west-2", "anthropic_messages"),
        *(32, 10_000, 32_000, "EOL"),
    ),
]
ONLY_REINFORCED = {"openai.gpt-oss-20b", "qwen.qwen3-32b"}

# https://docs.aws.amazon.com/bedrock/latest/userguide/custom-models-hp.html
NOVA = {
    "epochCount": (1, 5, 2),
    "learningRate": (1e-6, 1e-4, 1e-5),
    "learningRateWarmupSteps": (0, 100, 10),
    "batchSize": (1, 1, 1),
}
LLAMA = {"epochCount": (1, 10, 5), "batchSize": (1, 1, 1), "learningRate": (5e-6, 0.1, 1e-4)}
HYPERPARAMETERS = {
    "amazon.nova-micro-v1:0:128k": NOVA,
    "amazon.nova-lite-v1:0:300k": NOVA,
    "amazon.nova-pro-v1:0:300k": NOVA,
    "amazon.nova-2-lite-v1:0:256k": NOVA,
    **{model: LLAMA for model, *_ in FINE_TUNED if model.startswith("meta.llama3")},
    "amazon.titan-image-generator-v2:0": {
        "stepCount": (10, 40_000, None),
        "batchSize": (8, 192, 8),
        "learningRate": (1e-7, 1, 1e-5),
    },
    "amazon.titan-embed-image-v1:0": {
        "epochCount": (1, 100, None),
        "batchSize": (256, 9216, 576),
        "learningRate": (5e-8, 1, 5e-5),
    },
    "amazon.nova-canvas-v1:0": {
        "stepCount": (10, 20_000, 500),
        "batchSize": (8, 192, 8),
        "learningRate": (1e-7, 1e-4, 1e-5),
    },
    "anthropic.claude-3-haiku-20240307-v1:0:200k": {
        "epochCount": (1, 10, 2),
        "batchSize": (4, 256, 32),
        "learningRateMultiplier": (0.1, 2, 1),
        "earlyStoppingThreshold": (0, 0.1, 0.001),
        "earlyStoppingPatience": (1, 10, 2),
    },
}
# https://docs.aws.amazon.com/bedrock/latest/userguide/prequisites-model-distillation.html
PUPILS = {
    "amazon.nova-pro-v1:0": {"nova-lite", "nova-micro"},
    "amazon.nova-premier-v1:0": {"nova-lite", "nova-micro", "nova-pro"},
    "meta.llama3-1-405b-instruct-v1:0": {
        "llama3-1-8b",
        "llama3-1-70b",
        "llama3-2-1b",
        "llama3-3-70b",
    },
    "meta.llama3-1-70b-instruct-v1:0": {"llama3-1-8b", "llama3-2-1b", "llama3-2-3b"},
    "meta.llama3-3-70b-instruct-v1:0": {"llama3-1-8b", "llama3-2-1b", "llama3-2-3b"},
}


def test_the_catalog_has_exactly_the_models_that_bedrock_customizes():
    assert set(catalog().models) == {row[0] for row in FINE_TUNED} | ONLY_REINFORCED


@pytest.mark.parametrize(
    ("identifier", "regions", "form", "least", "most", "tokens", "state"),
    FINE_TUNED,
    ids=[row[0] for row in FINE_TUNED],
)
def test_fine_tuning_facts_are_those_of_the_pages(
    identifier, regions, form, least, most, tokens, state
):
    model = catalog().model(identifier)
    method = model.methods["FINE_TUNING"]
    assert (" ".join(model.regions), model.status) == (regions, state)
    assert (method.format, method.min_records, method.max_records) == (form, least, most)
    assert method.max_tokens_per_record == tokens


@pytest.mark.parametrize(
    ("identifier", "expected"), HYPERPARAMETERS.items(), ids=list(HYPERPARAMETERS)
)
def test_hyperparameters_are_those_of_the_page(identifier, expected):
    known = catalog().model(identifier).methods["FINE_TUNING"].hyperparameters
    assert {n: (h.min, h.max, h.default) for n, h in known.items()} == expected


def test_every_fine_tuned_model_has_its_hyperparameters_checked():
    assert set(HYPERPARAMETERS) == {row[0] for row in FINE_TUNED}


def test_reinforcement_takes_a_hundred_to_twenty_thousand_prompts():
    nova = catalog().model("amazon.nova-2-lite-v1:0:256k").methods["REINFORCEMENT_FINE_TUNING"]
    others = [catalog().model(m).methods["RFT_OPENAI_API"] for m in sorted(ONLY_REINFORCED)]
    assert {(m.min_records, m.max_records) for m in (nova, *others)} == {(100, 20_000)}
    efforts = nova.hyperparameters["reasoningEffort"].values
    assert efforts == ("low", "medium", "high")


@pytest.mark.parametrize("teacher", PUPILS)
def test_a_teacher_has_the_pupils_of_the_page(teacher):
    taught = {
        model.id.split(".")[1].split("-instruct")[0].split("-v1")[0]
        for model in catalog().models.values()
        if "DISTILLATION" in model.methods and teacher in model.methods["DISTILLATION"].teachers
    }
    assert taught == PUPILS[teacher]


def test_images_train_without_a_validation_set_and_embeddings_have_a_lower_quota():
    titan = [catalog().model(m) for m in catalog().models if "titan" in m]
    assert {m.methods["FINE_TUNING"].validation for m in titan} == {"refused"}
    embeddings = catalog().model("amazon.titan-embed-image-v1:0").methods["FINE_TUNING"]
    assert embeddings.quota_total_records == 50_000


def test_no_model_that_can_be_trained_today_is_from_anthropic():
    active = [m.id for m in catalog().models.values() if m.status == "ACTIVE"]
    assert not [m for m in active if m.startswith("anthropic.")]


def test_a_model_that_ended_says_when():
    ended = [m for m in catalog().models.values() if m.status != "ACTIVE"]
    assert ended
    assert all(m.legacy_date and m.eol_date and m.legacy_date < m.eol_date for m in ended)


def test_every_source_is_a_public_page_over_tls():
    pages = catalog().sources.values()
    hosts = ("https://docs.aws.amazon.com/", "https://github.com/aws/")
    assert [page for page in pages if not page.startswith(hosts)] == []
    assert len(set(pages)) == len(pages)


def test_every_name_that_a_model_points_to_is_in_the_file():
    raw: Any = json.loads(files("tuning.models").joinpath("catalog.json").read_text("utf-8"))
    methods = [m for model in raw["models"] for m in model["methods"].values()]
    sets = {m["hyperparameters"] for m in methods if "hyperparameters" in m}
    words = {m["reserved_words"] for m in methods if "reserved_words" in m}
    assert sets <= set(raw["hyperparameter_sets"])
    assert words <= set(raw["reserved_words"])


def test_a_base_id_without_its_context_length_gets_the_whole_one():
    with pytest.raises(UnknownModelError, match=r"takes 'amazon\.nova-micro-v1:0:128k'\)"):
        catalog().model("amazon.nova-micro-v1:0")


def test_an_unknown_model_gets_the_nearest_one_and_the_page():
    with pytest.raises(UnknownModelError) as refusal:
        catalog().model("amazon.nova-mikro-v1:0:128k")
    assert "did you mean 'amazon.nova-micro-v1:0:128k'?" in str(refusal.value)
    assert catalog().as_of in str(refusal.value)
    assert catalog().sources["fine_tuning"] in str(refusal.value)


def test_a_model_like_no_other_gets_no_guess():
    with pytest.raises(UnknownModelError) as refusal:
        catalog().model("zzz")
    assert "did you mean" not in str(refusal.value)


EPOCHS = Hyperparameter(name="epochCount", type="int", min=1, max=5)
RATE = Hyperparameter(name="learningRate", type="float", min=1e-6, max=1e-4)
STEPS = Hyperparameter(name="stepCount", type="int", min=10, max=40_000, also=("auto",))
EFFORT = Hyperparameter(name="reasoningEffort", type="enum", values=("low", "high"))


@pytest.mark.parametrize(
    ("parameter", "value"),
    [(EPOCHS, 1), (EPOCHS, 5), (RATE, 1e-6), (RATE, 1e-4), (STEPS, "auto"), (EFFORT, "low")],
)
def test_the_edges_of_a_range_are_allowed(parameter, value):
    assert parameter.refusal(value) is None


@pytest.mark.parametrize(
    ("parameter", "value", "why"),
    [
        pytest.param(EPOCHS, 0, "must be 1 to 5", id="too low"),
        pytest.param(EPOCHS, 6, "must be 1 to 5", id="too high"),
        pytest.param(EPOCHS, 2.0, "must be a whole number, 1 to 5", id="float for a whole number"),
        pytest.param(EPOCHS, True, "must be 1 to 5", id="bool"),
        pytest.param(EPOCHS, "2", "must be 1 to 5", id="text"),
        pytest.param(EPOCHS, [2], "must be 1 to 5", id="list"),
        pytest.param(RATE, float("nan"), "must be 1e-06 to 0.0001", id="nan"),
        pytest.param(RATE, float("inf"), "must be 1e-06 to 0.0001", id="infinity"),
        pytest.param(STEPS, "Auto", "must be 10 to 40000 or 'auto'", id="wrong case"),
        pytest.param(EFFORT, "medium", "must be one of low, high", id="no such word"),
        pytest.param(EFFORT, 1, "must be one of low, high", id="number for a word"),
    ],
)
def test_what_is_outside_of_a_range_is_refused_with_the_range(parameter, value, why):
    assert parameter.refusal(value) == why
