"""Vectors, knowledge bases over a folder of a bucket, and their roles, for the tests of how strict the emulator is."""

import itertools
from types import SimpleNamespace

from strict import may, role_for

SECONDS = 30
REGION, ACCOUNT = "us-east-1", "000000000000"
TITAN = f"arn:aws:bedrock:{REGION}::foundation-model/amazon.titan-embed-text-v2:0"
HIDDEN = {"nonFilterableMetadataKeys": ["AMAZON_BEDROCK_TEXT", "AMAZON_BEDROCK_METADATA"]}
SHAPE = {"dataType": "float32", "dimension": 256, "distanceMetric": "cosine"}
OF_AN_INDEX = ("GetIndex", "PutVectors", "GetVectors", "DeleteVectors", "QueryVectors")
FIXED = {
    "chunkingStrategy": "FIXED_SIZE",
    "fixedSizeChunkingConfiguration": {"maxTokens": 300, "overlapPercentage": 20},
}
numbers = itertools.count()


def an_index(stage, **more):
    """Its ARN, in a bucket of its own."""
    vectors, name = stage.client("s3vectors"), f"vectors-{next(numbers)}"
    vectors.create_vector_bucket(vectorBucketName=name)
    shape = {**SHAPE, "metadataConfiguration": HIDDEN, **more}
    return vectors.create_index(vectorBucketName=name, indexName="documents", **shape)["indexArn"]


def a_role(stage, *statements):
    made = role_for(stage, "bedrock", f"knowledge-{next(numbers)}", *statements)
    stage.instance.advance_clock(60)  # the role is known by now
    return made


def of_vectors(index):
    return may(*(f"s3vectors:{each}" for each in OF_AN_INDEX), resource=index)


def vectors_of(role, index):
    """What CreateKnowledgeBase takes, but for a name."""
    embeddings = {"bedrockEmbeddingModelConfiguration": {"dimensions": 256}}
    return {
        "roleArn": role,
        "knowledgeBaseConfiguration": {
            "type": "VECTOR",
            "vectorKnowledgeBaseConfiguration": {
                "embeddingModelArn": TITAN,
                "embeddingModelConfiguration": embeddings,
            },
        },
        "storageConfiguration": {
            "type": "S3_VECTORS",
            "s3VectorsConfiguration": {"indexArn": index},
        },
    }


def a_base(stage, *, without=(), more=(), index=None):
    """A knowledge base over a folder of a bucket, in a role that may all but `without`, and `more`."""
    number = next(numbers)
    bucket, index = f"documents-{number}", index or an_index(stage)
    stage.client("s3").create_bucket(Bucket=bucket)
    statements = [
        may("s3:ListBucket", resource=f"arn:aws:s3:::{bucket}"),
        may("s3:GetObject", resource=f"arn:aws:s3:::{bucket}/documents/help/*"),
        may("bedrock:InvokeModel", resource=TITAN),
        *(may(f"s3vectors:{each}", resource=index) for each in OF_AN_INDEX),
        *more,
    ]
    kept = [each for each in statements if each["Action"][0] not in without]
    agent, role = stage.client("bedrock-agent"), a_role(stage, *kept)
    made = agent.create_knowledge_base(name=f"help-{number}", **vectors_of(role, index))
    base = made["knowledgeBase"]["knowledgeBaseId"]
    folder = {"bucketArn": f"arn:aws:s3:::{bucket}", "inclusionPrefixes": ["documents/help/"]}
    source = agent.create_data_source(
        knowledgeBaseId=base,
        name="documents",
        dataSourceConfiguration={"type": "S3", "s3Configuration": folder},
        vectorIngestionConfiguration={"chunkingConfiguration": FIXED},
    )["dataSource"]["dataSourceId"]
    ids = {"knowledgeBaseId": base, "dataSourceId": source}
    return SimpleNamespace(ids=ids, base=base, source=source, bucket=bucket, role=role, index=index)


