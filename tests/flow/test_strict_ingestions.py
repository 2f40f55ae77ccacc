"""As strict as AWS about ingestion: one job at a time, documents that fail, what goes again. docs/emulator.md has the table."""

import pytest
from knowledge_parts import SECONDS, a_base, an_index, documents, found, ingest, put, retrieve
from strict import refused

LONG = " ".join(f"Reimbursements of customers, {number}." for number in range(200))
STAGE = {"enforce": True, "phase_seconds": SECONDS}


def test_a_document_is_found_by_its_words_until_it_is_deleted_and_ingested_again(stage):
    made = a_base(stage)
    put(stage, made, "refunds.md", "A refund reaches the customer within ten days.")
    put(stage, made, "delivery.html", "<p>Parcels are <b>delivered</b> on weekdays.</p>")
    put(stage, made, "secret.md", "A refund of another assistant.", folder="other")
    assert found(stage, made, "when do I get my refund?") == []
    job = ingest(stage, made)
    assert (job["status"], job["statistics"]["numberOfNewDocumentsIndexed"]) == ("COMPLETE", 2)
    assert found(stage, made, "How many days until refunds reach customers?")[0] == "refunds.md"
    assert found(stage, made, "weekday delivery of parcels") == ["delivery.html"]
    assert found(stage, made, "the height of a mountain") == []
    answer = retrieve(stage, made, "refund")
    assert "hashed words" in answer["ResponseMetadata"]["HTTPHeaders"]["x-emulated"]
    assert answer["retrievalResults"][0]["score"] == 1
    assert ingest(stage, made)["statistics"]["numberOfNewDocumentsIndexed"] == 0
    stage.client("s3").delete_object(Bucket=made.bucket, Key="documents/help/refunds.md")
    put(stage, made, "delivery.html", "<p>Parcels arrive on Sundays.</p>")
    assert found(stage, made, "refund") == ["refunds.md"]
    counts = ingest(stage, made)["statistics"]
    assert (counts["numberOfDocumentsDeleted"], counts["numberOfModifiedDocumentsIndexed"]) == (
        1,
        1,
    )
    assert found(stage, made, "refund") == []
    assert found(stage, made, "weekdays") == []
    assert len(stage.client("s3vectors").list_vectors(indexArn=made.index)["vectors"]) == 1


def test_one_ingestion_job_runs_at_a_time_and_a_token_starts_one(stage):
    made, agent = a_base(stage), stage.client("bedrock-agent")
    token = "t" * 36
    job = agent.start_ingestion_job(**made.ids, clientToken=token, description="mine")
    assert job["ResponseMetadata"]["HTTPStatusCode"] == 202
    one = job["ingestionJob"]["ingestionJobId"]
    again = agent.start_ingestion_job(**made.ids, clientToken=token, description="mine")
    assert again["ingestionJob"]["ingestionJobId"] == one
    code, status, _ = refused(agent.start_ingestion_job, **made.ids)
    assert (code, status) == ("ConflictException", 409)
    stage.instance.advance_clock(SECONDS)
    two = agent.start_ingestion_job(**made.ids)["ingestionJob"]["ingestionJobId"]
    newest = {"attribute": "STARTED_AT", "order": "DESCENDING"}
    jobs = agent.list_ingestion_jobs(**made.ids, sortBy=newest)["ingestionJobSummaries"]
    assert [(each["ingestionJobId"], each.get("description")) for each in jobs] == [
        (two, None),
        (one, "mine"),
    ]
    stage.instance.advance_clock(SECONDS)


def test_five_ingestion_jobs_run_at_a_time_in_an_account(stage):
    agent = stage.client("bedrock-agent")
    several = [a_base(stage) for _ in range(6)]
    for made in several[:5]:
        agent.start_ingestion_job(**made.ids)
    code, status, _ = refused(agent.start_ingestion_job, **several[5].ids)
    assert (code, status) == ("ServiceQuotaExceededException", 402)
    stage.instance.advance_clock(SECONDS)
    assert ingest(stage, several[5])["status"] == "COMPLETE"


def test_documents_that_fail_are_named_and_the_others_are_indexed(stage):
    made = a_base(stage)
    put(stage, made, "fine.txt", "Opening hours are on the wall.")
    put(stage, made, "picture.exe", "not read")
    put(stage, made, "empty.md", " ")
    put(stage, made, "struck.md", "Refunds.")
    fault = {"kind": "fail", "phase": "Ingestion", "jobs": "*/struck.md"}
    stage.instance.add_fault(**fault, message="struck", times=1)
    job = ingest(stage, made)
    counts = job["statistics"]
    assert job["status"] == "COMPLETE"
    assert (counts["numberOfNewDocumentsIndexed"], counts["numberOfDocumentsFailed"]) == (1, 3)
    assert documents(stage, made) == {
        "fine.txt": ("INDEXED", ""),
        "picture.exe": ("FAILED", "The file format was not supported."),
        "empty.md": ("FAILED", "The file has no text."),
        "struck.md": ("FAILED", "struck"),
    }
    assert found(stage, made, "opening hours") == ["fine.txt"]
    assert ingest(stage, made)["statistics"]["numberOfDocumentsFailed"] == 2
    assert found(stage, made, "refunds") == ["struck.md"]


def test_without_hidden_keys_a_document_of_many_words_fails_in_the_index(stage):
    made = a_base(
        stage, index=an_index(stage, metadataConfiguration={"nonFilterableMetadataKeys": ["other"]})
    )
    put(stage, made, "short.md", "Refunds take ten days.")
    put(stage, made, "long.md", LONG)
    assert ingest(stage, made)["statistics"]["numberOfDocumentsFailed"] == 1
    status, reason = documents(stage, made)["long.md"]
    assert status == "FAILED"
    assert "Filterable metadata must have at most 2048 bytes" in reason
    with_hidden = a_base(stage)
    put(stage, with_hidden, "long.md", LONG)
    assert ingest(stage, with_hidden)["statistics"]["numberOfDocumentsFailed"] == 0


@pytest.mark.parametrize(
    "lacks",
    ["s3:ListBucket", "s3:GetObject", "bedrock:InvokeModel", "s3vectors:PutVectors"],
)
def test_an_ingestion_job_does_what_its_role_may(stage, lacks):
    made = a_base(stage, without=(lacks,))
    put(stage, made, "refunds.md", "A refund takes ten days.")
    job = ingest(stage, made)
    assert lacks in " ".join(job["failureReasons"])
    assert stage.client("s3vectors").list_vectors(indexArn=made.index)["vectors"] == []
