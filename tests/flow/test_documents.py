"""What is uploaded under documents/ is found by its assistant and no other, until it is deleted; what fails is said."""

import json
import threading
from decimal import Decimal
from functools import partial
from textwrap import dedent
from uuid import uuid4

import pytest
from account_with_documents import ASSISTANT, RERANKED, account_with_documents
from accounts import a_client, session, tuning
from assisted_account import asker, outputs_of
from botocore.exceptions import ClientError
from killed_processes import killing
from laid_documents import (
    base_of,
    delete,
    found,
    lay_attacks,
    lay_passwords,
    memos,
    upload,
)
from patience import until
from rights_in_use import assert_held_to_uses


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with account_with_documents(tmp_path_factory.mktemp("documents")) as world:
        yield world


@pytest.fixture(scope="module")
def askers(world):
    """By assistant, who may ask it and nothing else."""
    outputs = outputs_of(world)
    return {
        name: asker(world, outputs[f"CallersOf{name.capitalize()}"]) for name in ("help", "sales")
    }


def said_by(askers, name, question):
    """What the private API says, by `tuning ask --assistant`."""
    said = askers[name].ask(name, question, "--format", "json")
    assert said.stdout.startswith("{"), said
    return json.loads(said.stdout)


def outcome(askers, name, question, wanted):
    """What is said, once it is of that outcome."""
    said = said_by(askers, name, question)
    return said if said["outcome"] == wanted else None


def jobs_of(world, assistant):
    agent, base = world.client("bedrock-agent"), base_of(world, assistant)
    (source,) = agent.list_data_sources(knowledgeBaseId=base)["dataSourceSummaries"]
    ids = {"knowledgeBaseId": base, "dataSourceId": source["dataSourceId"]}
    return agent.list_ingestion_jobs(**ids)["ingestionJobSummaries"]


def executions(world):
    machine = world.account.outputs["IngestionMachine"]
    listed = world.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    return [each["status"] for each in listed]


def awaited(world, condition, what):
    return until(condition, what, progress=lambda: executions(world))


def notices(world):
    got = world.client("sqs").receive_message(QueueUrl=world.inbox, MaxNumberOfMessages=10)
    world.notices.extend(json.loads(each["Body"]) for each in got.get("Messages", []))
    return [f"{each.get('Subject', '')}\n{each['Message']}" for each in world.notices]


def test_a_document_is_in_answers_of_its_assistant_alone_until_it_is_deleted(world):
    upload(world, "help/refunds.md", "A refund reaches the customer within ten days.")
    upload(world, "sales/prices.md", "The price of a parcel is four euros.")
    awaited(world, lambda: found(world, "help", "refund for a customer"), "a refund in answers")
    awaited(world, lambda: found(world, "sales", "price of a parcel"), "a price in answers")
    assert found(world, "help", "price of a parcel") == []
    assert found(world, "sales", "refund for a customer") == []
    delete(world, "help/refunds.md")
    gone = lambda: not found(world, "help", "refund for a customer")  # noqa: E731 — one line
    awaited(world, gone, "no refund in answers")


def test_documents_that_fail_are_named_in_a_notice(world):
    upload(world, "help/empty.md", " ")
    upload(world, "help/fine.md", "Opening hours are on the wall.")
    named = lambda: [each for each in notices(world) if "help/empty.md" in each]  # noqa: E731 — one line
    (notice,) = awaited(world, named, "a notice of the empty document")[:1]
    assert "Documents of help: incomplete" in notice
    assert "The file has no text." in notice
    assert found(world, "help", "opening hours") == ["fine.md"]


def test_what_no_assistant_could_answer_from_is_refused_in_a_notice(world):
    upload(world, "nobody/a.md", "Text.")
    named = lambda: [each for each in notices(world) if "documents/nobody/a.md" in each]  # noqa: E731 — one line
    (notice,) = awaited(world, named, "a notice of the folder of nobody")[:1]
    assert "upload under documents/" in notice


RETURNS = "How many days may a parcel be returned?"


