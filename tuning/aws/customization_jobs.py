"""Bedrock's customization jobs, as all who start, read or stop them understand its answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tuning.aws.clients import Clients, client
from tuning.aws.transient import RefusedByAwsError
from tuning.aws.unknown_in_bedrock import is_unknown
from tuning.runs.customization_job import Job


class JobRefusedError(RefusedByAwsError):
    """Bedrock makes no job of a request."""


@dataclass(frozen=True, kw_only=True)
class CustomizationJobs:
    client: Clients = client

    def create(self, request: Mapping[str, Any]) -> str:
        """The ARN of a new job. Raises JobRefusedError, unless the same call may succeed later."""
        with JobRefusedError.of_calls():
            job = self.client("bedrock").create_model_customization_job(**request)
        return str(job["jobArn"])

    def read(self, arn: str) -> dict[str, Any]:
        """As GetModelCustomizationJob answers."""
        job: dict[str, Any] = self.client("bedrock").get_model_customization_job(jobIdentifier=arn)
        return job

    def described(self, identifier: str) -> dict[str, Any] | None:
        """The job of that name or ARN; None when there is none."""
        known = self.client("bedrock").exceptions
        try:
            return self.read(identifier)
        except known.ClientError as error:
            if not is_unknown(error):
                raise
            return None

    def model_key(self, model_arn: str) -> str | None:
        """The ARN of the key that a custom model is encrypted with; None of AWS's own."""
        found = self.client("bedrock").get_custom_model(modelIdentifier=model_arn)
        key: str | None = found.get("modelKmsKeyArn")
        return key

    def model_made_at(self, model_arn: str) -> datetime | None:
        """When a custom model was made; None of one that is not there any more.
        https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetCustomModel.html
        """
        bedrock = self.client("bedrock")
        try:
            made: datetime = bedrock.get_custom_model(modelIdentifier=model_arn)["creationTime"]
        except bedrock.exceptions.ClientError as error:
            if not is_unknown(error):
                raise
            return None
        return made

    def delete_model(self, model_arn: str) -> None:
        self.client("bedrock").delete_custom_model(modelIdentifier=model_arn)

    def stop(self, arn: str) -> str | None:
        """Ask a job to stop. Returns why it could not be stopped: it has ended, or is gone. UNCONFIRMED:
        that a conflict says that it has ended.
        https://docs.aws.amazon.com/bedrock/latest/APIReference/API_StopModelCustomizationJob.html
        """
        bedrock = self.client("bedrock")
        try:
            bedrock.stop_model_customization_job(jobIdentifier=arn)
        except bedrock.exceptions.ClientError as error:
            said = error.response["Error"]
            if said["Code"] != "ConflictException" and not is_unknown(error):
                raise
            return str(said.get("Message") or error)
        return None

    def in_progress(self) -> list[Job]:
        """All, before one is stopped: that would shift the pages."""
        return list(self._listed(statusEquals="InProgress"))

    def taking_slots(self) -> int:
        """How many are in progress, of anyone. One that is being stopped counts until it is."""
        return sum(
            1 for each in ("InProgress", "Stopping") for _ in self._listed(statusEquals=each)
        )

    def of_run(self, run_id: str) -> Iterator[Job]:
        """Those that bear the run's tag, in the order of their making."""
        for job in list(
            self._listed(nameContains=run_id[:20], sortBy="CreationTime", sortOrder="Ascending")
        ):
            if self.tags(job.arn).get("run") == run_id:
                yield job

    def named(self, *names: str) -> Iterator[Job]:
        """Those that there are, whatever became of them."""
        yield from (Job.seen(job) for name in names if (job := self.described(name)))

    def tags(self, arn: str) -> Mapping[str, str]:
        answer = self.client("bedrock").list_tags_for_resource(resourceARN=arn)
        return {tag["key"]: tag["value"] for tag in answer["tags"]}

    def _listed(self, **wanted: str) -> Iterator[Job]:
        pages = self.client("bedrock").get_paginator("list_model_customization_jobs")
        for page in pages.paginate(**wanted):
            yield from map(Job.seen, page["modelCustomizationJobSummaries"])
