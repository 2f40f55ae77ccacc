"""The agent's program keeps AgentCore Runtime's HTTP contract, and asks AWS as it should."""

import http.client
import io
import json
import socket
import threading
from textwrap import dedent

import pytest
from agent_parts import ASKED, PRICE
from answering_parts import apply_guardrail
from botocore.exceptions import ClientError, ReadTimeoutError
from test_tool_files import DOCUMENTS, HEAD, TOOL

from lambdas import serve_agent
from lambdas.observe import logger
from tuning.assistants.assistant_settings import AgentSettings
from tuning.assistants.assistant_tools import AssistantTool
from tuning.assistants.tool_calls import ToolFailedError
from tuning.aws import clients
from tuning.aws.agent_documents import waiting_for_passages
from tuning.aws.tool_functions import FunctionTools, waiting

USE = {"toolUse": {"toolUseId": "u1", "name": "order_status", "input": {"order": "7"}}}
GUARDRAIL = "arn:aws:bedrock:us-east-1:123456789012:guardrail/abcdefghijkl"


def busy(code="ThrottlingException"):
    error = {"Error": {"Code": code, "Message": "Too many requests"}}
    return ClientError({**error, "ResponseMetadata": {"HTTPStatusCode": 429}}, "Converse")


class Bedrock:
    def __init__(self):
        self.asked, self.turns, self.before = [], [], lambda: None

    def converse(self, **given):
        self.before()
        self.asked.append(json.loads(json.dumps(given)))
        said = self.turns[len(self.asked) - 1]
        if isinstance(said, Exception):
            raise said
        reason = "tool_use" if "toolUse" in said else "end_turn"
        usage = {"inputTokens": 20, "outputTokens": 10}
        message = {"role": "assistant", "content": [said]}
        return {"output": {"message": message}, "stopReason": reason, "usage": usage}

    apply_guardrail = staticmethod(apply_guardrail)


class Lambda:
    def __init__(self):
        self.invoked, self.answer, self.error, self.fails = [], b'{"state": "sent"}', None, None

    def invoke(self, **given):
        self.invoked.append(given)
        if self.fails:
            raise self.fails
        more = {"FunctionError": self.error} if self.error else {}
        return {"StatusCode": 200, "Payload": io.BytesIO(self.answer), **more}


class Knowledge:
    """A passage of the assistant's own folder, and one of another's, which no knowledge base of ours has."""

    def __init__(self):
        self.asked, self.fails = [], None

    def retrieve(self, **given):
        self.asked.append(given)
        if self.fails:
            raise self.fails
        return {"retrievalResults": [_found("desk", "Ten days."), _found("sales", "Secret.")]}


def _found(assistant, text):
    location = {"s3Location": {"uri": f"s3://documents/documents/{assistant}/refunds.md"}}
    about = {"x-amz-bedrock-kb-document-page-number": 2.0}
    return {"content": {"text": text}, "location": location, "metadata": about, "score": 0.7}


class Running:
    def __init__(self, bedrock, functions, knowledge, address):
        self.bedrock, self.functions, self.address = bedrock, functions, address
        self.knowledge = knowledge

    def ask(self, method="POST", path="/invocations", body=None, **headers):
        connection = http.client.HTTPConnection(*self.address, timeout=10)
        text = json.dumps(ASKED.to_json()) if body is None else body
        connection.request(method, path, text if method == "POST" else None, headers)
        answer = connection.getresponse()
        said = json.loads(answer.read())
        connection.close()
        return answer.status, said


