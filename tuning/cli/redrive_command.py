"""`tuning redrive`: send what could not be received back to the queue."""

from tuning.aws.dead_letters import DeadLetters
from tuning.aws.stack_outputs import import_outputs
from tuning.cli.account import Account
from tuning.cli.aws_errors import speaks_to_aws
from tuning.cli.deployed_options import EnvironmentOption, FormatOption, Region
from tuning.cli.exits import Exit
from tuning.cli.output import answer


@speaks_to_aws
def redrive_command(
    environment: EnvironmentOption = "dev", region: Region = None, shown: FormatOption = "text"
) -> None:
    """Send dead letters back, to be received once more. One that was received before starts nothing."""
    account = Account.of(environment, region)
    letters = [account.dead_letters]
    if imports := import_outputs(account.client, environment):
        url, queue = imports["ImportDeadLetters"], imports["ImportQueue"]
        letters.append(DeadLetters(url=url, queue_url=queue, client=account.client))
    count = sum(each.redrive() for each in letters)
    words = f"about {count} dead letters are on their way back" if count else "there are none"
    answer(shown, words, dead_letters=count)
    raise SystemExit(Exit.DONE)
