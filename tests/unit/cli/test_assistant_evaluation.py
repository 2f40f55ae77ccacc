"""`tuning evaluate QUESTIONS --assistant NAME`: what is shown, and how it ends; Bedrock answers from a table."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from cli_world import left

from tuning.cli import assistant_evaluation
from tuning.cli.aws_errors import AccountError
from tuning.cli.evaluate_command import evaluate_command
from tuning.errors import OptionError

SOUND = 'recipe = "tone"\nsystem_prompt = "You help."\ndaily_budget = 2.50\n'
OUTPUTS = {"AssistantsApi": "abc", "KnowledgeBaseOfHelpDesk": "KB12345678"}
RERANK = "cohere.rerank-v3-5:0"
TEXT = "Refunds of parcels take ten working days."


class NoStackError(Exception):
    response = {"Error": {"Code": "ValidationError"}}  # noqa: RUF012 — as botocore has it


@pytest.fixture
def world(tmp_path, monkeypatch):
    """A folder with an assistant, and an account in which its knowledge base finds one document for all questions."""
    (tmp_path / "assistants").mkdir()
    (tmp_path / "assistants/help-desk.toml").write_text(f"{SOUND}[knowledge_base]\n")
    (tmp_path / "assistants/plain.toml").write_text(SOUND)
    found = SimpleNamespace(folder=tmp_path, outputs=dict(OUTPUTS), asked=[], score=0.9)
    found.nearest = "refunds.md"

    def stacks(**_given):
        if not found.outputs:
            raise NoStackError
        outputs = [{"OutputKey": k, "OutputValue": v} for k, v in found.outputs.items()]
        return {"Stacks": [{"Outputs": outputs}]}

    def retrieve(**given):
        found.asked.append(given)
        search = given["retrievalConfiguration"]["vectorSearchConfiguration"]
        found_first = "refunds.md" if "rerankingConfiguration" in search else found.nearest
        return {"retrievalResults": [result(name) for name in (found_first, "refunds.md")]}

    def result(name):
        place = {"s3Location": {"uri": f"s3://bucket/documents/help-desk/{name}"}}
        return {"content": {"text": TEXT}, "location": place, "score": found.score}

    services = {
        "cloudformation": SimpleNamespace(
            describe_stacks=stacks,
            exceptions=SimpleNamespace(ClientError=NoStackError),
            meta=SimpleNamespace(region_name="us-east-1"),
        ),
        "bedrock-agent-runtime": SimpleNamespace(
            retrieve=retrieve, meta=SimpleNamespace(partition="aws", region_name="us-east-1")
        ),
    }
    monkeypatch.setattr(assistant_evaluation, "clients", lambda _region: services.__getitem__)
    monkeypatch.chdir(tmp_path)
    return found


def ask(world, *questions, answers=None, **more):
    (world.folder / "q.jsonl").write_text("\n".join(map(json.dumps, questions)))
    candidate = None
    if answers is not None:
        candidate = world.folder / "a.jsonl"
        candidate.write_text("\n".join(map(json.dumps, answers)))
    given = {"assistant": Path("help-desk"), "environment": "dev", **more}
    return left(evaluate_command, prompts=world.folder / "q.jsonl", candidate=candidate, **given)


REFUNDS = {"question": "How long do refunds take?", "documents": ["refunds.md"]}


def test_what_is_found_is_judged_without_a_model(world, capsys):
    assert ask(world, REFUNDS) == 0
    said = capsys.readouterr().out
    assert "help-desk: 1 of 1 questions as expected" in said
    assert "found: 1.00 of those that a document answers, reciprocal rank 1.00" in said
    assert "not known: none of those that none answers" in said
    assert "borne out" not in said
    (asked,) = world.asked
    assert asked["knowledgeBaseId"] == "KB12345678"


def test_what_is_reranked_is_shown_with_and_without(world, capsys):
    file = world.folder / "assistants/help-desk.toml"
    file.write_text(f'{SOUND}[knowledge_base]\nrerank = "{RERANK}"\nleast_score = 0.2\n')
    world.nearest = "parcels.md"
    assert ask(world, REFUNDS) == 0
    said = capsys.readouterr().out
    assert "found: 1.00 of those that a document answers, reciprocal rank 1.00" in said
    assert "found without reranking: 1.00, reciprocal rank 0.50" in said
    assert ask(world, REFUNDS, shown="json") == 0
    compared = json.loads(capsys.readouterr().out)["without_reranking"]
    assert compared == {"hit_rate": 1.0, "mean_reciprocal_rank": 0.5}


def test_without_a_reranker_each_question_is_looked_up_once_and_nothing_is_compared(world, capsys):
    assert ask(world, REFUNDS, shown="json") == 0
    assert "without_reranking" not in capsys.readouterr().out
    assert len(world.asked) == 1


def test_answers_are_judged_by_what_they_cite(world, capsys):
    cites = [{"document": "documents/help-desk/refunds.md"}]
    answer = {
        "outcome": "answered",
        "answer": "Refunds take ten working days [1].",
        "citations": cites,
    }
    assert ask(world, REFUNDS, answers=[answer], shown="json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["assistant"], said["answered"], said["faithfulness_by_words"]) == (
        "help-desk",
        1,
        1.0,
    )


def test_what_is_not_as_expected_is_listed_and_ends_in_1(world, capsys):
    wrong = {"question": "Who is the mayor?\x1b[2J", "documents": ["mayor.md"]}
    assert ask(world, REFUNDS, wrong, {"question": "Who else?"}) == 1
    said = capsys.readouterr().out
    assert "1 of 3 questions as expected" in said
    assert "line 2: no document with the answer was found: Who is the mayor?\\x1b[2J" in said
    assert "line 3: something was found: Who else?" in said


def test_what_is_too_far_is_not_found(world):
    world.score = 0.39
    assert ask(world, REFUNDS) == 1
    assert ask(world, {"question": "Who?"}) == 0


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"environment": None}, "give the file of QUESTIONS"),
        ({"assistant": Path("plain")}, "has no \\[knowledge_base\\]"),
        ({"recipe": Path("x")}, "takes none of --recipe"),
        ({"answers": []}, "0 answers to 1 questions"),
    ],
)
def test_what_cannot_be_judged_is_refused(world, more, why):
    with pytest.raises(OptionError, match=why):
        ask_raising(world, REFUNDS, **more)


def ask_raising(world, *questions, **more):
    with pytest.raises(SystemExit):
        ask(world, *questions, **more)


def test_an_environment_without_it_says_what_there_is(world):
    world.outputs = {"KnowledgeBaseOfOther": "x"}
    with pytest.raises(
        OptionError, match=r"dev has no assistant of this name with documents.*these have: Other"
    ):
        ask_raising(world, REFUNDS)
    world.outputs = {}
    with pytest.raises(AccountError, match="no stack dev-Assistants in us-east-1"):
        ask_raising(world, REFUNDS)
