"""The recipe's table `[release]`: what it says, and how it is refused."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest
from domain_builders import any_recipe, any_run
from test_recipe_refusals import SOUND, refusal

from tuning.errors import RecipeError
from tuning.evaluation.release_options import Gated, ReleaseOptions
from tuning.runs.recipe_files import load
from tuning.runs.run import Run

RELEASE = SOUND + '[release]\nmetric = "token_f1"\n'
LABELS = SOUND + '[release]\nmetric = "label_accuracy"\n'
SCHEMA = SOUND + '[release]\nmetric = "json_schema"\n'
WHOLE = ReleaseOptions(
    metric="json_schema",
    better_than="base",
    by_at_least=0.02,
    confidence=0.9,
    min_prompts=30,
    schema={"type": "object", "required": ["answer"]},
    promote="ask",
    keep_models=0,
    delete_models=True,
    candidate_hours=1,
    provisioned_hours=2,
)


def test_a_release_table_is_read_whole(tmp_path):
    path = tmp_path / "support.toml"
    path.write_text(
        SCHEMA + 'better_than = "base"\nby_at_least = 0.02\nconfidence = 0.9\nmin_prompts = 30\n'
        'promote = "ask"\nkeep_models = 0\ndelete_models = true\ncandidate_hours = 1\n'
        'provisioned_hours = 2\nschema = { type = "object", required = ["answer"] }\n'
    )
    assert load(path).release == WHOLE


def test_a_recipe_without_the_table_releases_nothing(tmp_path):
    path = tmp_path / "support.toml"
    path.write_text(SOUND)
    assert load(path).release is None


@pytest.mark.parametrize(
    "options",
    [WHOLE, ReleaseOptions(metric="label_accuracy", labels=("yes", "no"))],
    ids=["whole", "labels"],
)
def test_a_release_table_goes_with_the_run_and_comes_back_the_same(options):
    run = any_run(recipe=any_recipe(release=options))
    assert Run.from_dict(json.loads(json.dumps(run.to_dict()))).recipe.release == options


def test_a_release_table_trains_nothing_again():
    assert any_recipe(release=WHOLE).digest == any_recipe().digest


def test_every_key_of_the_release_table_is_documented():
    page = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text("utf-8")
    table = page.partition("\n[release]")[2].partition("\n[convert]")[0]
    assert not [name for name in ReleaseOptions.__struct_fields__ if f"{name} =" not in table]
    assert not [metric for metric in get_args(Gated) if metric not in table]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SOUND + "release = 1", "release = 1: must be a table"),
        (SOUND + "[release]", "release.metric: missing; one of exact_match, normalised_match"),
        (SOUND + '[release]\nmetric = "rouge"', "release.metric = 'rouge': must be one of"),
        (SOUND + '[release]\nmetric = "rouge_1"', "(did you mean 'rouge_l'?)"),
        (SOUND + "[release]\nmetric = 1", "release.metric = 1: must be one of"),
        (
            RELEASE + "min_prompt = 50",
            "release.min_prompt: unknown key (did you mean 'min_prompts'?)",
        ),
        (RELEASE + "zzz = 50", "release.zzz: unknown key; known: metric, better_than"),
        (
            RELEASE + 'better_than = "best"',
            "release.better_than = 'best': must be one of live, base",
        ),
        (RELEASE + "by_at_least = -0.1", "release.by_at_least = -0.1: must be a part of a score"),
        (RELEASE + "by_at_least = 1", "release.by_at_least = 1: must be a part of a score"),
        (RELEASE + "by_at_least = nan", "release.by_at_least = nan: must be a part of a score"),
        (RELEASE + "by_at_least = true", "release.by_at_least = True: must be a part of a score"),
        (RELEASE + 'by_at_least = "2 %"', "release.by_at_least = '2 %': must be a part of a score"),
        (RELEASE + "confidence = 95", "release.confidence = 95: must be 0.9 to 0.999"),
        (RELEASE + "min_prompts = 29", "release.min_prompts = 29: must be whole prompts, 30 to"),
        (RELEASE + "min_prompts = 50.0", "release.min_prompts = 50.0: must be whole prompts"),
        (RELEASE + 'promote = "auto"', "release.promote = 'auto': must be one of automatic, ask"),
        (RELEASE + "keep_models = -1", "release.keep_models = -1: must be whole models, 0 to"),
        (RELEASE + "delete_models = 1", "release.delete_models = 1: must be true or false"),
        (RELEASE + "candidate_hours = 0", "release.candidate_hours = 0: must be whole hours, 1 to"),
        (RELEASE + "provisioned_hours = 0", "release.provisioned_hours = 0: must be whole hours"),
        (RELEASE + 'labels = ["a", "b"]', 'release.labels: of no use with metric = "token_f1"'),
        (RELEASE + 'schema = { type = "object" }', 'it is for "json_schema"'),
        (LABELS + "labels = [1, 2]", "release.labels = [1, 2]: must be a list of texts"),
        (LABELS + 'labels = ["Yes", "yes "]', "must be two labels or more"),
        (LABELS + 'labels = ["yes"]', "must be two labels or more"),
        (SCHEMA, 'release.schema: missing; metric = "json_schema" needs what to conform to'),
        (SCHEMA + "schema = {}", "must be a JSON Schema, as a table"),
        (SCHEMA + 'schema = { type = "text" }', "not a JSON Schema (draft 2020-12), at type"),
    ],
)
def test_of_a_wrong_release_table_the_key_is_named_and_what_is_allowed(tmp_path, text, expected):
    assert expected in refusal(tmp_path, text)


JUDGED = RELEASE + 'judge = "amazon.nova-pro-v1:0"\n'


def test_a_judge_is_read_with_what_it_rates(tmp_path):
    path = tmp_path / "support.toml"
    path.write_text(JUDGED + 'judge_metrics = ["Builtin.Coherence"]\n')
    found = load(path).release
    assert (found.judge, found.judge_metrics) == ("amazon.nova-pro-v1:0", ("Builtin.Coherence",))
    assert ReleaseOptions.from_dict(json.loads(json.dumps(found.to_dict()))) == found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (RELEASE + 'judge = "us.amazon.nova-pro-v1:0"\n', "judge_leaves_region = true"),
        (JUDGED + "judge_leaves_region = true\n", "is no inference profile"),
        (RELEASE + "judge_leaves_region = true\n", "of no use without a judge"),
        (JUDGED + 'judge_leaves_region = "yes"\n', "must be true or false"),
        (JUDGED + 'judge_metrics = ["Builtin.Accuracy"]\n', "must be a list of one to 11"),
        (JUDGED + "judge_metrics = []\n", "must be a list of one to 11"),
        (RELEASE + 'judge = "arn:aws:bedrock:us-east-1:1:custom-model/x"\n', "cannot be judges"),
    ],
)
def test_data_leave_the_region_by_a_plain_word_alone_and_only_models_of_bedrock_judge(
    tmp_path, text, says
):
    path = tmp_path / "support.toml"
    path.write_text(text)
    with pytest.raises(RecipeError, match=re.escape(says)):
        load(path)


def test_a_judge_across_regions_is_taken_when_the_recipe_says_so(tmp_path):
    path = tmp_path / "support.toml"
    path.write_text(RELEASE + 'judge = "us.amazon.nova-pro-v1:0"\njudge_leaves_region = true\n')
    assert load(path).release.judge == "us.amazon.nova-pro-v1:0"
