"""Why AWS gave no answer: by its code where that is known, else by the HTTP status."""

import pytest
from recipe_refusal_cases import refusal

from tuning.aws.answers import ask

SCP = "with an explicit deny in a service control policy"


@pytest.mark.parametrize(
    ("code", "status", "fault"),
    [
        ("ExpiredToken", 403, "credentials"),
        ("UnauthorizedOperation", 400, "denied"),
        ("SomethingNew", 403, "denied"),
        ("ThrottlingException", 400, "throttled"),
        ("SomethingNew", 429, "throttled"),
        ("InternalFailure", 500, "unreachable"),
        ("OptInRequired", 400, "refused"),
    ],
)
def test_a_code_or_a_status_alone_says_why_there_is_no_answer(code, status, fault):
    assert fault_of(refusal(code, status=status)) == fault


@pytest.mark.parametrize(("code", "status"), [("AccessDenied", 400), ("SomethingNew", 403)])
def test_a_denial_by_a_policy_of_the_organization_is_distinguished_from_others(code, status):
    assert fault_of(refusal(code, status=status, message=SCP)) == "organization"
    assert fault_of(refusal("OptInRequired", message=SCP)) == "refused"


@pytest.mark.parametrize(
    ("code", "fault"), [("AccessDenied", "denied"), ("OptInRequired", "refused")]
)
def test_an_answer_without_a_status_is_explained_by_its_code(code, fault):
    error = refusal(code)
    del error.response["ResponseMetadata"]
    assert fault_of(error) == fault


def fault_of(error):
    def question():
        raise error

    return ask("service:Get", question).fault
