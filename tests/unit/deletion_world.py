"""A recipe that keeps no model beside what is in use, and has the others deleted."""

from datetime import UTC, datetime, timedelta

from domain_builders import any_recipe
from emulated_world import EAST
from msgspec import structs
from release_world import RECIPE

from lambdas import delete_models
from tuning.aws.model_deletions import ModelDeletions
from tuning.evaluation.release_options import ReleaseOptions
from tuning.releases.evaluated_version import EvaluatedVersion, candidate_key
from tuning.releases.model_deletion import CLAIM_LASTS, ModelDeletion
from tuning.runs.times import instant, zulu

OPTIONS = ReleaseOptions(metric="exact_match", min_prompts=30, keep_models=0, delete_models=True)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class Topic:
    def __init__(self):
        self.notices, self.fails = [], None

    def publish(self, **given):
        if self.fails:
            raise self.fails
        self.notices.append((given["Subject"], given["Message"]))


def four_versions(releasing, monkeypatch):
    """Versions 1 to 4 of a recipe that keeps none beside; 4 is live, and 3 was before."""
    monkeypatch.setenv("NOTICES_TOPIC_ARN", "arn:aws:sns:us-east-1:123456789012:Notices")
    releasing.aws.sns = Topic()
    options(releasing)
    for _ in range(4):
        old_version(releasing)
    for number in (3, 4):
        assert releasing.release(releasing.request(number))["state"] == "released"
    return releasing


def options(releasing, **changes):
    releasing.aws.recipes[RECIPE] = any_recipe(release=structs.replace(OPTIONS, **changes))


def old_version(releasing):
    """The next version, trained long ago."""
    model = releasing.evaluable()
    releasing.dynamodb.lay(structs.replace(model, trained_at=zulu(LONG_AGO)))
    return model


def deleted(releasing):
    return delete_models.handler({}, releasing.context)["deleted"].get(RECIPE, [])


def there(releasing):
    """The versions whose models Bedrock has."""
    models = [releasing.registry.version(RECIPE, n) for n in range(1, newest(releasing) + 1)]
    return [each.version for each in models if each.model_arn in releasing.engine.models.kept]


def newest(releasing):
    return releasing.registry.newest(RECIPE)


def deletions(releasing):
    return ModelDeletions(ledger=releasing.ledger)


def state(releasing, number):
    found = deletions(releasing).of(RECIPE, number)
    return found and found.state


def claim(releasing, number, *, age=timedelta(0)):
    """As a round makes it that dies then."""
    model = releasing.registry.version(RECIPE, number)
    made = ModelDeletion.of(model, "beyond", datetime.now(UTC) - age)
    assert deletions(releasing).claim(made, instead_of=None)
    return made


def age(releasing, number):
    """Its claim is as old as one that nobody holds any more."""
    found = deletions(releasing).of(RECIPE, number)
    releasing.dynamodb.lay(structs.replace(found, at=instant(datetime.now(UTC) - CLAIM_LASTS)))


def evaluated(releasing, number, outcome):
    now = zulu(datetime.now(UTC))
    releasing.dynamodb.lay(
        EvaluatedVersion(
            id=candidate_key(RECIPE, number),
            recipe=RECIPE,
            version=number,
            execution="x",
            deployment="x",
            begun_at=now,
            due=now,
            outcome=outcome,
        )
    )


def by_hand(releasing, number, name="mine"):
    model = releasing.registry.version(RECIPE, number)
    given = {"modelDeploymentName": name, "modelArn": model.model_arn}
    releasing.engine.call("CreateCustomModelDeployment", EAST, given)
