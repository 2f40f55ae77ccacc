"""Passages as Bedrock finds them: best first, of the assistant's own documents, and where they are."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from tuning.aws.retrieval import KnowledgeBaseRetriever


def result(key, score, **about):
    return {
        "content": {"text": f"text of {key}", "type": "TEXT"},
        "location": {"type": "S3", "s3Location": {"uri": f"s3://bucket/{key}"}},
        "score": score,
        "metadata": {f"x-amz-bedrock-kb-{name.replace('_', '-')}": v for name, v in about.items()},
    }


@pytest.fixture
def asked():
    return []


def retriever(asked, *results):
    def retrieve(**given):
        asked.append(given)
        return {"retrievalResults": list(results)}

    meta = SimpleNamespace(partition="aws", region_name="eu-central-1")
    service = SimpleNamespace(retrieve=retrieve, meta=meta)
    return KnowledgeBaseRetriever(
        knowledge_base="BASE000001", assistant="help", passages=5, client=lambda _name: service
    )


def test_passages_are_best_first_with_their_documents_and_places(asked):
    found = retriever(
        asked,
        result("documents/help/a.pdf", 0.4, document_page_number=3.0),
        result("documents/help/b.md", 0.9, chunk_id="7"),
        result("documents/help/c.md", 0.1),
    ).retrieve("when?")
    assert [(each.document, each.place, each.score, each.version) for each in found] == [
        ("documents/help/b.md", "chunk 7", 0.9, None),
        ("documents/help/a.pdf", "page 3", 0.4, None),
        ("documents/help/c.md", "", 0.1, None),
    ]


def test_what_is_not_of_the_assistants_own_folder_is_dropped(asked):
    results = (result("documents/helpers/a.md", 1), result("documents/sales/a.md", 1))
    assert retriever(asked, *results).retrieve("when?") == []


def test_results_without_text_or_object_are_dropped(asked):
    web = {"content": {"text": "x"}, "location": {"type": "WEB"}, "score": 1}
    empty = {**result("documents/help/a.md", 1), "content": {"type": "IMAGE"}}
    assert retriever(asked, web, empty).retrieve("when?") == []


def test_bedrock_is_asked_for_as_many_passages_as_are_wanted_and_a_long_question_is_cut(asked):
    retriever(asked).retrieve("x" * 5000)
    (given,) = asked
    assert len(given["retrievalQuery"]["text"]) == 1000
    search = given["retrievalConfiguration"]["vectorSearchConfiguration"]
    assert search == {"numberOfResults": 5, "overrideSearchType": "SEMANTIC"}


def test_where_it_is_reranked_the_best_of_more_candidates_are_asked_for(asked):
    model = "amazon.rerank-v1:0"
    replace(retriever(asked), rerank=model).retrieve("when?")
    search = asked[0]["retrievalConfiguration"]["vectorSearchConfiguration"]
    assert search["numberOfResults"] == 25
    arn = f"arn:aws:bedrock:eu-central-1::foundation-model/{model}"
    assert search["rerankingConfiguration"] == {
        "type": "BEDROCK_RERANKING_MODEL",
        "bedrockRerankingConfiguration": {
            "modelConfiguration": {"modelArn": arn},
            "numberOfRerankedResults": 5,
        },
    }
