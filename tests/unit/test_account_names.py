"""Names that an account and Region have once, such as those of agents and guardrails."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from tuning.account_names import account_name, runtime_name

ENVIRONMENTS = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,15}", fullmatch=True)
ASSISTANTS = st.from_regex(r"[a-z][a-z0-9]{0,7}(-[a-z0-9]{1,7}){0,2}", fullmatch=True)


@given(ENVIRONMENTS, ASSISTANTS, ENVIRONMENTS, ASSISTANTS)
@example("dev", "a-b", "dev-a", "b")
@example("dev-", "b", "dev", "b")
def test_two_environments_of_an_account_never_have_one_name(one, asked, other, another):
    same = (one, asked) == (other, another)
    assert (account_name(one, asked) == account_name(other, another)) == same
    assert (runtime_name(one, asked) == runtime_name(other, another)) == same


@given(ENVIRONMENTS, ASSISTANTS)
def test_a_name_of_an_agent_is_one_that_the_service_takes(environment, assistant):
    assert re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_]{0,47}", runtime_name(environment, assistant))