def test_who_asks_is_answered_with_citations_until_the_document_is_deleted(world, askers):
    upload(
        world, "help/returns.md", "Thanks for reading. A parcel may be returned for thirty days."
    )
    said = awaited(world, lambda: outcome(askers, "help", RETURNS, "answered"), "an answer")
    assert said["answer"] == "A parcel may be returned for thirty days. [1]"
    (cited,) = said["citations"]
    assert (cited["number"], cited["document"]) == (1, "documents/help/returns.md")
    assert said["use"]["usd"]
    delete(world, "help/returns.md")
    awaited(world, lambda: outcome(askers, "help", RETURNS, "not_known"), "no answer any more")


def test_what_no_document_is_near_to_is_not_known_and_asks_no_model(askers):
    said = said_by(askers, "help", "Who is the mayor of Lisbon?")
    assert (said["outcome"], said["citations"], said["use"]) == ("not_known", [], None)
    assert said["answer"].startswith("I do not know")


def test_documents_of_one_assistant_are_in_no_answer_of_the_other(world, askers):
    """The same question of both, of which each has its own answer, and one that only the other could answer."""
    gate, margin = "What is the password of the gate?", "What is the margin of parcels?"
    for name, word in lay_passwords(world).items():
        known = lambda name=name: outcome(askers, name, gate, "answered")  # noqa: E731 — one line
        said = awaited(world, known, f"an answer of {name}")
        assert word in said["answer"]
        assert {each["document"] for each in said["citations"]} == {f"documents/{name}/word.md"}
    assert outcome(askers, "sales", margin, "answered")
    assert "secret" not in json.dumps(said_by(askers, "help", margin))


def spent_by(world, assistant):
    """Of all its days."""
    rows = world.client("dynamodb").scan(TableName=world.account.outputs["BudgetsTable"])
    days = [each for each in rows["Items"] if f"assistant#{assistant}#day#" in str(each)]
    return sum(Decimal(each["spent"]["N"]) for each in days)


def test_what_is_reranked_is_answered_charged_and_measured_with_and_without(
    world, askers, tmp_path
):
    """The long document has every word of the question, and is found first; the short one says little else."""
    long = (
        "Crates of the depot are green, and bells, forks, hats, lamps, gates and boats are there."
    )
    upload(world, "sales/long.md", long)
    upload(world, "sales/short.md", "Crates are green.")
    asked = "Are crates green in the depot?"
    both = lambda: {"long.md", "short.md"} <= set(found(world, "sales", asked))  # noqa: E731 — one line
    awaited(world, both, "both documents")
    before = spent_by(world, "sales")
    said = said_by(askers, "sales", asked)
    assert said["rerank_usd"] == "0.002"
    assert spent_by(world, "sales") - before == Decimal("0.002") + Decimal(said["use"]["usd"])
    file, questions = tmp_path / "sales.toml", tmp_path / "questions.jsonl"
    file.write_text(dedent(RERANKED), encoding="utf-8")
    questions.write_text(json.dumps({"question": asked, "documents": ["short.md"]}))
    judged = tuning(world, "evaluate", str(questions), "--assistant", str(file), "--format", "json")
    assert judged.returncode == 0, judged
    measured = json.loads(judged.stdout)
    plain = measured["without_reranking"]
    assert (measured["mean_reciprocal_rank"], plain["mean_reciprocal_rank"]) == (1, 0.5)


def test_an_assistants_function_finds_nothing_of_another(world):
    """With its own credentials, from where it runs."""
    function = world.function_named("HelpAnswerQuestion")
    found = world.client("lambda").get_function_configuration(FunctionName=function)
    keys = session(world, found["Role"].rpartition("/")[2], function)
    runtime = a_client(world, keys, "bedrock-agent-runtime")
    asked = {"retrievalQuery": {"text": "password of the gate"}}
    mine = runtime.retrieve(knowledgeBaseId=base_of(world, "help"), **asked)
    assert mine["retrievalResults"]
    with pytest.raises(ClientError, match="not authorized"):
        runtime.retrieve(knowledgeBaseId=base_of(world, "sales"), **asked)
    place = {"Bucket": world.account.outputs["DocumentsBucket"], "Key": "documents/help/word.md"}
    with pytest.raises(ClientError, match="AccessDenied"):
        a_client(world, keys, "s3").get_object(**place)


