"""What is billed while nobody asks, as typed; AWS is in dictionaries."""

import json
from types import SimpleNamespace

import pytest
from cli_world import an_account, left
from msgspec import structs
from recipe_refusal_cases import exceptions, refusal
from test_model_registry import trained

from tuning.aws.ledger import Ledger
from tuning.aws.model_registry import ModelRegistry
from tuning.cli import costs_command as costs_command_file
from tuning.cli.aws_errors import AccountError
from tuning.cli.costs_command import costs_command
from tuning.evaluation.release_options import ReleaseOptions
from tuning.models.prices import HOURS, PROVISIONED, STORAGE_PRICE, prices
from tuning.releases.live_model import LiveModel, live_key

ARN = "arn:aws:bedrock:us-east-1:123456789012"
PRICED, UNPRICED = "amazon.nova-2-lite-v1:0:256k", "meta.llama3-1-8b-instruct-v1:0:128k"


def throughput(base=PRICED, units=2, **more):
    return {
        "provisionedModelName": "bought",
        "provisionedModelArn": f"{ARN}:provisioned-model/aaaaaaaaaaaa",
        "modelArn": "arn:other",
        "foundationModelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{base}",
        "modelUnits": units,
        **more,
    }


class Billed:
    """Pages of one; `fails` instead."""

    def __init__(self):
        self.models = [
            {"modelName": name, "modelArn": f"arn:{name}"} for name in ("model", "other")
        ]
        self.deployments = [
            {
                "customModelDeploymentName": "support-live",
                "customModelDeploymentArn": f"{ARN}:custom-model-deployment/aaaaaaaaaaaa",
                "modelArn": "arn:model",
            }
        ]
        self.throughputs, self.fails, self.asked = [], None, {}
        self.imported, self.units = [], 8
        self.exceptions = exceptions("ResourceNotFoundException")

    def get_paginator(self, operation):
        members = {
            "list_custom_models": ("modelSummaries", self.models),
            "list_custom_model_deployments": ("modelDeploymentSummaries", self.deployments),
            "list_provisioned_model_throughputs": ("provisionedModelSummaries", self.throughputs),
            "list_imported_models": ("modelSummaries", self.imported),
        }
        name, all_of_them = members[operation]

        def paginate(**wanted):
            self.asked[operation] = wanted
            if self.fails:
                raise self.fails
            yield from ({name: [each]} for each in all_of_them)

        return SimpleNamespace(paginate=paginate)

    def get_imported_model(self, *, modelIdentifier):  # noqa: N803 — AWS's name
        known = {"customModelUnitsPerModelCopy": self.units, "customModelUnitsVersion": "v1.0"}
        return {"modelArn": modelIdentifier, **({"customModelUnits": known} if self.units else {})}


@pytest.fixture
def billed(aws, monkeypatch):
    account = an_account(aws, monkeypatch)
    aws.bedrock = Billed()
    ModelRegistry(ledger=Ledger(table="ledger", client=lambda _: account.dynamodb)).register(
        trained()
    )
    live = LiveModel(id=live_key("support"), recipe="support", version=1)
    account.dynamodb.lay(live)
    return aws.bedrock


@pytest.fixture(autouse=True)
def gates(monkeypatch):
    """By recipe, as they are deployed."""
    found = {}
    monkeypatch.setattr(costs_command_file, "deployed_gates", lambda *_: found)
    return found


def said(capsys):
    assert left(costs_command, shown="json") == 0
    return json.loads(capsys.readouterr().out)


def test_each_thing_says_of_which_version_it_is_and_what_it_costs(billed, capsys):
    document = said(capsys)
    storage = prices()[STORAGE_PRICE]["usd"]
    assert [
        (each["kind"], each["recipe"], each["version"], each["status"], each["usd_per_month"])
        for each in document["costs"]
    ] == [
        ("custom model", "support", 1, "live", storage),
        ("custom model", None, None, None, storage),
        ("deployment on demand", "support", 1, "live", "0"),
    ]
    assert (document["usd_per_month"], document["without_a_known_price"]) == ("3.90", 0)
    assert billed.asked["list_custom_models"] == {"isOwned": True}


def test_what_is_provisioned_costs_every_hour_whether_it_is_used_or_not(billed, capsys):
    billed.models = billed.deployments = []
    billed.throughputs = [throughput()]
    assert float(said(capsys)["usd_per_month"]) == float(prices()[PROVISIONED][PRICED]["usd"]) * (
        2 * HOURS
    )


