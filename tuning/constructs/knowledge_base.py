"""The knowledge base of one assistant: vectors, the role that fills and searches them, and the folder they are from.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-bedrock-kb.html
https://docs.aws.amazon.com/bedrock/latest/userguide/kb-permissions.html
"""

import hashlib

import aws_cdk as cdk
from aws_cdk import aws_bedrock as bedrock
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3vectors as s3vectors
from constructs import Construct

from tuning.assistants.assistant import Assistant, KnowledgeBase
from tuning.assistants.document_changes import folder_of
from tuning.constructs.arns import bedrock_arn, foundation_model_arn
from tuning.constructs.bucket_policies import KNOWLEDGE_PART, PART
from tuning.constructs.keys import own_key
from tuning.constructs.policies import (
    Statement,
    allow,
    allow_equals,
    allow_key,
    assumed_by,
    managed_policy,
)
from tuning.constructs.wildcard_permissions import WildcardPermissions

NOT_FILTERABLE = ("AMAZON_BEDROCK_TEXT", "AMAZON_BEDROCK_METADATA")
"""Else a passage of any length fails: "Filterable metadata must have at most 2048 bytes".
https://github.com/aws-samples/sample-genai-idp/pull/61 and https://docs.aws.amazon.com/bedrock/latest/userguide/knowledge-base-setup.html"""
_INDEXER = "indexing.s3vectors.amazonaws.com"
_OF_AN_INDEX = ("DeleteVectors", "GetIndex", "GetVectors", "PutVectors", "QueryVectors")


