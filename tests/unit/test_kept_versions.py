"""Which versions of a recipe are kept: what is in use always, and of the others as many as the recipe says."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from test_model_registry import trained

from tuning.evaluation.release_options import ReleaseOptions
from tuning.releases.evaluated_version import EvaluatedVersion, candidate_key
from tuning.releases.kept_versions import RESTS, KnownVersion, keeping
from tuning.releases.live_model import Change, LiveModel, live_key
from tuning.releases.model_deletion import ModelDeletion
from tuning.runs.times import zulu

RECIPE = "support"
NOW = datetime(2026, 11, 30, 5, tzinfo=UTC)
OLD = zulu(NOW - RESTS)
OUTCOMES = ("evaluating", "released", "held", "passed", "refused", "failed", "lost")


def version(number, *, trained_at=OLD, outcome=None, begun=0, deletion=None, used_by=""):
    """`begun`: of its evaluation, minutes after a moment."""
    model = trained().numbered(number)
    model = structs.replace(model, trained_at=trained_at)
    return KnownVersion(
        model=model,
        evaluated=outcome and evaluation(number, outcome, begun),
        deletion=deletion and claim(model, deletion),
        used_by=used_by,
    )


def evaluation(number, outcome, begun=0):
    return EvaluatedVersion(
        id=candidate_key(RECIPE, number),
        recipe=RECIPE,
        version=number,
        execution="x",
        deployment="x",
        begun_at=zulu(NOW - timedelta(days=9) + timedelta(minutes=begun)),
        due=OLD,
        outcome=outcome,
    )


def claim(model, state):
    return structs.replace(ModelDeletion.of(model, "nobody needs it", NOW), state=state)


def live_model(live=None, before=None, changing=None):
    change = changing and Change(
        execution="x", version=changing, kind="promote", by="arn:ann", started_at=OLD
    )
    return LiveModel(id=live_key(RECIPE), recipe=RECIPE, version=live, before=before, change=change)


def of(known, *, live=None, before=None, changing=None, keep=0):
    options = ReleaseOptions(metric="exact_match", keep_models=keep, delete_models=True)
    return keeping(known, live_model(live, before, changing), options, NOW)


def beyond(found):
    return [each.version for each in found.beyond]


def why(found, number):
    return {each.version: each.why for each in found.kept}.get(number)


@st.composite
def recipes(draw):
    """All that may be known of a recipe's versions, and how many it keeps."""
    numbers = range(1, draw(st.integers(0, 9)) + 1)
    known = [
        version(
            number,
            trained_at=draw(st.sampled_from((OLD, OLD, OLD, zulu(NOW), None))),
            outcome=draw(st.sampled_from((None, None, *OUTCOMES))),
            begun=draw(st.integers(0, 9)),
            deletion=draw(st.sampled_from((None, None, None, "claimed", "deleted", "withdrawn"))),
            used_by=draw(st.sampled_from(("", "", "", "used by the deployment mine"))),
        )
        for number in numbers
    ]
    some = st.sampled_from((None, *numbers))
    live, before, changing = draw(some), draw(some), draw(some)
    return draw(st.permutations(known)), live, before, changing, draw(st.integers(0, 5))


@given(recipes())
def test_what_is_in_use_is_never_beyond(drawn):
    known, live, before, changing, keep = drawn
    out = beyond(of(known, live=live, before=before, changing=changing, keep=keep))
    assert not {live, before, changing} & set(out)
    for each in known:
        if each.model.version in out:
            assert not each.used_by
            assert not each.evaluated or each.evaluated.outcome != "evaluating"
            assert each.evaluated or each.model.trained_at == OLD


@given(recipes())
def test_of_what_is_not_in_use_the_newest_are_kept_as_many_as_the_recipe_says_and_no_more(drawn):
    known, live, before, changing, keep = drawn
    found = of(known, live=live, before=before, changing=changing, keep=keep)
    beside = [each.version for each in found.kept if not each.in_use]
    others = sorted([*beside, *beyond(found)], reverse=True)
    assert beside == others[:keep]
    assert beyond(found) == sorted(others[keep:])


@given(recipes())
def test_each_version_that_is_there_is_kept_or_beyond_and_one_that_is_deleted_is_neither(drawn):
    known, live, before, changing, keep = drawn
    found = of(known, live=live, before=before, changing=changing, keep=keep)
    named = [*(each.version for each in found.kept), *beyond(found)]
    assert sorted(named) == sorted(each.model.version for each in known if not each.gone)
    assert all(each.why for each in found.kept)


@given(recipes())
def test_deleting_what_is_beyond_leaves_nothing_beyond(drawn):
    known, live, before, changing, keep = drawn
    out = beyond(of(known, live=live, before=before, changing=changing, keep=keep))
    left = [each for each in known if each.model.version not in out]
    assert beyond(of(left, live=live, before=before, changing=changing, keep=keep)) == []


def test_what_is_in_use_takes_up_no_place_beside():
    known = [version(number, outcome="released") for number in range(1, 6)]
    found = of(known, live=5, before=4, keep=1)
    assert beyond(found) == [1, 2]
    assert [why(found, each) for each in (5, 4, 3)] == ["live", "before", "among the 1 newest"]


def test_what_is_held_is_as_any_other():
    assert beyond(of([version(1, outcome="held"), version(2, outcome="released")], live=2)) == [1]


def test_what_passed_waits_for_a_person():
    known = [version(1, outcome="released"), version(2, outcome="passed", begun=1)]
    assert why(of(known, live=1), 2) == "waits for a person"


def test_what_passed_before_what_is_live_was_evaluated_waits_for_nobody():
    known = [version(1, outcome="passed"), version(2, outcome="released", begun=1)]
    assert beyond(of(known, live=2)) == [1]


def test_an_old_version_that_is_evaluated_again_waits_for_a_person_though_a_newer_one_is_live():
    known = [version(1, outcome="passed", begun=2), version(2, outcome="released", begun=1)]
    assert why(of(known, live=2), 1) == "waits for a person"


def test_a_version_that_was_just_trained_is_kept_for_a_day_for_its_release_is_about_to_begin():
    late = zulu(NOW - RESTS + timedelta(seconds=1))
    assert why(of([version(1, trained_at=late)]), 1) == "new"
    assert beyond(of([version(1, trained_at=OLD)])) == [1]
    assert beyond(of([version(1, trained_at=late, outcome="held")])) == [1]


def test_a_version_that_somebody_deployed_by_hand_is_kept():
    found = of([version(1, used_by="used by the deployment mine")])
    assert why(found, 1) == "used by the deployment mine"
