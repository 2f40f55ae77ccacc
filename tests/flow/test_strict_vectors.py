"""As strict as AWS about vectors in S3: their metadata, keys and rights. docs/emulator.md has the table."""

import pytest
from knowledge_parts import SECONDS, SHAPE, a_vector, an_index
from strict import a_key, a_user, lets, may, refused

STAGE = {"enforce": True, "phase_seconds": SECONDS}


@pytest.fixture(scope="module")
def key(stage):
    indexer = lets("indexing.s3vectors", actions=("kms:Decrypt",))
    return a_key(stage, indexer, lets("bedrock"))


def test_vectors_are_found_by_their_angle_and_by_metadata_that_is_filterable(stage):
    vectors, index = stage.client("s3vectors"), an_index(stage)
    put_in = [
        a_vector("near", 9, 1, kind="a", AMAZON_BEDROCK_TEXT="x" * 3000),
        a_vector("far", 1, 9, kind="b"),
        a_vector("against", -1, kind="a"),
    ]
    vectors.put_vectors(indexArn=index, vectors=put_in)
    asked = {"indexArn": index, "queryVector": a_vector("", 1)["data"], "returnDistance": True}
    answer = vectors.query_vectors(**asked, topK=3)
    assert [each["key"] for each in answer["vectors"]] == ["near", "far", "against"]
    assert answer["vectors"][2]["distance"] == pytest.approx(2)
    assert "hashed" in answer["ResponseMetadata"]["HTTPHeaders"]["x-emulated"]
    (only,) = vectors.query_vectors(**asked, topK=1, filter={"kind": {"$ne": "a"}})["vectors"]
    assert only["key"] == "far"
    hidden = {"AMAZON_BEDROCK_TEXT": "x"}
    assert (
        refused(vectors.query_vectors, **asked, topK=1, filter=hidden)[0] == "ValidationException"
    )
    vectors.delete_vectors(indexArn=index, keys=["near", "gone before"])
    assert [each["key"] for each in vectors.query_vectors(**asked, topK=1)["vectors"]] == ["far"]


def test_filterable_metadata_has_two_kilobytes_and_a_vector_the_dimensions_of_its_index(stage):
    vectors, index = stage.client("s3vectors"), an_index(stage)
    large = [a_vector("fine", 1), a_vector("large", 1, note="x" * 2048)]
    code, status, says = refused(vectors.put_vectors, indexArn=index, vectors=large)
    assert (code, status) == ("ValidationException", 400)
    assert "'large': Filterable metadata must have at most 2048 bytes" in says
    assert vectors.list_vectors(indexArn=index)["vectors"] == []
    short = [{"key": "short", "data": {"float32": [1.0]}}]
    assert "must have length 256" in refused(vectors.put_vectors, indexArn=index, vectors=short)[2]
    gone = index.replace("documents", "nowhere")
    code, status, _ = refused(vectors.put_vectors, indexArn=gone, vectors=[a_vector("x", 1)])
    assert (code, status) == ("NotFoundException", 404)


def test_an_index_under_a_key_needs_the_indexing_service_in_its_policy(stage, key):
    vectors = stage.client("s3vectors")
    for number, (kms, status) in enumerate(((a_key(stage), 403), (key, 200))):
        name = f"encrypted-{number}"
        setting = {"sseType": "aws:kms", "kmsKeyArn": kms}
        vectors.create_vector_bucket(vectorBucketName=name, encryptionConfiguration=setting)
        asked = {"vectorBucketName": name, "indexName": "documents", **SHAPE}
        if status == 200:
            vectors.create_index(**asked)
            continue
        code, answered, says = refused(vectors.create_index, **asked)
        assert (code, answered) == ("AccessDeniedException", status)
        assert says == "Insufficient access to perform asynchronous indexing"


def test_each_call_of_vectors_takes_its_own_right_on_its_index(stage):
    index, other = an_index(stage), an_index(stage)
    mine = a_user(stage, "querying", may("s3vectors:QueryVectors", resource=index))("s3vectors")
    asked = {"queryVector": a_vector("", 1)["data"], "topK": 1}
    assert mine.query_vectors(indexArn=index, **asked)["vectors"] == []
    for call, given in (
        (mine.query_vectors, {"indexArn": other, **asked}),
        (mine.query_vectors, {"indexArn": index, **asked, "returnMetadata": True}),
        (mine.put_vectors, {"indexArn": index, "vectors": [a_vector("x", 1)]}),
        (mine.list_vector_buckets, {}),
    ):
        code, status, says = refused(call, **given)
        assert (code, status) == ("AccessDeniedException", 403)
        assert "not authorized to perform: s3vectors:" in says
