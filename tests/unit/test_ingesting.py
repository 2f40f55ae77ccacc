"""Every change of a document comes to answers, by one job at a time, whatever dies on the way."""

import json
import random

import pytest
from ingestion_world import Ingesting
from interleaved import refusing
from recipe_refusal_cases import refusal


@pytest.fixture
def world(monkeypatch, context):
    return Ingesting(context).install(monkeypatch)


@pytest.fixture
def name(world):
    """Of an execution that an upload has begun."""
    (name,) = world.receive(*world.changed("documents/help/a.md"))
    return name


@pytest.fixture
def running(world, name):
    return world.machine(name)


def together(world, *names):
    """Executions side by side, in an order that a seed decides; jobs end now and then."""
    chosen = random.Random(len(names) + world.changes)  # noqa: S311 — an order, not a secret
    left = {name: world.machine(name) for name in names}
    states, most = [next(each) for each in left.values()], 0  # they arrive while the first collects
    while left:
        name = chosen.choice(sorted(left))
        state = next(left[name], None)
        if state is None:
            del left[name]
        else:
            states.append(state)
        most = max(most, len(world.bedrock.running("SOURCE0001")))
        if chosen.random() < 0.2:
            world.bedrock.end()
        assert len(states) < 5000
    return states, most


def covered(world, source="SOURCE0001"):
    """Changes that the last job that went well has seen."""
    done = [e.saw for e in world.bedrock.jobs if e.source == source and e.status == "COMPLETE"]
    return max(done, default=0)


def test_an_upload_is_collected_started_and_followed_to_its_end(world, name):
    assert world.run(name) == ["collecting", "started", "complete: 1 new, 0 changed, 0 deleted"]
    assert covered(world) == 1


def test_a_deletion_is_ingested_as_an_upload_is(world):
    (name,) = world.receive(*world.changed("documents/help/a.md", kind="Object Deleted"))
    assert world.run(name)[-1].startswith("complete")


def test_changes_that_arrive_together_are_one_ingestion_for_each_assistant(world):
    keys = [f"documents/{who}/{n}.md" for n in range(5) for who in ("help", "sales")]
    names = world.receive(*world.changed(*keys))
    assert sorted(world.started[name]["assistant"] for name in names) == ["help", "sales"]
    assert [world.started[name]["changes"] for name in names] == [5, 5]
    for name in names:
        world.run(name)
    assert {each.source for each in world.bedrock.jobs} == {"SOURCE0001", "SOURCE0002"}


def test_an_event_that_is_delivered_twice_is_ingested_once(world):
    bodies = world.changed("documents/help/a.md")
    assert len(world.receive(*bodies, *bodies)) == 1
    assert world.receive(*bodies) == []


def test_a_hundred_uploads_one_by_one_take_few_jobs_and_all_are_covered(world):
    names = [
        name for n in range(100) for name in world.receive(*world.changed(f"documents/help/{n}.md"))
    ]
    states, most = together(world, *names)
    assert covered(world) == 100
    assert most == 1
    assert len(world.bedrock.jobs) <= 2
    assert states.count("started") == len(world.bedrock.jobs)


@pytest.mark.parametrize("seed", range(20))
def test_a_change_during_a_job_is_ingested_by_the_next(world, seed):
    chosen = random.Random(seed)  # noqa: S311 — an order, not a secret
    running, states = {}, []
    for number in range(40):
        if chosen.random() < 0.3:
            (name,) = world.receive(*world.changed(f"documents/help/{number}.md"))
            running[name] = world.machine(name)
        for name in [each for each in running if chosen.random() < 0.5]:
            state = next(running[name], None)
            states.append(state)
            if state is None:
                del running[name]
        if chosen.random() < 0.3:
            world.bedrock.end()
        assert len(world.bedrock.running("SOURCE0001")) <= 1
    while running:
        world.bedrock.end()
        running = {name: each for name, each in running.items() if next(each, None) is not None}
    assert covered(world) == world.changes


@pytest.mark.parametrize("late", [False, True])
def test_a_function_that_is_killed_at_any_call_starts_one_job_and_ends_in_the_same(
    monkeypatch, context, late
):
    def lived(dies_at):
        world = Ingesting(context, dies_at=dies_at, late=late).install(monkeypatch)
        bodies = world.changed("documents/help/a.md", "documents/help/b.md")
        (name,) = world.receive(*bodies)
        states = world.run(name)
        assert len(world.bedrock.jobs) == 1
        return states, world.calls

    whole, calls = lived(None)
    assert calls >= 5
    for number in range(1, calls + 1):
        assert lived(number)[0] == whole, number


def test_another_job_of_the_account_is_waited_for(world, name):
    world.bedrock.busy = 2
    assert world.run(name)[:4] == ["collecting", "waiting", "waiting", "started"]


def test_a_job_that_somebody_else_started_later_covers_the_changes(world, running):
    assert next(running) == "collecting"
    source = {"knowledgeBaseId": "BASE000001", "dataSourceId": "SOURCE0001"}
    world.bedrock.start_ingestion_job(**source, clientToken="t" * 36, description="by hand")
    assert next(running) == "waiting"
    world.bedrock.end()
    assert next(running) == "covered"
    assert covered(world) == 1


