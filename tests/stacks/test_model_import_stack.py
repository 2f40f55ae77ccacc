"""An environment whose recipe imports models has a stack for it, closed as all else; no other has anything of it."""

import json
from decimal import Decimal

import pytest
from one_recipe import endpoint_rights
from opted_stack import assert_reviewed
from whole_app import ROOT

from review.checks import bucket_checks
from review.costs import idle
from review.role_policies import actions, permissions, roles_allowed, statements, trust
from review.templates import OPTED_STACKS, STACKS
from tuning.pipeline.import_tasks import IMPORT_STEPS

ROLES = {f"{step.construct_id}Role" for step in IMPORT_STEPS}


def of_import(environment, resource_type):
    return [each for each in environment.of_type(resource_type) if each.stack == "Import"]


def test_who_may_do_what_is_as_it_was_reviewed(imported):
    roles = {role.name for role in of_import(imported, "AWS::IAM::Role")}
    assert_reviewed(imported, "import_permissions.toml", roles)


def test_no_right_to_imports_is_given_to_a_role_of_another_stack(imported):
    ours = {role.name for role in of_import(imported, "AWS::IAM::Role")}
    for role in imported.of_type("AWS::IAM::Role"):
        if role.name not in ours:
            about = {
                (act, on)
                for act, on in permissions(imported, role.name)
                if "{Weights}" in on or "/adapters/" in on or "ModelImport" in act
            }
            assert about == set(), role.name


def test_who_reads_data_cannot_call_bedrock_and_who_calls_bedrock_reads_none(imported):
    services = {role: {act.split(":")[0] for act in actions(imported, role)} for role in ROLES}
    both = [role for role, used in services.items() if {"s3", "bedrock"} <= used]
    assert both == []
    calling = {role for role, used in services.items() if "bedrock" in used}
    assert calling == {"ImportModelRole", "VerifyImportRole"}


def test_one_function_starts_import_jobs_and_passes_one_role(imported, dev):
    assert roles_allowed(imported, "bedrock:CreateModelImportJob") == {"ImportModelRole"}
    passed = {on for act, on in permissions(imported, "ImportModelRole") if act == "iam:PassRole"}
    assert passed == {"{ImportRole}"}
    assert roles_allowed(imported, "iam:PassRole", "{ImportRole}") == {"ImportModelRole"}
    assert roles_allowed(dev, "bedrock:CreateModelImportJob") == set()


@pytest.mark.parametrize(
    "action",
    ["bedrock:CreateModelImportJob", "bedrock:GetImportedModel", "bedrock:GetModelImportJob"],
)
def test_the_endpoint_of_jobs_lets_imports_through_there_and_nowhere_else(imported, dev, action):
    assert action in {act for act, _ in endpoint_rights(imported, "bedrock")}
    assert action not in {act for act, _ in endpoint_rights(dev, "bedrock")}


def test_the_endpoint_of_jobs_takes_import_jobs_from_the_one_role_that_starts_them(imported):
    (endpoint,) = (
        each
        for each in imported.of_type("AWS::EC2::VPCEndpoint")
        if each.name == "EndpointsBedrock"
    )
    (creating,) = (
        statement
        for statement in endpoint.properties["PolicyDocument"]["Statement"]
        if "bedrock:CreateModelImportJob" in statement["Action"]
    )
    assert creating["Condition"]["StringEquals"]["aws:PrincipalTag/tuning:part"] == "importing"
    tagged = [
        role.name
        for role in imported.of_type("AWS::IAM::Role")
        if {"Key": "tuning:part", "Value": "importing"} in role.properties.get("Tags", [])
    ]
    assert tagged == ["ImportModelRole"]