@pytest.fixture
def running(tmp_path, monkeypatch):
    bedrock, functions, knowledge = Bedrock(), Lambda(), Knowledge()
    services = {
        "bedrock-runtime": bedrock,
        "lambda": functions,
        "bedrock-agent-runtime": knowledge,
    }
    monkeypatch.setattr(clients, "create", lambda service, _region, **_more: services[service])
    monkeypatch.setattr(serve_agent, "AGENT_FILES", tmp_path)
    (tmp_path / "desk.toml").write_text(dedent(f"{HEAD}[knowledge_base]\n{TOOL}{DOCUMENTS}"))
    settings = AgentSettings(
        environment="dev",
        assistant="desk",
        guardrail_arn=GUARDRAIL,
        guardrail_version="3",
        token_price=PRICE.to_text(),
        knowledge_base="BASE123456",
    )
    for name, value in settings.to_env().items():
        monkeypatch.setenv(name, value)
    kept = (
        *(clients.client, clients.asked_once, waiting, waiting_for_passages),
        serve_agent.deployed_agent,
    )
    for each in kept:
        each.cache_clear()
    with serve_agent.AgentServer("127.0.0.1:0") as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield Running(bedrock, functions, knowledge, server.server_address)
        server.shutdown()
        thread.join()
    for each in kept:
        each.cache_clear()


def test_a_ping_says_healthy_and_busy_while_it_is_at_a_question(running):
    status, said = running.ask("GET", "/ping")
    assert (status, said["status"]) == (200, "Healthy")
    assert type(said["time_of_last_update"]) is int
    seen = []
    running.bedrock.turns = [{"text": "Hello."}]
    running.bedrock.before = lambda: seen.append(running.ask("GET", "/ping")[1]["status"])
    running.ask()
    assert seen == ["HealthyBusy"]
    assert running.ask("GET", "/ping")[1]["status"] == "Healthy"


def test_a_question_is_answered_by_the_model_and_its_tool(running):
    running.bedrock.turns = [USE, {"text": "It was sent."}]
    status, said = running.ask()
    assert (status, said["end"], said["text"]) == (200, "answered", "It was sent.")
    assert said["calls"] == [{"tool": "order_status", "outcome": "answered"}]
    assert (said["input_tokens"], said["output_tokens"], said["rounds"]) == (40, 20, 2)
    (invoked,) = running.functions.invoked
    assert (invoked["FunctionName"], invoked["InvocationType"]) == ("orders", "RequestResponse")
    assert json.loads(invoked["Payload"]) == {"order": "7"}
    for asked in running.bedrock.asked:
        assert asked["modelId"] == "arn"
        assert asked["guardrailConfig"]["guardrailIdentifier"] == GUARDRAIL
        assert asked["guardrailConfig"]["guardrailVersion"] == "3"
        assert asked["inferenceConfig"] == {"maxTokens": 1024}


LOOKS_UP = {"toolUse": {"toolUseId": "u1", "name": "look_up", "input": {"question": "refunds?"}}}


def test_documents_of_its_own_assistant_are_searched_and_of_no_other(running):
    running.bedrock.turns = [LOOKS_UP, {"text": "Ten days [1]."}]
    status, said = running.ask()
    assert (status, said["end"], said["text"]) == (200, "answered", "Ten days [1].")
    (asked,) = running.knowledge.asked
    assert (asked["knowledgeBaseId"], asked["retrievalQuery"]) == (
        "BASE123456",
        {"text": "refunds?"},
    )
    (passage,) = said["passages"]
    assert (passage["document"], passage["place"]) == ("documents/desk/refunds.md", "page 2")
    assert "Secret" not in str(running.bedrock.asked)


@pytest.mark.parametrize(
    ("fails", "why"),
    [
        (busy("AccessDeniedException"), "were not searched: AccessDeniedException"),
        (ReadTimeoutError(endpoint_url="x"), "did not answer within 5 s"),
    ],
)
def test_documents_that_are_not_searched_are_a_tool_that_failed(running, fails, why):
    running.knowledge.fails = fails
    running.bedrock.turns = [LOOKS_UP, {"text": "I could not."}]
    assert running.ask()[1]["calls"] == [{"tool": "look_up", "outcome": "failed"}]
    (result,) = running.bedrock.asked[-1]["messages"][-1]["content"]
    assert why in result["toolResult"]["content"][0]["text"]


