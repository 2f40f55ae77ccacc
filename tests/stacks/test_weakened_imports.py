"""Each statement that guards the stack of imports is needed and no wider: changed in any way, a decision of the table
changes. What its functions may is compared as a whole set: test_model_import_stack.
"""

import pytest
from changed_policies import changes_of, known_as_equivalent, unnoticed

from review.mutations import mutants
from review.permission_table import table_rows
from review.physical import Physical
from review.policy_documents import documents
from review.role_policies import RoleStatement

REGION = "us-west-2"


@pytest.fixture(scope="module")
def own(imported):
    """The policies of its stack."""
    names = {each.name for each in imported.resources if each.stack == "Import"}
    found = documents(Physical(environment=imported, region=REGION))
    return [each for each in found if each.name.rpartition(" ")[2] in names]


def test_every_weakened_policy_of_the_import_stack_is_noticed(imported, own, capsys):
    guarding = [each for each in own if each.kind != "identity"]
    changed = changes_of(guarding)
    left = unnoticed(imported, changed, region=REGION)
    with capsys.disabled():
        print(f"\n{len(changed)} changes, {len(left)} that change nothing", end="")  # noqa: T201 — the proof
    assert left == known_as_equivalent("imported")
    assert len(changed) >= 80


def test_every_weakened_right_of_a_function_that_imports_changes_the_permission_table(own):
    changed = 0
    for document in (each for each in own if each.kind == "identity"):
        before = table_rows(map(RoleStatement.of, document.content["Statement"]))
        for mutant in mutants(document):
            changed += 1
            after = table_rows(map(RoleStatement.of, mutant.content["Statement"]))
            assert after != before, (mutant.policy, mutant.change)
    assert changed > 200
