"""A run's id is a function of upload and recipe; its names are legal at AWS."""

import json
from dataclasses import replace

import pytest
from bedrock_model import complaints, shape
from domain_builders import any_recipe, any_run, any_upload
from hypothesis import given, settings
from hypothesis import strategies as st

from tuning.runs.run import Misdirected, Run

# What a recipe may be called: see test_recipe_refusals.
words = st.text("az09", min_size=1, max_size=12)
recipe_names = st.lists(words, min_size=1, max_size=3).map("-".join)
letters = st.sampled_from(["a", "/", "", ",", '"', "e\u0301", "\u00e9", "null", "1"])
texts = st.lists(letters, max_size=3).map("".join)


def test_the_same_upload_and_recipe_are_the_same_run_in_a_year():
    # Written down: an id that changed with a release would train again what was trained.
    upload = any_upload(bucket="b", key="datasets/support/train.jsonl", version_id="v")
    recipe = any_recipe()
    assert any_run(upload=upload, recipe=recipe).id == "b6ef3fa5205d8bdbc216e2b475d00386"


def test_when_an_event_arrives_and_what_it_weighs_do_not_matter():
    again = any_upload(size=2000, arrived_at="2027-01-01T00:00:00Z")
    assert any_run(upload=again).id == any_run().id


@pytest.mark.parametrize("field", ["bucket", "key", "version_id"])
def test_another_object_or_version_is_another_run(field):
    assert any_run(upload=any_upload(**{field: "other"})).id != any_run().id


def test_another_recipe_is_another_run():
    other = any_recipe(hyperparameters={"epochCount": 3})
    assert any_run(recipe=other).id != any_run().id


@given(st.tuples(texts, texts, texts), st.tuples(texts, texts, texts))
@settings(max_examples=25)
def test_distinct_uploads_never_share_a_run(one, other):
    ids = {
        any_run(upload=any_upload(bucket=bucket, key=key, version_id=version)).id
        for bucket, key, version in (one, other)
    }
    assert len(ids) == len({one, other})


@given(recipe_names, texts, st.booleans())
@settings(max_examples=20)
def test_every_name_and_token_is_legal_at_aws(name, key, again):
    run = any_run(upload=any_upload(key=key), recipe=any_recipe(name=name))
    run = run.again() if again else run
    members = shape("CreateModelCustomizationJob").members
    assert complaints(run.job_name, members["jobName"]) == []
    assert complaints(run.job_name, members["customModelName"]) == []
    assert complaints(run.request_token, members["clientRequestToken"]) == []


@pytest.mark.parametrize("name", ["x" * 40, "a", "0-0"])
def test_the_longest_and_shortest_names_fit(name):
    members = shape("CreateModelCustomizationJob").members
    job_name = any_run(recipe=any_recipe(name=name)).again().job_name
    assert complaints(job_name, members["jobName"]) == []
    assert complaints(job_name, members["customModelName"]) == []


def test_the_checks_themselves_can_fail():
    members = shape("CreateModelCustomizationJob").members
    assert complaints("a_b", members["jobName"])
    assert complaints("a--b", members["customModelName"])
    assert complaints("x" * 64, members["jobName"])


def test_a_run_goes_through_the_execution_and_comes_back_the_same():
    run = any_run(recipe=any_recipe(hyperparameters={"learningRate": 1e-5}, strict=("DS702",)))
    sent = json.loads(json.dumps(run.to_dict()))
    returned = Run.from_dict(sent)
    assert returned == run
    assert (sent["id"], sent["job_name"]) == (returned.id, returned.job_name)


def test_a_second_try_is_the_same_run_with_another_job_and_its_own_outputs():
    run = replace(any_run(), fallback=any_recipe(name="larger"))
    again = Run.from_dict(json.loads(json.dumps(run.again().to_dict())))
    assert (again.id, again.reports_prefix) == (run.id, run.reports_prefix)
    assert (again.recipe.name, again.job_name) == ("larger", f"larger-{run.id[:20]}-2")
    assert again.request_token != run.request_token
    assert again.output_prefix != run.output_prefix
    assert run.again() == run.again()
    assert (run.tries_again, again.tries_again) == (True, False)


def test_what_we_write_about_a_run_never_lies_where_bedrock_writes():
    run = any_run()
    assert run.id in run.reports_prefix
    assert run.id in run.output_prefix
    assert not run.reports_prefix.startswith(run.output_prefix)
    assert not run.output_prefix.startswith(run.reports_prefix)


def test_an_upload_that_is_not_expected_has_an_id_of_its_own():
    lost = Misdirected.new(upload=any_upload(key="datasets/suport/train.jsonl"), refusal="Why.")
    assert lost.id != any_run(upload=lost.upload).id
    assert lost.id == Misdirected.new(upload=lost.upload, refusal="Other words.").id


def test_state_machine_names_take_the_id():
    # 1 to 80 of these: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
    assert any_run().id.isalnum()
    assert len(any_run().id) == 32
