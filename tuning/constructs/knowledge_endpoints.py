"""The ways to knowledge bases, where an assistant has documents: uploads, ingestion jobs, and passages that are retrieved.

S3 Vectors needs none: Bedrock asks it, as the role of the knowledge base.
https://docs.aws.amazon.com/bedrock/latest/userguide/vpc-interface-endpoints.html
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aws_cdk import aws_ec2 as ec2

from tuning.assistants.assistant import Assistant
from tuning.constructs.arns import bedrock_arn
from tuning.constructs.policies import Statement

if TYPE_CHECKING:
    from tuning.constructs.endpoints import Endpoints

_INGESTION_ACTIONS = (
    "bedrock:GetIngestionJob",
    "bedrock:ListIngestionJobs",
    "bedrock:ListKnowledgeBaseDocuments",
    "bedrock:StartIngestionJob",
)
_UPLOAD_ACTIONS = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)
PASSAGES = "BedrockAgentRuntime"


def knowledge_endpoints(endpoints: "Endpoints", assistants: Sequence[Assistant]) -> None:
    """None where no assistant has documents. Knowledge bases have ids that are made at run time: all of the account. Where
    only agents search, they come to the second one and no function does.
    """
    documented = [each for each in assistants if each.knowledge_base]
    if not documented:
        return
    bases = bedrock_arn(endpoints, "knowledge-base")
    services = ec2.InterfaceVpcEndpointAwsService
    ingesting = endpoints.let(_INGESTION_ACTIONS, [bases], ours=True)
    endpoints.interface("BedrockAgent", services.BEDROCK_AGENT, ingesting)
    endpoints.interface(
        PASSAGES,
        services.BEDROCK_AGENT_RUNTIME,
        endpoints.let(["bedrock:Retrieve"], [bases], ours=True),
        functions=any(each.always_searched for each in documented),
    )


def document_uploads(endpoints: "Endpoints", bucket: str) -> list[Statement]:
    """What people do with documents from inside the VPC and by PrivateLink: see their names, upload and delete. Nobody
    reads one there: Bedrock does, as the role of the knowledge base.
    """
    return [
        endpoints.let(_UPLOAD_ACTIONS, [f"{bucket}/documents/*"], ours=True),
        endpoints.let(["s3:ListBucket", "s3:ListBucketMultipartUploads"], [bucket], ours=True),
    ]
