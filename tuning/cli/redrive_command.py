"""`tuning redrive`: send what could not be received back to the queue."""

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
    count = Account.of(environment, region).dead_letters.redrive()
    words = f"about {count} dead letters are on their way back" if count else "there are none"
    answer(shown, words, dead_letters=count)
    raise SystemExit(Exit.DONE)
