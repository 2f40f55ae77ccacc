"""The account's log of what models are asked: in `rich`, which asks for it, and in no environment that does not."""

from review.checks.template_check import check
from review.role_policies import permissions, policies, statements, trust

SETTING, GROUP, ROLE = "Custom::ModelInvocationLog", "InvocationLogGroup", "InvocationLogRole"
CONFIGURATION = "ModelInvocationLoggingConfiguration"


@check
def the_accounts_log_is_set_where_the_config_asks_for_it_and_nowhere_else(environment):
    wanted = {"dev": 0, "rich": 1}[environment.name]
    assert len(environment.of_type(SETTING)) == wanted
    settable = [
        policy
        for policy in environment.of_type("AWS::IAM::ManagedPolicy")
        for statement in statements(policy)
        if any(CONFIGURATION in action for action in statement.actions)
    ]
    assert len(settable) == wanted


@check(only="rich")
def what_models_are_asked_is_kept_under_our_key_also_when_the_setting_goes(environment):
    group = environment.one("AWS::Logs::LogGroup", GROUP)
    assert group.properties["KmsKeyId"] == "{LogsKey}"
    assert group.properties["RetentionInDays"] == 731
    assert (group.deletion, group.replacement) == ("RetainExceptOnCreate", "Retain")


@check(only="rich")
def bedrock_writes_one_stream_of_that_group_for_this_account_and_nobody_else_may(environment):
    role = environment.one("AWS::IAM::Role", ROLE)
    (trusted,) = trust(role)
    assert trusted.principal == {"Service": "bedrock.amazonaws.com"}
    assert trusted.conditions == {
        "StringEquals": {"aws:SourceAccount": "{account}"},
        "ArnLike": {"aws:SourceArn": "arn:aws:bedrock:us-west-2:{account}:*"},
    }
    stream = (
        "arn:aws:logs:us-west-2:{account}:log-group:{%s}:log-stream:aws/bedrock/modelinvocations"
    )
    assert permissions(environment, ROLE) == {
        (action, stream % GROUP) for action in ("logs:CreateLogStream", "logs:PutLogEvents")
    }


@check(only="rich")
def the_function_that_sets_it_may_pass_that_role_to_bedrock_and_see_no_data(environment):
    held = policies(environment, "SetInvocationLogRole")
    ours = [s for policy in held for s in statements(policy)]
    (passing,) = (s for s in ours if "iam:PassRole" in s.actions)
    assert passing.resources == {f"{{{ROLE}}}"}
    assert passing.conditions == {"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}}
    rights = permissions(environment, "SetInvocationLogRole")
    bedrock = {(action, on) for action, on in rights if action.startswith("bedrock:")}
    assert bedrock == {(f"bedrock:{verb}{CONFIGURATION}", "*") for verb in ("Delete", "Get", "Put")}
    others = {action.partition(":")[0] for action, _ in rights} - {"bedrock", "iam"}
    assert others == {"kms", "logs", "sns", "xray"}
    keys = {on for action, on in rights if action.startswith("kms:")}
    assert keys == {"{LogsKey}"}


@check(only="rich")
def it_is_set_by_that_function_when_both_roles_already_may(environment):
    setting = environment.one(SETTING)
    assert setting.properties["ServiceToken"] == "{SetInvocationLogFunction}"
    assert setting.properties["LogGroup"] == f"{{{GROUP}}}"
    assert setting.properties["Role"] == f"{{{ROLE}}}"
    assert {"SetInvocationLogPolicy", "InvocationLogPolicy"} <= setting.depends_on
    assert 0 < int(setting.properties["ServiceTimeout"]) < 3600
