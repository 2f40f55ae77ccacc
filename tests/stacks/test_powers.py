"""Who may do what: no role can both read data and start a job, and the whole table is reviewed."""

import tomllib
from pathlib import Path

import pytest

from review.permission_table import render, table
from review.role_policies import (
    actions,
    allowed,
    permissions,
    policies,
    roles_allowed,
    statements,
    trust,
)
from tuning.pipeline.manifest import STEPS, of_kind

IN_VPC = [step.construct_id for step in STEPS if step.in_vpc]
TABLE = Path(__file__).with_name("permissions.toml")
REVIEWED = tomllib.loads(TABLE.read_text("utf-8"))


@pytest.fixture(scope="module")
def permission_table(dev):
    return table(dev)


def services(environment, role):
    return {action.split(":")[0] for action in actions(environment, role)}


def on(environment, role, service):
    """Pairs of the role's actions in one service and their resources."""
    return {
        (act, what) for act, what in permissions(environment, role) if act.startswith(f"{service}:")
    }


def test_every_role_is_in_the_reviewed_table(environment):
    assert {r.name for r in environment.of_type("AWS::IAM::Role")} == set(REVIEWED)


@pytest.mark.parametrize("role", REVIEWED)
def test_roles_have_exactly_the_reviewed_permissions(permission_table, role):
    found = permission_table[role]
    assert found == REVIEWED[role], f"after a review it would read:\n\n{render({role: found})}"


def test_the_reviewed_table_is_written_in_one_way(permission_table):
    """So that a difference between two versions of the file is a difference of rights."""
    text = TABLE.read_text("utf-8")
    assert text.partition("\n\n")[2] == render(permission_table)


def test_no_action_is_a_wildcard(environment):
    for role in REVIEWED:
        assert [a for a in actions(environment, role) if "*" in a] == []


def test_any_resource_only_where_the_action_has_no_resource_type(environment):
    for policy in environment.of_type("AWS::IAM::ManagedPolicy"):
        apart = policy.name.startswith("WildcardPermissions")
        for statement in statements(policy):
            assert (statement.resources == {"*"}) is apart, policy.name


def test_statements_about_any_resource_change_nothing_of_ours(environment):
    """Beside looking, tracing and log delivery there are the interfaces of functions, which the
    functions' own code is denied.
    """
    at_large = {
        action
        for role in REVIEWED
        for action, resource in permissions(environment, role)
        if resource == "*"
        and not action.startswith(("xray:", "logs:", "ec2:Describe", "bedrock:List"))
    }
    assert at_large == {
        *("ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface"),
        *("ec2:DeleteNetworkInterface", "ec2:UnassignPrivateIpAddresses"),
    }


@pytest.mark.parametrize("function", IN_VPC)
def test_functions_cannot_use_lambdas_right_to_place_interfaces(environment, function):
    role = f"{function}Role"
    denied = {
        action
        for policy in policies(environment, role)
        for statement in statements(policy)
        if statement.effect == "Deny"
        and statement.conditions == {"Null": {"lambda:SourceFunctionArn": "false"}}
        and statement.resources == {"*"}
        for action in statement.actions
    }
    assert denied == {action for action, _ in on(environment, role, "ec2")}


def test_nobody_has_lasting_credentials(environment):
    kinds = ("AWS::IAM::AccessKey", "AWS::IAM::Group", "AWS::IAM::User")
    assert environment.of_type(*kinds) == []


def test_there_are_no_inline_policies(environment):
    assert environment.of_type("AWS::IAM::Policy", "AWS::IAM::RolePolicy") == []
    assert [r.id for r in environment.of_type("AWS::IAM::Role") if "Policies" in r.properties] == []


def test_no_policy_of_aws_is_attached(environment):
    ours = {p.ref for p in environment.of_type("AWS::IAM::ManagedPolicy")}
    for role in environment.of_type("AWS::IAM::Role"):
        assert set(role.properties.get("ManagedPolicyArns", ())) <= ours


