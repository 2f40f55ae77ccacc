"""Names that may be there once in an account and Region, made of an environment's name and of what it is in there.

A hyphen between would not do: `dev-eu` and `support` is not `dev` and `eu-support`. Names of assistants and
guardrails have no two hyphens in a row, and begin and end with none, so that the last two are between both parts.
"""


def account_name(environment: str, name: str) -> str:
    return f"{environment}--{name}"


def runtime_name(environment: str, assistant: str) -> str:
    """Of an agent, without hyphens, and of at most 48 characters.
    https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_CreateAgentRuntime.html
    """
    return account_name(environment, assistant).replace("-", "_")
