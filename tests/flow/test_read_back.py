"""What the APIs say of what was deployed is what the templates say, property by property."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from reading import READERS, shown

from review.templates import STACKS, EnvironmentTemplates

UNREAD = tomllib.loads(Path(__file__).with_name("not_read_back.toml").read_text("utf-8"))["unread"]
ACCOUNT, REGION = "000000000000", "us-east-1"
UNORDERED = {"SecurityGroupIds", "SubnetIds", "RouteTableIds", "Dimensions"}
RULE = ("IpProtocol", "FromPort", "ToPort")


@pytest.fixture(scope="module")
def templates(world, tmp_path_factory):
    """As CloudFormation has them."""
    folder, cloudformation = tmp_path_factory.mktemp("deployed"), world.client("cloudformation")
    for stack in STACKS:
        body = cloudformation.get_template(StackName=f"dev-{stack}")["TemplateBody"]
        text = body if isinstance(body, str) else json.dumps(body)
        (folder / f"dev{stack}.template.json").write_text(text, encoding="utf-8")
    return EnvironmentTemplates.of(folder, "dev")


@pytest.fixture(scope="module")
def physical(world):
    """Stack and logical id to physical id."""
    pages = world.client("cloudformation").get_paginator("list_stack_resources")
    return {
        (stack, each["LogicalResourceId"]): each["PhysicalResourceId"]
        for stack in STACKS
        for page in pages.paginate(StackName=f"dev-{stack}")
        for each in page["StackResourceSummaries"]
    }


@pytest.fixture(scope="module")
def in_words_of_the_template(world, templates, physical):
    """Names and ARNs that AWS gave, as the templates call their resources: `{Ledger}`."""
    groups = world.client("ec2").describe_security_groups()["SecurityGroups"]
    names = {
        g["GroupId"]: "{Vpc.DefaultSecurityGroup}" for g in groups if g["GroupName"] == "default"
    }
    for resource in templates.resources:
        for name in _names(resource.type, physical[resource.stack, resource.id]):
            names[name] = resource.ref
    described = world.client("cloudformation").describe_stacks()["Stacks"]
    ids = {each["StackName"]: each["StackId"].split("/")[2].split("-")[0] for each in described}
    longest = re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))))

    def rename(value):
        text = (
            json.dumps(value, default=str).replace("{account}", ACCOUNT).replace("{region}", REGION)
        )
        text = re.sub(r"(dev-\w+)-(\w+)-{stack}", lambda f: f"{f[1]}-{f[2]}-{ids[f[1]]}", text)
        text = longest.sub(lambda found: names[found[0]], text)
        return json.loads(re.sub(r"\{(\w+)\.\w+Name\}", r"{\1}", text))

    return rename


@pytest.fixture(scope="module")
def differences(world, templates, physical, in_words_of_the_template):
    """differences(*types) → properties of which template and API do not say the same, with both."""

    def look(*types):
        found = []
        for resource in templates.of_type(*types):
            held = _holder(resource, templates)
            reported = shown(resource.type, world.client, physical[held.stack, held.id])
            for name, wanted in resource.properties.items():
                if _excused(resource.type, name):
                    continue
                ours = _comparable(name, in_words_of_the_template(wanted))
                theirs = _comparable(
                    name, in_words_of_the_template(_kept(reported.get(name), wanted))
                )
                if ours != theirs:
                    found.append(f"{resource.type} {resource.name} {name}: {ours}, not {theirs}")
        return found

    return look


@pytest.mark.parametrize("resource_type", READERS)
def test_every_property_is_read_back_as_the_template_has_it(differences, resource_type):
    found = differences(resource_type)
    assert not found, "\n".join(found)


def test_what_is_not_as_in_the_template_is_seen(world, templates, physical, differences):
    key = templates.one("AWS::KMS::Key", "DataKey")
    identifier, kms = physical[key.stack, key.id], world.client("kms")
    kms.disable_key_rotation(KeyId=identifier)
    try:
        (found,) = differences("AWS::KMS::Key")
        assert found == "AWS::KMS::Key DataKey EnableKeyRotation: True, not False"
    finally:
        kms.enable_key_rotation(KeyId=identifier)


def test_every_type_is_read_back_or_excepted(templates):
    types = {resource.type for resource in templates.resources} - {"AWS::CDK::Metadata"}
    unread = {each["type"] for each in UNREAD if each["property"] == "*"}
    assert types == set(READERS) | unread
    assert not set(READERS) & unread


@pytest.mark.parametrize("exception", UNREAD, ids=lambda each: f"{each['type']} {each['property']}")
def test_no_exception_is_made_for_what_is_not_there(templates, exception):
    assert exception["because"]
    assert any(
        exception["type"] in ("*", resource.type)
        and (exception["property"] == "*" or exception["property"] in resource.properties)
        for resource in templates.resources
    )


def test_groups_have_the_rules_of_the_templates_and_no_others(
    world, templates, physical, in_words_of_the_template
):
    for group in templates.of_type("AWS::EC2::SecurityGroup"):
        identifier = physical[group.stack, group.id]
        (found,) = world.client("ec2").describe_security_groups(GroupIds=[identifier])[
            "SecurityGroups"
        ]
        for direction, store in (("Ingress", "IpPermissions"), ("Egress", "IpPermissionsEgress")):
            inline = group.properties.get(f"SecurityGroup{direction}", [])
            apart = [
                each.properties
                for each in templates.of_type(f"AWS::EC2::SecurityGroup{direction}")
                if each.properties["GroupId"] == group.ref
            ]
            theirs = [p for permission in found[store] for p in _rules(permission)]
            wanted = [_wanted(each) for each in [*inline, *apart]]
            assert sorted(in_words_of_the_template(theirs)) == sorted(wanted), group.name


def test_roles_have_the_policies_of_the_templates_and_no_others(
    world, templates, physical, in_words_of_the_template
):
    iam = world.client("iam")
    for role in templates.of_type("AWS::IAM::Role"):
        name = physical[role.stack, role.id]
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        theirs = in_words_of_the_template([each["PolicyArn"] for each in attached])
        naming = [
            policy.ref
            for policy in templates.of_type("AWS::IAM::ManagedPolicy")
            if role.ref in policy.properties.get("Roles", [])
        ]
        assert sorted(theirs) == sorted([*role.properties.get("ManagedPolicyArns", []), *naming]), (
            role.name
        )
        assert iam.list_role_policies(RoleName=name)["PolicyNames"] == []
        assert "PermissionsBoundary" not in iam.get_role(RoleName=name)["Role"]


def _holder(resource, templates):
    """A policy that is a resource of its own is asked of the resource that it is on."""
    properties = resource.properties
    on = [properties.get("Bucket"), *properties.get("Queues", []), *properties.get("Topics", [])]
    return next((each for each in templates.resources if each.ref in on), resource)


def _names(resource_type, identifier):
    """All that an API may call it."""
    if resource_type.startswith("Custom::"):
        return []  # called by its subject's id
    place, name = f"{REGION}:{ACCOUNT}", identifier.rpartition("/")[2]
    arns = {
        "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{place}:table/{identifier}",
        "AWS::Events::Rule": f"arn:aws:events:{place}:rule/{name}",
        "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/{identifier}",
        "AWS::KMS::Key": f"arn:aws:kms:{place}:key/{identifier}",
        "AWS::Lambda::Function": f"arn:aws:lambda:{place}:function:{identifier}",
        "AWS::S3::Bucket": f"arn:aws:s3:::{identifier}",
        "AWS::SQS::Queue": f"arn:aws:sqs:{place}:{name}",
    }
    if resource_type == "AWS::Logs::LogGroup":
        arn = f"arn:aws:logs:{place}:log-group:{identifier}"
        return [f"{arn}:*", arn, identifier]
    if resource_type in ("AWS::SQS::Queue", "AWS::Events::Rule"):
        return [arns[resource_type], identifier, name]
    if resource_type == "AWS::SNS::Topic":
        return [identifier, identifier.rpartition(":")[2]]
    if (
        resource_type.endswith(("Policy", "Association", "Permission"))
        and "IAM" not in resource_type
    ):
        return []  # their ids are other resources' names, or nothing that an API shows
    return [identifier, *([arns[resource_type]] if resource_type in arns else [])]


def _excused(resource_type, name):
    return any(each["type"] in ("*", resource_type) and each["property"] == name for each in UNREAD)


def _kept(reported, wanted):
    """Of what the API shows, the members that the template states, at every depth."""
    if isinstance(wanted, dict) and isinstance(reported, dict):
        return {name: _kept(reported.get(name), value) for name, value in wanted.items()}
    if isinstance(wanted, list) and isinstance(reported, list) and len(wanted) == len(reported):
        return [_kept(theirs, ours) for theirs, ours in zip(reported, wanted, strict=True)]
    return reported


def _comparable(name, value):
    """APIs give numbers and flags as text, and some lists in an order of their own."""
    if name in UNORDERED:
        return sorted(map(json.dumps, value or []))
    if isinstance(value, int | float):
        return str(value if isinstance(value, bool) or value != int(value) else int(value))
    return value


def _wanted(rule):
    peer = next(
        rule[name]
        for name in (
            *("CidrIp", "DestinationPrefixListId", "SourcePrefixListId"),
            *("DestinationSecurityGroupId", "SourceSecurityGroupId"),
        )
        if name in rule
    )
    return [rule["IpProtocol"], rule.get("FromPort"), rule.get("ToPort"), peer]


def _rules(permission):
    how = [permission.get(name) for name in RULE]
    for member, peer in (
        ("IpRanges", "CidrIp"),
        ("Ipv6Ranges", "CidrIpv6"),
        ("PrefixListIds", "PrefixListId"),
        ("UserIdGroupPairs", "GroupId"),
    ):
        yield from ([*how, each[peer]] for each in permission.get(member, []))
