"""Documents of assistants: each knowledge base has one folder, one index and one role, and one function that asks it."""

from decimal import Decimal

import pytest
from assisted import KNOWLEDGE, RERANKED, reviewed
from machines import definition
from one_recipe import endpoint_rights
from opted_stack import assert_reviewed
from whole_app import ROOT

from review.costs import idle
from review.findings import judgement_on
from review.role_policies import actions, allowed, permissions, roles_allowed
from review.scanners import cfn_lint, checkov
from review.templates import EnvironmentTemplates
from tuning.assistants.ingestion_states import IngestionState
from tuning.pipeline.ingestion_tasks import INGESTION_STEPS

NAMES = {"help-desk": "HelpDesk", "plain": "Plain"}
ROLES = {name: f"Documents{each}Role" for name, each in NAMES.items()}
ASKING = {name: f"{each}AnswerQuestionRole" for name, each in NAMES.items()}
INGESTING = {f"Documents{step.construct_id}Role" for step in INGESTION_STEPS}


def of_documents(environment, resource_type):
    return [each for each in environment.of_type(resource_type) if each.stack == "Assistants"]


def test_whatever_a_pack_a_validator_or_a_scanner_says_of_it_is_accepted_and_nothing_else_is(opted):
    looked_at = opted("documented").reviewed
    found = [*looked_at.findings, *cfn_lint(looked_at.folder), *checkov(looked_at.folder)]
    judged = judgement_on(
        "documented",
        [each for each in found if each.path.startswith("Assistants/")],
        [each for each in looked_at.rows["documented"] if each.path.startswith("Assistants/")],
    )
    assert [(each.rule, each.path) for each in judged.open] == []
    assert [(row.path, rule) for row, rule in judged.stale] == []
    tools = {finding.tool for finding, _ in judged.accepted}
    assert {"Control Tower", "cfn-lint", "checkov"} <= tools


def test_who_may_do_what_with_documents_is_as_it_was_reviewed(docs):
    made = {each.name for each in of_documents(docs, "AWS::IAM::Role")}
    assert made == {*INGESTING, "DocumentsIngestionRole", *ROLES.values(), *ASKING.values()}
    assert_reviewed(docs, "documents_permissions.toml", made)


@pytest.mark.parametrize("name", ROLES)
def test_the_role_of_a_knowledge_base_reads_its_own_folder_and_has_its_own_index(docs, name):
    role, part = ROLES[name], ROLES[name].removesuffix("Role")
    may = permissions(docs, role)
    read = {on for act, on in may if act == "s3:GetObject"}
    assert read == {f"{{Documents}}/documents/{name}/*"}
    indexes = {on for act, on in may if act.startswith("s3vectors:")}
    assert indexes == {f"{{{part}Index.IndexArn}}"}
    listed = [each.conditions for each in allowed(docs, role) if "s3:ListBucket" in each.actions]
    assert [each["StringLike"]["s3:prefix"] for each in listed] == [f"documents/{name}/*"]
    services = {act.partition(":")[0] for act in actions(docs, role)}
    assert services == {"s3", "s3vectors", "kms", "bedrock"}
    models = ["amazon.titan-embed-text-v2:0"]
    if name in RERANKED:
        models.append("cohere.rerank-v3-5:0")
    assert {on for act, on in may if act == "bedrock:InvokeModel"} == {
        f"arn:aws:bedrock:us-east-1::foundation-model/{each}" for each in models
    }


def test_reranking_is_a_right_of_the_knowledge_base_that_reranks_and_is_reserved_for(docs):
    """Its role alone, which only Bedrock takes; the assistant's function asks no model for it."""
    assert roles_allowed(docs, "bedrock:Rerank") == {ROLES[name] for name in RERANKED}
    usd = {
        name: docs.one("AWS::Lambda::Function", f"{each}AnswerQuestionFunction").properties[
            "Environment"
        ]["Variables"]["RERANK_USD"]
        for name, each in NAMES.items()
    }
    assert {name: Decimal(each) for name, each in usd.items()} == {
        "help-desk": Decimal("0.002"),
        "plain": 0,
    }


def test_bedrock_alone_takes_the_roles_for_knowledge_bases_of_this_account(docs):
    for role in ROLES.values():
        (statement,) = docs.one("AWS::IAM::Role", role).properties["AssumeRolePolicyDocument"][
            "Statement"
        ]
        assert statement["Principal"] == {"Service": "bedrock.amazonaws.com"}
        assert statement["Condition"] == {
            "StringEquals": {"aws:SourceAccount": "{account}"},
            "ArnLike": {"aws:SourceArn": "arn:aws:bedrock:us-east-1:{account}:knowledge-base/*"},
        }


