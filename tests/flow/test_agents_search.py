"""Agents that search documents, on an emulated account of their own: uploaded, asked for, found, cited, deleted, gone."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from accounts import a_client, session
from assisted_account import account_of_assistants
from botocore.exceptions import ClientError
from laid_documents import base_of, delete, lay_attacks, lay_passwords, memos, upload
from laid_tools import lay_tools
from patience import until
from test_agents import ORDERS, invocations
from test_documents import askers, outcome, said_by

from tuning.assistants.day_of_budget import day_key
from tuning.aws.ledger import Ledger

__all__ = ["askers"]  # a fixture
TEXT = (
    'description = "What an environment has always."\nbase_model = "amazon.nova-micro-v1:0:128k"\n'
)
SEARCHES = """
    model = "amazon.nova-micro-v1:0:128k"
    system_prompt = "You help. The word of the day is tangerine."
    daily_budget = 5.00
    caller_requests_per_minute = 1000
    most_output_tokens = 200
    [knowledge_base]
    dimensions = 256
    least_score = 0.3
    [[tools]]
    name = "handbook"
    description = "Searches the handbook."
    kind = "documents"
"""
CALLS = """
    [[tools]]
    name = "order_status"
    description = "Looks an order up."
    function = "orders"
    input = {type = "object", properties = {order = {type = "string"}}, required = ["order"]}
    [[tools]]
    name = "cancel_order"
    description = "Cancels an order."
    function = "cancel"
    changes = true
    input = {type = "object", properties = {order = {type = "string"}}, required = ["order"]}
"""
RETURNS = "Handbook: how many days may a parcel be returned?"
GATE, MARGIN = "Handbook: the password of the gate?", "Handbook: the margin of parcels?"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """`help` has functions beside its documents, `sales` has none."""
    searching = {"help": SEARCHES + CALLS, "sales": SEARCHES}
    folder = tmp_path_factory.mktemp("searching")
    with account_of_assistants(folder, searching, "support", TEXT) as made:
        lay_tools(made, orders=ORDERS, cancel="def handler(event, context): pass")
        yield made


def answered(askers, name, question, what):
    """Functions and agents that were not asked before may start too late for who asks them: they are asked again."""
    heard = []

    def once():
        heard[:] = [askers[name].ask(name, question, "--format", "json")]
        said = json.loads(heard[0].stdout or "{}")
        return said if said.get("outcome") == "answered" else None

    return until(once, what, progress=lambda: heard)


def test_a_document_is_found_by_the_agent_and_cited_until_it_is_deleted(world, askers):
    upload(
        world, "help/returns.md", "Thanks for reading. A parcel may be returned for thirty days."
    )
    said = answered(askers, "help", RETURNS, "an answer from the handbook")
    assert said["answer"] == "A parcel may be returned for thirty days. [1]"
    assert said["calls"] == [{"tool": "handbook", "outcome": "answered"}]
    (cited,) = said["citations"]
    assert (cited["number"], cited["document"]) == (1, "documents/help/returns.md")
    shown = askers["help"].ask("help", RETURNS).stdout
    assert shown.splitlines()[1].startswith("[1] documents/help/returns.md")
    delete(world, "help/returns.md")
    until(lambda: outcome(askers, "help", RETURNS, "not_known"), "no answer any more")


def test_what_no_document_is_near_to_is_not_known_whatever_the_model_says(world, askers):
    said = said_by(askers, "help", "Handbook: who is the mayor of Lisbon?")
    assert (said["outcome"], said["citations"]) == ("not_known", [])
    assert said["answer"].startswith("I do not know")
    assert Decimal(said["use"]["usd"]) > 0
    ledger = Ledger(table=world.account.outputs["BudgetsTable"], client=world.account.client)
    day = ledger.item(day_key("help", datetime.now(UTC)))
    assert Decimal(day["spent"]["N"]) == Decimal(day["committed"]["N"]) > 0
    assert "open_requests" not in day


def test_functions_are_called_beside_documents(askers):
    said = said_by(askers, "help", "Use order_status, please: order 7")
    assert json.loads(said["answer"]) == {"state": "sent", "order": "7"}
    assert said["citations"] == []


def test_documents_of_one_agent_are_in_no_answer_of_the_other(world, askers):
    for name, word in lay_passwords(world).items():
        said = answered(askers, name, GATE, f"an answer of {name}")
        assert word in said["answer"]
        assert {each["document"] for each in said["citations"]} == {f"documents/{name}/word.md"}
    assert outcome(askers, "sales", MARGIN, "answered")
    assert "secret" not in json.dumps(said_by(askers, "help", MARGIN))


def test_each_agent_finds_its_own_documents_alone_and_nobody_else_of_ours_finds_any(world):
    """As they were asked for by now."""
    finding = {
        (each["principal"].rpartition("/")[2], each["resource"].rpartition("/")[2])
        for each in world.instance.recorded()
        if each["action"] == "bedrock:Retrieve" and ":role/dev-" in each["principal"]
    }
    for name in ("help", "sales"):
        bases = {base for role, base in finding if f"{name.capitalize()}AgentRole" in role}
        assert bases == {base_of(world, name)}
    assert len(finding) == 2, finding


def test_the_function_that_asks_an_agent_finds_no_document_itself(world):
    """With its own credentials, from where it runs."""
    function = world.function_named("HelpAnswerWithTools")
    made = world.client("lambda").get_function_configuration(FunctionName=function)
    keys = session(world, made["Role"].rpartition("/")[2], function)
    for name in ("help", "sales"):
        with pytest.raises(ClientError, match="not authorized"):
            a_client(world, keys, "bedrock-agent-runtime").retrieve(
                knowledgeBaseId=base_of(world, name), retrievalQuery={"text": "password"}
            )


def test_who_asks_an_agent_reaches_no_knowledge_base(world, askers):
    asked = {"retrievalQuery": {"text": "password"}, "knowledgeBaseId": base_of(world, "help")}
    for where in ("in the VPC", "elsewhere"):
        with pytest.raises(ClientError, match="not authorized"):
            askers["help"].client(where, "bedrock-agent-runtime").retrieve(**asked)


def test_instructions_in_documents_that_an_agent_finds_call_no_tool_and_change_no_answer(
    world, askers
):
    """Four attacks at a time are among what is found. The emulated model quotes, and so shows that they arrive as data;
    what a model that obeys could do: tests/unit/assistants/test_attacks_found_by_agents.py.
    """
    fact = lay_attacks(world, until)
    for four in memos():
        question = f"Handbook: how many days do refunds of parcels take, {four}?"
        said = said_by(askers, "help", question)
        assert (said["outcome"], said["calls"]) == (
            "answered",
            [{"tool": "handbook", "outcome": "answered"}],
        )
        assert said["answer"].startswith(fact), said
        assert "tangerine" not in said["answer"]
        (cited,) = said["citations"]
        assert cited["document"] == "documents/help/refund-times.md"
    assert invocations(world, "cancel") == 0