def test_the_role_of_import_jobs_reads_merged_folders_and_nothing_else(imported):
    role = imported.one("AWS::IAM::Role", "ImportRole")
    (trusted,) = trust(role)
    assert trusted.principal == {"Service": "bedrock.amazonaws.com"}
    assert trusted.conditions["StringEquals"] == {"aws:SourceAccount": "{account}"}
    assert trusted.conditions["ArnEquals"]["aws:SourceArn"].endswith(":model-import-job/*")
    rights = permissions(imported, "ImportRole")
    assert {(act, on) for act, on in rights if act.startswith("s3:")} == {
        ("s3:GetObject", "{Weights}/merged/*/model/*"),
        ("s3:ListBucket", "{Weights}"),
    }
    assert {act.split(":")[0] for act, _ in rights} == {"s3", "kms", "ec2"}
    policy = imported.one("AWS::IAM::ManagedPolicy", "ImportRoleNetworkPolicy")
    said = json.dumps([dict(each.conditions) for each in statements(policy)])
    assert "aws:RequestTag/BedrockModelImportJobArn" in said
    assert "BedrockModelCustomizationJobArn" not in said


@pytest.mark.parametrize(
    "holds",
    [
        bucket_checks.data_is_encrypted_with_the_data_key_once_a_bucket,
        bucket_checks.every_bucket_is_versioned,
        bucket_checks.no_bucket_can_be_made_public,
        bucket_checks.the_bucket_owner_owns_what_is_in_it,
        bucket_checks.buckets_are_reached_over_tls_only,
        bucket_checks.tls_before_1_2_is_refused,
        bucket_checks.s3_takes_the_policies_of_buckets,
        bucket_checks.keys_of_some_actions_are_asked_of_those_alone,
        bucket_checks.access_to_data_is_logged,
        bucket_checks.old_versions_and_abandoned_uploads_do_not_pile_up,
        bucket_checks.buckets_notify_eventbridge,
        bucket_checks.buckets_are_reached_under_their_own_name_only,
    ],
    ids=lambda check: check.__name__,
)
def test_the_bucket_of_weights_is_closed_as_the_others(imported, holds):
    holds(imported, "Weights")


def test_weights_are_retained_and_merged_copies_go_after_two_weeks(imported):
    bucket = imported.one("AWS::S3::Bucket", "Weights")
    assert (bucket.deletion, bucket.replacement) == ("RetainExceptOnCreate", "Retain")
    rules = {r["Id"]: r for r in bucket.properties["LifecycleConfiguration"]["Rules"]}
    merged = rules["MergedModels"]
    assert (merged["Prefix"], merged["ExpirationInDays"]) == ("merged/", 14)
    others = [r for name, r in rules.items() if name != "MergedModels"]
    assert not any("ExpirationInDays" in r for r in others)
    assert rules["AbandonedUploads"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}


def test_merged_models_are_written_by_the_functions_that_merge_and_by_nobody_else(imported):
    found = bucket_checks.denials(imported, imported.one("AWS::S3::Bucket", "Weights"))
    denied = found["DenyOtherWriters"]
    assert denied["Condition"] == {"StringNotEquals": {"aws:PrincipalTag/tuning:part": "merging"}}
    assert denied["Resource"] == "{Weights}/merged/*"
    merging = {"Key": "tuning:part", "Value": "merging"}
    assert {
        role.name
        for role in imported.of_type("AWS::IAM::Role")
        if merging in role.properties.get("Tags", [])
    } == {f"{step.construct_id}Role" for step in IMPORT_STEPS if step.merges}


def test_what_is_uploaded_is_let_in_from_outside_and_merged_models_are_not_let_out(imported):
    found = bucket_checks.denials(imported, imported.one("AWS::S3::Bucket", "Weights"))
    assert set(found["DenyOutsideVpc"]["NotResource"]) == {
        "{Weights}",
        "{Weights}/bases/*",
        "{Weights}/models/*",
    }
    datasets = bucket_checks.denials(imported, imported.one("AWS::S3::Bucket", "Datasets"))
    assert set(datasets["DenyOutsideVpc"]["NotResource"]) == {
        "{Datasets}",
        "{Datasets}/adapters/*",
        "{Datasets}/datasets/*",
    }


def test_access_logs_of_weights_are_taken_in_by_the_bucket_of_access_logs(imported):
    policy = imported.one("AWS::S3::BucketPolicy", "AccessLogsPolicy").properties["PolicyDocument"]
    (let,) = (
        statement
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow" and "weights" in str(statement["Resource"])
    )
    assert let["Condition"]["ArnLike"] == {"aws:SourceArn": "arn:aws:s3:::imported-import-*"}
    assert let["Condition"]["StringEquals"] == {"aws:SourceAccount": "{account}"}


