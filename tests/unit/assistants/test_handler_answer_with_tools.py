"""The function of an assistant with tools: it asks its agent once, and settles by what that says."""

import io
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from agent_parts import LOOKS
from answering_parts import passage
from asked_world import ARN, BAD, AskedWorld, refusal
from domain_builders import a_context
from mortal_clients import install_mortal
from test_assistant_files import SOUND, environment
from test_tool_files import DOCUMENTS, TOOL

from lambdas import answer_with_tools
from tuning.assistants.agent_cost import most_of_agent
from tuning.assistants.agent_records import AgentAnswer, CalledTool
from tuning.assistants.assistant_answer import NOT_KNOWN
from tuning.assistants.assistant_files import load_assistant
from tuning.assistants.assistant_settings import ToolsSettings
from tuning.aws.assistant_calls import CannotAnswerError
from tuning.errors import AssistantError, ConfigError

RUNTIME = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/dev_support-0123456789"


class Agents:
    def __init__(self):
        self.asked, self.stopped, self.fails = [], [], None
        self.says = AgentAnswer(
            end="answered",
            text="It was sent.",
            stop_reason="end_turn",
            input_tokens=300,
            output_tokens=20,
            rounds=2,
            calls=(CalledTool(tool="order_status", outcome="answered"),),
        )

    def invoke_agent_runtime(self, **given):
        self.asked.append(given)
        if self.fails:
            raise self.fails
        return {"response": io.BytesIO(json.dumps(self.says.to_json()).encode())}

    def stop_runtime_session(self, **given):
        self.stopped.append(given)


@pytest.fixture
def world(tmp_path, monkeypatch):
    made = AskedWorld(tmp_path, monkeypatch, budget="900.00")
    path = tmp_path / "support.toml"
    path.write_text(path.read_text() + TOOL)
    made.agents = Agents()
    services = {
        "dynamodb": made.dynamodb,
        "bedrock-runtime": made.runtime,
        "bedrock-agentcore": made.agents,
    }
    install_mortal(monkeypatch, services, made.live_call, {"AGENT_RUNTIME_ARN": RUNTIME})
    answer_with_tools._settings.cache_clear()  # noqa: SLF001 — a cache lives as long as a process
    made.most = most_of_agent(load_assistant(path), made.price, len("You help.Where is 7?"))
    return made


def ask(question="Where is 7?"):
    context = {"identity": {"userArn": "arn:aws:iam::1:role/caller"}, "requestId": "r"}
    event = {"requestContext": context, "body": json.dumps({"question": question})}
    answer = answer_with_tools.handler(event, a_context())
    return answer["statusCode"], json.loads(answer["body"])


def day(world):
    return world.day(datetime.now(UTC))


def test_the_agent_is_asked_once_with_what_was_reserved_and_its_session_ends(world):
    status, said = ask()
    assert (status, said["outcome"], said["answer"]) == (200, "answered", "It was sent.")
    assert said["calls"] == [{"tool": "order_status", "outcome": "answered"}]
    (asked,) = world.agents.asked
    sent = json.loads(asked["payload"])
    assert (asked["agentRuntimeArn"], sent["model"], sent["question"]) == (
        RUNTIME,
        ARN,
        "Where is 7?",
    )
    assert Decimal(sent["usd"]) == world.most
    assert len(asked["runtimeSessionId"]) >= 33
    assert world.agents.stopped == [
        {"agentRuntimeArn": RUNTIME, "runtimeSessionId": asked["runtimeSessionId"]}
    ]
    assert day(world)["committed"] == day(world)["spent"] == world.price.of(300, 20)
    assert not world.runtime.asked  # no model of its own


def knowing(world, **more):
    """The same with documents, of which the agent was given two passages."""
    path = world.folder / "support.toml"
    path.write_text(path.read_text().replace(TOOL, f"[knowledge_base]\n{TOOL}{DOCUMENTS}"))
    given = (passage("Ten days.", document="documents/support/a.md"), passage("Grey."))
    said = {"text": "Ten days [1], [3].", "passages": given, "heard": ('{"state": "sent"}',)}
    world.agents.says = AgentAnswer(**{**vars(world.agents.says), **said, **more})


def test_what_the_agent_was_given_and_cites_comes_back_and_the_function_searches_nothing(world):
    """There is no client of knowledge bases here, and its role has no right to one."""
    knowing(world)
    status, said = ask()
    assert (status, said["outcome"], said["answer"]) == (200, "answered", "Ten days [1], [3].")
    (cited,) = said["citations"]
    assert (cited["number"], cited["document"]) == (1, "documents/support/a.md")
    assert (cited["place"], cited["score"]) == ("page 1", 0.9)
    assert "Ten days." not in json.dumps(said["citations"])


