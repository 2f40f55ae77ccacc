"""Faults on demand, and what a job is like that meets one."""

import threading

import pytest
from emulated_world import EAST, an_engine, create, get

from emulator.bedrock import api_errors as errors
from emulator.bedrock.injected_faults import InjectedFault


def test_a_fault_fails_the_phase_it_names_with_its_message(engine):
    engine.faults.add(
        InjectedFault(kind="fail", phase="DataProcessing", message="boom", jobs="job-*")
    )
    job = get(engine, create(engine))
    assert (job["status"], job["failureMessage"]) == ("Failed", "boom")
    assert job["statusDetails"]["dataProcessingDetails"]["status"] == "Failed"


def test_a_fault_leaves_other_jobs_alone(engine):
    engine.faults.add(InjectedFault(kind="fail", jobs="other-*"))
    assert get(engine, create(engine))["status"] == "Completed"


def test_calls_are_throttled_as_often_as_asked(engine):
    engine.faults.add(
        InjectedFault(kind="throttle", operation="CreateModelCustomizationJob", times=2)
    )
    for _ in range(2):
        with pytest.raises(errors.Throttled):
            create(engine)
    assert create(engine)


def test_a_lost_response_leaves_the_job_behind(engine):
    engine.faults.add(
        InjectedFault(kind="lost-response", operation="CreateModelCustomizationJob", times=1)
    )
    with pytest.raises(errors.Internal):
        create(engine)
    assert get(engine, "job-1")["status"] == "Completed"


def test_a_stalled_job_stays_in_progress_until_it_is_stopped(world):
    tasks = []
    engine = an_engine(world, tasks.append)
    engine.faults.add(InjectedFault(kind="stall", phase="Training"))
    arn = create(engine)
    runner = threading.Thread(target=tasks[0])
    runner.start()
    engine.call("StopModelCustomizationJob", EAST, {"jobIdentifier": arn})
    runner.join(timeout=5)
    job = get(engine, arn)
    assert job["status"] == "Stopped"
    assert job["statusDetails"]["trainingDetails"]["status"] == "NotStarted"
    assert [each["detail"]["jobStatus"] for each in world.published][-2:] == ["Stopping", "Stopped"]


def test_an_error_of_the_emulators_own_still_ends_the_job(engine, world):
    world.key_of = lambda *_: 1 / 0
    with pytest.raises(ZeroDivisionError):
        create(engine)
    job = get(engine, "job-1")
    assert job["status"] == "Failed"
    assert job["failureMessage"].startswith("Encountered an unexpected error")
