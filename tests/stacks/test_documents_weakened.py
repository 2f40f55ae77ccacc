"""The decisions on documents would notice each weaker policy: of their bucket, key, queues, roles and endpoints."""

import pytest
from changed_policies import unnoticed

from review.mutations import mutants
from review.physical import Physical
from review.policy_documents import documents

REGION = "us-east-1"
ENDPOINTS = {
    f"endpoint Endpoints{name}"
    for name in ("BedrockAgent", "BedrockAgentRuntime", "S3", "S3Gateway")
}
EQUIVALENT = {
    # It would deny no more: no action but those that write knows the key that it asks for.
    ("policy of Documents", "statement 5 (DenyOtherKeys): any action"),
    ("policy of Documents", "statement 6 (DenyCustomerKeys): any action"),
    # No service is let make grants with this key, so that none is denied more.
    (
        "policy of DocumentsVectorsKey",
        "statement 3 (DenyGrantsToOthers): without BoolIfExists aws:PrincipalIsAWSService",
    ),
}


@pytest.fixture(scope="module")
def weaker(docs):
    """Each policy that is about documents, in each way in which one statement can be weaker."""
    found = documents(Physical(environment=docs, region=REGION))
    own = [
        each
        for each in found
        if each.kind != "identity" and ("Documents" in each.name or each.name in ENDPOINTS)
    ]
    assert len(own) == 14
    return [mutant for each in own for mutant in mutants(each)]


def test_every_weakened_policy_of_documents_is_noticed(docs, weaker):
    assert len(weaker) >= 140
    assert unnoticed(docs, weaker, region=REGION) == EQUIVALENT
