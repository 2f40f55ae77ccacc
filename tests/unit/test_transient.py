"""Which of AWS's refusals pass: for those the same call is made again, for others never."""

import pytest
from botocore.exceptions import ClientError
from fake_aws import refusal

from tuning.aws.transient import RefusedByAwsError, Transient, as_transient, passes


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_timeout_too_many_requests_and_a_fault_of_the_service_pass(status):
    error = refusal("OfThisServiceOnly", status=status)
    assert passes(error)
    with pytest.raises(Transient, match="OfThisServiceOnly"), as_transient():
        raise error


@pytest.mark.parametrize("status", [400, 403, 404, 407, 409, 428, 430, 499])
def test_what_was_refused_for_good_does_not_pass(status):
    error = refusal("OfThisServiceOnly", status=status)
    assert not passes(error)
    assert RefusedByAwsError.of(error).code == "OfThisServiceOnly"


def test_an_error_of_a_code_that_passes_needs_no_status():
    assert passes(ClientError({"Error": {"Code": "SlowDown"}}, "PutObject"))
    assert not passes(ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject"))
