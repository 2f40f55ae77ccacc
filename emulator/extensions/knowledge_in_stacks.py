"""CloudFormation: vector buckets, indexes, knowledge bases and data sources, which MiniStack 1.5.33 refuses.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_S3Vectors.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-bedrock-knowledgebase.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-bedrock-datasource.html
"""

import secrets
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from typing import Any

from emulator.bedrock.api_errors import ApiError, NotFound, NoVectors
from emulator.bedrock.requests import validate
from emulator.extensions import provisioning
from emulator.extensions.bedrock import scope_of_the_call
from emulator.extensions.provisioning import Properties, Provisioned
from emulator.extensions.roles import MiniStackRoles
from emulator.knowledge.knowledge_engine import (
    AGENT,
    KNOWLEDGE_OPERATIONS,
    VECTORS,
    KnowledgeEngine,
)

_CHANGED = ("Name", "Description", "RoleArn")
"""Of a knowledge base, without its replacement; of its tags, the emulator changes none."""
_NUMBERS = ("dimension", "dimensions", "maxTokens", "overlapPercentage")


def install(engine: KnowledgeEngine, roles: MiniStackRoles) -> None:
    """It acts with the rights of the stack's deployer, which are not asked for here. It waits for a role by itself:
    UNCONFIRMED of a knowledge base.
    """
    types = _Types(engine=engine, roles=replace(roles, known=lambda _role: True))
    provisioning.add(
        "AWS::S3Vectors::VectorBucket", create=types.vector_bucket, delete=types.drop_bucket
    )
    provisioning.add("AWS::S3Vectors::Index", create=types.index, delete=types.drop_index)
    provisioning.add(
        "AWS::Bedrock::KnowledgeBase",
        create=types.base,
        update=types.change_base,
        delete=types.drop_base,
    )
    provisioning.add("AWS::Bedrock::DataSource", create=types.source, delete=types.drop_source)


@dataclass(frozen=True, kw_only=True)
class _Types:
    engine: KnowledgeEngine
    roles: MiniStackRoles

    def vector_bucket(self, logical: str, properties: Properties, stack: str) -> Provisioned:
        request = _lowered(properties)
        request.setdefault("vectorBucketName", _name(stack, logical))
        arn = self._asked(VECTORS, "CreateVectorBucket", request)["vectorBucketArn"]
        return arn, {"VectorBucketArn": arn}

    def drop_bucket(self, arn: str, _properties: Properties) -> None:
        self._gone(VECTORS, "DeleteVectorBucket", {"vectorBucketArn": arn})

    def index(self, logical: str, properties: Properties, stack: str) -> Provisioned:
        request = _lowered(properties)
        request.setdefault("indexName", _name(stack, logical))
        arn = self._asked(VECTORS, "CreateIndex", request)["indexArn"]
        return arn, {"IndexArn": arn}

    def drop_index(self, arn: str, _properties: Properties) -> None:
        self._gone(VECTORS, "DeleteIndex", {"indexArn": arn})

    def base(self, _logical: str, properties: Properties, _stack: str) -> Provisioned:
        made = self._asked(AGENT, "CreateKnowledgeBase", _base(properties))
        return _provisioned(made["knowledgeBase"])

    def change_base(
        self, identifier: str, old: Properties, new: Properties, stack: str
    ) -> Provisioned:
        fixed = {k for k in {*old, *new} if old.get(k) != new.get(k)} - {*_CHANGED}
        if fixed:
            self.drop_base(identifier, old)
            return self.base("", new, stack)
        request = {k: v for k, v in _base(new).items() if k != "tags"}
        made = self._asked(AGENT, "UpdateKnowledgeBase", {**request, "knowledgeBaseId": identifier})
        return _provisioned(made["knowledgeBase"])

    def drop_base(self, identifier: str, _properties: Properties) -> None:
        self._gone(AGENT, "DeleteKnowledgeBase", {"knowledgeBaseId": identifier})

    def source(self, _logical: str, properties: Properties, _stack: str) -> Provisioned:
        made = self._asked(AGENT, "CreateDataSource", _lowered(properties))["dataSource"]
        ids = {"DataSourceId": made["dataSourceId"], "DataSourceStatus": made["status"]}
        return f"{made['knowledgeBaseId']}|{made['dataSourceId']}", ids

    def drop_source(self, identifier: str, _properties: Properties) -> None:
        base, _, source = identifier.partition("|")
        asked = {"knowledgeBaseId": base, "dataSourceId": source}
        self._gone(AGENT, "DeleteDataSource", asked)

    def _asked(self, service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """A refusal fails the stack."""
        try:
            validate(operation, request, service)
            does = attrgetter(KNOWLEDGE_OPERATIONS[service][operation])(self.engine)
            if operation == "CreateKnowledgeBase":
                does = partial(does, roles=self.roles)
            answer: dict[str, Any] = does(scope_of_the_call(), request)
        except ApiError as refused:
            raise ValueError(str(refused)) from None
        return answer

    def _gone(self, service: str, operation: str, request: dict[str, Any]) -> None:
        """What is not there any more is deleted."""
        does = attrgetter(KNOWLEDGE_OPERATIONS[service][operation])(self.engine)
        try:
            does(scope_of_the_call(), request)
        except (NotFound, NoVectors):
            return
        except ApiError as refused:
            raise ValueError(str(refused)) from None


def _provisioned(made: dict[str, Any]) -> Provisioned:
    attributes = {
        "KnowledgeBaseArn": made["knowledgeBaseArn"],
        "KnowledgeBaseId": made["knowledgeBaseId"],
        "Status": made["status"],
    }
    return made["knowledgeBaseId"], attributes


def _base(properties: Properties) -> dict[str, Any]:
    """Its tags are a map here, and in the API."""
    tags = {"tags": properties["Tags"]} if properties.get("Tags") else {}
    request: dict[str, Any] = _lowered({k: v for k, v in properties.items() if k != "Tags"})
    return request | tags


def _name(stack: str, logical: str) -> str:
    return f"{stack}-{logical}".lower()[:50] + f"-{secrets.token_hex(6)}"


def _lowered(part: Any) -> Any:
    """Members as the API calls them; numbers come as text from some templates. S3 Vectors' own tags are a list in
    templates and a map in the API.
    """
    match part:
        case dict():
            found = {}
            for name, each in part.items():
                plain = name[0].lower() + name[1:]
                found[plain] = int(each) if plain in _NUMBERS else _lowered(each)
            if isinstance(tags := found.get("tags"), list):
                found["tags"] = {each["key"]: each["value"] for each in tags}
            return found
        case list():
            return [_lowered(each) for each in part]
    return part
