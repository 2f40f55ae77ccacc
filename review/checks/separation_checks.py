"""Powers are split: who reads data cannot spend, who spends cannot read data."""

import json

from review.checks.permission_checks import REVIEWED, on, services
from review.checks.template_check import check, each
from review.role_policies import actions, allowed, permissions, roles_allowed
from tuning.pipeline.manifest import of_kind


@check
def who_reads_datasets_cannot_start_a_job(environment):
    readers = roles_allowed(environment, "s3:GetObject", "{Datasets}")
    starters = roles_allowed(environment, "bedrock:CreateModelCustomizationJob")
    assert readers == {"PrepareDatasetRole"}
    assert starters == {"StartTrainingRole"}


@check
def prepare_dataset_touches_neither_bedrock_nor_roles(environment):
    assert services(environment, "PrepareDatasetRole").isdisjoint({"bedrock", "iam"})


@check
def start_training_touches_no_object(environment):
    assert "s3" not in services(environment, "StartTrainingRole")


@check
def receive_upload_touches_neither_objects_nor_bedrock(environment):
    assert services(environment, "ReceiveUploadRole").isdisjoint({"s3", "bedrock", "iam"})


@check
def who_counts_the_money_touches_the_ledger_and_reads_no_object(environment):
    """How large prepared copies are is in the list of their bucket."""
    ledger = {"dynamodb", "ec2", "kms", "logs", "sqs", "xray"}
    assert services(environment, "SettleSpendRole") == ledger
    assert services(environment, "AuthorizeSpendRole") == {*ledger, "s3"}
    of_objects = {
        (action, resource, json.dumps(statement.conditions))
        for statement in allowed(environment, "AuthorizeSpendRole")
        for action in statement.actions
        for resource in statement.resources
        if action.startswith("s3:")
    }
    within = json.dumps({"StringLike": {"s3:prefix": "prepared/*"}})
    assert of_objects == {("s3:ListBucket", "{Prepared}", within)}


@check
def no_role_of_ours_answers_for_a_person(environment):
    """The dispatcher answers tasks, and learns the tokens of runs in the queue alone: it reads one index,
    which has no others, and one item, which is not a run's. The machine's definition has one answer, that a
    run is to stop (tuning/constructs/earlier_version.py), and nobody but Step Functions assumes its role.
    """
    answer = {"DispatchQueueRole", "TrainingRunRole"}
    assert roles_allowed(environment, "states:SendTaskSuccess") == answer
    assert roles_allowed(environment, "states:SendTaskFailure") == set()
    reads = {
        (action, resource, json.dumps(statement.conditions, sort_keys=True))
        for statement in allowed(environment, "DispatchQueueRole")
        for action in statement.actions
        for resource in statement.resources
        if action.startswith(("dynamodb:", "states:Get", "states:Describe"))
    }
    own = json.dumps(
        {
            "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "queue#job_slots"},
            "Null": {"dynamodb:LeadingKeys": "false"},
        },
        sort_keys=True,
    )
    assert reads == {
        ("dynamodb:GetItem", "{Ledger}", own),
        ("dynamodb:PutItem", "{Ledger}", own),
        ("dynamodb:Query", "{Ledger}/index/Queue", "{}"),
    }
    indexes = environment.one("AWS::DynamoDB::Table", "Ledger").properties["GlobalSecondaryIndexes"]
    shown = {each["IndexName"]: each["Projection"] for each in indexes}
    assert set(shown["Queue"]["NonKeyAttributes"]) == {"queued_at", "refused_at", "slot_token"}


@check
def track_and_collect_create_nothing(environment):
    for role in ("TrackTrainingRole", "CollectResultsRole"):
        made = {a for a in actions(environment, role) if ":Create" in a or ":Put" in a}
        assert made - {"ec2:CreateNetworkInterface"} == {
            *("logs:CreateLogStream", "logs:PutLogEvents"),
            *("xray:PutTelemetryRecords", "xray:PutTraceSegments"),
        }


@check
def only_those_who_watch_jobs_stop_them(environment):
    stoppers = roles_allowed(environment, "bedrock:StopModelCustomizationJob")
    assert stoppers == {"TrackTrainingRole", "GuardJobsRole", "ReconcileRunsRole"}


@check
def the_guard_sees_descriptions_and_nothing_else(environment):
    doing = {
        action for action in actions(environment, "GuardJobsRole") if action[:2] in ("be", "sn")
    }
    assert doing == {
        "bedrock:GetCustomModel",
        "bedrock:GetModelCustomizationJob",
        "bedrock:ListModelCustomizationJobs",
        "bedrock:StopModelCustomizationJob",
        "sns:Publish",
    }
    assert not services(environment, "GuardJobsRole") & {"s3", "dynamodb", "iam", "states"}


