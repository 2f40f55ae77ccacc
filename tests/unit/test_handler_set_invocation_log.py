"""The account's log of models is set up where nobody has one, and nobody else's is touched."""

from types import SimpleNamespace

import pytest
from botocore.exceptions import ConnectTimeoutError
from custom_resources import answered_by
from fake_aws import refusal

from lambdas import set_invocation_log
from tuning.aws import invocation_logging

ROLE = "arn:aws:iam::111122223333:role/logs"
YOUNG = refusal("ValidationException", "PutModelInvocationLoggingConfiguration")
THROTTLED = refusal("ThrottlingException", "PutModelInvocationLoggingConfiguration", 429)


def of(group, **more):
    return {"cloudWatchConfig": {"logGroupName": group, "roleArn": ROLE}, **more}


BUCKET = {"s3Config": {"bucketName": "theirs"}}
LARGE = {"largeDataDeliveryS3Config": {"bucketName": "theirs"}}
FOREIGN = {
    "a bucket": BUCKET,
    "a group": of("theirs"),
    "our group and a bucket": of("ours", **BUCKET),
    "our group, and a bucket for what is large": {
        "cloudWatchConfig": {"logGroupName": "ours", "roleArn": ROLE, **LARGE}
    },
    "nowhere": {"textDataDeliveryEnabled": True},
}


class FakeAccountLog:
    """Of one account and Region. `faults` are raised one after the other by what changes it."""

    def __init__(self, setting=None, *faults):
        self.setting, self.faults, self.changes = setting, list(faults), 0
        self.meanwhile = None
        """What somebody else sets while our change is refused."""

    def get_model_invocation_logging_configuration(self):
        return {"loggingConfig": self.setting} if self.setting else {}

    def put_model_invocation_logging_configuration(self, *, loggingConfig):  # noqa: N803 — AWS's name
        self._change(loggingConfig)

    def delete_model_invocation_logging_configuration(self):
        self._change(None)

    def _change(self, setting):
        if self.faults:
            self.setting = self.meanwhile or self.setting
            raise self.faults.pop(0)
        self.setting, self.changes = setting, self.changes + 1


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """Seconds that were waited; the clock goes on by them."""
    waited = []
    clock = SimpleNamespace(sleep=waited.append, monotonic=lambda: sum(waited))
    monkeypatch.setattr(invocation_logging, "time", clock)
    return waited


@pytest.fixture
def answered(monkeypatch, context):
    """What CloudFormation is answered to a request."""

    def request(log, kind="Create", **more):
        asked = {"RequestType": kind, "ResourceProperties": {"LogGroup": "ours", "Role": ROLE}}
        event = {**asked, **more}
        answer = answered_by(set_invocation_log.handler, monkeypatch, context, log, **event)
        assert answer["PhysicalResourceId"] == "ours"
        return answer

    return request


def test_where_there_is_none_ours_is_set_up_with_text_alone(answered):
    log = FakeAccountLog()
    assert answered(log)["Status"] == "SUCCESS"
    flags = {k: v for k, v in log.setting.items() if k.endswith("Enabled")}
    assert flags == {
        "textDataDeliveryEnabled": True,
        "imageDataDeliveryEnabled": False,
        "embeddingDataDeliveryEnabled": False,
        "videoDataDeliveryEnabled": False,
        "audioDataDeliveryEnabled": False,
    }
    assert log.setting["cloudWatchConfig"] == {"logGroupName": "ours", "roleArn": ROLE}
    assert "s3Config" not in log.setting


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_ours_is_set_up_again(answered, kind):
    log = FakeAccountLog(of("ours", imageDataDeliveryEnabled=True))
    assert answered(log, kind)["Status"] == "SUCCESS"
    assert log.setting["imageDataDeliveryEnabled"] is False


def test_what_was_ours_before_gives_way_to_what_is(answered):
    log = FakeAccountLog(of("former"))
    before = {"LogGroup": "former", "Role": ROLE}
    assert answered(log, "Update", OldResourceProperties=before)["Status"] == "SUCCESS"
    assert log.setting["cloudWatchConfig"]["logGroupName"] == "ours"


@pytest.mark.parametrize("kind", ["Create", "Update"])
@pytest.mark.parametrize("setting", FOREIGN.values(), ids=FOREIGN)
def test_anybody_elses_is_left_as_it_is_and_the_deployment_fails_with_the_reason(
    answered, setting, kind
):
    log = FakeAccountLog(setting)
    answer = answered(log, kind)
    assert answer["Status"] == "FAILED"
    assert (log.setting, log.changes) == (setting, 0)
    said = answer["Reason"]
    assert "log_account_prompts overwrites no setting of somebody else" in said
    assert "aws bedrock delete-model-invocation-logging-configuration" in said
    assert "None" not in said


def test_the_reason_names_what_is_there(answered):
    said = answered(FakeAccountLog(of("theirs", **BUCKET)))["Reason"]
    assert "s3://theirs and log group theirs" in said


def test_deleting_takes_ours_away(answered):
    log = FakeAccountLog(of("ours"))
    assert answered(log, "Delete")["Status"] == "SUCCESS"
    assert log.setting is None


@pytest.mark.parametrize("setting", FOREIGN.values(), ids=FOREIGN)
def test_deleting_leaves_what_took_its_place(answered, setting):
    log = FakeAccountLog(setting)
    assert answered(log, "Delete")["Status"] == "SUCCESS"
    assert (log.setting, log.changes) == (setting, 0)


def test_deleting_where_there_is_none_is_done(answered):
    log = FakeAccountLog()
    assert answered(log, "Delete")["Status"] == "SUCCESS"
    assert log.changes == 0


def test_a_role_that_is_not_known_yet_is_waited_for(answered, pauses):
    log = FakeAccountLog(None, YOUNG, YOUNG)
    assert answered(log)["Status"] == "SUCCESS"
    assert pauses == [5, 5]
    assert log.changes == 1


def test_somebody_who_sets_up_theirs_meanwhile_is_not_overwritten(answered):
    log = FakeAccountLog(None, YOUNG)
    log.meanwhile = of("theirs")
    assert answered(log)["Status"] == "FAILED"
    assert log.setting == of("theirs")


def test_a_role_that_never_may_fails_the_deployment_in_time_and_with_awss_words(answered, pauses):
    answer = answered(FakeAccountLog(None, *[YOUNG] * 100))
    assert answer["Status"] == "FAILED"
    assert "ValidationException" in answer["Reason"]
    assert sum(pauses) == 90  # seconds, of the 240 that the function has


@pytest.mark.parametrize("kind", ["Create", "Delete"])
@pytest.mark.parametrize(
    "fault",
    [
        THROTTLED,
        ConnectTimeoutError(endpoint_url="https://bedrock"),
        refusal("AccessDenied", "Put"),
    ],
    ids=["throttled", "unreachable", "denied"],
)
def test_a_failure_is_answered_too_at_once_and_nothing_is_changed(answered, pauses, kind, fault):
    before = of("ours") if kind == "Delete" else None
    log = FakeAccountLog(before, fault)
    answer = answered(log, kind)
    assert answer["Status"] == "FAILED"
    assert "was not changed" in answer["Reason"]
    assert (log.setting, pauses) == (before, [])
