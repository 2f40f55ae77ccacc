"""An imported model has its time: then it is live no longer, deleted, recorded and said, once; and nothing else is."""

from datetime import UTC, datetime

import pytest
from bought_world import late
from imported_world import ARN, DiedError, Importing
from msgspec import structs
from release_world import RECIPE

from lambdas import delete_models, remove_candidates
from tuning.aws.model_deletions import ModelDeletions
from tuning.aws.transient import Transient
from tuning.releases.model_deletion import ModelDeletion

FIRST, SECOND = f"{ARN}0000001", f"{ARN}0000002"


@pytest.fixture
def awake(aws, context, monkeypatch):
    """Two versions, of which the second is live for four hours."""
    world = Importing(aws, context, monkeypatch)
    world.hours(4)
    world.imports(), world.imports()
    for version in (1, 2):
        world.release(world.request(version))
    return world


def removals(world):
    return remove_candidates.handler({}, world.context)["removed"]


def deletion(world, version=2):
    return ModelDeletions(ledger=world.ledger).of(RECIPE, version)


def test_it_is_left_alone_until_then(awake):
    assert (removals(awake), awake.tagged, deletion(awake)) == (0, [SECOND], None)


def test_it_is_deleted_recorded_and_said_once_and_what_was_before_is_kept(awake, monkeypatch):
    late(awake, 5, monkeypatch)
    assert [removals(awake) for _ in range(3)] == [0, 1, 0]
    assert list(awake.imported.tags) == [FIRST]
    live = awake.live
    assert (live.version, live.stopped, live.due, live.deployment_arn) == (None, 2, None, None)
    assert live.before == 1
    assert "deleted from Bedrock" in live.last
    assert (deletion(awake).state, deletion(awake).notified) == ("deleted", True)
    assert awake.notices == [f"{RECIPE}: imported model has ended"]
    assert awake.lives.provisioned() == []


def test_a_version_that_was_deleted_is_released_no_more_and_the_one_before_is(awake, monkeypatch):
    late(awake, 5, monkeypatch)
    removals(awake), removals(awake)
    outcome = awake.release(awake.request(2))
    assert outcome["state"] == "refused"
    assert "an upload of it is imported again, as a new version" in outcome["summary"]
    assert awake.release(awake.request(1))["version"] == 1
    assert awake.tagged == [FIRST]


@pytest.mark.parametrize("death", range(4))
def test_a_round_that_dies_at_any_change_is_gone_on_with_by_the_next(awake, monkeypatch, death):
    late(awake, 5, monkeypatch)
    awake.imported.changes, awake.imported.dies_at = 0, death
    for _ in range(4):
        try:
            removals(awake)
        except (Transient, DiedError):
            continue
    assert list(awake.imported.tags) == [FIRST]
    assert deletion(awake).state == "deleted"
    assert awake.notices == [f"{RECIPE}: imported model has ended"]
    assert awake.lives.provisioned() == []


def test_a_round_that_died_before_the_deletion_was_recorded_is_gone_on_with(awake, monkeypatch):
    late(awake, 5, monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(ModelDeletions, "settle", lambda *_: None)
        removals(awake)
    assert deletion(awake).state == "claimed"
    removals(awake)
    assert deletion(awake).state == "deleted"


def test_a_release_that_begins_meanwhile_keeps_it(awake, monkeypatch):
    """It begins after that nothing answers was recorded, and before the model is claimed."""
    late(awake, 5, monkeypatch)
    request = structs.replace(awake.request(2), seen=None)
    claim = ModelDeletions.claim

    def meanwhile(self, made, **more):
        monkeypatch.setattr(ModelDeletions, "claim", claim)
        assert awake.begin(request)["state"] == "begun"
        return claim(self, made, **more)

    monkeypatch.setattr(ModelDeletions, "claim", meanwhile)
    assert removals(awake) == 0
    assert SECOND in awake.imported.tags
    assert deletion(awake).state == "withdrawn"
    awake.steps.end(request.execution)
    assert awake.release(awake.request(2))["version"] == 2


def test_what_a_killed_release_left_beside_it_is_live_no_longer_and_kept(awake, monkeypatch):
    third = awake.imports()
    killed = awake.request(3)
    start = awake.begin(killed)
    awake.deploy(start, start["target"])
    awake.steps.end(killed.execution)
    assert awake.tagged == [SECOND, third.model_arn]
    late(awake, 10, monkeypatch)
    removals(awake), removals(awake)
    assert (awake.tagged, sorted(awake.imported.tags)) == ([], [FIRST, third.model_arn])


def test_what_somebody_took_the_tags_off_is_kept(awake, monkeypatch):
    awake.imported.tags[SECOND].clear()
    late(awake, 5, monkeypatch)
    assert removals(awake) == 1
    assert (SECOND in awake.imported.tags, deletion(awake)) == (True, None)


def test_one_that_bedrock_does_not_delete_is_tried_again_and_alarms(awake, monkeypatch):
    late(awake, 5, monkeypatch)
    awake.imported.refuses.add("DeleteImportedModel")
    with pytest.raises(Transient):
        removals(awake)
    awake.imported.refuses.clear()
    assert [removals(awake) for _ in range(2)] == [0, 1]
    assert deletion(awake).state == "deleted"


def test_without_awake_hours_it_goes_on_and_an_earlier_end_counts_no_more(awake, monkeypatch):
    awake.hours(None)
    awake.release(awake.request(1))
    assert (awake.live.due, awake.lives.provisioned()) == (None, [RECIPE])
    late(awake, 100, monkeypatch)
    assert removals(awake) == 1  # off the list
    assert (awake.tagged, awake.live.version, awake.live.deployment_arn) == ([FIRST], 1, FIRST)
    assert awake.lives.provisioned() == []
    assert awake.notices == []


def test_what_deletes_models_beyond_what_is_kept_leaves_imported_ones_alone(awake):
    claim = ModelDeletion.of(
        awake.registry.version(RECIPE, 1), "why", datetime(2026, 1, 1, tzinfo=UTC)
    )
    ModelDeletions(ledger=awake.ledger).claim(claim, instead_of=None)
    assert delete_models.handler({}, awake.context) == {"deleted": {}}
    assert deletion(awake, 1).state == "claimed"