def test_no_function_reads_a_document_and_each_assistants_own_finds_passages_of_its_own(docs):
    for role in (*INGESTING, *ASKING.values()):
        used = {act.partition(":")[0] for act in actions(docs, role)}
        assert not used & {"s3", "s3vectors"}
    assert roles_allowed(docs, "s3:GetObject", "{Documents}") == set(ROLES.values())
    assert roles_allowed(docs, "bedrock:Retrieve") == set(ASKING.values())
    for name, role in ASKING.items():
        found = {on for act, on in permissions(docs, role) if act == "bedrock:Retrieve"}
        assert found == {f"{{Documents{NAMES[name]}Base.KnowledgeBaseArn}}"}


def test_each_assistants_function_knows_its_own_knowledge_base(docs):
    for name, each in NAMES.items():
        made = docs.one("AWS::Lambda::Function", f"{each}AnswerQuestionFunction")
        given = made.properties["Environment"]["Variables"]
        knows = f"{{Documents{each}Base.KnowledgeBaseId}}"
        assert (given["ASSISTANT"], given["KNOWLEDGE_BASE"]) == (name, knows)


def test_one_function_starts_ingestions_of_our_knowledge_bases_alone(docs):
    starts, follows = "DocumentsStartIngestionRole", "DocumentsFollowIngestionRole"
    assert roles_allowed(docs, "bedrock:StartIngestionJob") == {starts}
    bases = {f"{{Documents{each}Base.KnowledgeBaseArn}}" for each in NAMES.values()}
    for role in (starts, follows):
        asked = {on for act, on in permissions(docs, role) if act.startswith("bedrock:")}
        assert asked == bases


def test_what_bedrock_writes_beside_vectors_is_not_filterable_and_under_our_key(docs):
    indexes = of_documents(docs, "AWS::S3Vectors::Index")
    assert len(indexes) == 2
    for index in indexes:
        assert index.properties["MetadataConfiguration"] == {
            "NonFilterableMetadataKeys": ["AMAZON_BEDROCK_TEXT", "AMAZON_BEDROCK_METADATA"]
        }
        assert index.properties["EncryptionConfiguration"]["KmsKeyArn"] == "{DocumentsVectorsKey}"
    (key,) = of_documents(docs, "AWS::KMS::Key")
    lets = [
        each
        for each in key.properties["KeyPolicy"]["Statement"]
        if each["Effect"] == "Allow" and "Service" in each["Principal"]
    ]
    assert [(each["Principal"]["Service"], each["Action"]) for each in lets] == [
        ("indexing.s3vectors.amazonaws.com", "kms:Decrypt")
    ]


def test_from_outside_people_upload_and_delete_documents_and_only_knowledge_bases_read_them(docs):
    (policy,) = of_documents(docs, "AWS::S3::BucketPolicy")
    found = {s["Sid"]: s for s in policy.properties["PolicyDocument"]["Statement"]}
    assert {each["Effect"] for each in found.values()} == {"Deny"}
    others = found["DenyOtherUseOutsideVpc"]
    assert others["NotAction"] == [
        *("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"),
        "s3:DeleteObject",
    ]
    for sid in ("DenyOutsideVpc", "DenyOtherUseOutsideVpc", "DenyStrangers"):
        exempt = found[sid]["Condition"]["StringNotEquals"]
        assert exempt["aws:PrincipalTag/tuning:part"] == "knowledge"
    tagged = {
        role.name
        for role in docs.of_type("AWS::IAM::Role")
        if {"Key": "tuning:part", "Value": "knowledge"} in role.properties.get("Tags", [])
    }
    assert tagged == set(ROLES.values())


def test_uploads_deletions_and_a_schedule_come_into_one_queue(docs):
    rules = {each.name: each.properties for each in of_documents(docs, "AWS::Events::Rule")}
    changed = rules["DocumentsDocumentIntakeDocuments"]["EventPattern"]
    assert changed["detail-type"] == ["Object Created", "Object Deleted"]
    assert changed["detail"]["object"]["key"] == [{"prefix": "documents/"}]
    assert rules["DocumentsDocumentIntakeCompared"]["ScheduleExpression"] == "rate(6 hours)"
    for rule in rules.values():
        assert [each["Arn"] for each in rule["Targets"]] == ["{DocumentsDocumentIntakeQueue}"]
    (mapping,) = of_documents(docs, "AWS::Lambda::EventSourceMapping")
    assert mapping.properties["MaximumBatchingWindowInSeconds"] == 30
    assert mapping.properties["BatchSize"] == 1000


