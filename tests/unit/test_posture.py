"""Prowler's findings, told apart: what is ours and fails, what is accepted, and what is not ours."""

import json
import tomllib

from review.posture import EXCEPTIONS, Found, exceptions, judge, read

OURS = {"dev-storage-ledger": "Ledger", "dev-storage-datasets": "Datasets"}
ROW = {"check": "dynamodb_backup", "resource": "Ledger"}


def found(check, resource, status="FAIL"):
    return Found(check=check, status=status, resource=resource, says="so")


def test_a_failure_on_a_resource_of_ours_is_a_failure():
    posture = judge([found("s3_public", "arn:aws:s3:::dev-storage-datasets")], OURS, [])
    assert [name for name, _ in posture.failed] == ["Datasets"]
    assert not posture.sound


def test_a_failure_elsewhere_is_told_apart():
    rows = [found("s3_public", "arn:aws:s3:::cdk-assets"), found("account", "000000000000")]
    posture = judge(rows, OURS, [])
    assert (posture.failed, len(posture.elsewhere)) == ((), 2)
    assert posture.sound


def test_a_reason_covers_one_check_of_one_resource():
    table = "arn:aws:dynamodb:us-east-1:000000000000:table/dev-storage-ledger"
    rows = [found("dynamodb_backup", table), found("dynamodb_other", table)]
    posture = judge(rows, OURS, [ROW])
    assert [each.check for _, each in posture.accepted] == ["dynamodb_backup"]
    assert [each.check for _, each in posture.failed] == ["dynamodb_other"]


def test_a_reason_for_what_passes_is_stale():
    posture = judge([found("dynamodb_backup", "dev-storage-ledger", "PASS")], OURS, [ROW])
    assert (posture.passed, posture.stale) == (1, (ROW,))
    assert not posture.sound


def test_findings_are_read_from_prowlers_report(tmp_path):
    report = tmp_path / "posture.ocsf.json"
    row = {
        "metadata": {"event_code": "s3_public"},
        "status_code": "FAIL",
        "status_detail": "so",
        "resources": [{"uid": "arn:aws:s3:::b"}],
    }
    report.write_text(json.dumps([row]), encoding="utf-8")
    assert read(report) == [found("s3_public", "arn:aws:s3:::b")]


def test_every_reason_has_its_evidence_and_its_owner():
    for row in tomllib.loads(EXCEPTIONS.read_text("utf-8"))["accepted"]:
        assert set(row) == {"check", "resources", "reason", "evidence", "owner"}
        assert row["evidence"].startswith("https://")


def test_each_resource_of_a_reason_stands_for_itself():
    """So that one of them that no longer fails is refused as stale."""
    pairs = [(row["check"], row["resource"]) for row in exceptions()]
    assert ("s3_bucket_kms_encryption", "AccessLogs") in pairs
    assert len(set(pairs)) == len(pairs)
