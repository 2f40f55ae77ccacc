"""What differs between environments in their templates, as their `Config`s say."""

from review.checks.function_checks import variables
from review.checks.monitoring_checks import BUDGET, alarms
from review.checks.network_checks import endpoints, group_rules, zones
from review.checks.permission_checks import on
from tuning.runs.function_settings import IntakeSettings, RunSettings


def test_functions_know_every_subnet_of_the_jobs(dev, rich):
    for environment, count in ((dev, 6), (rich, 3)):
        start = environment.one("AWS::Lambda::Function", "StartTrainingFunction")
        settings = RunSettings.from_env(variables(start))
        assert len(settings.job_subnet_ids) == count
        assert all(s.startswith("{VpcJobsSubnet") for s in settings.job_subnet_ids)


def test_the_recipes_that_are_deployed_are_known_at_the_function(dev, rich):
    for environment, recipes in (
        (dev, ("support-nova-micro", "support-nova-lite", "canary")),
        (rich, ("support-llama-3-3-70b",)),
    ):
        receiver = environment.one("AWS::Lambda::Function", "ReceiveUploadFunction")
        assert IntakeSettings.from_env(variables(receiver)).recipes == recipes


def test_both_copies_of_the_largest_dataset_fit_beside_each_other(dev, rich):
    for environment, limit in ((dev, 2048), (rich, 4864)):
        prepare = environment.one("AWS::Lambda::Function", "PrepareDatasetFunction").properties
        assert prepare["EphemeralStorage"]["Size"] >= 2 * limit
        assert prepare["Environment"]["Variables"]["MAX_DATASET_MB"] == str(limit)


def test_no_more_uploads_are_received_at_once_than_the_function_may(dev, rich):
    """Lambda would throttle the others and count a receive for each of their messages."""
    for environment, most in ((dev, 2), (rich, 2)):
        feed = environment.one("AWS::Lambda::EventSourceMapping").properties
        assert feed["ScalingConfig"] == {"MaximumConcurrency": most}


def test_concurrency_is_reserved_where_the_config_says_so_and_by_default_nowhere(dev, rich):
    """Lambda refuses every reservation in an account with a new account's quota of 10 or 50."""
    for environment, reserved in ((dev, None), (rich, 2)):
        for function in environment.of_type("AWS::Lambda::Function"):
            assert function.properties.get("ReservedConcurrentExecutions") == reserved


def test_a_budget_that_is_nearly_used_fires_an_alarm_where_there_is_one(dev, rich):
    assert BUDGET not in alarms(dev)
    alarm = alarms(rich)[BUDGET]
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (500, "LessThanThreshold")


def test_job_nodes_talk_among_themselves_unless_configured_otherwise(dev, rich):
    def beyond_tls(environment):
        return {(r.group, r.way, r.peer) for r in group_rules(environment) if r.protocol == "-1"}

    assert beyond_tls(dev) == {("{Jobs}", "in", "{Jobs}"), ("{Jobs}", "out", "{Jobs}")}
    assert beyond_tls(rich) == set()


def test_prefix_lists_are_those_of_the_region(rich):
    lists = {r.peer for r in group_rules(rich) if r.peer.startswith("pl-")}
    assert lists == {"pl-68a54001", "pl-00a54069"}


def test_endpoints_are_in_endpoint_zones_only(dev, rich):
    for environment, expected in (
        (dev, ["us-east-1a", "us-east-1b"]),
        (rich, ["us-west-2b", "us-west-2d"]),
    ):
        for endpoint in endpoints(environment, "Interface").values():
            assert zones(environment, endpoint.properties["SubnetIds"]) == expected


def test_job_subnets_are_in_every_zone(dev, rich):
    assert zones(dev, ["VpcJobs"]) == [f"us-east-1{zone}" for zone in "abcdef"]
    assert zones(rich, ["VpcJobs"]) == [f"us-west-2{zone}" for zone in "abd"]


def test_jobs_start_on_the_models_of_the_recipes_only(dev, rich):
    for environment, models in (
        (dev, {"amazon.nova-lite-v1:0", "amazon.nova-micro-v1:0"}),
        (rich, {"meta.llama3-3-70b-instruct-v1:0"}),
    ):
        named = {
            resource.split("::foundation-model/")[1].removesuffix(":300k").removesuffix(":128k")
            for _, resource in on(environment, "StartTrainingRole", "bedrock")
            if "foundation-model" in resource
        }
        assert named == models


def test_log_groups_are_encrypted_and_end(dev, rich):
    for environment, days in ((dev, 365), (rich, 731)):
        for group in environment.of_type("AWS::Logs::LogGroup"):
            assert group.properties["KmsKeyId"] == "{LogsKey}"
            assert group.properties["RetentionInDays"] == days
