"""A live deployment has the name of its environment's recipe, and of no other's."""

import pytest
from bedrock_model import complaints, shape
from hypothesis import given
from hypothesis import strategies as st

from tuning.releases.release_steps import deployment_name

ENVIRONMENTS = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,15}", fullmatch=True)
"""As `stacks/deployment.py` lets them be called, hyphens in a row and at the end included."""
RECIPES = st.from_regex(r"[a-z0-9]([a-z0-9]|-[a-z0-9]){0,19}", fullmatch=True)


@given(environment=ENVIRONMENTS, recipe=RECIPES)
def test_it_is_legal_whatever_an_environment_is_called(environment, recipe):
    create = {
        "modelDeploymentName": deployment_name(environment, recipe),
        "modelArn": "arn:aws:bedrock:us-east-1:123456789012:custom-model/amazon.nova-micro-v1:0:128k/abcdefghijkl",
    }
    assert complaints(create, shape("CreateCustomModelDeployment")) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("dev-eu", "support"), ("dev", "eu-support")),
        (("dev", "support"), ("dev", "support-live")),
        (("dev", "support"), ("Dev", "support")),
        (("dev", "support"), ("dev-", "support")),
    ],
)
def test_no_other_environment_of_the_account_has_it(one, other):
    assert deployment_name(*one) != deployment_name(*other)


def test_it_stays_the_same():
    """Another name would leave what is live behind, and deploy beside it."""
    assert deployment_name("dev", "support") == "support-live-b34414e3bb86"
