"""`tuning ask --assistant`: what is sent, what is shown, and how it ends; the API answers from a table."""

import json
from types import SimpleNamespace

import botocore.session
import console_world
import pytest
from botocore.credentials import Credentials
from cli_world import left

from tuning.cli.ask_command import ask_command
from tuning.cli.aws_errors import AccountError
from tuning.errors import OptionError

HOSTILE = {"number": 1, "document": "a\x1b[2J.pdf", "place": "page 2"}
ANSWERED = {**console_world.ANSWERED, "citations": [HOSTILE]}


@pytest.fixture
def api(monkeypatch):
    """What it answers is `.status` and `.body`; what came is in `.sent`."""
    world = SimpleNamespace(status=200, body=json.dumps(ANSWERED), sent=[])

    class Connection:
        def __init__(self, **_given):
            pass

        def send(self, request):
            world.sent.append(request)
            return SimpleNamespace(status_code=world.status, content=world.body.encode())

    monkeypatch.setattr("botocore.httpsession.URLLib3Session", Connection)
    session = SimpleNamespace(get_credentials=lambda: Credentials("AKIA", "secret"))
    monkeypatch.setattr(botocore.session, "Session", lambda **_given: session)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    return world


def ask(**more):
    given = {"assistant": "help-desk", "recipe": "When?", "api": "abc", "region": "us-east-1"}
    return left(ask_command, **given, **more)


def test_a_question_is_signed_and_sent_once_to_its_assistant(api):
    assert ask() == 0
    (sent,) = api.sent
    assert sent.url == "https://abc.execute-api.us-east-1.amazonaws.com/live/assistants/help-desk"
    assert json.loads(sent.body) == {"question": "When?"}
    assert "/us-east-1/execute-api/aws4_request" in sent.headers["Authorization"]


def test_an_emulators_apis_have_a_path_in_place_of_a_name(api, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://localhost:4566/")
    assert ask() == 0
    assert (
        api.sent[0].url == "https://localhost:4566/_aws/execute-api/abc/live/assistants/help-desk"
    )


def test_an_answer_is_shown_with_its_citations_and_steers_no_terminal(api, capsys):
    assert api
    assert ask() == 0
    shown = capsys.readouterr()
    assert shown.out == "At nine [1].\n[1] a\\x1b[2J.pdf, page 2\n"
    assert "1,200 tokens asked, 5 answered, 0.00010000 US dollars" in shown.err


def test_what_reranking_cost_is_said_beside_the_model(api, capsys):
    api.body = json.dumps({**ANSWERED, "rerank_usd": "0.002"})
    assert ask() == 0
    assert "passages reranked, 0.002 US dollars" in capsys.readouterr().err


@pytest.mark.parametrize("left", ["4.99990000", "0"])
def test_what_is_left_of_the_day_is_said(api, capsys, left):
    api.body = json.dumps({**ANSWERED, "left_usd": left})
    assert ask() == 0
    assert f"left of the daily budget: {left} US dollars" in capsys.readouterr().err


def test_a_program_gets_what_the_assistant_said(api, capsys):
    assert api
    assert ask(shown="json") == 0
    assert json.loads(capsys.readouterr().out) == {"assistant": "help-desk", **ANSWERED}


@pytest.mark.parametrize(
    ("outcome", "status", "code"),
    [("not_known", 200, 0), ("blocked", 200, 1), ("over_budget", 429, 1),
     ("too_many_requests", 429, 1), ("refused", 400, 1), ("unavailable", 503, 3)],
)  # fmt: skip
def test_each_outcome_has_its_exit_code(api, outcome, status, code):
    api.status, api.body = status, json.dumps({"outcome": outcome, "answer": "x"})
    assert ask() == code


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (403, '{"Message": "not authorized"}', "HTTP 403: not authorized"),
        (504, '{"message": "Endpoint request timed out"}', "HTTP 504: Endpoint request"),
        (502, "<html>", "HTTP 502: its answer is not a JSON object"),
        (403, "{}", "HTTP 403: no reason was given"),
    ],
)
def test_what_the_api_does_not_let_pass_is_said_in_its_words(api, status, body, said):
    api.status, api.body = status, body
    with pytest.raises(AccountError, match=said):
        ask()


@pytest.mark.parametrize(
    "more",
    [{"question": "x"}, {"system": "x"}, {"version": 1}, {"compare": "base"}, {"trace": True}],
)
def test_an_assistants_file_says_what_a_recipe_is_asked_with(api, more):
    with pytest.raises(OptionError, match="--assistant: takes"):
        ask(**more)
    assert api.sent == []


def test_a_question_is_missing_without_an_assistant():
    with pytest.raises(OptionError, match="no question was given"):
        left(ask_command, recipe="support")


def test_where_nobody_says_the_region_it_is_asked_for(api, monkeypatch):
    monkeypatch.setattr("tuning.cli.assistant_places.chosen_region", lambda: None)
    with pytest.raises(OptionError, match="--region"):
        left(ask_command, assistant="a", recipe="q", api="abc")
    assert api.sent == []
