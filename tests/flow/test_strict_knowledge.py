"""As strict as AWS about knowledge bases: their roles, who may retrieve, their stacks. docs/emulator.md has the table."""

import json

import pytest
from knowledge_parts import (
    ACCOUNT,
    FIXED,
    REGION,
    SECONDS,
    a_base,
    a_role,
    an_index,
    found,
    ingest,
    of_vectors,
    put,
    resources,
    retrieve,
    vectors_of,
)
from strict import a_user, may, refused

STAGE = {"enforce": True, "phase_seconds": SECONDS}


def test_a_knowledge_base_needs_a_role_that_sees_an_index_of_its_dimensions(stage):
    agent, index = stage.client("bedrock-agent"), an_index(stage)
    role = a_role(stage, of_vectors(index))
    blind, strange = a_role(stage, may("s3:ListBucket")), f"arn:aws:iam::{ACCOUNT}:role/none"
    for asked, says in (
        (vectors_of(strange, index), "unable to assume"),
        (vectors_of(blind, index), "s3vectors:GetIndex"),
        (vectors_of(role, an_index(stage, dimension=1024)), "GetIndex"),
    ):
        code, status, message = refused(agent.create_knowledge_base, name="refused", **asked)
        assert (code, status) == ("ValidationException", 400)
        assert says in message
    wide = an_index(stage, dimension=1024)
    asked = vectors_of(a_role(stage, of_vectors(wide)), wide)
    assert "dimensions" in refused(agent.create_knowledge_base, name="refused", **asked)[2]
    made = agent.create_knowledge_base(name="accepted", **vectors_of(role, index))
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 202
    again = vectors_of(role, index)
    assert refused(agent.create_knowledge_base, name="accepted", **again)[:2] == (
        "ConflictException",
        409,
    )


@pytest.mark.parametrize("lacks", ["s3vectors:QueryVectors", "s3vectors:GetVectors"])
def test_retrieving_takes_what_the_role_of_the_knowledge_base_may(stage, lacks):
    made = a_base(stage, without=(lacks,))
    code, status, says = refused(retrieve, stage=stage, made=made, question="refund")
    assert (code, status) == ("AccessDeniedException", 403)
    assert lacks in says


def test_the_right_to_retrieve_is_on_one_knowledge_base(stage):
    made, other = a_base(stage), a_base(stage)
    arn = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:knowledge-base/{made.base}"
    rights = may("bedrock:Retrieve", "bedrock:GetIngestionJob", resource=arn)
    client = a_user(stage, "retrieving", rights)
    runtime, agent = client("bedrock-agent-runtime"), client("bedrock-agent")
    assert retrieve(stage, made, "refund", client=runtime)["retrievalResults"] == []
    refusal = refused(retrieve, stage=stage, made=other, question="refund", client=runtime)
    assert refusal[:2] == ("AccessDeniedException", 403)
    code, _, says = refused(agent.start_ingestion_job, **made.ids)
    assert code == "AccessDeniedException"
    assert "bedrock:StartIngestionJob" in says


def test_vectors_of_s3_are_searched_by_meaning_alone(stage):
    made = a_base(stage)
    asked = {"stage": stage, "made": made, "question": "x"}
    code, _, says = refused(retrieve, **asked, overrideSearchType="HYBRID")
    assert code == "ValidationException"
    assert "HYBRID" in says
    starts = {"startsWith": {"key": "kind", "value": "a"}}
    assert refused(retrieve, **asked, filter=starts)[0] == "ValidationException"


def test_attributes_beside_a_document_filter_it(stage):
    made = a_base(stage)
    for kind in ("public", "internal"):
        put(stage, made, f"{kind}.md", f"Refunds, {kind}.")
        beside = json.dumps({"metadataAttributes": {"kind": kind}})
        put(stage, made, f"{kind}.md.metadata.json", beside)
    assert ingest(stage, made)["statistics"]["numberOfMetadataDocumentsScanned"] == 2
    only = {"equals": {"key": "kind", "value": "public"}}
    assert found(stage, made, "refunds", filter=only) == ["public.md"]


def test_a_stack_makes_a_knowledge_base_and_takes_it_away_again(stage):
    role = a_role(stage, may("s3vectors:GetIndex"))
    agent, formation = stage.client("bedrock-agent"), stage.client("cloudformation")
    assert stage.stack("knowledge", **resources(role))[0] == "CREATE_COMPLETE"
    ids = {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for each in formation.describe_stack_resources(StackName="knowledge")["StackResources"]
    }
    base, _, source = ids["Source"].partition("|")
    assert base == ids["Base"]
    described = agent.get_data_source(knowledgeBaseId=base, dataSourceId=source)["dataSource"]
    assert described["vectorIngestionConfiguration"] == {"chunkingConfiguration": FIXED}
    changed = json.dumps({"Resources": resources(role, chunk=200)})
    formation.update_stack(StackName="knowledge", TemplateBody=changed)
    stage.settled("knowledge")
    (listed,) = agent.list_data_sources(knowledgeBaseId=base)["dataSourceSummaries"]
    assert listed["dataSourceId"] != source  # chunking is create-only
    formation.delete_stack(StackName="knowledge")
    formation.get_waiter("stack_delete_complete").wait(
        StackName="knowledge", WaiterConfig={"Delay": 1}
    )
    assert refused(agent.get_knowledge_base, knowledgeBaseId=base)[:2] == (
        "ResourceNotFoundException",
        404,
    )


def test_a_knowledge_base_that_bedrock_refuses_fails_its_stack(stage):
    blind = a_role(stage, may("s3:ListBucket"))
    status, why = stage.stack("blind", **resources(blind))
    assert status in ("ROLLBACK_COMPLETE", "CREATE_FAILED")
    assert "s3vectors:GetIndex" in why
