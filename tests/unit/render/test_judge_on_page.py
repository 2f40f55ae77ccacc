"""What a judge says is on the page of a run and in the terminal, apart from the decision."""

import io
import json

import pytest
from msgspec import structs
from rich.console import Console
from test_run_as_page import LIVE, VERSION, Parsed, evaluation, page_of

from tuning.evaluation.gate import Evaluation
from tuning.evaluation.judging import JudgeRating, JudgeScore
from tuning.reports.evaluation_text import evaluation_text
from tuning.reports.run_page import run_html

RATED = JudgeRating(
    judge="amazon.nova-pro-v1:0",
    prompts=40,
    left_out=2,
    scores=tuple(
        JudgeScore(metric="Builtin.Correctness", side=side, prompts=40, mean=mean)
        for side, mean in (("candidate", 0.91), ("base", 0.405))
    ),
)
SILENT = JudgeRating(judge="amazon.nova-pro-v1:0", why="no capacity")


def page(judgement):
    found = structs.replace(evaluation("hold"), judgement=judgement)
    kept = Evaluation.from_json(json.loads(json.dumps(found.to_json())))
    assert kept == found
    return Parsed(run_html(page_of(model=VERSION, live=LIVE, evaluation=kept))).words


def terminal(judgement):
    made = io.StringIO()
    console = Console(file=made, width=200)
    evaluation_text(structs.replace(evaluation("hold"), judgement=judgement), console)
    return made.getvalue()


@pytest.mark.parametrize("shown", [page, terminal])
def test_its_figures_are_beside_the_decision_of_the_gate(shown):
    said = shown(RATED)
    assert "amazon.nova-pro-v1:0 rates 40 prompts. It decides nothing." in said
    assert "2 prompts left out" in said
    for each in ("Correctness", "0.910", "0.405", "Hold"):
        assert each in said


@pytest.mark.parametrize("shown", [page, terminal])
def test_why_there_are_none_is_said(shown):
    assert "did not judge the answers, which changes nothing: no capacity." in shown(SILENT)


@pytest.mark.parametrize("shown", [page, terminal])
def test_without_a_judge_nothing_is_said_of_one(shown):
    assert "judge" not in shown(None).lower()
