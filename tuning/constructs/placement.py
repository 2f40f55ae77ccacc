"""Where the reusable constructs are put: in a stack that can hold them, whatever its app's flags."""

from collections.abc import Mapping

import aws_cdk as cdk
from constructs import Construct

from tuning.constructs.config import Config
from tuning.constructs.config_assistants import with_documents
from tuning.errors import ConfigError

_FLAGS = {
    "@aws-cdk/aws-iam:minimizePolicies": True,
    "@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True,
}
"""Feature flags that these constructs are written with; those of the app are overridden below them.
https://docs.aws.amazon.com/cdk/v2/guide/featureflags.html"""

# CloudFormation makes names of 63 characters at most for buckets, and cuts the stack's name in them;
# endpoints and policies know them by the whole of it.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
LONGEST_STORAGE_NAME = 24
# `<stack>-TrainingRun-<8 of the stack's id>` names a state machine, in 80 characters.
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
LONGEST_NAME = 59


def own_name(scope: Construct, name: str) -> str:
    """`name` after the stack's, and the beginning of the stack's id: no two stacks ever share it.

    A queue's name is taken for a minute after its deletion, a state machine's until the last of its executions
    has ended (an execution may wait for days), and that of what is retained for ever; so an environment that is
    made again would be in its own way.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
    """
    unique = cdk.Fn.select(2, cdk.Fn.split("/", cdk.Aws.STACK_ID))
    return f"{cdk.Stack.of(scope).stack_name}-{name}-{cdk.Fn.select(0, cdk.Fn.split('-', unique))}"


def prepare_scope(construct: Construct, config: Config, *, longest: int = LONGEST_NAME) -> None:
    """Set the flags. Raises ConfigError for a stack that is nested, named too long, or of another
    Region. To be called before anything is put into `construct`.
    """
    for flag, value in _FLAGS.items():
        construct.node.set_context(flag, value)
    stack = cdk.Stack.of(construct)
    where = f"stack {stack.node.path}, for {type(construct).__name__}"
    if cdk.Token.is_unresolved(stack.stack_name):
        raise ConfigError(
            f"{where}: is a NestedStack, whose name is not known at synth; names and policies begin "
            "with it: use a cdk.Stack"
        )
    if len(stack.stack_name) > longest:
        raise ConfigError(
            f"{where}: stack_name {stack.stack_name!r} has {len(stack.stack_name)} characters; names "
            f"that begin with it have room for {longest}: pass a shorter stack_name"
        )
    if stack.region != config.region:
        found = "no Region" if cdk.Token.is_unresolved(stack.region) else stack.region
        raise ConfigError(
            f"{where}: has {found}, and Config has {config.region}: pass "
            f"env=cdk.Environment(region={config.region!r}) to the stack or its Stage"
        )


def put_out(scope: Construct, values: Mapping[str, str]) -> None:
    """Outputs of a stack, by their names: commands and applications read them there."""
    outputs = Construct(scope, "Outputs")
    for name, value in values.items():
        cdk.CfnOutput(outputs, name, value=value).override_logical_id(name)


def weights_of(config: Config, imports_name: str) -> str:
    """The ARN of the bucket of weights, in the stack of that name, as far as it is known beforehand; none where no
    recipe imports models. Raises ConfigError where one does and no such stack is named.
    """
    names = [each.name for each in config.load_imports()]
    if not names:
        return ""
    if not imports_name:
        raise ConfigError(
            f"recipes: {', '.join(names)} import models, for which there is no stack: pass imports_name to "
            "Network and Storage, and make a ModelImport in the stack of that name"
        )
    return f"arn:{cdk.Aws.PARTITION}:s3:::{imports_name.lower()}-*"


def documents_of(config: Config, assistants_name: str) -> str:
    """The ARN of the bucket of documents, in the stack of that name, as far as it is known beforehand; none where no
    assistant has any. Raises ConfigError where one does and no such stack is named.
    """
    names = [each.name for each in with_documents(config)]
    if not names:
        return ""
    if not assistants_name:
        raise ConfigError(
            f"assistants: {', '.join(names)} have documents, to which no endpoint leads: pass assistants_name, the "
            "name of the stack of Assistants, to Network and Storage"
        )
    return f"arn:{cdk.Aws.PARTITION}:s3:::{assistants_name.lower()}-*"
