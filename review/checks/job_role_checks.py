"""The role that Bedrock assumes: what the AWS pages demand, and no more.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-iam-role.html
https://docs.aws.amazon.com/bedrock/latest/userguide/custom-model-job-access-security.html
"""

from review.checks.template_check import check
from review.role_policies import RoleStatement, actions, allowed, permissions, trust

ROLE = "JobRole"
TAG = "BedrockModelCustomizationJobArn"


def place_of(environment):
    """The part of an ARN that says where."""
    return {"dev": "us-east-1", "rich": "us-west-2"}[environment.name] + ":{account}"


def jobs_of(environment):
    return f"arn:aws:bedrock:{place_of(environment)}:model-customization-job/*"


def subnets_of(environment):
    return [
        f"arn:aws:ec2:{place_of(environment)}:subnet/{s.ref}"
        for s in environment.of_type("AWS::EC2::Subnet")
        if s.name.startswith("VpcJobs")
    ]


def about(environment, action):
    """The statements that allow `action`, apart from looking."""
    return [s for s in allowed(environment, ROLE) if action in s.actions]


@check
def only_jobs_of_this_account_assume_it(environment):
    jobs = jobs_of(environment)
    (statement,) = trust(environment.one("AWS::IAM::Role", ROLE))
    assert statement == RoleStatement(
        effect="Allow",
        actions=frozenset({"sts:AssumeRole"}),
        resources=frozenset(),
        principal={"Service": "bedrock.amazonaws.com"},
        conditions={
            "StringEquals": {"aws:SourceAccount": "{account}"},
            "ArnEquals": {"aws:SourceArn": jobs},
        },
    )


@check
def jobs_read_prepared_copies_and_their_own_output(environment):
    read = {what for act, what in permissions(environment, ROLE) if act == "s3:GetObject"}
    assert read == {"{Prepared}/prepared/*", "{Artifacts}/jobs/*"}


@check
def jobs_write_their_output_and_nothing_else(environment):
    writes = {
        (act, what)
        for act, what in permissions(environment, ROLE)
        if act.startswith("s3:") and act not in ("s3:GetObject", "s3:ListBucket")
    }
    assert writes == {("s3:PutObject", "{Artifacts}/jobs/*")}


@check
def jobs_never_see_what_was_uploaded(environment):
    assert [p for p in permissions(environment, ROLE) if "Datasets" in p[1]] == []


@check
def jobs_stay_in_this_accounts_buckets(environment):
    for statement in allowed(environment, ROLE):
        if any(a.startswith("s3:") for a in statement.actions):
            assert statement.conditions["StringEquals"]["aws:ResourceAccount"] == "{account}"


@check
def jobs_use_the_data_key_through_s3_and_bedrock_only(environment):
    place = place_of(environment)
    region = place.split(":")[0]
    uses = {
        s.conditions["StringEquals"]["kms:ViaService"]: (s.actions, s.resources)
        for s in allowed(environment, ROLE)
        if any(a.startswith("kms:") for a in s.actions)
    }
    key, for_models = frozenset({"{DataKey}"}), {"kms:CreateGrant", "kms:DescribeKey"}
    assert uses == {
        f"s3.{region}.amazonaws.com": ({"kms:Decrypt", "kms:GenerateDataKey"}, key),
        f"bedrock.{region}.amazonaws.com": (
            {"kms:Decrypt", "kms:GenerateDataKey", *for_models},
            key,
        ),
    }


@check
def jobs_call_no_other_service(environment):
    assert {a.split(":")[0] for a in actions(environment, ROLE)} == {"ec2", "kms", "s3"}


@check
def jobs_may_look_at_the_network(environment):
    """The first of the five statements of the page."""
    (looking,) = about(environment, "ec2:DescribeVpcs")
    assert looking.resources == {"*"}
    assert looking.actions == {
        *("ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces"),
        *("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"),
    }


@check
def jobs_make_only_interfaces_that_say_whose_they_are(environment):
    place = place_of(environment)
    jobs = jobs_of(environment)
    tagged, _ = about(environment, "ec2:CreateNetworkInterface")
    assert tagged.actions == {"ec2:CreateNetworkInterface"}
    assert tagged.resources == {f"arn:aws:ec2:{place}:network-interface/*"}
    assert tagged.conditions == {
        "StringEquals": {"aws:RequestTag/BedrockManaged": "true"},
        "ArnEquals": {f"aws:RequestTag/{TAG}": jobs},
    }


@check
def jobs_make_interfaces_in_their_own_subnets_and_group_only(environment):
    place = place_of(environment)
    subnets = subnets_of(environment)
    _, placed = about(environment, "ec2:CreateNetworkInterface")
    assert placed.resources == {*subnets, f"arn:aws:ec2:{place}:security-group/{{Jobs}}"}


@check
def jobs_remove_only_interfaces_of_jobs_in_their_own_subnets(environment):
    place = place_of(environment)
    jobs = jobs_of(environment)
    subnets = subnets_of(environment)
    (removing,) = about(environment, "ec2:DeleteNetworkInterface")
    assert removing.actions == {
        *("ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface"),
        "ec2:DeleteNetworkInterfacePermission",
    }
    assert removing.resources == {f"arn:aws:ec2:{place}:network-interface/*"}
    assert removing.conditions == {
        "ArnEquals": {"ec2:Subnet": subnets, f"ec2:ResourceTag/{TAG}": jobs},
        "StringEquals": {"ec2:ResourceTag/BedrockManaged": "true"},
    }


@check
def jobs_tag_only_what_they_make_and_with_two_tags(environment):
    place = place_of(environment)
    (tagging,) = about(environment, "ec2:CreateTags")
    assert tagging.resources == {f"arn:aws:ec2:{place}:network-interface/*"}
    assert tagging.conditions == {
        "StringEquals": {"ec2:CreateAction": "CreateNetworkInterface"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["BedrockManaged", TAG]},
    }


@check
def there_are_five_statements_about_interfaces(environment):
    about_ec2 = [
        s for s in allowed(environment, ROLE) if any(a.startswith("ec2:") for a in s.actions)
    ]
    assert len(about_ec2) == 5
