"""The Release state machine as it is synthesized, with the real functions and the emulated Bedrock."""

import pytest
from recipe_refusal_cases import refusal
from release_history import CALLS, NAME, consistent

from emulator.bedrock.injected_faults import InjectedFault


def test_a_version_goes_live_and_its_owners_are_notified(releasing, run):
    releasing.trained()
    end, around = run(releasing.request(1, kind="release"))
    assert end.status == "SUCCEEDED"
    assert around.notices == [
        ("release of support version 1: released", "It answers. Of support, version 1 is live.")
    ]
    assert releasing.live.version == 1
    consistent(releasing)


def test_what_is_refused_succeeds_as_refused_and_changes_nothing(releasing, run):
    releasing.trained()
    end, around = run(releasing.request(7))
    assert (end.status, around.notices[0][0]) == (
        "SUCCEEDED",
        "promote of support version 7: refused",
    )
    assert releasing.held() == []


def test_a_failed_update_is_a_failed_execution_that_says_what_is_live(releasing, run):
    releasing.trained(), releasing.trained()
    run(releasing.request(1))
    releasing.engine.faults.add(InjectedFault(kind="fail", phase="Deployment", times=1))
    end, around = run(releasing.request(2))
    assert end.status == "FAILED"
    assert "version 1 is live" in around.notices[0][1]
    consistent(releasing)


@pytest.mark.parametrize("before", [True, False], ids=["one before it", "none before it"])
def test_a_model_that_does_not_answer_gives_way(releasing, run, before):
    models = [releasing.trained(), releasing.trained()]
    if before:
        run(releasing.request(1))
    releasing.runtime.silent.add(models[1].model_arn)
    end, around = run(releasing.request(2))
    assert end.status == "FAILED"
    assert "It did not answer" in around.notices[0][1]
    assert releasing.live.version == (1 if before else None)
    consistent(releasing)


@pytest.mark.parametrize("after", [False, True], ids=["before its work", "after its work"])
@pytest.mark.parametrize("first", [False, True], ids=["an update", "a creation"])
def test_a_function_that_dies_once_changes_nothing_about_the_end(releasing, run, first, after):
    """Wherever it dies, and whether it had done its work."""
    releasing.trained(), releasing.trained()
    if not first:
        run(releasing.request(1))
    version = 2
    for number in range(1, CALLS):
        request = releasing.request(version)
        end, around = run(request, dies=number, after=after)
        assert end.status == "SUCCEEDED", (number, end)
        assert len(around.notices) == 1
        assert releasing.live.version == version
        consistent(releasing)
        if around.number < number:
            return  # it died nowhere: every call was struck
        if first:
            releasing.bedrock.delete_custom_model_deployment(customModelDeploymentIdentifier=NAME)
        version = 2 if first else 3 - version
    raise AssertionError("a history without end")


def test_whatever_was_killed_the_next_release_puts_in_order(releasing, run):
    """At each invocation somebody ends the execution; the next one takes over, at once or late."""
    releasing.trained(), releasing.trained()
    run(releasing.request(1))
    for number in range(1, CALLS):
        request = releasing.request(2)
        end, _ = run(request, killed=number)
        again = releasing.request(1, by="arn:bob")
        ended, _ = run(again)
        assert ended.status == "SUCCEEDED", (number, ended)
        assert releasing.live.version == 1
        consistent(releasing)
        if end is not None:
            return
    raise AssertionError("a history without end")


def test_a_fault_that_does_not_pass_ends_recorded_and_notified(releasing, run, monkeypatch):
    releasing.trained()

    def denied(**_given):
        raise refusal("AccessDeniedException", "GetCustomModelDeployment", 403, "not allowed")

    monkeypatch.setattr(releasing.bedrock, "create_custom_model_deployment", denied, raising=False)
    end, around = run(releasing.request(1))
    assert end.status == "FAILED"
    assert "not allowed" in around.notices[0][1]
    assert releasing.live.change is None