def test_an_answer_from_documents_is_held_against_all_that_tools_answered(world, monkeypatch):
    judged = []
    apply = world.runtime.apply_guardrail
    monkeypatch.setattr(
        world.runtime, "apply_guardrail", lambda **given: judged.append(given) or apply(**given)
    )
    knowing(world)
    ask()
    source = judged[-1]["content"][0]["text"]
    assert source["qualifiers"] == ["grounding_source"]
    assert source["text"] == 'Ten days.\n\nGrey.\n\n{"state": "sent"}'
    knowing(world, passages=())
    ask()
    assert len(judged[-1]["content"]) == 1


def test_where_documents_have_nothing_it_is_said_so_and_charged(world):
    knowing(world, end="not_known", text="I am sure.", passages=())
    status, said = ask()
    assert (status, said["outcome"], said["answer"]) == (200, "not_known", NOT_KNOWN)
    assert Decimal(said["use"]["usd"]) == day(world)["spent"] == world.price.of(300, 20)


def test_every_question_is_a_session_of_its_own(world):
    for _ in range(3):
        ask()
    assert len({each["runtimeSessionId"] for each in world.agents.asked}) == 3


def test_a_blocked_question_reaches_no_agent_and_a_blocked_answer_nobody(world):
    assert ask(BAD)[1]["blocked_at"] == "question"
    assert world.agents.asked == []
    world.agents.says = AgentAnswer(**{**vars(world.agents.says), "text": BAD})
    status, said = ask()
    assert (status, said["blocked_at"]) == (200, "answer")
    assert BAD not in said["answer"]


def test_what_did_not_come_to_an_end_is_said_and_charged(world):
    world.agents.says = AgentAnswer(**{**vars(world.agents.says), "end": "unfinished"})
    status, said = ask()
    assert (status, said["outcome"]) == (200, "unfinished")
    assert day(world)["spent"] == world.price.of(300, 20)


def test_what_bedrock_refused_the_agent_is_said_and_what_was_asked_before_is_charged(world):
    refused = {"end": "refused", "stop_reason": "ThrottlingException", "later": True}
    world.agents.says = AgentAnswer(**{**vars(world.agents.says), **refused})
    status, said = ask()
    assert (status, said["outcome"]) == (503, "unavailable")
    assert day(world)["spent"] == day(world)["committed"] == world.price.of(300, 20)


def test_an_agent_that_is_not_reached_costs_nothing(world):
    world.agents.fails = refusal("ThrottlingException", "InvokeAgentRuntime", 429)
    assert ask()[0] == 503
    assert day(world)["committed"] == 0
    world.agents.fails = refusal("AccessDeniedException", "InvokeAgentRuntime", 403)
    with pytest.raises(CannotAnswerError):
        ask()
    assert day(world)["committed"] == 0


def test_an_agent_that_breaks_keeps_all_that_was_reserved(world):
    world.agents.fails = refusal("RuntimeClientError", "InvokeAgentRuntime", 424)
    with pytest.raises(type(world.agents.fails)):
        ask()
    assert day(world)["committed"] == world.most
    assert len(world.agents.asked) == 1


def test_its_settings_are_those_of_an_assistant_and_its_runtime():
    assert "agent_runtime_arn" in ToolsSettings.__struct_fields__
    assert LOOKS.function


ZONES = {"a": "use1-az1", "b": "use1-az2"}


def test_an_assistant_with_tools_is_taken_where_zones_are_said_by_id(tmp_path):
    (made,) = environment(tmp_path, SOUND + TOOL, zone_ids=ZONES).load_assistants()
    assert made.tools


@pytest.mark.parametrize(
    ("tools", "zone_ids", "why"),
    [
        (TOOL, {}, "zone_ids: an assistant has tools"),
        (TOOL, {"a": "use1-az3", "b": "use1-az5"}, "none of them has AgentCore"),
        (
            TOOL.replace('"orders"', '"arn:aws:lambda:eu-west-1:123456789012:function:x"'),
            ZONES,
            "is in eu-west-1; the VPC has a way to Lambda in us-east-1 only",
        ),
    ],
)
def test_what_no_agent_could_do_is_refused_at_synth(tmp_path, tools, zone_ids, why):
    with pytest.raises((AssistantError, ConfigError), match=why):
        environment(tmp_path, SOUND + tools, zone_ids=zone_ids)
