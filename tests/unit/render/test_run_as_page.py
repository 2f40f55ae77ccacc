import json
import re
import shlex

import pytest
import typer
from domain_builders import any_run
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from sample_reports import HOSTILE
from sample_runs import (
    CHECK,
    DATASET,
    JOB,
    LIVE,
    LOSSES,
    MODEL,
    PAGES,
    RECIPE,
    RESULTS,
    RUN,
    TRAINED,
    VERSION,
    before,
    evaluation,
    page_of,
    run_page,
)
from test_report_as_page import Parsed

from tuning.__main__ import application
from tuning.evaluation.release_options import ReleaseOptions
from tuning.reports.run_page import run_html
from tuning.runs.json_record import RecordError
from tuning.runs.outcome import Outcome
from tuning.runs.progress import Progress
from tuning.runs.training_metrics import Curve, Results

GATE = ReleaseOptions(metric="token_f1")
FRIENDLY = [Parsed(run_page(name)) for name in PAGES if name != "hostile"]
OURS = set().union(*(each.tags for each in FRIENDLY))
ATTRIBUTES = set().union(*(each.attributes for each in FRIENDLY))


def words(name):
    return Parsed(run_page(name)).words


def commands(text):
    return re.findall(r'<code class="command">([^<]*)</code>', text.replace("&#x27;", "'"))


@pytest.mark.parametrize("name", PAGES)
def test_the_page_of_a_run_is_one_file_whose_anchors_are_one_place_each(name):
    parsed = Parsed(run_page(name))
    assert parsed.tags.isdisjoint({"script", "img", "link", "iframe", "object", "form", "base"})
    assert {link[1:] for link in parsed.links if link.startswith("#")} <= set(parsed.ids)
    assert len(parsed.ids) == len(set(parsed.ids))


def test_hostile_names_and_answers_bring_no_tag_and_no_attribute_of_their_own():
    parsed = Parsed(run_page("hostile"))
    assert parsed.tags <= OURS
    assert parsed.attributes <= ATTRIBUTES
    for text in HOSTILE[:3]:
        assert " ".join(text.split()) in parsed.words


ANYTHING = st.text(st.characters(), max_size=60)


@given(ANYTHING, ANYTHING)
@settings(max_examples=40)
def test_no_text_of_an_upload_an_answer_or_an_outcome_brings_a_tag(text, other):
    record = structs.replace(
        TRAINED,
        upload=f"s3://b/datasets/{text}/train.jsonl",
        recipe=text,
        approval_reason=other,
        outcome=Outcome(state="trained", summary=text, kind=other),
    )
    model, found = structs.replace(VERSION, recipe=text), evaluation(said=(text, other, text))
    whole = run_html(page_of(record, model=model, live=LIVE, evaluation=found, environment=other))
    parsed = Parsed(whole)
    assert parsed.tags <= OURS
    assert parsed.attributes <= ATTRIBUTES
    whole.encode()


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("received", "Started"),
        ("approval", "Waits for approval It may cost 5.07 USD"),
        ("training", "Training Accepted: 12,400 records."),
        ("trained", "Trained Training loss 2.5 to 0.611, validation loss 0.97 after 400 steps."),
        ("live", "It is live, as version 3 of support-nova-lite."),
        ("refused", "Refused 1,206 errors in 12,400 records."),
        ("failed", "Failed The job made no progress for 6 hours."),
    ],
)
def test_the_outcome_comes_first_in_one_sentence(name, first):
    said = words(name).removeprefix(Parsed(run_page(name)).text[0])
    assert first in said[:300]
    assert "support-nova-lite/2026-11" in said[:100]


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("received", f"tuning watch -e dev {RUN.id}"),
        ("approval", f"tuning approve -e dev {RUN.id}"),
        ("training", f"tuning watch -e dev {RUN.id}"),
        ("trained", "tuning evaluate -e dev --recipe support-nova-lite"),
        ("evaluated", f"tuning release -e dev {RUN.id}"),
        ("live", "tuning ask -e dev support-nova-lite 'YOUR QUESTION'"),
        ("refused", "tuning check train.jsonl --model amazon.nova-lite-v1:0:300k"),
        ("failed", f"tuning retrain -e dev {RUN.id}"),
    ],
)
def test_the_next_command_is_there_to_be_copied_with_its_ids(name, typed):
    assert commands(run_page(name))[0].startswith(typed)


