"""Bedrock's model import jobs and the models that come of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tuning.aws.clients import Clients, client
from tuning.aws.transient import RefusedByAwsError
from tuning.aws.unknown_in_bedrock import is_unknown


class ImportJobRefusedError(RefusedByAwsError):
    """Bedrock makes no job of a request."""

    @property
    def for_want_of_room(self) -> bool:
        """Another import is under way, of which an account has one at a time, or there are as many imported models as
        it may have. https://docs.aws.amazon.com/general/latest/gr/bedrock.html
        """
        return self.code == "ServiceQuotaExceededException"

    @property
    def for_its_role(self) -> bool:
        """A role that was made just now is not known everywhere. The words are of public reports."""
        said = self.message.lower()
        return self.code == "ValidationException" and "role" in said and "invalid" in said


@dataclass(frozen=True, kw_only=True)
class ImportJobs:
    client: Clients = client

    def create(self, request: Mapping[str, Any]) -> str:
        """The ARN of a new job. Raises ImportJobRefusedError, unless the same call may succeed later.
        https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelImportJob.html
        """
        with ImportJobRefusedError.of_calls():
            job = self.client("bedrock").create_model_import_job(**request)
        return str(job["jobArn"])

    def find(self, name: str) -> dict[str, Any] | None:
        """The job of that name or ARN, as GetModelImportJob answers; None when there is none."""
        bedrock = self.client("bedrock")
        try:
            job: dict[str, Any] = bedrock.get_model_import_job(jobIdentifier=name)
        except bedrock.exceptions.ClientError as error:
            if not is_unknown(error):
                raise
            return None
        return job

    def model(self, arn: str) -> dict[str, Any]:
        """As GetImportedModel answers.
        https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetImportedModel.html
        """
        found: dict[str, Any] = self.client("bedrock").get_imported_model(modelIdentifier=arn)
        return found
