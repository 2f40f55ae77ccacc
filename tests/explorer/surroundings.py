"""What an execution sees of the world: functions, tokens, and services that Step Functions calls itself."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from granted import THE_MACHINE, assert_granted
from machine import Failed
from rounds import dispatching

from tuning.runs.job_queue import WAITING

if TYPE_CHECKING:
    from amazon import Amazon


@dataclass(frozen=True)
class Around:
    world: "Amazon"

    def perform(self, resource: str, arguments: Any, limit: float | None) -> Any:
        service, _, operation = resource.removeprefix("arn:aws:states:::").partition(":")
        match service, operation:
            case "lambda", "invoke":
                return self._invoke(arguments)
            case "aws-sdk", "dynamodb:updateItem.waitForTaskToken":
                return self._ask_and_wait(arguments, limit)
            case "aws-sdk", "sfn:sendTaskSuccess":
                given = {"taskToken": arguments["TaskToken"], "output": arguments["Output"]}
                return self._integrated("stepfunctions", "sendTaskSuccess", given)
            case "aws-sdk", "sfn:startExecution":
                names = {"StateMachineArn": "stateMachineArn", "Name": "name", "Input": "input"}
                given = {names[key]: value for key, value in arguments.items()}
                return self._integrated("stepfunctions", "startExecution", given)
            case (("dynamodb" | "sns"), _):
                return self._integrated(service, operation, arguments)
        raise NotImplementedError(f"the explorer does not know tasks of {resource}")

    def sleep(self, seconds: float) -> None:
        self.world.clock.sleep(seconds)

    def moment(self) -> str:
        return self.world.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def jitter(self, most: float) -> float:
        return self.world.random.uniform(0, most)

    def _invoke(self, arguments: Any) -> Any:
        name = re.sub(r"Function$", "", arguments["FunctionName"].strip("{}"))
        function = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
        answer = self.world.invoke(function, arguments["Payload"])
        if isinstance(answer, Failed):
            raise answer
        return {"Payload": answer}

    def _ask_and_wait(self, arguments: Any, limit: float | None) -> Any:
        token = arguments["ExpressionAttributeValues"][":token"]["S"]
        promise = self.world.stepfunctions.promise(token)
        self._integrated("dynamodb", "updateItem", arguments, sdk=True)
        if limit is not None:
            late = Failed("States.Timeout", "")
            self.world.clock.spawn(
                lambda: self.world.stepfunctions.expire(token, late), after=limit
            )
        if arguments["ExpressionAttributeValues"].get(":waiting") == {"S": WAITING}:
            dispatching(self.world)
        answer = self.world.clock.wait(promise)
        if isinstance(answer, Failed):
            raise answer
        return answer

    def _integrated(
        self, service: str, operation: str, arguments: Any, *, sdk: bool = False
    ) -> Any:
        """A service that Step Functions calls by itself. Its errors have a prefix for each integration.
        https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
        """
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
        given = {**arguments, "TableName": "ledger"} if service == "dynamodb" else arguments
        really = getattr(self.world.service(service), name)
        assert_granted(THE_MACHINE, service, name, given)
        try:
            return self.world.call(service, name, lambda: really(**given))
        except (ClientError, BotoCoreError) as error:
            code = (
                error.response["Error"]["Code"]
                if isinstance(error, ClientError)
                else "SdkClientException"
            )
            prefix = {
                "dynamodb": "DynamoDb" if sdk else "DynamoDB",
                "sns": "SNS",
                "stepfunctions": "Sfn",
            }[service]
            if prefix == "Sfn" and not code.endswith("Exception"):
                code += (
                    "Exception"  # as the class of the SDK for Java, which Step Functions calls by
                )
            self.world.errors.add(f"{prefix}.{code}")
            raise Failed(f"{prefix}.{code}", str(error)) from error
