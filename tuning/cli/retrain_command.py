"""`tuning retrain`: train what was uploaded once more, by the recipe as it is deployed now."""

from tuning.cli.account import Account
from tuning.cli.aws_errors import speaks_to_aws
from tuning.cli.deployed_options import EnvironmentOption, FormatOption, Region, RunId
from tuning.cli.output import answer
from tuning.errors import TuningError
from tuning.runs.run import received


class NotRetrainedError(TuningError):
    """A run whose upload is not known, or no longer there."""


@speaks_to_aws
def retrain_command(
    run: RunId,
    environment: EnvironmentOption = "dev",
    region: Region = None,
    shown: FormatOption = "text",
) -> None:
    """Train a run's upload again, in a new run, with its recipe as it is now.

    Each version of an object has one run, so the object gets a new version with the same bytes.
    """
    account = Account.of(environment, region)
    record = account.run(run)
    if record.run is None:
        raise NotRetrainedError(
            f"{record.id}: its row does not name the uploaded object; upload the file again"
        )
    upload = received(record.run).upload
    if (version := account.files.copy_onto_itself(upload, retrains=record.id)) is None:
        raise NotRetrainedError(
            f"{upload.uri}: version {upload.version_id} was deleted; upload the file again"
        )
    words = f"{upload.uri}: is now version {version}, which starts a run (tuning runs)"
    answer(shown, words, run=record.id, upload=upload.uri, version=version)
