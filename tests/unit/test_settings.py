"""What a stack writes into the environment is what its function reads."""

import pytest
from domain_builders import any_run_settings

from tuning.errors import SettingsError
from tuning.runs.function_settings import IntakeSettings, RunSettings

INTAKE = IntakeSettings(
    environment="dev",
    ledger_table="ledger",
    datasets_bucket="datasets",
    state_machine_arn="arn:aws:states:us-east-1:123456789012:stateMachine:TrainingRun",
    recipes=("a", "b-c"),
)


@pytest.mark.parametrize("settings", [INTAKE, any_run_settings()], ids=["intake", "run"])
def test_settings_go_through_the_environment_and_come_back_the_same(settings):
    assert type(settings).from_env(settings.to_env()) == settings


def test_one_of_a_list_is_still_a_list():
    settings = any_run_settings(job_subnet_ids=("subnet-1",))
    assert RunSettings.from_env(settings.to_env()).job_subnet_ids == ("subnet-1",)


@pytest.mark.parametrize("name", INTAKE.to_env())
def test_a_missing_variable_is_named(name):
    env = INTAKE.to_env()
    del env[name]
    with pytest.raises(SettingsError, match=f"not set by the stack: {name}$"):
        IntakeSettings.from_env(env)


def test_all_missing_variables_are_named_at_once():
    with pytest.raises(SettingsError) as refused:
        RunSettings.from_env({"ENVIRONMENT": "dev", "LEDGER_TABLE": ""})
    missing = set(str(refused.value).split(": ")[1].split(", "))
    assert missing == set(any_run_settings().to_env()) - {"ENVIRONMENT"}


def test_what_else_the_environment_holds_is_left_alone():
    assert IntakeSettings.from_env({**INTAKE.to_env(), "PATH": "x"}) == INTAKE
