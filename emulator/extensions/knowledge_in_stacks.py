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

from emulator.extensions import provisioning
from emulator.extensions.provisioning import Conversions, Properties, Provisioned, as_in_api
from emulator.extensions.requests_of_stacks import ask_as_stack, delete_as_stack
from emulator.extensions.roles import MiniStackRoles
from emulator.knowledge.knowledge_engine import (
    AGENT,
    KNOWLEDGE_OPERATIONS,
    VECTORS,
    KnowledgeEngine,
)

_CHANGED = ("Name", "Description", "RoleArn")
"""Of a knowledge base, without its replacement; of its tags, the emulator changes none."""


def _tags(given: Any) -> dict[str, str]:
    """A list in templates of S3 Vectors, and a map in those of knowledge bases, as in both APIs."""
    return {each["Key"]: each["Value"] for each in given} if isinstance(given, list) else given


_CONVERSIONS: Conversions = {
    **dict.fromkeys(("Dimension", "Dimensions", "MaxTokens", "OverlapPercentage"), int),
    "Tags": _tags,
}


def _request(properties: Properties) -> dict[str, Any]:
    found: dict[str, Any] = as_in_api(properties, _CONVERSIONS)
    return found


def install(engine: KnowledgeEngine, roles: MiniStackRoles) -> None:
    """CloudFormation waits for a role by itself: UNCONFIRMED of a knowledge base."""
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
        request = _request(properties)
        request.setdefault("vectorBucketName", _name(stack, logical))
        arn = self._asked(VECTORS, "CreateVectorBucket", request)["vectorBucketArn"]
        return arn, {"VectorBucketArn": arn}

    def drop_bucket(self, arn: str, _properties: Properties) -> None:
        self._gone(VECTORS, "DeleteVectorBucket", {"vectorBucketArn": arn})

    def index(self, logical: str, properties: Properties, stack: str) -> Provisioned:
        request = _request(properties)
        request.setdefault("indexName", _name(stack, logical))
        arn = self._asked(VECTORS, "CreateIndex", request)["indexArn"]
        return arn, {"IndexArn": arn}

    def drop_index(self, arn: str, _properties: Properties) -> None:
        self._gone(VECTORS, "DeleteIndex", {"indexArn": arn})

    def base(self, _logical: str, properties: Properties, _stack: str) -> Provisioned:
        made = self._asked(AGENT, "CreateKnowledgeBase", _request(properties))
        return _provisioned(made["knowledgeBase"])

    def change_base(
        self, identifier: str, old: Properties, new: Properties, stack: str
    ) -> Provisioned:
        fixed = {k for k in {*old, *new} if old.get(k) != new.get(k)} - {*_CHANGED}
        if fixed:
            self.drop_base(identifier, old)
            return self.base("", new, stack)
        request = {k: v for k, v in _request(new).items() if k != "tags"}
        made = self._asked(AGENT, "UpdateKnowledgeBase", {**request, "knowledgeBaseId": identifier})
        return _provisioned(made["knowledgeBase"])

    def drop_base(self, identifier: str, _properties: Properties) -> None:
        self._gone(AGENT, "DeleteKnowledgeBase", {"knowledgeBaseId": identifier})

    def source(self, _logical: str, properties: Properties, _stack: str) -> Provisioned:
        made = self._asked(AGENT, "CreateDataSource", _request(properties))["dataSource"]
        ids = {"DataSourceId": made["dataSourceId"], "DataSourceStatus": made["status"]}
        return f"{made['knowledgeBaseId']}|{made['dataSourceId']}", ids

    def drop_source(self, identifier: str, _properties: Properties) -> None:
        base, _, source = identifier.partition("|")
        asked = {"knowledgeBaseId": base, "dataSourceId": source}
        self._gone(AGENT, "DeleteDataSource", asked)

    def _asked(self, service: str, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        does = self._method(service, operation)
        if operation == "CreateKnowledgeBase":
            does = partial(does, roles=self.roles)
        return ask_as_stack(does, operation, request, service)

    def _gone(self, service: str, operation: str, request: dict[str, Any]) -> None:
        delete_as_stack(self._method(service, operation), request)

    def _method(self, service: str, operation: str) -> Any:
        return attrgetter(KNOWLEDGE_OPERATIONS[service][operation])(self.engine)


def _provisioned(made: dict[str, Any]) -> Provisioned:
    attributes = {
        "KnowledgeBaseArn": made["knowledgeBaseArn"],
        "KnowledgeBaseId": made["knowledgeBaseId"],
        "Status": made["status"],
    }
    return made["knowledgeBaseId"], attributes


def _name(stack: str, logical: str) -> str:
    return f"{stack}-{logical}".lower()[:50] + f"-{secrets.token_hex(6)}"
