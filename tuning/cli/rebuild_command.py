"""`tuning rebuild`: a run's row made anew from what AWS remembers, when the ledger has lost it."""

from tuning.cli.account import Account
from tuning.cli.aws_errors import UnknownRunError, speaks_to_aws
from tuning.cli.deployed_options import EnvironmentOption, FormatOption, Region, RunId
from tuning.cli.exits import Exit
from tuning.cli.output import answer
from tuning.runs.rebuild import rebuilt


@speaks_to_aws
def rebuild_command(
    run: RunId,
    environment: EnvironmentOption = "dev",
    region: Region = None,
    shown: FormatOption = "text",
) -> None:
    """Restore a run's lost row from its execution and its job.

    The reconciler does so by itself for a run in progress. Step Functions keeps an execution for 90 days.
    """
    account = Account.of(environment, region)
    if (newest := account.executions.newest(run)) is None:
        raise UnknownRunError(f"{run}: Step Functions has no execution of it")
    history = account.executions.history(newest.name)
    record = rebuilt(newest, jobs=account.jobs.of_run(run), history=history)
    if not account.ledger.put_new(record):
        words = f"{run}: the ledger has its row; nothing was written"
        answer(shown, words, run=run, rebuilt=False)
        raise SystemExit(Exit.REFUSED)
    words = f"{run}: restored as {record.state}, from the execution {newest.name} ({newest.status})"
    answer(shown, words, run=run, rebuilt=True, state=record.state, execution=newest.name)
