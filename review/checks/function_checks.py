"""Functions: where they run, their environment variables, their logs."""

import importlib.util

from review.checks.template_check import check, each
from tuning.pipeline.manifest import OPTED_STEPS, STEPS
from tuning.runs.function_settings import RunSettings

CONFIGURED = {step.construct_id: step for step in STEPS if step.settings}
OPTED = {f"{step.construct_id}Function": step for step in OPTED_STEPS}
"""Which only some environments have."""
BY_STACK = {
    "CloseDefaultGroupFunction",
    *(name for name, step in OPTED.items() if step.kind == "deployment"),
}
"""Which CloudFormation invokes."""
TRACING = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE"}


def variables(function):
    found = function.properties["Environment"]["Variables"]
    return {name: text for name, text in found.items() if name not in TRACING}


@check
def every_step_has_its_function_and_no_function_is_without_a_step(environment):
    functions = {
        f.name for f in environment.of_type("AWS::Lambda::Function") if f.stack != "Assistants"
    }
    assert functions - OPTED.keys() == {f"{step.construct_id}Function" for step in STEPS}


@check
def functions_run_the_newest_python_on_arm(environment):
    for function in environment.of_type("AWS::Lambda::Function"):
        assert function.properties["Runtime"] == "python3.14"
        assert function.properties["Architectures"] == ["arm64"]


@check
def every_handler_exists(environment):
    for function in environment.of_type("AWS::Lambda::Function"):
        module, name = function.properties["Handler"].rsplit(".", 1)
        found = importlib.util.find_spec(module)
        assert found is not None, module
        assert found.origin is not None
        with open(found.origin, encoding="utf-8") as source:  # noqa: PTH123 — a spec's own text
            assert f"\ndef {name}(" in source.read()


@check
@each("name", CONFIGURED)
def functions_are_in_the_isolated_subnets(environment, name):
    function = environment.one("AWS::Lambda::Function", f"{name}Function")
    placed = function.properties["VpcConfig"]
    zones = {"dev": 2, "rich": 2}[environment.name]
    assert placed["SecurityGroupIds"] == ["{Functions}"]
    assert len(placed["SubnetIds"]) == zones
    assert all(subnet.startswith("{VpcFunctionsSubnet") for subnet in placed["SubnetIds"])


@check
def functions_outside_the_vpc_see_no_data(environment):
    outside = [
        f for f in environment.of_type("AWS::Lambda::Function") if "VpcConfig" not in f.properties
    ]
    assert {f.name for f in outside} - OPTED.keys() == {"CloseDefaultGroupFunction"}
    assert all(variables(function) == {} for function in outside)


@check
def every_function_has_a_log_group_of_its_own(environment):
    functions = environment.of_type("AWS::Lambda::Function")
    groups = [f.properties["LoggingConfig"]["LogGroup"] for f in functions]
    assert len(set(groups)) == len(functions)
    assert set(groups) <= {g.ref for g in environment.of_type("AWS::Logs::LogGroup")}


@check
def logs_are_json(environment):
    for function in environment.of_type("AWS::Lambda::Function"):
        assert function.properties["LoggingConfig"]["LogFormat"] == "JSON"


@check
def functions_are_traced(environment):
    for function in environment.of_type("AWS::Lambda::Function"):
        assert function.properties["TracingConfig"] == {"Mode": "Active"}


@check
def environment_variables_are_encrypted_with_our_keys(environment):
    keys = {f.name: f.properties["KmsKeyArn"] for f in environment.of_type("AWS::Lambda::Function")}
    assert all((key == "{LogsKey}") is (name in BY_STACK) for name, key in keys.items())
    assert set(keys.values()) == {"{ControlKey}", "{LogsKey}"}


@check
@each("name", CONFIGURED)
def functions_are_given_exactly_what_their_settings_read(environment, name):
    function = environment.one("AWS::Lambda::Function", f"{name}Function")
    settings = CONFIGURED[name].settings
    assert set(variables(function)) == {name.upper() for name in settings.__struct_fields__}


@check
@each("name", CONFIGURED)
def settings_come_back_as_they_were_written(environment, name):
    function = environment.one("AWS::Lambda::Function", f"{name}Function")
    settings = CONFIGURED[name].settings
    given = variables(function)
    assert settings.from_env(given).to_env() == given


@check
def jobs_get_a_security_group_by_its_id(environment):
    """Not by a construct's id, as in a peer whose every VPC job failed."""
    start = environment.one("AWS::Lambda::Function", "StartTrainingFunction")
    assert RunSettings.from_env(variables(start)).job_security_group_ids == ("{Jobs}",)
    group = environment.templates["Training"]["Resources"][start.id]["Properties"]["Environment"]
    exported = group["Variables"]["JOB_SECURITY_GROUP_IDS"]["Fn::ImportValue"]
    assert exported.split(":")[1].startswith("ExportsOutputFnGetAttJobs")
    assert "GroupId" in exported


@check
def jobs_use_the_role_and_the_key_that_are_made_for_them(environment):
    start = environment.one("AWS::Lambda::Function", "StartTrainingFunction")
    settings = RunSettings.from_env(variables(start))
    assert (settings.job_role_arn, settings.model_key_arn) == ("{JobRole}", "{DataKey}")


@check
def a_function_keeps_what_it_could_not_do(environment):
    for function in environment.of_type("AWS::Lambda::Function"):
        kept = function.properties.get("DeadLetterConfig")
        by_stack = function.name in BY_STACK
        place = "{DefaultGroupDeadLetters}" if by_stack else "{IntakeDeadLetters}"
        assert kept == {"TargetArn": place}, function.name


@check
def a_function_is_made_when_its_role_already_may(environment):
    """Lambda refuses one that may not send to its dead-letter queue."""
    for function in environment.of_type("AWS::Lambda::Function"):
        assert function.name.removesuffix("Function") + "Policy" in function.depends_on
