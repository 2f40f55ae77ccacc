"""The ways to knowledge bases, where an assistant has documents: uploads, ingestion jobs, and passages that are retrieved.

S3 Vectors needs none: Bedrock asks it, as the role of the knowledge base.
https://docs.aws.amazon.com/bedrock/latest/userguide/vpc-interface-endpoints.html
"""

from collections.abc import Sequence
from typing import Protocol

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from tuning.assistants.assistant import Assistant
from tuning.constructs.arns import bedrock_arn
from tuning.constructs.policies import Statement

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


class Interface(Protocol):
    def __call__(
        self,
        name: str,
        service: ec2.InterfaceVpcEndpointAwsService,
        /,
        *statements: Statement,
        functions: bool = True,
    ) -> ec2.InterfaceVpcEndpoint: ...


class Let(Protocol):
    def __call__(
        self, actions: Sequence[str], resources: Sequence[str], /, *, ours: bool
    ) -> Statement: ...


def knowledge_endpoints(
    scope: Construct, interface: Interface, let: Let, assistants: Sequence[Assistant]
) -> None:
    """None where no assistant has documents. Knowledge bases have ids that are made at run time: all of the account. Where
    only agents search, they come to the second one and no function does.
    """
    documented = [each for each in assistants if each.knowledge_base]
    if not documented:
        return
    bases = bedrock_arn(scope, "knowledge-base")
    services = ec2.InterfaceVpcEndpointAwsService
    interface("BedrockAgent", services.BEDROCK_AGENT, let(_INGESTION_ACTIONS, [bases], ours=True))
    interface(
        PASSAGES,
        services.BEDROCK_AGENT_RUNTIME,
        let(["bedrock:Retrieve"], [bases], ours=True),
        functions=any(each.always_searched for each in documented),
    )


def document_uploads(let: Let, bucket: str) -> list[Statement]:
    """What people do with documents from inside the VPC and by PrivateLink: see their names, upload and delete. Nobody
    reads one there: Bedrock does, as the role of the knowledge base.
    """
    return [
        let(_UPLOAD_ACTIONS, [f"{bucket}/documents/*"], ours=True),
        let(["s3:ListBucket", "s3:ListBucketMultipartUploads"], [bucket], ours=True),
    ]
