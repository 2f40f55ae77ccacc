"""What a deployed stack says of itself."""

from tuning.aws.clients import Clients


class NoSuchStackError(Exception):
    """There is no stack of that name in the Region, which is the message."""


def stack_outputs(client: Clients, stack: str) -> dict[str, str]:
    """By key. Raises NoSuchStackError."""
    formation = client("cloudformation")
    try:
        found = formation.describe_stacks(StackName=stack)["Stacks"][0]
    except formation.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":  # so it says "does not exist"
            raise
        raise NoSuchStackError(formation.meta.region_name) from None
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def import_outputs(client: Clients, environment: str) -> dict[str, str] | None:
    """Of the environment's Import stack; None where no recipe imports models."""
    return _if_there(client, f"{environment}-Import")


def assistants_outputs(client: Clients, environment: str) -> dict[str, str] | None:
    """Of the environment's Assistants stack; None where it has no assistants."""
    return _if_there(client, f"{environment}-Assistants")


def _if_there(client: Clients, stack: str) -> dict[str, str] | None:
    try:
        return stack_outputs(client, stack)
    except NoSuchStackError:
        return None


def caller(client: Clients) -> str:
    """The ARN of the principal whose credentials these are."""
    return str(client("sts").get_caller_identity()["Arn"])