def test_every_way_that_leaves_documents_out_of_answers_goes_through_a_notice(docs):
    states = definition(docs, "DocumentsIngestionMachine")["States"]
    assert set(states) - {"Start ingestion", "Follow ingestion"} == {*map(str, IngestionState)}
    failing = {IngestionState.NOT_STARTED, IngestionState.NOT_WHOLE, IngestionState.STEP_FAILED}
    for name in failing:
        assert states[name]["Next"] == IngestionState.NOTIFY
    for task in ("Start ingestion", "Follow ingestion"):
        (caught,) = states[task]["Catch"]
        assert (caught["ErrorEquals"], caught["Next"]) == (
            ["States.ALL"],
            IngestionState.STEP_FAILED,
        )
    refused = states[IngestionState.DOCUMENTS_REFUSED]["Choices"][0]["Next"]
    assert refused == IngestionState.NOTIFY_REFUSED


def test_what_cannot_be_changed_gets_another_name_when_it_is_said_otherwise(docs, tmp_path):
    changed = f"{KNOWLEDGE}chunk_tokens = 200\n"
    folder = reviewed(tmp_path, "documented", knowledge=changed).folder
    other = EnvironmentTemplates.of(folder, "documented")
    names = [
        {
            kind: {each.name: each.properties["Name"] for each in of_documents(one, kind)}
            for kind in ("AWS::Bedrock::KnowledgeBase", "AWS::Bedrock::DataSource")
        }
        for one in (docs, other)
    ]
    same, differs = "AWS::Bedrock::KnowledgeBase", "AWS::Bedrock::DataSource"
    assert names[0][same] == names[1][same]
    assert not set(names[0][differs].values()) & set(names[1][differs].values())


@pytest.mark.parametrize("service", ["bedrock-agent", "bedrock-agent-runtime"])
def test_an_environment_without_documents_has_no_way_to_knowledge_bases(docs, dev, service):
    assert f"com.amazonaws.us-east-1.{service}" in services_of(docs)
    assert not [each for each in services_of(dev) if each.endswith(f".{service}")]


def services_of(environment):
    found = environment.of_type("AWS::EC2::VPCEndpoint")
    return {each.properties["ServiceName"] for each in found}


def test_documents_are_uploaded_and_deleted_through_the_endpoints_of_s3_and_read_through_none(docs):
    bucket = "arn:aws:s3:::documented-assistants-*"
    rights = endpoint_rights(docs, "s3")
    found = {act for act, on in rights if on == f"{bucket}/documents/*"}
    assert found == {
        *("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts"),
        "s3:PutObject",
    }
    assert {act for act, on in rights if on == bucket} == {
        "s3:ListBucket",
        "s3:ListBucketMultipartUploads",
    }
    (gateway,) = (
        each for each in docs.of_type("AWS::EC2::VPCEndpoint") if each.name == "EndpointsS3Gateway"
    )
    (interface,) = (
        each for each in docs.of_type("AWS::EC2::VPCEndpoint") if each.name == "EndpointsS3"
    )
    assert gateway.properties["PolicyDocument"] == interface.properties["PolicyDocument"]


def test_access_to_documents_is_logged_where_all_access_is(docs):
    (bucket,) = of_documents(docs, "AWS::S3::Bucket")
    logging = bucket.properties["LoggingConfiguration"]
    assert logging == {"DestinationBucketName": "{AccessLogs}", "LogFilePrefix": "documents/"}
    policy = docs.one("AWS::S3::BucketPolicy", "AccessLogsPolicy").properties["PolicyDocument"]
    delivered = {
        statement["Resource"]: statement["Condition"]["ArnLike"]["aws:SourceArn"]
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow"
    }
    assert delivered["{AccessLogs}/documents/*"] == "arn:aws:s3:::documented-assistants-*"


def test_they_cost_while_nothing_is_asked_what_the_documents_state(docs):
    """Beside their two endpoints: a key, and alarms."""
    assert idle(docs).unpriced == ()
    (key,) = of_documents(docs, "AWS::KMS::Key")
    assert key.name == "DocumentsVectorsKey"
    alarms = of_documents(docs, "AWS::CloudWatch::Alarm")
    own = [each for each in alarms if each.name.startswith("DocumentsIngestion")]
    month = 1 + len(own) * Decimal("0.10")
    assert month + (len(alarms) - len(own)) * Decimal("0.10") <= 5
    for page in ("documents.md", "network.md"):
        assert f"**{month:.2f}**" in (ROOT / "docs" / page).read_text("utf-8"), page


def test_every_alarm_of_documents_has_a_row_in_the_runbook(docs):
    text = (ROOT / "docs/runbook.md").read_text("utf-8")
    alarms = [
        each
        for each in of_documents(docs, "AWS::CloudWatch::Alarm")
        if each.name.startswith("DocumentsIngestion")
    ]
    assert len(alarms) == 7
    for alarm in alarms:
        assert f"| `{alarm.name.removeprefix('DocumentsIngestionAlarms')}` |" in text
        assert alarm.properties["AlarmActions"] == ["{Notices}"]
