"""As strict as AWS about reranking: the Region's models, the rights of a knowledge base's role, how many results."""

import pytest
from knowledge_parts import REGION, SECONDS, a_base, found, ingest, put, retrieve
from strict import may, refused

COHERE = f"arn:aws:bedrock:{REGION}::foundation-model/cohere.rerank-v3-5:0"
RIGHTS = (may("bedrock:Rerank", resource="*"), may("bedrock:InvokeModel", resource=COHERE))
LONG = (
    "Refunds of parcels are told to the desk, and bakeries, gates, forks, hats and lamps besides."
)
STAGE = {"enforce": True, "phase_seconds": SECONDS}


def reranked(model=COHERE, **said):
    return {
        "rerankingConfiguration": {
            "type": "BEDROCK_RERANKING_MODEL",
            "bedrockRerankingConfiguration": {"modelConfiguration": {"modelArn": model}, **said},
        }
    }


def test_a_reranker_puts_what_is_found_in_another_order_and_on_another_scale(stage):
    made = a_base(stage, more=RIGHTS)
    put(stage, made, "long.md", LONG)
    put(stage, made, "short.md", "Refunds are parcels.")
    ingest(stage, made)
    question = "parcels refunds told"
    assert found(stage, made, question) == ["long.md", "short.md"]
    answer = retrieve(stage, made, question, **reranked(numberOfRerankedResults=1))
    (best,) = answer["retrievalResults"]
    assert best["location"]["s3Location"]["uri"].endswith("short.md")
    assert best["score"] == pytest.approx(2 / 3)
    said = answer["ResponseMetadata"]["HTTPHeaders"]["x-emulated"]
    assert "reranked the share of the words" in said


@pytest.mark.parametrize(("kept", "lacks"), [(1, "bedrock:Rerank"), (0, "bedrock:InvokeModel")])
def test_reranking_takes_rights_of_the_knowledge_bases_role(stage, kept, lacks):
    made = a_base(stage, more=[RIGHTS[kept]])
    code, status, says = refused(retrieve, stage=stage, made=made, question="x", **reranked())
    assert (code, status) == ("AccessDeniedException", 403)
    assert lacks in says
    assert retrieve(stage, made, "x")["retrievalResults"] == []


@pytest.mark.parametrize(
    "model",
    [
        f"arn:aws:bedrock:{REGION}::foundation-model/amazon.rerank-v1:0",
        f"arn:aws:bedrock:{REGION}::foundation-model/amazon.nova-micro-v1:0",
        "arn:aws:bedrock:us-west-2::foundation-model/amazon.rerank-v1:0",
    ],
)
def test_a_region_reranks_by_its_own_models_alone(stage, model):
    made = a_base(stage, more=RIGHTS)
    refusal = refused(retrieve, stage=stage, made=made, question="x", **reranked(model))
    assert refusal[0] == "ValidationException"
    assert refusal[2] == "Your account is unauthorized to use RerankingConfiguration."


def test_no_more_results_are_reranked_than_are_looked_for(stage):
    made = a_base(stage, more=RIGHTS)
    asked = {"stage": stage, "made": made, "question": "x"}
    many = refused(retrieve, **asked, **reranked(numberOfRerankedResults=101))
    assert many[0] == "ValidationException"
    assert "numberOfRerankedResults" in many[2]
    more = refused(retrieve, **asked, numberOfResults=5, **reranked(numberOfRerankedResults=6))
    assert more[0] == "ValidationException"
    assert "exceeds the number of sources" in more[2]
