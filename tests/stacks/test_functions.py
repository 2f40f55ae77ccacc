"""Functions: where they run, what they are told, what they leave in logs."""

import importlib.util

import pytest

from tuning.pipeline.manifest import STEPS
from tuning.runs.function_settings import IntakeSettings, RunSettings

TOLD = {step.construct_id: step for step in STEPS if step.settings}
TRACING = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"}


@pytest.fixture(params=TOLD)
def function(environment, request):
    return environment.one("AWS::Lambda::Function", f"{request.param}Function")


@pytest.fixture
def settings(function):
    return TOLD[function.name.removesuffix("Function")].settings


def variables(function):
    found = function.properties["Environment"]["Variables"]
    return {name: text for name, text in found.items() if name not in TRACING}


def test_every_step_has_its_function_and_no_function_is_without_a_step(environment):
    functions = {f.name for f in environment.of_type("AWS::Lambda::Function")}
    assert functions == {f"{step.construct_id}Function" for step in STEPS}


def test_functions_run_the_newest_python_on_arm(environment):
    for function in environment.of_type("AWS::Lambda::Function"):
        assert function.properties["Runtime"] == "python3.14"
        assert function.properties["Architectures"] == ["arm64"]


def test_every_handler_exists(environment):
    for function in environment.of_type("AWS::Lambda::Function"):
        module, name = function.properties["Handler"].rsplit(".", 1)
        found = importlib.util.find_spec(module)
        assert found is not None, module
        assert found.origin is not None
        with open(found.origin, encoding="utf-8") as source:  # noqa: PTH123 — a spec's own text
            assert f"\ndef {name}(" in source.read()


def test_functions_stand_in_the_isolated_subnets(environment, function):
    placed = function.properties["VpcConfig"]
    zones = {"dev": 2, "rich": 2}[environment.name]
    assert placed["SecurityGroupIds"] == ["{Functions}"]
    assert len(placed["SubnetIds"]) == zones
    assert all(subnet.startswith("{VpcFunctionsSubnet") for subnet in placed["SubnetIds"])


def test_the_one_function_outside_the_vpc_sees_no_data(environment):
    outside = [
        f for f in environment.of_type("AWS::Lambda::Function") if "VpcConfig" not in f.properties
    ]
    assert [f.name for f in outside] == ["CloseDefaultGroupFunction"]
    assert variables(outside[0]) == {}


def test_every_function_has_a_log_group_of_its_own(environment):
    functions = environment.of_type("AWS::Lambda::Function")
    groups = [f.properties["LoggingConfig"]["LogGroup"] for f in functions]
    assert len(set(groups)) == len(functions)
    assert set(groups) <= {g.ref for g in environment.of_type("AWS::Logs::LogGroup")}


def test_logs_are_json(environment):
    for function in environment.of_type("AWS::Lambda::Function"):
        assert function.properties["LoggingConfig"]["LogFormat"] == "JSON"


def test_functions_are_traced(environment):
    for function in environment.of_type("AWS::Lambda::Function"):
        assert function.properties["TracingConfig"] == {"Mode": "Active"}


def test_what_functions_are_told_is_encrypted_with_our_keys(environment):
    keys = {f.name: f.properties["KmsKeyArn"] for f in environment.of_type("AWS::Lambda::Function")}
    assert keys.pop("CloseDefaultGroupFunction") == "{LogsKey}"
    assert set(keys.values()) == {"{ControlKey}"}


def test_functions_are_told_exactly_what_their_settings_read(function, settings):
    assert set(variables(function)) == {name.upper() for name in settings.__dataclass_fields__}


def test_settings_come_back_as_they_were_written(function, settings):
    told = variables(function)
    assert settings.from_env(told).to_env() == told


def test_functions_know_every_subnet_of_the_jobs(dev, rich):
    for environment, zones in ((dev, 2), (rich, 4)):
        start = environment.one("AWS::Lambda::Function", "StartTrainingFunction")
        settings = RunSettings.from_env(variables(start))
        assert len(settings.job_subnet_ids) == zones
        assert all(s.startswith("{VpcJobsSubnet") for s in settings.job_subnet_ids)


def test_jobs_get_a_security_group_by_its_id(environment):
    """Not by a construct's id, as in a peer whose every VPC job failed."""
    start = environment.one("AWS::Lambda::Function", "StartTrainingFunction")
    assert RunSettings.from_env(variables(start)).job_security_group_ids == ("{Jobs}",)
    group = environment.templates["Training"]["Resources"][start.id]["Properties"]["Environment"]
    exported = group["Variables"]["JOB_SECURITY_GROUP_IDS"]["Fn::ImportValue"]
    assert exported.split(":")[1].startswith("ExportsOutputFnGetAttJobs")
    assert "GroupId" in exported


def test_jobs_use_the_role_and_the_key_that_are_made_for_them(environment):
    start = environment.one("AWS::Lambda::Function", "StartTrainingFunction")
    settings = RunSettings.from_env(variables(start))
    assert (settings.job_role_arn, settings.model_key_arn) == ("{JobRole}", "{DataKey}")


def test_the_recipes_that_are_deployed_are_known_at_the_function(dev, rich):
    for environment, recipes in (
        (dev, ("support-nova-micro", "support-nova-lite")),
        (rich, ("support-llama-3-3-70b",)),
    ):
        receiver = environment.one("AWS::Lambda::Function", "ReceiveUploadFunction")
        assert IntakeSettings.from_env(variables(receiver)).recipes == recipes


def test_both_copies_of_the_largest_dataset_fit_beside_each_other(dev, rich):
    for environment, limit in ((dev, 2048), (rich, 4864)):
        prepare = environment.one("AWS::Lambda::Function", "PrepareDatasetFunction").properties
        assert prepare["EphemeralStorage"]["Size"] >= 2 * limit
        assert prepare["Environment"]["Variables"]["MAX_DATASET_MB"] == str(limit)


def test_a_function_keeps_what_it_could_not_do(environment):
    for function in environment.of_type("AWS::Lambda::Function"):
        kept = function.properties.get("DeadLetterConfig")
        network = function.name == "CloseDefaultGroupFunction"
        place = "{DefaultGroupDeadLetters}" if network else "{IntakeDeadLetters}"
        assert kept == {"TargetArn": place}, function.name


def test_a_function_is_made_when_its_role_already_may(environment):
    """Lambda refuses one that may not send to its dead-letter queue."""
    for function in environment.of_type("AWS::Lambda::Function"):
        assert function.name.removesuffix("Function") + "Policy" in function.depends_on


def test_no_more_uploads_are_received_at_once_than_the_function_may(dev, rich):
    """Lambda would throttle the others and count a receive for each of their messages."""
    for environment, most in ((dev, 10), (rich, 2)):
        feed = environment.one("AWS::Lambda::EventSourceMapping").properties
        assert feed["ScalingConfig"] == {"MaximumConcurrency": most}


def test_concurrency_is_reserved(dev, rich):
    for environment, reserved in ((dev, 10), (rich, 2)):
        for function in environment.of_type("AWS::Lambda::Function"):
            assert function.properties.get("ReservedConcurrentExecutions") == reserved
