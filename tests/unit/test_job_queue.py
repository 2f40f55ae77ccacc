"""The line for a job's place: first come, first tried; patience, and its end."""

from datetime import UTC, datetime, timedelta

import pytest

from tuning.runs.job_queue import Place, moment, turn

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WEEK = 7 * 24 * 3600


def test_a_newcomer_stands_there_since_now():
    place = Place.after({}, now=NOW)
    assert place == Place(since="2026-11-23T12:00:00+00:00")


def test_a_place_survives_the_state_machine():
    place = Place(since=moment(NOW), ahead=3, tries=2)
    assert Place.after({"line": place.to_json()}, now=NOW + timedelta(days=1)) == place


def test_whoever_is_next_looks_oftener_than_who_stands_behind():
    waits = [Place(since="", ahead=ahead).wait_seconds for ahead in (1, 2, 10, 59, 60, 100)]
    assert waits == [60, 120, 600, 3540, 3600, 3600]


def test_a_week_at_the_front_fits_into_an_execution_and_its_price():
    """An execution has 25,000 events, a look takes ten; three transitions of $0.000025 each.
    https://aws.amazon.com/step-functions/pricing/
    """
    place, waited = Place(since=""), 0
    while waited < WEEK:
        waited += place.wait_seconds
        place = place.full()
    assert place.tries < 250
    assert place.tries * 3 * 0.000025 < 0.02


def test_a_hundred_uploads_and_ten_places_cost_the_last_one_less_than_a_cent():
    """Jobs of two hours: a place is free every twelve minutes."""
    waited, looks = 0, 0
    while (ahead := 90 - waited // 720) > 0:
        waited += Place(since="", ahead=ahead).wait_seconds
        looks += 1
    assert waited - 90 * 720 < 120
    assert looks * 3 * 0.000025 < 0.01


def test_the_place_of_one_that_misses_its_look_is_not_kept_for_ever():
    place = Place(since="", ahead=60)
    assert place.due(NOW) == moment(NOW + timedelta(hours=1, minutes=15))


@pytest.mark.parametrize(("days", "given_up"), [(6.9, False), (7, True)])
def test_after_a_week_a_run_gives_up_with_the_words_of_bedrock(days, given_up):
    place = Place(since=moment(NOW - timedelta(days=days)))
    end = place.given_up(NOW, "too many custom models")
    assert (end is not None) is given_up
    if end:
        assert end.kind == "quota_full"
        assert "too many custom models" in end.message


def test_turns_sort_by_arrival_and_then_by_run():
    runs = [("2026-11-23T07:00:01Z", "a"), ("2026-11-23T07:00:00Z", "b")]
    assert min(turn(at, run) for at, run in runs).endswith("#b")


def test_moments_sort_as_texts_whatever_their_zone():
    zones = [NOW.astimezone(), NOW]
    assert {moment(at) for at in zones} == {"2026-11-23T12:00:00+00:00"}
