"""A service of AWS is down for as long as DynamoDB was on 2025-10-20: runs wait, and end as they would have.

https://aws.amazon.com/message/101925/
"""

from collections import Counter

import amazon
import explored_handlers
import pytest
from amazon import Amazon
from former_functions import FORMER
from scenarios import FOLDER, Put, Scenario, records

HOUR = 3600
INCIDENT_SECONDS = 160 * 60
UPLOADS = 30
BEGINS = (0, 2, 120, 500, 1000, 1300)
"""Seconds after the uploads: as they come, amid their first steps, in each phase of their jobs, and as those
end.
"""


@pytest.fixture
def plenty(monkeypatch, functions):
    """A budget for all of them."""
    monkeypatch.setenv("MONTHLY_BUDGET_USD", "1000")
    explored_handlers._forget_settings()  # noqa: SLF001 — they are read once
    yield functions
    monkeypatch.undo()
    explored_handlers._forget_settings()  # noqa: SLF001


def lived(definition, functions, *services, begins, what="throttled"):
    puts = tuple(
        Put(key=f"{FOLDER}/{n}/train.jsonl", version="v1", content=records(f"Number {n}"))
        for n in range(UPLOADS)
    )
    scenario = Scenario(name="an incident", puts=puts, end="trained", quota=UPLOADS)
    world = Amazon(definition, functions, scenario)

    def incident():
        for service in services:
            world.outages[service, ""] = (what, begins + INCIDENT_SECONDS)

    world.clock.spawn(incident, after=begins)
    world.live()
    return world


@pytest.mark.parametrize("begins", BEGINS)
def test_with_dynamodb_throttled_for_hours_no_sound_upload_fails_and_no_paid_job_is_stopped(
    definition, plenty, begins
):
    world = lived(definition, plenty, "dynamodb", begins=begins)
    runs = [world.ledger.record(put.run_id()) for put in world.scenario.puts]
    assert Counter(run.state for run in runs) == {"trained": UPLOADS}
    assert len(world.bedrock.created) == UPLOADS
    assert world.bedrock.stopped == []
    assert {end.status for ends in world.ends.values() for end in ends} == {"SUCCEEDED"}
    events = [execution.events for execution in world.executions]
    assert max(events) < 500
    assert world.put_aside == []  # nobody had to redrive anything


@pytest.mark.parametrize("service", ["s3", "bedrock", "stepfunctions", "sns"])
@pytest.mark.parametrize("begins", [0, 2, 1000])
def test_with_another_service_down_for_hours_all_is_well_too(definition, plenty, service, begins):
    world = lived(definition, plenty, service, begins=begins, what="internal error")
    runs = [world.ledger.record(put.run_id()) for put in world.scenario.puts]
    assert Counter(run.state for run in runs) == {"trained": UPLOADS}
    assert (len(world.bedrock.created), world.bedrock.stopped) == (UPLOADS, [])
    assert world.put_aside == []


def test_uploads_that_are_tried_five_times_only_need_a_person_after_hours_of_an_incident(
    definition, plenty, monkeypatch
):
    """As they were: half an hour of tries."""
    monkeypatch.setattr(amazon, "MOST_RECEIVES", 5)
    world = lived(definition, plenty, "dynamodb", begins=0)
    assert len(world.put_aside) == UPLOADS


def test_a_machine_that_tries_again_for_minutes_only_is_found_out(plenty):
    """As the first version's did: half of the uploads failed."""
    world = lived(FORMER, plenty, "dynamodb", begins=120)
    runs = [world.ledger.record(put.run_id()) for put in world.scenario.puts]
    assert Counter(run.state for run in runs)["trained"] < UPLOADS