def put(stage, made, name, text, folder="help"):
    place = {"Bucket": made.bucket, "Key": f"documents/{folder}/{name}"}
    stage.client("s3").put_object(**place, Body=text.encode())


def ingest(stage, made):
    """A job, at its end."""
    agent = stage.client("bedrock-agent")
    job = agent.start_ingestion_job(**made.ids)["ingestionJob"]
    assert job["status"] == "STARTING"
    stage.instance.advance_clock(SECONDS)
    asked = {**made.ids, "ingestionJobId": job["ingestionJobId"]}
    return agent.get_ingestion_job(**asked)["ingestionJob"]


def retrieve(stage, made, question, client=None, **search):
    runtime = client or stage.client("bedrock-agent-runtime")
    configuration = {"retrievalConfiguration": {"vectorSearchConfiguration": search}}
    return runtime.retrieve(
        knowledgeBaseId=made.base,
        retrievalQuery={"text": question},
        **(configuration if search else {}),
    )


def found(stage, made, question, **search):
    """Names of the documents that passages are of, best first."""
    results = retrieve(stage, made, question, **search)["retrievalResults"]
    return [each["location"]["s3Location"]["uri"].rpartition("/")[2] for each in results]


def documents(stage, made):
    """Name to status and reason."""
    listed = stage.client("bedrock-agent").list_knowledge_base_documents(**made.ids)
    return {
        each["identifier"]["s3"]["uri"].rpartition("/")[2]: (
            each["status"],
            each.get("statusReason", ""),
        )
        for each in listed["documentDetails"]
    }


def a_vector(key, *head, **metadata):
    numbers_of_it = [*map(float, head), *[0.0] * (256 - len(head))]
    return {"key": key, "data": {"float32": numbers_of_it}, "metadata": metadata}


def resources(role, chunk=300):
    """Of a stack."""
    hidden = {"NonFilterableMetadataKeys": HIDDEN["nonFilterableMetadataKeys"]}
    index = {
        "VectorBucketArn": {"Fn::GetAtt": ["Vectors", "VectorBucketArn"]},
        "IndexName": "documents",
        "DataType": "float32",
        "Dimension": 256,
        "DistanceMetric": "cosine",
        "MetadataConfiguration": hidden,
    }
    return {
        "Vectors": {"Type": "AWS::S3Vectors::VectorBucket", "Properties": {}},
        "Index": {"Type": "AWS::S3Vectors::Index", "Properties": index},
        "Base": {"Type": "AWS::Bedrock::KnowledgeBase", "Properties": _base_of_a_stack(role)},
        "Source": {"Type": "AWS::Bedrock::DataSource", "Properties": _source_of_a_stack(chunk)},
    }


def _base_of_a_stack(role):
    embeddings = {"BedrockEmbeddingModelConfiguration": {"Dimensions": 256}}
    index = {"IndexArn": {"Fn::GetAtt": ["Index", "IndexArn"]}}
    return {
        "Name": "of-a-stack",
        "RoleArn": role,
        "KnowledgeBaseConfiguration": {
            "Type": "VECTOR",
            "VectorKnowledgeBaseConfiguration": {
                "EmbeddingModelArn": TITAN,
                "EmbeddingModelConfiguration": embeddings,
            },
        },
        "StorageConfiguration": {"Type": "S3_VECTORS", "S3VectorsConfiguration": index},
        "Tags": {"assistant": "help"},
    }


def _source_of_a_stack(chunk):
    folder = {"BucketArn": "arn:aws:s3:::any", "InclusionPrefixes": ["documents/help/"]}
    size = {"MaxTokens": chunk, "OverlapPercentage": 20}
    chunking = {"ChunkingStrategy": "FIXED_SIZE", "FixedSizeChunkingConfiguration": size}
    return {
        "KnowledgeBaseId": {"Ref": "Base"},
        "Name": "documents",
        "DataSourceConfiguration": {"Type": "S3", "S3Configuration": folder},
        "VectorIngestionConfiguration": {"ChunkingConfiguration": chunking},
    }