def test_adapters_and_models_come_in_by_a_rule_each(imported):
    found = {
        rule.name: rule.properties["EventPattern"]["detail"]
        for rule in of_import(imported, "AWS::Events::Rule")
        if "EventPattern" in rule.properties
    }
    assert {
        (detail["bucket"]["name"][0], detail["object"]["key"][0]["prefix"])
        for detail in found.values()
    } == {("{Datasets}", "adapters/"), ("{Weights}", "models/")}


def test_functions_that_merge_have_code_of_their_own_and_no_other_has_it(imported):
    code = {
        function.name: function.properties["Code"]["S3Key"]
        for function in imported.of_type("AWS::Lambda::Function")
    }
    merging = {f"{step.construct_id}Function" for step in IMPORT_STEPS if step.merges}
    assert merging == {"CheckAdapterFunction", "MergeTensorsFunction", "AssembleModelFunction"}
    assert len({code[name] for name in merging}) == 1
    assert not {code[name] for name in merging} & {
        text for name, text in code.items() if name not in merging
    }


def test_functions_are_given_exactly_what_their_settings_read(imported):
    for step in IMPORT_STEPS:
        function = imported.one("AWS::Lambda::Function", f"{step.construct_id}Function")
        given = function.properties["Environment"]["Variables"]
        own = {name: text for name, text in given.items() if not name.startswith("POWERTOOLS")}
        assert step.settings.from_env(own).to_env() == own
        assert function.properties["DeadLetterConfig"]["TargetArn"] == "{ImportIntakeDeadLetters}"


def test_import_jobs_run_in_the_vpc_with_our_key(imported):
    """No condition of IAM says so of a job: the one function that starts them is told where and with which key, and
    the bucket's policy denies merged models to whoever does not come through the VPC.
    """
    function = imported.one("AWS::Lambda::Function", "ImportModelFunction")
    given = function.properties["Environment"]["Variables"]
    assert given["JOB_SECURITY_GROUP_IDS"] == "{Jobs}"
    assert given["MODEL_KEY_ARN"] == "{DataKey}"
    assert given["JOB_SUBNET_IDS"].count("VpcJobsSubnet") == 3
    found = bucket_checks.denials(imported, imported.one("AWS::S3::Bucket", "Weights"))
    assert "{Vpc}" in str(found["DenyOutsideVpc"]["Condition"])


def test_it_costs_while_nothing_is_imported_what_the_documents_state(imported):
    bill = idle(imported)
    assert bill.unpriced == ()
    alarms = len(of_import(imported, "AWS::CloudWatch::Alarm"))
    boards = len(of_import(imported, "AWS::CloudWatch::Dashboard"))
    month = alarms * Decimal("0.10") + boards * Decimal("3.00")
    text = (ROOT / "docs/network.md").read_text("utf-8")
    assert f"{alarms} alarms" in text
    assert f"**{month:.2f}**" in text


def test_every_alarm_has_a_row_in_the_runbook(imported):
    text = (ROOT / "docs/runbook.md").read_text("utf-8")
    alarms = of_import(imported, "AWS::CloudWatch::Alarm")
    assert len(alarms) > len(IMPORT_STEPS)
    for alarm in alarms:
        name = alarm.name.removeprefix("ImportAlarms")
        assert f"| `{name}` |" in text, name
        assert alarm.properties["AlarmActions"] == ["{Notices}"]


def test_an_environment_without_such_a_recipe_has_nothing_of_it(assembly, dev):
    assert set(dev.files) == set(STACKS)
    assert not [
        path.name
        for stack in OPTED_STACKS
        for path in (assembly / "lambda").glob(f"*{stack}*.template.json")
    ]
    text = json.dumps(dev.templates)
    for word in (
        *("adapters/", "merged/", "model-import", "ModelImport", "ImportedModel", "imported-model"),
        *("Weights", "weights/"),
        *(step.construct_id for step in IMPORT_STEPS),
    ):
        assert word not in text, word