def test_policies_have_room_below_the_limit_of_iam(environment):
    """6,144 characters: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
    for policy in environment.of_type("AWS::IAM::ManagedPolicy"):
        assert len(str(policy.properties["PolicyDocument"])) < 5000, policy.name


def test_no_two_functions_share_a_role(environment):
    roles = [f.properties["Role"] for f in environment.of_type("AWS::Lambda::Function")]
    assert len(set(roles)) == len(roles)


def test_roles_are_assumed_by_one_service_each(environment):
    assumed = {r.name: trust(r) for r in environment.of_type("AWS::IAM::Role")}
    assert all(len(statements) == 1 for statements in assumed.values())
    by = {name: s[0].principal["Service"] for name, s in assumed.items()}
    assert by == {
        **{f"{step.construct_id}Role": "lambda.amazonaws.com" for step in STEPS},
        "BackupRole": "backup.amazonaws.com",
        "FlowLogsRole": "vpc-flow-logs.amazonaws.com",
        "JobRole": "bedrock.amazonaws.com",
        "TrainingRunRole": "states.amazonaws.com",
    }


def test_services_assume_roles_for_this_account_only(environment):
    """Lambda sends no source account when it assumes a role; that AWS Backup does is unconfirmed."""
    silent = {"backup.amazonaws.com", "lambda.amazonaws.com"}
    for role in environment.of_type("AWS::IAM::Role"):
        (statement,) = trust(role)
        if statement.principal["Service"] not in silent:
            assert statement.conditions["StringEquals"]["aws:SourceAccount"] == "{account}"


def test_whoever_reads_datasets_cannot_start_a_job(environment):
    readers = roles_allowed(environment, "s3:GetObject", "{Datasets}")
    starters = roles_allowed(environment, "bedrock:CreateModelCustomizationJob")
    assert readers == {"PrepareDatasetRole"}
    assert starters == {"StartTrainingRole"}


def test_prepare_dataset_touches_neither_bedrock_nor_roles(environment):
    assert services(environment, "PrepareDatasetRole").isdisjoint({"bedrock", "iam"})


def test_start_training_touches_no_object(environment):
    assert "s3" not in services(environment, "StartTrainingRole")


def test_receive_upload_touches_neither_objects_nor_bedrock(environment):
    assert services(environment, "ReceiveUploadRole").isdisjoint({"s3", "bedrock", "iam"})


def test_who_counts_the_money_touches_the_ledger_only(environment):
    ledger = {"dynamodb", "ec2", "kms", "logs", "sqs", "xray"}
    for role in ("AuthorizeSpendRole", "SettleSpendRole"):
        assert services(environment, role) == ledger


def test_no_role_of_ours_answers_for_a_person(environment):
    assert roles_allowed(environment, "states:SendTaskSuccess") == set()


def test_track_and_collect_create_nothing(environment):
    for role in ("TrackTrainingRole", "CollectResultsRole"):
        made = {a for a in actions(environment, role) if ":Create" in a or ":Put" in a}
        assert made - {"ec2:CreateNetworkInterface"} == {
            *("logs:CreateLogStream", "logs:PutLogEvents"),
            *("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
        }


def test_only_those_who_watch_jobs_stop_them(environment):
    stoppers = roles_allowed(environment, "bedrock:StopModelCustomizationJob")
    assert stoppers == {"TrackTrainingRole", "GuardJobsRole", "ReconcileRunsRole"}


def test_the_guard_sees_descriptions_and_nothing_else(environment):
    doing = {
        action for action in actions(environment, "GuardJobsRole") if action[:2] in ("be", "sn")
    }
    assert doing == {
        "bedrock:GetModelCustomizationJob",
        "bedrock:ListModelCustomizationJobs",
        "bedrock:StopModelCustomizationJob",
        "sns:Publish",
    }
    assert not services(environment, "GuardJobsRole") & {"s3", "dynamodb", "iam", "states"}


def test_the_reconciler_sees_no_data_and_cannot_start_a_job(environment):
    """What it starts is an execution, whose steps ask for leave before they spend."""
    role = "ReconcileRunsRole"
    assert services(environment, role).isdisjoint({"s3", "iam", "sns", "lambda"})
    doing = {action for action in actions(environment, role) if action[:2] in ("be", "st")}
    assert doing == {
        *("bedrock:GetModelCustomizationJob", "bedrock:ListModelCustomizationJobs"),
        *("bedrock:ListTagsForResource", "bedrock:StopModelCustomizationJob"),
        *("states:DescribeExecution", "states:GetExecutionHistory"),
        *("states:ListExecutions", "states:StartExecution"),
    }


def test_only_start_training_passes_a_role_and_only_the_jobs(environment):
    assert roles_allowed(environment, "iam:PassRole") == {"StartTrainingRole"}
    assert on(environment, "StartTrainingRole", "iam") == {("iam:PassRole", "{JobRole}")}


def test_the_role_is_passed_to_bedrock_only(environment):
    (passing,) = (
        s for s in allowed(environment, "StartTrainingRole") if "iam:PassRole" in s.actions
    )
    expected = {"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}}
    assert passing.conditions == expected


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


def test_no_role_can_change_what_was_uploaded(environment):
    for action in ("s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"):
        assert roles_allowed(environment, action, "{Datasets}") == set()


def test_only_prepare_dataset_writes_what_is_trained(environment):
    assert roles_allowed(environment, "s3:PutObject", "{Prepared}") == {"PrepareDatasetRole"}


def test_no_role_deletes_anything_stored(environment):
    deleting = {
        action
        for role in REVIEWED
        for action in actions(environment, role)
        if ":Delete" in action and action.split(":")[0] in ("s3", "dynamodb", "kms")
    }
    assert deleting == set()


def test_no_role_changes_policies_keys_or_roles(environment):
    for role in REVIEWED:
        assert services(environment, role).isdisjoint({"sts", "organizations", "cloudformation"})
        assert {a for a in actions(environment, role) if a.startswith(("kms:Put", "iam:"))} <= {
            "iam:PassRole"
        }


def test_listing_is_bound_to_a_prefix(environment):
    """But for uploads: there, S3 has to say whether a version that is gone is missing or denied."""
    for role in REVIEWED:
        for statement in allowed(environment, role):
            uploads = role == "PrepareDatasetRole" and statement.resources == {"{Datasets}"}
            if "s3:ListBucket" in statement.actions and not uploads:
                assert statement.conditions["StringLike"]["s3:prefix"].endswith("/*")


def test_keys_are_used_through_the_service_that_holds_the_data(environment):
    """Functions also decrypt their own environment variables, where Lambda calls as itself, and the
    machine its own executions and their logs, which the context names.
    """
    for role in REVIEWED:
        for statement in allowed(environment, role):
            uses_key = any(a.startswith("kms:") for a in statement.actions)
            if uses_key and statement.actions != {"kms:Decrypt"}:
                named = {key for test in statement.conditions.values() for key in test}
                assert named & {
                    "kms:ViaService",
                    "kms:EncryptionContext:aws:states:stateMachineArn",
                    "kms:EncryptionContext:SourceArn",
                }, role


def test_the_data_key_is_used_through_s3_and_bedrock_only(environment):
    services_named = {
        statement.conditions["StringEquals"]["kms:ViaService"].split(".")[0]
        for role in REVIEWED
        for statement in allowed(environment, role)
        if "{DataKey}" in statement.resources
    }
    assert services_named == {"bedrock", "s3"}


def test_the_machine_invokes_its_steps_and_nothing_else(environment):
    steps = {f"{{{step.construct_id}Function}}" for step in of_kind("task")}
    invoked = {what for _, what in on(environment, "TrainingRunRole", "lambda")}
    assert invoked == steps


def test_nobody_else_invokes_functions(environment):
    assert roles_allowed(environment, "lambda:InvokeFunction") == {"TrainingRunRole"}
    assert environment.of_type("AWS::Lambda::Url") == []
    for given in environment.of_type("AWS::Lambda::Permission"):
        rule = environment.one("AWS::Events::Rule", given.name.removesuffix("MayInvoke"))
        (step,) = (s for s in of_kind("scheduled") if given.name.startswith(s.construct_id))
        assert given.properties == {
            "Action": "lambda:InvokeFunction",
            "FunctionName": f"{{{step.construct_id}Function}}",
            "Principal": "events.amazonaws.com",
            "SourceAccount": "{account}",
            "SourceArn": rule.ref,
        }
