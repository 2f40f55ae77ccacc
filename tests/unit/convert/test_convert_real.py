"""Public datasets as they are, where this machine has them beside the repository."""

from pathlib import Path

import pytest

BESIDE = [parent / "shared" / "data" for parent in Path(__file__).parents[4:]]
DATA = next((folder for folder in BESIDE if folder.is_dir()), BESIDE[0])
SAMPLES, FORGE, AXOLOTL = "aws-bedrock-samples", "nova-forge-test-data", "axolotl-fixtures"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the public datasets are not beside us")

QUESTIONS = {"prompt": "question", "completion": "answer"}
NOVA_2 = ("amazon.nova-2-lite-v1:0:256k", "REINFORCEMENT_FINE_TUNING")


@pytest.mark.parametrize(
    "case",
    [
        (f"{SAMPLES}/nova_tooluse_formatted_train_ft.jsonl", "converse", {}, 560),
        (f"{SAMPLES}/nova_tooluse_train_ft.jsonl", "converse", {}, 560),
        (f"{SAMPLES}/nova_tooluse_test_ft.jsonl", "anthropic_messages", {}, 120),
        (f"{SAMPLES}/distillation_uber10K.jsonl", "distillation", {}, 200),
        (f"{SAMPLES}/rft_train_data.jsonl", NOVA_2, {}, 300),
        (f"{AXOLOTL}/alpaca.json", "prompt_completion", {}, 2),
        (f"{AXOLOTL}/conversation.json", "converse", {}, 1),
        (f"{FORGE}/csv_train_test_data.csv", "prompt_completion", QUESTIONS, 20),
        (f"{FORGE}/openai_sft_test_data.jsonl", "converse", {}, 10),
        (f"{FORGE}/openai_sft_tool_test_data.jsonl", "converse", {}, 8),
        (f"{FORGE}/sft_train_samples_converse.json", "converse", {}, 3),
        (f"{FORGE}/sft_train_samples_converse.jsonl", "openai_chat", {}, 8),
        (f"{FORGE}/unstructured_json_test.jsonl", "converse", QUESTIONS, 6),
        (f"{FORGE}/unstructured_rft_data.jsonl", NOVA_2, {"prompt": "question"}, 5),
        (f"{FORGE}/rft_multiturn_valid.csv", NOVA_2, {}, 5),
        (f"{FORGE}/rft_multiturn_valid_openai.jsonl", NOVA_2, {}, 5),
        (f"{FORGE}/rft_multiturn_valid_nested.jsonl", NOVA_2, {"prompt": "metadata.prompt"}, 5),
    ],
)
def test_what_is_sound_is_converted_whole(converted, target_of, case):
    file, to, mapping, lines = case
    to = target_of(*to) if isinstance(to, tuple) else to
    written, summary, _ = converted((DATA / file).read_bytes(), to, name=file, mapping=mapping)
    assert summary.findings == ()
    assert len(written) == lines


@pytest.mark.parametrize(
    ("file", "to", "rules"),
    [
        (f"{AXOLOTL}/conversation.missingturns.json", "converse", {"CV205": 1}),
        (f"{AXOLOTL}/conversation.json", "prompt_completion", {"CV301": 1}),
        (f"{FORGE}/openai_sft_multimodal_test_data.jsonl", "converse", {"CV209": 2}),
        (f"{FORGE}/csv_train_test_data.csv", "converse", {"CV108": 20}),
        (f"{FORGE}/rft_multiturn_invalid_openai_role.jsonl", "openai_chat", {"CV204": 2}),
        (f"{FORGE}/rft_multiturn_invalid_empty_prompt.jsonl", "openai_chat", {"CV205": 1}),
        (f"{FORGE}/rft_multiturn_invalid_missing_prompt.jsonl", "openai_chat", {"CV108": 2}),
        (f"{SAMPLES}/nova_tooluse_train_ft.jsonl", "prompt_completion", {"CV305": 560}),
        (f"{SAMPLES}/canvas_captions.json", "image_caption", {"CV209": 58}),
        (f"{SAMPLES}/rft_train_data.jsonl", "converse", {"CV309": 300}),
    ],
)
def test_what_would_lose_meaning_is_refused(converted, file, to, rules):
    _, summary, _ = converted((DATA / file).read_bytes(), to, name=file)
    assert summary.counts == rules


def test_the_wrong_schema_version_of_every_row_is_replaced_and_said(converted):
    file = f"{SAMPLES}/nova_tooluse_formatted_test_ft.jsonl"
    written, summary, _ = converted((DATA / file).read_bytes(), name=file)
    assert summary.changed == {"schemaVersion": 120}
    assert {record["schemaVersion"] for record in written} == {"bedrock-conversation-2024"}
