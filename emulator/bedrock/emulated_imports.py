"""An import job and the model that it makes, in the shapes that the API returns.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetModelImportJob.html
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetImportedModel.html
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from emulator.bedrock.emulated_jobs import present, timestamp
from emulator.bedrock.ports import Scope
from emulator.bedrock.timed_resources import TimedResource
from emulator.bedrock.weights_folder import SoundFolder

IDLE_SECONDS = 300
"""Without a call for so long, a model is unloaded.
https://docs.aws.amazon.com/bedrock/latest/userguide/invoke-imported-model.html"""
_UNITS_VERSION = "v1.0"
"""INVENTED: https://docs.aws.amazon.com/bedrock/latest/userguide/import-model-calculate-cost.html has no list."""


@dataclass(kw_only=True)
class EmulatedImport(TimedResource):
    named_by: ClassVar[str] = "jobName"
    tagged_by: ClassVar[str] = "jobTags"
    status: str = "InProgress"
    model_arn: str | None = None

    @property
    def model_name(self) -> str:
        return str(self.request["importedModelName"])

    @property
    def role(self) -> str:
        return str(self.request["roleArn"])

    @property
    def source_uri(self) -> str:
        return str(self.request["modelDataSource"]["s3DataSource"]["s3Uri"])

    @property
    def key(self) -> str | None:
        found: str | None = self.request.get("importedModelKmsKeyId")
        return found

    def describe(self) -> dict[str, Any]:
        """GetModelImportJob."""
        return present(
            jobArn=self.arn,
            jobName=self.name,
            importedModelName=self.model_name,
            importedModelArn=self.model_arn,
            roleArn=self.role,
            modelDataSource=self.request["modelDataSource"],
            status=self.status,
            failureMessage=self.failure,
            creationTime=timestamp(self.created),
            lastModifiedTime=timestamp(self.modified),
            endTime=None if self.mutating else timestamp(self.modified),
            vpcConfig=self.request.get("vpcConfig"),
            importedModelKmsKeyArn=self.key,
        )

    def summary(self) -> dict[str, Any]:
        """One entry of ListModelImportJobs."""
        kept = (
            *("jobArn", "jobName", "status", "lastModifiedTime", "creationTime", "endTime"),
            *("importedModelArn", "importedModelName"),
        )
        described = self.describe()
        return {name: described[name] for name in kept if name in described}


@dataclass(kw_only=True)
class EmulatedImportedModel:
    job: EmulatedImport
    arn: str
    created: float
    folder: SoundFolder
    tags: dict[str, str] = field(default_factory=dict)
    ready_at: float | None = None
    """When it is, or was, loaded; None while it is not and nothing loads it."""
    used_at: float = 0

    @property
    def scope(self) -> Scope:
        return self.job.scope

    @property
    def request(self) -> dict[str, Any]:
        return self.job.request

    @property
    def name(self) -> str:
        return self.job.model_name

    def wake(self, now: float, seconds: float) -> bool:
        """Whether it answers a call; one that it does not answer begins to load it. So does the first after its
        import: INFERRED of "billed from the first successful call".
        """
        loaded = self.ready_at is not None and now >= self.ready_at
        if loaded and now - max(self.used_at, self.ready_at or 0) >= IDLE_SECONDS:
            self.ready_at = None
        if self.ready_at is None:
            self.ready_at = now + seconds
        if now < self.ready_at:
            return False
        self.used_at = now
        return True

    def describe(self) -> dict[str, Any]:
        """GetImportedModel. Whether AWS spells an architecture as config.json does is UNCONFIRMED."""
        units = {
            "customModelUnitsPerModelCopy": self.folder.units,
            "customModelUnitsVersion": _UNITS_VERSION,
        }
        return self.summary() | present(
            jobName=self.job.name,
            jobArn=self.job.arn,
            modelDataSource=self.request["modelDataSource"],
            modelKmsKeyArn=self.job.key,
            customModelUnits=units,
        )

    def summary(self) -> dict[str, Any]:
        """One entry of ListImportedModels."""
        return {
            "modelArn": self.arn,
            "modelName": self.name,
            "creationTime": timestamp(self.created),
            "instructSupported": self.folder.converse,
            "modelArchitecture": self.folder.architecture,
        }