def test_who_asks_reaches_no_knowledge_base_and_no_document(world, askers):
    place = {"Bucket": world.account.outputs["DocumentsBucket"], "Key": "documents/help/word.md"}
    asked = {"retrievalQuery": {"text": "password"}, "knowledgeBaseId": base_of(world, "help")}
    for where in ("in the VPC", "elsewhere"):
        with pytest.raises(ClientError, match="not authorized"):
            askers["help"].client(where, "bedrock-agent-runtime").retrieve(**asked)
        with pytest.raises(ClientError, match="AccessDenied"):
            askers["help"].client(where, "s3").get_object(**place)


def test_events_that_come_again_and_functions_that_die_take_no_job_more(world, askers):
    """The same event three times beside S3's own, and whatever starts jobs is killed twice while it is at work."""
    before = {each["ingestionJobId"] for each in jobs_of(world, "help")}
    over, killed = threading.Event(), []
    starts = "dev-Assistants-DocumentsStartIngestion"
    killer = threading.Thread(
        target=lambda: killed.extend(killing(world.instance.pid, starts, over, 0.2, 2))
    )
    killer.start()
    try:
        upload(world, "help/hours.md", "The bakery opens at seven o'clock.")
        key = {"key": "documents/help/hours.md", "size": 40}
        event = {"id": uuid4().hex, "detail-type": "Object Created", "detail": {"object": key}}
        for _ in range(3):
            queue = world.account.outputs["DocumentQueue"]
            world.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(event))
        opens = "When does the bakery open?"
        awaited(world, lambda: outcome(askers, "help", opens, "answered"), "an answer")
    finally:
        over.set()
        killer.join()
    assert killed
    awaited(world, lambda: "RUNNING" not in executions(world), "the end of all ingestions")
    new = [each for each in jobs_of(world, "help") if each["ingestionJobId"] not in before]
    assert 1 <= len(new) <= 2
    assert {each["status"] for each in new} == {"COMPLETE"}


def test_instructions_in_documents_change_no_answer(world, askers):
    """Four attacks at a time are among what is found. The emulated model quotes, and so proves no more than that: what
    reaches it is as it would be without them (tests/unit/assistants/test_attacks_in_documents.py).
    """
    fact = lay_attacks(world, partial(awaited, world))
    for four in memos():
        said = said_by(askers, "help", f"How many days do refunds of parcels take, {four}?")
        assert said["outcome"] == "answered", said
        assert said["answer"].startswith(fact), said
        assert "tangerine" not in said["answer"]
        (cited,) = said["citations"]
        assert cited["document"] == "documents/help/refund-times.md"


def test_what_is_found_is_measured_on_questions(world, tmp_path):
    file, questions = tmp_path / "help.toml", tmp_path / "questions.jsonl"
    file.write_text(dedent(ASSISTANT), encoding="utf-8")
    known = {
        "question": "How many days do refunds of parcels take?",
        "documents": ["refund-times.md"],
    }
    unknown = {"question": "Who is the mayor of Lisbon?", "documents": []}
    questions.write_text("\n".join(map(json.dumps, (known, unknown))), encoding="utf-8")
    judged = tuning(world, "evaluate", str(questions), "--assistant", str(file), "--format", "json")
    assert judged.returncode == 0, judged
    said = json.loads(judged.stdout)
    assert (said["hit_rate"], said["mean_reciprocal_rank"], said["not_known_rate"]) == (1, 1, 1)


def test_no_execution_of_an_ingestion_has_failed(world):
    awaited(world, lambda: "RUNNING" not in executions(world), "the end of all ingestions")
    assert set(executions(world)) == {"SUCCEEDED"}


def test_the_role_of_a_knowledge_base_reads_no_other_folder(world):
    """As it was used, and as its policy says."""
    used = world.instance.request("GET", "/_emulator/actions")
    read = {
        (each["principal"], each["resource"])
        for each in used
        if each["action"] == "s3:GetObject" and "/documents/" in each["resource"]
    }
    roles = {role for role, _ in read}
    assert len(roles) >= 2
    for role in roles:
        folders = {
            where.split("/documents/")[1].split("/")[0] for who, where in read if who == role
        }
        assert len(folders) == 1, json.dumps(sorted(folders))


def test_what_its_roles_may_is_what_they_did(world, request):
    assert_held_to_uses(world, "documents", request)