@check
def the_reconciler_sees_no_data_and_cannot_start_a_job(environment):
    """What it starts is an execution, whose steps authorize the spend first."""
    role = "ReconcileRunsRole"
    assert services(environment, role).isdisjoint({"s3", "iam", "sns", "lambda"})
    doing = {action for action in actions(environment, role) if action[:2] in ("be", "st")}
    assert doing == {
        *("bedrock:GetCustomModel", "bedrock:GetModelCustomizationJob"),
        *("bedrock:ListModelCustomizationJobs", "bedrock:ListTagsForResource"),
        "bedrock:StopModelCustomizationJob",
        *("states:DescribeExecution", "states:GetExecutionHistory"),
        *("states:ListExecutions", "states:StartExecution"),
    }


@check
def only_start_training_passes_a_role_and_only_the_jobs(environment):
    """What sets the account's log of models, where the Config asks for it, passes that log's role alone."""
    passing = roles_allowed(environment, "iam:PassRole") - {"SetInvocationLogRole"}
    assert passing == {"StartTrainingRole"}
    assert on(environment, "StartTrainingRole", "iam") == {("iam:PassRole", "{JobRole}")}


@check
def the_role_is_passed_to_bedrock_only(environment):
    (passing,) = (
        s for s in allowed(environment, "StartTrainingRole") if "iam:PassRole" in s.actions
    )
    expected = {"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}}
    assert passing.conditions == expected


@check
def no_role_can_change_what_was_uploaded(environment):
    for action in ("s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"):
        assert roles_allowed(environment, action, "{Datasets}") == set()


@check
def only_prepare_dataset_writes_what_is_trained(environment):
    assert roles_allowed(environment, "s3:PutObject", "{Prepared}") == {"PrepareDatasetRole"}


@check
def no_role_deletes_anything_stored(environment):
    deleting = {
        action
        for role in REVIEWED
        for action in actions(environment, role)
        if ":Delete" in action and action.split(":")[0] in ("s3", "dynamodb", "kms")
    }
    assert deleting == set()


@check
def no_role_changes_policies_keys_or_roles(environment):
    for role in REVIEWED:
        assert services(environment, role).isdisjoint({"sts", "organizations", "cloudformation"})
        assert {a for a in actions(environment, role) if a.startswith(("kms:Put", "iam:"))} <= {
            "iam:PassRole"
        }


@check
def listing_is_bound_to_a_prefix(environment):
    """The job's own also takes a request that names none, which HeadBucket is. But for uploads: there, S3 has to say whether a version that is gone is missing or denied."""
    for role in REVIEWED:
        for statement in allowed(environment, role):
            uploads = role == "PrepareDatasetRole" and statement.resources == {"{Datasets}"}
            if "s3:ListBucket" in statement.actions and not uploads:
                operator = "StringLikeIfExists" if role == "JobRole" else "StringLike"
                assert statement.conditions[operator]["s3:prefix"].endswith("/*")


@check
def keys_are_used_through_the_service_that_holds_the_data(environment):
    """Functions also decrypt their own environment variables, where Lambda calls as itself, and the
    machine its own executions and their logs, which the context names. AWS Backup describes the ledger's key,
    and lends it to services, as the policy that AWS manages has it.
    """
    for role in REVIEWED:
        for statement in allowed(environment, role):
            uses_key = any(a.startswith("kms:") for a in statement.actions)
            if uses_key and statement.actions not in ({"kms:Decrypt"}, {"kms:DescribeKey"}):
                named = {key for test in statement.conditions.values() for key in test}
                assert named & {
                    "kms:ViaService",
                    "kms:EncryptionContext:aws:states:stateMachineArn",
                    "kms:EncryptionContext:SourceArn",
                    "kms:GrantIsForAWSResource",
                }, role


@check
def the_data_key_is_used_through_s3_and_bedrock_only(environment):
    services_named = {
        statement.conditions["StringEquals"]["kms:ViaService"].split(".")[0]
        for role in REVIEWED
        for statement in allowed(environment, role)
        if "{DataKey}" in statement.resources
    }
    assert services_named == {"bedrock", "s3"}


@check
@each(("role", "kind"), (("TrainingRunRole", "task"), ("ReleaseRole", "release")))
def a_machine_invokes_its_steps_and_nothing_else(environment, role, kind):
    steps = {f"{{{step.construct_id}Function}}" for step in of_kind(kind)}
    assert {what for _, what in on(environment, role, "lambda")} == steps


_JUDGING, _JUDGE = "JudgeAnswersRole", "ReleaseJudgeRole"  # of the function, and of Bedrock's jobs
_ELSEWHERE = {_JUDGE, "VerifyImportRole"}  # the second asks a model that was just imported
_SHOWN = {"bedrock:GetCustomModelDeployment"}
_BUYING = ("CreateProvisionedModelThroughput", "UpdateProvisionedModelThroughput")


@check
def who_changes_deployments_asks_no_model_and_who_asks_changes_none(environment):
    """And neither trains or spends. Who evaluates reads prepared copies, and changes no deployment."""
    for word in ("Create", "Update"):
        changed = roles_allowed(environment, f"bedrock:{word}CustomModelDeployment")
        assert changed == {"DeployModelRole"}
    deleted = roles_allowed(environment, "bedrock:DeleteCustomModelDeployment")
    assert deleted == {"DeployModelRole", "RemoveCandidatesRole"}  # of candidates, by their tag
    for word in _BUYING:  # where a recipe asks for it; else nobody
        assert roles_allowed(environment, f"bedrock:{word}") <= {"DeployModelRole"}
    removed = roles_allowed(environment, "bedrock:DeleteProvisionedModelThroughput")
    assert removed - {"DeployModelRole"} == {"RemoveCandidatesRole"}
    for word, asked in (("", "VerifyReleaseRole"), ("WithResponseStream", "AnswerPromptsRole")):
        assert roles_allowed(environment, f"bedrock:InvokeModel{word}") - _ELSEWHERE == {asked}
    reading = {"PlanEvaluationRole", "AnswerPromptsRole", "DecideReleaseRole", _JUDGING}
    for step in of_kind("release"):
        role = f"{step.construct_id}Role"
        passes = set() if role == _JUDGING else {"iam"}  # one role, to Bedrock
        none = {"sns", "lambda"} | passes | (set() if role in reading else {"s3"})
        assert services(environment, role).isdisjoint(none)
        assert "bedrock:CreateModelCustomizationJob" not in actions(environment, role)
        if role in reading:
            assert not {a for a in actions(environment, role) if "Deployment" in a} - _SHOWN


@check
def models_are_deleted_by_one_role_and_only_those_that_this_environment_trained(environment):
    """Where a recipe has it so; else by none. Who deletes changes no deployment, and records nothing else."""
    deleting = roles_allowed(environment, "bedrock:DeleteCustomModel")
    assert deleting <= {"DeleteModelsRole"}
    for statement in allowed(environment, "DeleteModelsRole"):
        if "bedrock:DeleteCustomModel" in statement.actions:
            ours = {"aws:ResourceTag/environment": environment.name}
            assert statement.conditions == {"StringEquals": ours}
    role = "DeleteModelsRole"
    assert services(environment, role).isdisjoint({"s3", "iam", "lambda", "states"})
    assert {a for a in actions(environment, role) if a.startswith("bedrock:")} <= {
        *("bedrock:DeleteCustomModel", "bedrock:GetCustomModel"),
        *("bedrock:ListCustomModelDeployments", "bedrock:ListProvisionedModelThroughputs"),
    }


@check
def who_has_answers_judged_passes_one_role_to_bedrock_and_asks_no_model(environment):
    """Where a recipe asks for a judge; else nobody may, and the function may do nothing."""
    judged = any(role.name == _JUDGE for role in environment.of_type("AWS::IAM::Role"))
    starters = roles_allowed(environment, "bedrock:CreateEvaluationJob")
    assert starters == ({_JUDGING} if judged else set())
    passed = {what for act, what in permissions(environment, _JUDGING) if act == "iam:PassRole"}
    assert len(passed) == (1 if judged else 0)
    assert all("JudgeRole" in each for each in passed)
    assert not {a for a in actions(environment, _JUDGING) if a.startswith("bedrock:Invoke")}
    assert "s3" not in services(environment, _JUDGING) or judged


@check
def nobody_else_invokes_functions(environment):
    invoking = roles_allowed(environment, "lambda:InvokeFunction")
    assert invoking == {"ReleaseRole", "TrainingRunRole"}
    assert environment.of_type("AWS::Lambda::Url") == []
    for given in environment.of_type("AWS::Lambda::Permission"):
        rule = environment.one("AWS::Events::Rule", given.name.removesuffix("MayInvoke"))
        (step,) = (s for s in of_kind("scheduled") if given.name.startswith(s.construct_id))
        assert given.properties == {
            "Action": "lambda:InvokeFunction",
            "FunctionName": f"{{{step.construct_id}Function}}",
            "Principal": "events.amazonaws.com",
            "SourceArn": rule.ref,
        }
