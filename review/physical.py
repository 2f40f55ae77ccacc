"""The templates as one deployed account would have them: every intrinsic function has its value.

Names are made as CloudFormation makes them, of stack, logical id and a suffix.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from review.templates import EnvironmentTemplates, composed

EXAMPLE_ACCOUNT = "123456789012"
_SUFFIX = "1ABC2DEF3GHI"

# By type: the ARN, and what `Ref` answers where that is not the name.
_ARNS: Mapping[str, str] = {
    "AWS::Bedrock::Guardrail": "arn:aws:bedrock:{region}:{account}:guardrail/{name}",
    "AWS::Bedrock::KnowledgeBase": "arn:aws:bedrock:{region}:{account}:knowledge-base/{name}",
    "AWS::BedrockAgentCore::Runtime": "arn:aws:bedrock-agentcore:{region}:{account}:runtime/{name}",
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:{region}:{account}:table/{name}",
    "AWS::Events::Rule": "arn:aws:events:{region}:{account}:rule/{name}",
    "AWS::IAM::ManagedPolicy": "arn:aws:iam::{account}:policy/{name}",
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{name}",
    "AWS::KMS::Key": "arn:aws:kms:{region}:{account}:key/{name}",
    "AWS::Lambda::Function": "arn:aws:lambda:{region}:{account}:function:{name}",
    "AWS::Logs::LogGroup": "arn:aws:logs:{region}:{account}:log-group:{name}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{name}",
    "AWS::S3Vectors::Index": "arn:aws:s3vectors:{region}:{account}:bucket/x/index/{name}",
    "AWS::SNS::Topic": "arn:aws:sns:{region}:{account}:{name}",
    "AWS::SQS::Queue": "arn:aws:sqs:{region}:{account}:{name}",
    "AWS::StepFunctions::StateMachine": "arn:aws:states:{region}:{account}:stateMachine:{name}",
}
_REF_IS_ARN = {
    *("AWS::IAM::ManagedPolicy", "AWS::SNS::Topic"),
    "AWS::StepFunctions::StateMachine",
}
_IDS: Mapping[str, str] = {
    "AWS::EC2::SecurityGroup": "sg-",
    "AWS::EC2::Subnet": "subnet-",
    "AWS::EC2::VPC": "vpc-",
    "AWS::EC2::VPCEndpoint": "vpce-",
}
_NAMED = {"LogGroupName", "StateMachineName"}
_FIRST_VERSION = "1"


@dataclass(frozen=True, kw_only=True)
class Physical:
    """One environment, deployed in `ACCOUNT`."""

    environment: EnvironmentTemplates
    region: str

    def name(self, logical_id: str) -> str:
        stack, kind = self._place[logical_id]
        given = self.environment.templates[stack]["Resources"][logical_id].get("Properties", {})
        for named in _NAMED & given.keys():
            return str(self.value(given[named]))
        if kind in _IDS:
            return _IDS[kind] + logical_id.lower()
        made = f"{self.environment.name}-{stack}-{logical_id}-{_SUFFIX}"
        return made.lower() if kind == "AWS::S3::Bucket" else made

    def arn(self, logical_id: str) -> str:
        pattern = _ARNS[self._place[logical_id][1]]
        return pattern.format(
            region=self.region, account=EXAMPLE_ACCOUNT, name=self.name(logical_id)
        )

    def value(self, given: Any) -> Any:
        """`given`, part of a template, with every intrinsic function evaluated."""
        match given:
            case {"Ref": str(name)}:
                return self._pseudo.get(name) or self._ref(name)
            case {"Fn::GetAtt": [str(name), str(attribute)]}:
                return self._attribute(name, attribute)
            case {"Fn::ImportValue": str(export)}:
                return self.value(self._exports[export])
            case {"Fn::Join": _} | {"Fn::Select": _} | {"Fn::Split": _}:
                return composed(given, self.value)
            case dict():
                return {key: self.value(inner) for key, inner in given.items()}
        return list(map(self.value, given)) if isinstance(given, list) else given

    def logical_id(self, name: str) -> str:
        """Of the resource that tests and tables call `name`: without CDK's hash."""
        (found,) = (i for i in self._place if re.sub(r"[0-9A-F]{8}$", "", i) == name)
        return found

    def _ref(self, logical_id: str) -> str:
        if self._place[logical_id][1] in _REF_IS_ARN:
            return self.arn(logical_id)
        return self.name(logical_id)

    def _attribute(self, logical_id: str, attribute: str) -> str:
        if attribute in ("AgentRuntimeArn", "Arn", "GuardrailArn", "IndexArn", "KnowledgeBaseArn"):
            return self.arn(logical_id)
        if self._place[logical_id][1] == "AWS::Bedrock::GuardrailVersion":
            return _FIRST_VERSION
        if attribute in ("GroupId", "QueueName"):
            return self.name(logical_id)
        return f"{self.name(logical_id)}-{attribute.lower()}"

    @cached_property
    def _pseudo(self) -> dict[str, str]:
        return {
            "AWS::AccountId": EXAMPLE_ACCOUNT,
            "AWS::Region": self.region,
            "AWS::Partition": "aws",
            "AWS::StackId": f"arn:aws:cloudformation:{self.region}:{EXAMPLE_ACCOUNT}:stack/x/1abc2def-3",
        }

    @cached_property
    def _place(self) -> dict[str, tuple[str, str]]:
        return {
            logical_id: (stack, resource["Type"])
            for stack, template in self.environment.templates.items()
            for logical_id, resource in template["Resources"].items()
        }

    @cached_property
    def _exports(self) -> dict[str, Any]:
        return {
            output["Export"]["Name"]: output["Value"]
            for template in self.environment.templates.values()
            for output in template.get("Outputs", {}).values()
            if "Export" in output
        }
