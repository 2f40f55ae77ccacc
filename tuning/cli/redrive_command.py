"""`tuning redrive`: send what could not be received back to the queue."""

from tuning.aws.dead_letters import DeadLetters
from tuning.aws.stack_outputs import assistants_outputs, import_outputs
from tuning.cli.account import Account
from tuning.cli.aws_errors import speaks_to_aws
from tuning.cli.deployed_options import EnvironmentOption, FormatOption, Region
from tuning.cli.output import answer

_OPTED = (("ImportDeadLetters", "ImportQueue"), ("DocumentDeadLetters", "DocumentQueue"))
"""Outputs of stacks that not every environment has: of dead letters, and of where they came from."""


@speaks_to_aws
def redrive_command(
    environment: EnvironmentOption = "dev", region: Region = None, shown: FormatOption = "text"
) -> None:
    """Send the dead letters of uploads, imports and documents back. One that was already received starts nothing."""
    account = Account.of(environment, region)
    outputs = {
        **(import_outputs(account.client, environment) or {}),
        **(assistants_outputs(account.client, environment) or {}),
    }
    opted = [
        DeadLetters(url=outputs[dead], queue_url=outputs[queue], client=account.client)
        for dead, queue in _OPTED
        if dead in outputs
    ]
    count = sum(each.redrive() for each in (account.dead_letters, *opted))
    words = f"about {count} dead letters are on their way back" if count else "there are none"
    answer(shown, words, dead_letters=count)
