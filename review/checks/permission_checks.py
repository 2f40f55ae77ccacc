"""Who may do what: no role can both read data and start a job, and the whole table is reviewed."""

from review.checks.template_check import check, each
from review.permission_table import entry_of, render, reviewed_table, table
from review.role_policies import (
    actions,
    permissions,
    policies,
    statements,
    trust,
)
from tuning.pipeline.manifest import OPTED_STEPS, STEPS

IN_VPC = [step.construct_id for step in STEPS if step.in_vpc]
REVIEWED, TABLE = reviewed_table("permissions.toml")
OPTED_ROLES = {
    **{f"{step.construct_id}Role": "lambda.amazonaws.com" for step in OPTED_STEPS},
    "InvocationLogRole": "bedrock.amazonaws.com",
}
"""Of what only some environments have; their rights are in prompts_log_checks.py. Those of assistants are called by the
assistants' names: tests/stacks/test_assistants_stack.py."""


def services(environment, role):
    return {action.split(":")[0] for action in actions(environment, role)}


def on(environment, role, service):
    """Pairs of the role's actions in one service and their resources."""
    return {
        (act, what) for act, what in permissions(environment, role) if act.startswith(f"{service}:")
    }


@check
def every_role_is_in_the_reviewed_table(environment):
    roles = {r.name for r in environment.of_type("AWS::IAM::Role") if r.stack != "Assistants"}
    assert roles - OPTED_ROLES.keys() == set(REVIEWED)


@check(only="dev")
@each("role", REVIEWED)
def roles_have_exactly_the_reviewed_permissions(environment, role):
    found = entry_of(environment, environment.one("AWS::IAM::Role", role))
    assert found == REVIEWED[role], f"after a review it would read:\n\n{render({role: found})}"


@check(only="dev")
def the_reviewed_table_is_written_in_one_way(environment):
    """So that a difference between two versions of the file is a difference of rights."""
    assert render(table(environment)) == TABLE


@check
def no_action_is_a_wildcard(environment):
    for role in REVIEWED:
        assert [a for a in actions(environment, role) if "*" in a] == []


@check
def any_resource_only_where_the_action_has_no_resource_type(environment):
    for policy in environment.of_type("AWS::IAM::ManagedPolicy"):
        apart = "WildcardPermissions" in policy.name
        for statement in statements(policy):
            assert (statement.resources == {"*"}) is apart, policy.name


@check
def statements_about_any_resource_change_nothing_of_ours(environment):
    """Beside looking, tracing and log delivery there are the interfaces of functions, which the
    functions' own code is denied.
    """
    at_large = {
        action
        for role in REVIEWED
        for action, resource in permissions(environment, role)
        if resource == "*"
        and not action.startswith(("xray:", "logs:", "ec2:Describe", "bedrock:List", "tag:Get"))
    }
    assert at_large == {
        *("ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface"),
        *("ec2:DeleteNetworkInterface", "ec2:UnassignPrivateIpAddresses"),
    }


@check
@each("function", IN_VPC)
def functions_cannot_use_lambdas_right_to_place_interfaces(environment, function):
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


@check
def nobody_has_lasting_credentials(environment):
    kinds = ("AWS::IAM::AccessKey", "AWS::IAM::Group", "AWS::IAM::User")
    assert environment.of_type(*kinds) == []


@check
def there_are_no_inline_policies(environment):
    assert environment.of_type("AWS::IAM::Policy", "AWS::IAM::RolePolicy") == []
    assert [r.id for r in environment.of_type("AWS::IAM::Role") if "Policies" in r.properties] == []


@check
def no_policy_of_aws_is_attached(environment):
    ours = {p.ref for p in environment.of_type("AWS::IAM::ManagedPolicy")}
    for role in environment.of_type("AWS::IAM::Role"):
        assert set(role.properties.get("ManagedPolicyArns", ())) <= ours


@check
def policies_stay_below_the_limit_of_iam(environment):
    """6,144 characters: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
    for policy in environment.of_type("AWS::IAM::ManagedPolicy"):
        assert len(str(policy.properties["PolicyDocument"])) < 5000, policy.name


@check
def no_two_functions_share_a_role(environment):
    roles = [f.properties["Role"] for f in environment.of_type("AWS::Lambda::Function")]
    assert len(set(roles)) == len(roles)


@check
def roles_are_assumed_by_one_service_each(environment):
    assumed = {r.name: trust(r) for r in environment.of_type("AWS::IAM::Role")}
    assert all(len(statements) == 1 for statements in assumed.values())
    by = {name: s[0].principal["Service"] for name, s in assumed.items()}
    assert by == {
        **{role: service for role, service in OPTED_ROLES.items() if role in by},
        **{f"{step.construct_id}Role": "lambda.amazonaws.com" for step in STEPS},
        "BackupRole": "backup.amazonaws.com",
        "FlowLogsRole": "vpc-flow-logs.amazonaws.com",
        "JobRole": "bedrock.amazonaws.com",
        "ReleaseRole": "states.amazonaws.com",
        "TrainingRunRole": "states.amazonaws.com",
    }


@check
def services_assume_roles_for_this_account_only(environment):
    """Lambda sends no source account when it assumes a role; that AWS Backup does is unconfirmed."""
    silent = {"backup.amazonaws.com", "lambda.amazonaws.com"}
    for role in environment.of_type("AWS::IAM::Role"):
        (statement,) = trust(role)
        if statement.principal["Service"] not in silent:
            assert statement.conditions["StringEquals"]["aws:SourceAccount"] == "{account}"