def test_nothing_is_remembered_from_one_question_to_the_next(running):
    running.bedrock.turns = [USE, {"text": "It was sent."}, {"text": "Hello."}]
    running.ask()
    running.ask()
    assert [len(each["messages"]) for each in running.bedrock.asked] == [1, 3, 1]


def test_what_bedrock_refuses_is_said_with_what_was_billed(running):
    running.bedrock.turns = [USE, busy()]
    status, said = running.ask()
    assert (status, said["end"], said["stop_reason"], said["later"]) == (
        200,
        "refused",
        "ThrottlingException",
        True,
    )
    assert said["input_tokens"] == 20


def test_what_breaks_is_a_status_and_the_program_goes_on(running):
    running.bedrock.turns = [busy("InternalServerException"), {"text": "Hello."}]
    assert running.ask() == (500, {"error": "ClientError"})
    assert running.ask()[0] == 200


@pytest.mark.parametrize("body", ["", "{", "[]", '{"question": "x"}'])
def test_what_is_no_question_is_refused_and_asks_nothing(running, body):
    status, said = running.ask(body=body)
    assert (status, running.bedrock.asked) == (400, [])
    assert said["error"].startswith("must be JSON with model, question, system, usd")


def test_other_paths_are_not_there(running):
    assert running.ask("GET", "/")[0] == 404
    assert running.ask("POST", "/ping")[0] == 404


def test_a_request_that_is_too_long_is_not_read(running):
    assert running.ask(body="", **{"Content-Length": "1000001"})[0] == 400


def test_logs_have_the_session_and_no_text_of_anybody(running, monkeypatch):
    written = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", written)
    running.bedrock.turns = [*(USE, LOOKS_UP, {"text": "It was sent."}, ValueError("Where is 7?"))]
    running.ask(**{serve_agent.SESSION: "s-1"})
    running.ask()
    logged = written.getvalue()
    assert '"session":"s-1"' in logged
    assert "agent answered" in logged
    assert "question failed" in logged
    for text in ("Where is 7", "It was sent", "You help", '"state"', "Ten days", "refunds"):
        assert text not in logged


def test_on_a_laptop_it_may_listen_where_no_page_reaches_it(tmp_path):
    path = str(tmp_path / "s")
    with serve_agent.AgentServer(path) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with socket.socket(socket.AF_UNIX) as asked:
            asked.connect(path)
            asked.sendall(b"GET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = asked.makefile("rb").read()
        thread.join()
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b'"status": "Healthy"' in answer


def test_it_listens_where_the_contract_says():
    assert serve_agent._EVERYWHERE == "0.0.0.0:8080"  # noqa: SLF001 — the contract's own address


CALLED = AssistantTool(name="t", description="d", input_schema={"type": "object"}, function="f")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b'"text"', "text"),
        (b'{"a": [1, "\xc3\xa4"]}', '{"a": [1, "ä"]}'),
        (b"null", "null"),
        (b"no json", "no json"),
    ],
)
def test_what_a_function_answers_is_its_text(answer, said):
    functions = Lambda()
    functions.answer = answer
    assert FunctionTools(client=lambda _: functions).call(CALLED, {}, 5) == said


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"error": "Unhandled", "answer": b'{"errorMessage": "no order"}'}, "no order"),
        ({"error": "Unhandled", "answer": b"null"}, "its function failed"),
        ({"fails": busy("AccessDeniedException")}, "was not run: AccessDeniedException"),
        ({"fails": ReadTimeoutError(endpoint_url="x")}, "did not answer within 5 s"),
        ({"answer": b'"' + b"x" * 65_536 + b'"'}, "has more than 65,536 bytes"),
    ],
)
def test_a_function_that_does_not_answer_says_why(change, why):
    functions, waited = Lambda(), []
    vars(functions).update(change)
    with pytest.raises(ToolFailedError, match=why):
        FunctionTools(client=lambda seconds: waited.append(seconds) or functions).call(
            CALLED, {}, 5.9
        )
    assert waited == [5]
    assert len(functions.invoked) == 1