@pytest.mark.usefixtures("billed")
def test_of_what_answers_by_the_hour_it_is_said_until_when(aws, capsys):
    live = LiveModel(
        id=live_key("support"), recipe="support", version=1, due="2026-12-01T10:00:00Z"
    )
    aws.dynamodb.lay(live)
    assert said(capsys)["costs"][0]["status"] == "live until 2026-12-01T10:00:00Z"


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (throughput(base=UNPRICED), f"no dated price is known for {UNPRICED}"),
        (throughput(commitmentDuration="OneMonth"), "committed for OneMonth"),
    ],
    ids=["no price", "committed"],
)
def test_what_has_no_known_price_is_not_counted_as_free(billed, capsys, one, words):
    billed.throughputs = [one]
    document = said(capsys)
    assert (document["usd_per_month"], document["without_a_known_price"]) == ("3.90", 1)
    assert words in document["costs"][-1]["basis"]
    assert left(costs_command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "Not known" in lines[-2]
    assert lines[-1] == "Together $3.90 a month, and 1 whose price is not known."


@pytest.mark.usefixtures("billed")
def test_a_line_is_a_thing_and_the_last_is_all_of_them(capsys):
    assert left(costs_command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [" ".join(line.split()[:3]) for line in lines[1:4]] == [
        "custom model model",
        "custom model other",
        "deployment on demand",
    ]
    assert "support 1, live" in lines[1]
    assert "not trained by dev" in lines[2]
    assert "a million tokens in" in lines[3]
    assert lines[4] == "Together $3.90 a month."


def test_an_imported_model_costs_its_units_by_the_month_and_what_it_costs_awake_is_said(
    billed, capsys
):
    billed.models = billed.deployments = []
    billed.imported = [{"modelName": "llama", "modelArn": f"{ARN}:imported-model/aaaaaaaaaaaa"}]
    (one,) = said(capsys)["costs"]
    assert (one["kind"], one["usd_per_month"]) == ("imported model", "15.60")
    assert "8 custom model units" in one["basis"]
    assert "0.45744 USD a minute" in one["basis"]
    billed.units = None
    document = said(capsys)
    assert (document["usd_per_month"], document["without_a_known_price"]) == ("0", 1)
    assert "does not say how many" in document["costs"][0]["basis"]


def test_nothing_at_all_costs_nothing(billed, capsys):
    billed.models = billed.deployments = []
    assert said(capsys) == {
        "costs": [],
        "usd_per_month": "0",
        "without_a_known_price": 0,
        "beyond": [],
    }


@pytest.fixture
def several(billed, aws):
    """Versions 1 to 4: 1 is live, and Bedrock has the models of all but 3."""
    registry = ModelRegistry(ledger=Ledger(table="ledger", client=lambda _: aws.dynamodb))
    for number in (2, 3, 4):
        model = registry.register(trained(f"v{number}"))
        aws.dynamodb.lay(structs.replace(model, model_arn=f"arn:model-{number}"))
    for number in (2, 4):
        billed.models.append({"modelName": f"m{number}", "modelArn": f"arn:model-{number}"})
    return billed


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize(
    ("deletes", "words"),
    [
        (True, "deleted with the next round, within six hours"),
        (False, "delete_models = true in [release] of the recipe has them deleted"),
    ],
)
def test_models_beyond_what_their_recipe_keeps_are_listed_with_what_they_cost_and_what_deletes_them(
    gates, capsys, deletes, words
):
    gates["support"] = ReleaseOptions(metric="exact_match", keep_models=0, delete_models=deletes)
    assert said(capsys)["beyond"] == [
        {
            "recipe": "support",
            "versions": [2, 4],
            "keep_models": 0,
            "delete_models": deletes,
            "usd_per_month": "3.90",
        }
    ]
    assert left(costs_command) == 0
    lines = " ".join(capsys.readouterr().out.split())
    assert "support versions 2, 4: beyond keep_models = 0, $3.90 a month together; " in lines
    assert words in lines


def test_what_somebody_deployed_by_hand_is_not_beyond(several, gates, capsys):
    several.deployments.append({**several.deployments[0], "modelArn": "arn:model-2"})
    gates["support"] = ReleaseOptions(metric="exact_match", keep_models=0)
    assert said(capsys)["beyond"][0]["versions"] == [4]


@pytest.mark.usefixtures("several")
def test_who_may_not_read_the_recipes_sees_the_costs_all_the_same(capsys, monkeypatch):
    def denied(*_):
        raise AccountError("AccessDenied: lambda:GetFunction")

    monkeypatch.setattr(costs_command_file, "deployed_gates", denied)
    assert left(costs_command, shown="json") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["beyond"] is None
    assert json.loads(printed.out)["costs"]
    assert "beyond keep_models of their recipes is not known: AccessDenied" in printed.err


def test_what_aws_denies_is_said_and_is_no_empty_bill(billed):
    billed.fails = refusal("AccessDeniedException", "ListCustomModels", 403)
    with pytest.raises(AccountError, match="AccessDenied"):
        costs_command()
