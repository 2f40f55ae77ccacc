"""The states of the Release state machine, by name. An execution under way keeps those it was started with."""

from enum import StrEnum


class ReleaseState(StrEnum):
    BEGIN = "Begin"
    RELEASE_BEGUN = "Release begun?"
    NOT_BEGUN = "Release refused"
    DEPLOY = "Deploy version"
    DEPLOYMENT_STATUS = "Deployment status?"
    WAIT_FOR_DEPLOYMENT = "Wait for deployment"
    MODEL_ANSWERS = "Model answers?"
    MODEL_LIVE = "Model live"
    RESTORE = "Restore earlier model"
    NOT_DEPLOYED = "Deployment failed"
    RESTORED = "Earlier model restored"
    STEP_FAILED = "Release step failed"
    NOTIFY = "Notify of release"
    NOT_REPORTED = "Release not reported"
    OUTCOME = "Release outcome?"
    RELEASED = "Released"
    REFUSED = "Not released"
    FAILED = "Release failed"
