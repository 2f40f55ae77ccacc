"""Step Functions: logging and tracing of a state machine made by CloudFormation.

MiniStack keeps the logging properties as the template spells them, so that DescribeStateMachine
shows none, and drops the tracing ones.
"""

from typing import Any

from ministack.services import stepfunctions

from emulator.extensions import provisioning
from emulator.extensions.provisioning import flag

OFF = {"level": "OFF", "includeExecutionData": False}


def install() -> None:
    provisioning.after("AWS::StepFunctions::StateMachine", apply)


def apply(arn: str, properties: dict[str, Any]) -> None:
    machine = stepfunctions._state_machines[arn]
    if logging := properties.get("LoggingConfiguration"):
        shown = OFF | _as_in_api(logging)
        machine["loggingConfiguration"] = shown | {
            "includeExecutionData": flag(shown["includeExecutionData"])
        }
    traced = (properties.get("TracingConfiguration") or {}).get("Enabled")
    machine["tracingConfiguration"] = {"enabled": flag(traced)}


def _as_in_api(value: Any) -> Any:
    """Templates begin member names with a capital, the API does not."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _as_in_api(member) for name, member in value.items()}
    return [_as_in_api(each) for each in value] if isinstance(value, list) else value
