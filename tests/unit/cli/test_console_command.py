"""`tuning console`: what its page is told, in sentences, and how the command begins and ends."""

import json
import socket

import pytest
from botocore.exceptions import NoCredentialsError, ReadTimeoutError
from cli_world import left
from console_world import ANSWERED, Api, a_session

from tuning.aws.assistants_api import ApiRefusedError
from tuning.aws.stack_outputs import NoSuchStackError
from tuning.cli.aws_errors import AccountError
from tuning.cli.console_command import console_command
from tuning.cli.console_page import console_page
from tuning.errors import OptionError

QUESTION = {"assistant": "plain", "question": "When?"}


def answer(says, **more):
    return a_session(Api(says), **more).answer(QUESTION)


def test_an_answer_has_its_documents_and_what_happened_in_sentences():
    said = answer(ANSWERED)
    assert said["citations"] == [{"number": 1, "document": "handbook.pdf", "place": "page 2"}]
    assert "let question and answer pass" in said["guardrail"]
    assert said["cost"].startswith("1,200 tokens asked, 5 answered")
    assert "does not say what is left" in said["budget"]
    assert said["spent_usd"] == "0.0001"


def test_what_the_questions_cost_together_is_counted():
    session = a_session(Api(ANSWERED))
    assert [session.answer(QUESTION)["spent_usd"] for _ in range(3)][-1] == "0.0003"


@pytest.mark.parametrize(
    ("error", "words", "billed"),
    [
        (ApiRefusedError(403, "not authorized"), "HTTP 403: not authorized.", False),
        (ApiRefusedError(504, "Endpoint request timed out"), "HTTP 504: Endpoint", True),
        (ApiRefusedError(502, "Internal server error"), "HTTP 502: Internal", True),
        (NoCredentialsError(), "credentials", True),
        (ReadTimeoutError(endpoint_url="https://x"), "https://x", True),
    ],
)
def test_a_fault_is_a_sentence_that_says_whether_it_may_be_billed(error, words, billed):
    said = answer(error)
    assert set(said) == {"error"}
    assert words in said["error"]
    assert ("may have been asked" in said["error"]) is billed


def test_a_document_or_a_model_hides_and_reorders_nothing():
    hostile = {
        **ANSWERED,
        "answer": "a\u202eb\nc\u200b",
        "citations": [{**ANSWERED["citations"][0], "document": "x\u2028y"}],
    }
    said = answer(hostile)
    assert said["answer"] == "a\\u202eb\nc\\u200b"
    assert said["citations"][0]["document"] == "x\\u2028y"


def test_an_emulated_account_says_so():
    assert (
        a_session(emulated="https://localhost:4566").state()["emulated"] == "https://localhost:4566"
    )
    assert a_session().state()["emulated"] is None


def test_the_policy_of_the_page_lets_in_nothing_but_its_own_style_and_script():
    page = console_page()
    parts = dict(each.strip().split(" ", 1) for each in page.policy.split(";"))
    assert parts["default-src"] == "'none'"
    assert parts["connect-src"] == "'self'"
    assert parts["frame-ancestors"] == parts["base-uri"] == parts["form-action"] == "'none'"
    assert parts["script-src"].startswith("'sha256-")
    assert "unsafe" not in page.policy
    assert page.html.count(b"<script") == page.html.count(b"<style") == 1


@pytest.fixture
def begun(monkeypatch):
    """The command ends at once, as by Ctrl-C."""

    def serve(_server, **_given):
        raise KeyboardInterrupt

    monkeypatch.setattr("tuning.cli.console_server.ConsoleServer.serve_forever", serve)


def test_it_says_its_address_and_ends_by_ctrl_c(begun, capsys):
    del begun
    assert (
        left(
            console_command, assistant=["a", "b", "a"], api="abc", region="us-east-1", shown="json"
        )
        == 0
    )
    said = json.loads(capsys.readouterr().out)
    assert said["url"].startswith("http://127.0.0.1:")
    assert said["assistants"] == ["a", "b"]
    assert left(console_command, assistant=["a"], api="abc", region="us-east-1") == 0
    assert "Anyone who has this address can ask in your name" in capsys.readouterr().err


def test_a_port_that_is_taken_is_said(begun):
    del begun
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OptionError, match=rf"--port {port}: .*omit it"):
            left(console_command, assistant=["a"], api="abc", region="us-east-1", port=port)


def test_without_outputs_it_wants_to_know_whom_to_ask(begun):
    del begun
    with pytest.raises(OptionError, match="name each --assistant"):
        left(console_command, api="abc", region="us-east-1")


@pytest.fixture
def deployed(monkeypatch):
    outputs = {"AssistantNames": "help-desk,plain-2", "AssistantsApi": "abc"}
    client = type("Client", (), {"meta": type("Meta", (), {"region_name": "eu-west-1"})})
    monkeypatch.setattr("tuning.cli.assistant_places.clients", lambda _region: lambda _name: client)
    monkeypatch.setattr("tuning.cli.assistant_places.stack_outputs", lambda *_: outputs)


def test_an_environment_offers_those_that_it_has(begun, deployed, capsys):
    del begun, deployed
    assert left(console_command, shown="json") == 0
    assert json.loads(capsys.readouterr().out)["assistants"] == ["help-desk", "plain-2"]
    assert left(console_command, assistant=["plain-2"], shown="json") == 0
    assert json.loads(capsys.readouterr().out)["assistants"] == ["plain-2"]
    with pytest.raises(
        OptionError, match=r"did you mean 'plain-2'\?\); there are: help-desk, plain-2"
    ):
        left(console_command, assistant=["plain"])


def test_an_environment_without_assistants_is_said(begun, deployed, monkeypatch):
    del begun, deployed

    def gone(*_given):
        raise NoSuchStackError("eu-west-1")

    monkeypatch.setattr("tuning.cli.assistant_places.stack_outputs", gone)
    with pytest.raises(AccountError, match="no stack dev-Assistants in eu-west-1"):
        left(console_command)


def test_an_environment_of_an_earlier_version_is_said(begun, deployed, monkeypatch):
    del begun, deployed
    monkeypatch.setattr(
        "tuning.cli.assistant_places.stack_outputs", lambda *_: {"AssistantsApi": "abc"}
    )
    with pytest.raises(AccountError, match=r"by an earlier version.*: deploy it again"):
        left(console_command)
