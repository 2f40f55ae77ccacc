"""`tuning redrive`: send what could not be received back to the queue."""

from typing import Any

from tuning.cli.account import Account
from tuning.cli.aws_errors import speaks_to_aws
from tuning.cli.deployed_options import Environment, Region
from tuning.cli.exits import Exit
from tuning.cli.output import say


@speaks_to_aws
def redrive(environment: Environment = "dev", region: Region = None) -> None:
    """Send dead letters back, to be received once more. One that was received before starts nothing."""
    account = Account.of(environment, region)
    dead = _attributes(account, "DeadLetters")
    count = int(dead["ApproximateNumberOfMessages"])
    if count:
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
        account.client("sqs").start_message_move_task(
            SourceArn=dead["QueueArn"], DestinationArn=_attributes(account, "Queue")["QueueArn"]
        )
    say(f"about {count} dead letters are on their way back" if count else "there are none")
    raise SystemExit(Exit.DONE)


def _attributes(account: Account, queue: str) -> dict[str, Any]:
    found = account.client("sqs").get_queue_attributes(
        QueueUrl=account.outputs[queue],
        AttributeNames=["QueueArn", "ApproximateNumberOfMessages"],
    )
    attributes: dict[str, Any] = found["Attributes"]
    return attributes