class KnowledgeBaseParts(Construct):
    """`knowledge_base_id`, `knowledge_base_arn` and `place` (the ids of knowledge base and data source) are for others.

    Its role reads one folder of the bucket and has one index: documents of one assistant are never in another's answers.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: str,
        assistant: Assistant,
        documents: s3.IBucket,
        data_key: kms.IKey,
        vectors_key: kms.IKey,
        wildcard: WildcardPermissions,
    ) -> None:
        super().__init__(scope, construct_id)
        assert assistant.knowledge_base  # noqa: S101 — only those that have one are asked for
        self._environment, self._assistant = environment, assistant
        self._knows: KnowledgeBase = assistant.knowledge_base
        self._documents, self._data_key, self._vectors_key = documents, data_key, vectors_key
        self._stack = cdk.Stack.of(self)
        self.index = self._index()
        self.role = self._role()
        if self._knows.rerank:  # as this role, and not as who retrieves
            self.role.add_managed_policy(wildcard.reranking)
        self.policy = managed_policy(
            self, "Policy", roles=[self.role], statements=[*self._reads(), *self._searches()]
        )
        self.base = self._base()
        self.source = self._source()
        for made in (self.base, self.source):  # it is asked for at once, and last when they go
            made.add_resource_dependency(self.policy)
        self.knowledge_base_id: str = self.base.attr_knowledge_base_id
        self.knowledge_base_arn: str = self.base.attr_knowledge_base_arn
        self.place = f"{self.knowledge_base_id}/{self.source.attr_data_source_id}"

    def _index(self) -> s3vectors.CfnIndex:
        """Nothing of it can be changed: what is said otherwise makes another one, which ingestion fills."""
        encryption = s3vectors.CfnVectorBucket.EncryptionConfigurationProperty(
            sse_type="aws:kms", kms_key_arn=self._vectors_key.key_arn
        )
        bucket = s3vectors.CfnVectorBucket(self, "Vectors", encryption_configuration=encryption)
        return s3vectors.CfnIndex(
            self,
            "Index",
            vector_bucket_arn=bucket.attr_vector_bucket_arn,
            data_type="float32",
            dimension=self._knows.dimensions,
            distance_metric="cosine",
            encryption_configuration=s3vectors.CfnIndex.EncryptionConfigurationProperty(
                sse_type="aws:kms", kms_key_arn=self._vectors_key.key_arn
            ),
            metadata_configuration=s3vectors.CfnIndex.MetadataConfigurationProperty(
                non_filterable_metadata_keys=[*NOT_FILTERABLE]
            ),
        )

    def _role(self) -> iam.Role:
        role = iam.Role(
            self,
            "Role",
            description=f"Assumed by Amazon Bedrock for the documents of {self._assistant.name}",
            assumed_by=assumed_by(self, "bedrock", bedrock_arn(self, "knowledge-base")),
        )
        cdk.Tags.of(role).add(PART, KNOWLEDGE_PART)
        return role

    def _reads(self) -> list[Statement]:
        folder = folder_of(self._assistant.name)
        ours = {"aws:ResourceAccount": self._stack.account}
        return [
            allow(
                actions=["s3:ListBucket"],
                resources=[self._documents.bucket_arn],
                conditions={"StringEquals": ours, "StringLike": {"s3:prefix": f"{folder}*"}},
            ),
            allow_equals(["s3:GetObject"], [self._documents.arn_for_objects(f"{folder}*")], ours),
            allow_key(self, self._data_key.key_arn, "s3", "Decrypt"),
            # What Bedrock keeps while it ingests: https://docs.aws.amazon.com/bedrock/latest/userguide/encryption-kb.html
            allow_key(self, self._data_key.key_arn, "bedrock", "Decrypt", "GenerateDataKey"),
        ]

    def _searches(self) -> list[Statement]:
        models = [each for each in (self._knows.embeddings, self._knows.rerank) if each]
        return [
            allow(
                actions=["bedrock:InvokeModel"],
                resources=[foundation_model_arn(self, each) for each in models],
            ),
            allow(
                actions=[f"s3vectors:{each}" for each in _OF_AN_INDEX],
                resources=[self.index.attr_index_arn],
            ),
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-data-encryption.html
            allow_key(self, self._vectors_key.key_arn, "s3vectors", "Decrypt", "GenerateDataKey"),
        ]

    def _base(self) -> bedrock.CfnKnowledgeBase:
        """Its name is another one where it must be replaced: two of one name would be in each other's way."""
        made, knows = bedrock.CfnKnowledgeBase, self._knows
        unique = cdk.Fn.select(2, cdk.Fn.split("/", cdk.Aws.STACK_ID))
        said = _digest(knows.embeddings, knows.dimensions)
        name = f"{self._assistant.name}-{said}-{cdk.Fn.select(0, cdk.Fn.split('-', unique))}"
        detail = made.BedrockEmbeddingModelConfigurationProperty(
            dimensions=knows.dimensions, embedding_data_type="FLOAT32"
        )
        return bedrock.CfnKnowledgeBase(
            self,
            "Base",
            name=name,
            description=f"Documents of the assistant {self._assistant.name} of {self._environment}",
            role_arn=self.role.role_arn,
            knowledge_base_configuration=made.KnowledgeBaseConfigurationProperty(
                type="VECTOR",
                vector_knowledge_base_configuration=made.VectorKnowledgeBaseConfigurationProperty(
                    embedding_model_arn=foundation_model_arn(self, knows.embeddings),
                    embedding_model_configuration=made.EmbeddingModelConfigurationProperty(
                        bedrock_embedding_model_configuration=detail
                    ),
                ),
            ),
            storage_configuration=made.StorageConfigurationProperty(
                type="S3_VECTORS",
                s3_vectors_configuration=made.S3VectorsConfigurationProperty(
                    index_arn=self.index.attr_index_arn
                ),
            ),
        )

    def _source(self) -> bedrock.CfnDataSource:
        """Chunking cannot be changed either, and so is in the name."""
        made, knows = bedrock.CfnDataSource, self._knows
        chunking = made.ChunkingConfigurationProperty(
            chunking_strategy="FIXED_SIZE",
            fixed_size_chunking_configuration=made.FixedSizeChunkingConfigurationProperty(
                max_tokens=knows.chunk_tokens, overlap_percentage=knows.overlap_percent
            ),
        )
        return bedrock.CfnDataSource(
            self,
            "Source",
            knowledge_base_id=self.base.attr_knowledge_base_id,
            name=f"documents-{_digest(knows.chunk_tokens, knows.overlap_percent)}",
            data_deletion_policy="DELETE",
            data_source_configuration=made.DataSourceConfigurationProperty(
                type="S3",
                s3_configuration=made.S3DataSourceConfigurationProperty(
                    bucket_arn=self._documents.bucket_arn,
                    bucket_owner_account_id=self._stack.account,
                    inclusion_prefixes=[folder_of(self._assistant.name)],
                ),
            ),
            server_side_encryption_configuration=made.ServerSideEncryptionConfigurationProperty(
                kms_key_arn=self._data_key.key_arn
            ),
            vector_ingestion_configuration=made.VectorIngestionConfigurationProperty(
                chunking_configuration=chunking
            ),
        )


def key_of_vectors(scope: Construct, construct_id: str) -> kms.Key:
    """S3 Vectors keeps indexes in order as itself, to whom the root statement of a key gives nothing; without this it
    refuses an index: "Insufficient access to perform asynchronous indexing".
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-data-encryption.html
    """
    key = own_key(scope, construct_id, "Vectors of documents")
    stack = cdk.Stack.of(scope)
    buckets = stack.format_arn(service="s3vectors", resource="bucket", resource_name="*")
    key.add_to_resource_policy(
        iam.PolicyStatement(
            sid="LetVectorsBeIndexed",
            principals=[iam.ServicePrincipal(_INDEXER)],
            actions=["kms:Decrypt"],
            resources=["*"],
            conditions={
                "StringEquals": {"aws:SourceAccount": stack.account},
                "ArnLike": {"aws:SourceArn": buckets},
                "ForAnyValue:StringEquals": {
                    "kms:EncryptionContextKeys": [
                        "aws:s3vectors:arn",
                        "aws:s3vectors:resource-id",
                    ]
                },
            },
        )
    )
    return key


def _digest(*said: object) -> str:
    return hashlib.sha256(repr(said).encode()).hexdigest()[:8]