def test_a_later_job_that_failed_covers_nothing(world, running):
    next(running)
    source = {"knowledgeBaseId": "BASE000001", "dataSourceId": "SOURCE0001"}
    world.bedrock.start_ingestion_job(**source, clientToken="t" * 36, description="by hand")
    world.bedrock.end("FAILED")
    assert next(running) == "started"


def test_what_bedrock_refuses_is_said(world, name):
    world.bedrock.refused = refusal("ValidationException", "StartIngestionJob")
    given = world.started[name]
    event = {"assistant": "help", "ingestion_id": given["ingestion_id"], "progress": {}}
    first = world.call("start_ingestion", event)
    failed = world.call("start_ingestion", {**event, "progress": first})
    assert failed["state"] == "failed"
    assert "ValidationException" in failed["why"]


def test_a_job_that_fails_says_why(world, running):
    world.bedrock.reasons = ["The role may not embed."]
    next(running), next(running)
    world.bedrock.end("FAILED")
    assert next(running) == "failed: The ingestion job ended FAILED. The role may not embed."


def test_documents_that_fail_are_named_with_their_reasons(world, running):
    next(running), next(running)
    uri = "s3://documents/documents/help/a.md"
    identifier = {"dataSourceType": "S3", "s3": {"uri": uri}}
    world.bedrock.documents = [
        {"status": "FAILED", "identifier": identifier, "statusReason": "no text"},
        {"status": "INDEXED", "identifier": identifier},
    ]
    world.bedrock.jobs[0].failed = 2
    world.bedrock.end()
    assert next(running) == (
        f"incomplete: 2 documents are not in answers: {uri}: no text; and 1 more"
    )


def test_where_no_document_is_listed_the_reasons_of_the_job_name_them(world, running):
    world.bedrock.reasons = ["no text [Files: a.md]"]
    next(running), next(running)
    world.bedrock.jobs[0].failed = 1
    world.bedrock.end()
    assert next(running) == ("incomplete: 1 documents are not in answers: no text [Files: a.md]")


def test_what_is_no_document_of_any_assistant_is_refused_with_what_to_do(world):
    bodies = world.changed("documents/unknown/a.md", "documents/help/a.exe", "documents/b.md")
    names = world.receive(*bodies)
    news = {world.started[name]["assistant"]: world.started[name] for name in names}
    assert news["none"]["changes"] == news["help"]["changes"] == 0
    assert "no assistant has this folder" in news["none"]["refused"][0]
    assert len(news["none"]["refused"]) == 2
    (why,) = news["help"]["refused"]
    assert why.startswith("documents/help/a.exe: Bedrock reads .csv, .doc, .docx, .html, .md, .pdf")
    assert why.endswith("save it as one of them")


def test_a_document_that_is_too_large_is_refused_and_its_attributes_are_not(world):
    bodies = world.changed("documents/help/a.pdf", size=50 * 1024 * 1024 + 1)
    bodies += world.changed("documents/help/b.pdf.metadata.json")
    (name,) = world.receive(*bodies)
    assert world.started[name]["changes"] == 1
    assert "cut it up" in world.started[name]["refused"][0]


def test_folders_and_deletions_of_nobody_begin_nothing(world):
    bodies = world.changed("documents/", "documents/help/")
    bodies += world.changed("documents/unknown/a.md", kind="Object Deleted")
    assert world.receive(*bodies) == []


def test_every_so_often_each_assistant_compares_its_folder_with_its_answers(world):
    news = json.dumps({"id": "round-1", "detail-type": "Scheduled Event", "detail": {}})
    names = world.receive(news, news)
    assert sorted(world.started[name]["assistant"] for name in names) == ["help", "sales"]
    assert [world.started[name]["changes"] for name in names] == [1, 1]


def test_many_refusals_are_counted(world):
    bodies = world.changed(*(f"documents/help/{number}.exe" for number in range(30)))
    (name,) = world.receive(*bodies)
    refused = world.started[name]["refused"]
    assert (len(refused), refused[-1]) == (21, "and 10 more")


def test_a_message_that_is_no_event_fails_alone(world):
    (body,) = world.changed("documents/help/a.md")
    records = [
        {"messageId": "bad", "body": "{"},
        {"messageId": "worse", "body": json.dumps({"detail": 1})},
        {"messageId": "good", "body": body},
    ]
    answer = world.call("receive_document", {"Records": records})
    assert [each["itemIdentifier"] for each in answer["batchItemFailures"]] == ["bad", "worse"]
    assert len(world.started) == 1


def test_an_execution_that_cannot_be_started_brings_its_messages_back_and_no_others(world):
    busy = refusal("ThrottlingException", "StartExecution", 429)
    bodies = world.changed("documents/help/a.md", "documents/sales/a.md")
    records = [{"messageId": str(n), "body": body} for n, body in enumerate(bodies)]
    with refusing(world, "start_execution", busy, lambda **given: '"help"' in given["input"]):
        answer = world.call("receive_document", {"Records": records})
    assert answer["batchItemFailures"] == [{"itemIdentifier": "0"}]
    assert len(world.started) == 1
