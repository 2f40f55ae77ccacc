"""Custom resource: the account's log of what models are asked and answer, where nobody else has set one up."""

from typing import Any

from lambdas.stack_answer import answer_stack
from tuning.aws.invocation_logging import ForeignLogError, InvocationLog
from tuning.aws.transient import aws_errors


def handler(event: dict[str, Any], context: Any) -> None:
    """Answer CloudFormation in any case: without an answer a deployment hangs."""
    given, fault = event["ResourceProperties"], ""
    log = InvocationLog(group=given["LogGroup"])
    try:
        if event["RequestType"] == "Delete":
            log.remove()
        else:
            before = event.get("OldResourceProperties", {}).get("LogGroup")
            log.set_up(role=given["Role"], formerly=before)
    except ForeignLogError as error:
        fault = str(error)
    except aws_errors() as error:
        fault = f"The account's model invocation log was not changed: {error}"
    answer_stack(event, context, resource=log.group, fault=fault)