@pytest.mark.parametrize("name", PAGES)
def test_every_command_of_a_page_is_one_of_ours_and_takes_these_words(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.jsonl").touch()
    ours = typer.main.get_command(application()).commands
    for said in commands(run_page(name)):
        program, command, *typed = shlex.split(said.replace("&lt;", "<").replace("&gt;", ">"))
        assert program == "tuning"
        ours[command].make_context(command, typed)


def test_nobody_is_advised_to_roll_back_to_nothing():
    assert "tuning rollback" in run_page("live")
    first = page_of(model=VERSION, live=structs.replace(LIVE, version=3, before=None))
    assert "tuning rollback" not in run_html(first)


def test_a_command_quotes_what_a_shell_would_run():
    page = page_of(environment="dev; rm -rf ~", model=structs.replace(VERSION, recipe="$(reboot)"))
    assert page.command("ask", "$(reboot)") == "tuning ask -e 'dev; rm -rf ~' '$(reboot)'"


def test_a_curve_can_be_pointed_at_and_read_as_a_table():
    page = run_page("trained")
    assert f"<title>step 0: training {LOSSES[0][1]:.4g}</title>" in page
    assert "<title>validation, 199: 0.94</title>" in page
    table = page[page.index("As a table") : page.index("</table>")]
    assert table.count("<tr>") == 1 + len({*dict(LOSSES), 199, 399})
    assert '<th scope="row">199</th><td></td><td>0.94</td>' in table


def test_curves_that_were_not_kept_are_summed_up_and_said_to_be_missing():
    short = Results(training=Curve(steps=200, first=2.5, last=0.5, lowest=0.4))
    said = Parsed(run_html(page_of(structs.replace(TRAINED, results=short)))).words
    assert "Training loss 2.5 to 0.5, lowest 0.4, 200 values." in said
    assert "curve was not kept" in said
    none = Parsed(run_html(page_of(structs.replace(TRAINED, results=Results())))).words
    assert "Bedrock left no training metrics." in none


def test_an_emulated_model_says_so_and_another_does_not():
    assert "The emulated Bedrock trains nothing" in words("emulated")
    assert "has learnt nothing from its dataset" in words("emulated")
    assert "mulated" not in words("trained")


def test_an_evaluation_has_its_decision_its_interval_each_side_and_the_worst_answers():
    said = words("evaluated")
    assert "Promote better: token_f1 is +0.084 against live" in said
    assert "token_f1, candidate less live: +0.031 to +0.139" in said
    assert "candidate live base token_f1 0.694 0.610 0.410" in said
    assert "240 different prompts: better in 131, worse in 48, the same in 61" in said
    assert (
        "Line 17, -0.800 Can I return a gift that I opened? expected You can return it within 30 days. "
        "live 30 days, with the bill. candidate No." in said
    )


def test_an_evaluation_that_holds_is_a_known_limit_of_the_model():
    assert "Not proven better than live." in words("live")
    assert "Not compared with its base model" in words("trained")
    held = Parsed(run_html(page_of(model=VERSION, live=LIVE, evaluation=evaluation("hold")))).words
    assert "Its evaluation does not recommend it." in held


def test_what_the_gate_holds_is_brought_live_by_a_person_for_a_release_would_hold_it_again():
    page = run_html(page_of(model=VERSION, live=LIVE, evaluation=evaluation("hold")))
    said = commands(page)
    assert "tuning promote -e dev support-nova-lite 3" in said
    assert [each for each in said if "tuning release" in each] == []


def test_of_a_recipe_with_a_gate_the_next_command_evaluates_and_releases():
    gated = any_run(upload=RUN.upload, recipe=structs.replace(RECIPE, release=GATE))
    record = structs.replace(TRAINED, run=json.loads(json.dumps(gated.to_dict())))
    page = run_html(page_of(record, model=VERSION))
    assert commands(page)[0] == f"tuning release -e dev {RUN.id}"
    assert "Have it evaluated, and brought live as version 3" in Parsed(page).words


def test_an_evaluation_of_too_few_prompts_has_no_interval():
    few = structs.replace(evaluation("hold").decision, difference=None, low=None, high=None)
    found = structs.replace(evaluation("hold"), decision=few, results=(), regressions=())
    page = run_html(page_of(model=VERSION, evaluation=found))
    assert 'id="interval"' not in page


def test_the_lineage_names_each_thing_by_what_nobody_can_change():
    said = words("live")
    sha = DATASET.digest.split("+")[0]
    for name in (RUN.upload.version_id, sha, JOB, RECIPE.digest, MODEL, LIVE.deployment_arn):
        assert name in said
    assert "number 3 of support-nova-lite" in said


def test_what_a_run_never_had_is_left_out_and_what_it_has_not_yet_is_named():
    assert "Version not yet" in words("training")
    assert "Version" not in words("failed").partition("Lineage")[2]
    assert "not live; version 2 is" in words("trained")
    nothing = Parsed(
        run_html(page_of(model=VERSION, live=structs.replace(LIVE, version=None)))
    ).words
    assert "not live; nothing of support-nova-lite is" in nothing


def test_the_price_says_what_was_estimated_and_what_it_came_to():
    said = words("trained")
    assert "$3.22 actual, computed from estimated tokens and the job's epochs" in said
    assert "estimated $3.22 ($2.15 to $5.07)" in said
    assert "no Bedrock API says what it bills" in said
    assert "$3.22 estimated, for training the model once" in words("training")
    assert "Price" not in words("received")


def test_the_price_of_a_check_is_shown_before_the_ledger_has_one():
    record = before("checked", estimate=None, reservation=None)
    assert "Price $3.22 estimated" in Parsed(run_html(page_of(record))).words


def test_a_refused_dataset_has_its_findings_open_and_an_accepted_one_has_them_folded():
    assert '<details open="">' in run_page("refused")
    assert 'the role is "assistent"' in words("refused")
    assert '<details open="">' not in run_page("trained")
    assert "DS702 Contradiction, 3 times" in words("trained")


def test_a_check_that_cannot_be_read_is_summed_up_with_the_reason():
    said = words("unreadable")
    assert "Check Accepted: 12,400 records. Its report cannot be read: AccessDenied." in said


def test_a_check_that_is_none_of_ours_is_an_error_that_names_it():
    with pytest.raises(RecordError, match=r"report\.json"):
        run_html(page_of(check={**CHECK, "findings": "none"}))


def test_a_run_that_trains_says_in_which_phase_its_job_is():
    polled = Progress(state="in_progress", phase="Training", status="InProgress")
    page = page_of(before("training", job_arn=JOB, progress=polled))
    assert page.heading == "Training"
    assert "Training, Training (InProgress)." in Parsed(run_html(page)).words


def test_a_run_that_waits_for_other_uploads_says_until_when_below_its_heading():
    page = page_of(
        before("started", waits_until="2026-11-23T07:10:00+00:00", dataset=None), check=None
    )
    assert page.heading == "Waits for other uploads"
    assert "Waits for other uploads until 2026-11-23T07:10:00" in Parsed(run_html(page)).words


def test_a_curve_of_one_value_has_a_chart_and_a_table():
    one = Results(validation=Curve(steps=1, first=0.9, last=0.9, lowest=0.9, points=((49, 0.9),)))
    page = run_html(page_of(structs.replace(TRAINED, results=one)))
    assert "<title>step 49: validation 0.9</title>" in page


def test_a_run_without_a_recipe_or_a_version_has_a_page():
    page = page_of(structs.replace(TRAINED, run=None, results=RESULTS))
    said = Parsed(run_html(page)).words
    assert "It has no version" in said
    assert "Model card" not in said
