"""AgentCore Runtime: an agent's zip is run, where MiniStack keeps it and repeats what it is asked.

What the service refuses is refused; its texts are not published, and those here are INVENTED but for validation's.
https://docs.aws.amazon.com/bedrock-agentcore-control/latest/APIReference/API_CreateAgentRuntime.html
"""

import contextvars
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from ministack.core import lambda_runtime
from ministack.core.responses import error_response_json, get_account_id, get_region
from ministack.services import bedrock_agentcore, ec2

from emulator.bedrock.api_errors import ApiError, ValidationError
from emulator.bedrock.requests import validate
from emulator.emulator_settings import EmulatorSettings
from emulator.entrance import Response
from emulator.extensions import stopped_sessions
from emulator.extensions.agent_interfaces import AgentInterfaces
from emulator.extensions.agent_processes import (
    SESSION_HEADER,
    AgentProcesses,
    AgentProgram,
    AgentProgramError,
    session_name,
)
from emulator.extensions.agent_subnets import remember_subnets
from emulator.extensions.job_objects import MiniStackObjects
from emulator.extensions.patching import Theirs, patch
from emulator.extensions.roles import MiniStackRoles

_SERVICE = "bedrock-agentcore.amazonaws.com"
OF_A_STACK: contextvars.ContextVar[bool] = contextvars.ContextVar("of a stack", default=False)
"""CloudFormation waits for a role by itself, as before it makes a function. UNCONFIRMED of this type."""
RUN_HERE = "the agent's program runs as a process of this machine"
ZONES_OF_AGENTS = {
    "us-east-1": ("use1-az1", "use1-az2", "use1-az4"),
    "us-west-2": ("usw2-az1", "usw2-az2", "usw2-az3"),
}
"""Where subnets of a runtime may be; other Regions are not held to it here.
https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/agentcore-vpc.html"""
_CREATED, _BAD, _PROGRAM_FAILED = 202, 400, 424
_SHORTEST_SESSION = 33
"""https://docs.aws.amazon.com/bedrock-agentcore/latest/APIReference/API_InvokeAgentRuntime.html"""
_LARGEST_CODE = 250_000_000
"""Bytes. https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/bedrock-agentcore-limits.html"""


def install(settings: EmulatorSettings, roles: MiniStackRoles, interfaces: AgentInterfaces) -> None:
    runtimes = AgentRuntimes(settings=settings, roles=roles, interfaces=interfaces)
    theirs = bedrock_agentcore
    patch(theirs, "_create_agent_runtime", runtimes.create_checked)
    patch(theirs, "_update_agent_runtime", runtimes.update_checked)
    patch(theirs, "_delete_agent_runtime", runtimes.delete_with_its_sessions)
    theirs._invoke_agent_runtime_in_owner = runtimes.invoked
    stopped_sessions.install(runtimes.processes)


@dataclass(frozen=True, kw_only=True)
class AgentRuntimes:
    settings: EmulatorSettings
    roles: MiniStackRoles
    interfaces: AgentInterfaces
    processes: AgentProcesses = field(default_factory=AgentProcesses)
    code: dict[str, bytes] = field(default_factory=dict)
    """By the runtime's id and version: what was in S3 when it was made."""

    def create_checked(self, create: Theirs[Response], body: bytes) -> Response:
        return self._checked("CreateAgentRuntime", json.loads(body or b"{}"), lambda: create(body))

    def update_checked(self, update: Theirs[Response], runtime: str, body: bytes) -> Response:
        request = json.loads(body or b"{}") | {"agentRuntimeId": runtime}
        return self._checked("UpdateAgentRuntime", request, lambda: update(runtime, body))

    def delete_with_its_sessions(self, delete: Theirs[Response], runtime: str) -> Response:
        self.processes.end(runtime)
        status, sent, body = delete(runtime)
        if status < _BAD:
            self.interfaces.leave(runtime)
        return (_CREATED if status < _BAD else status), sent, body

    def _checked(
        self, operation: str, request: dict[str, Any], make: Callable[[], Response]
    ) -> Response:
        try:
            validate(operation, request, "bedrock-agentcore-control")
            code = self._code(request)
            self._check_role(request["roleArn"])
            network = request.get("networkConfiguration") or {}
            _check_network(network)
        except ApiError as refused:
            answer: Response = error_response_json(refused.code, refused.message, refused.status)
            return answer
        status, sent, body = make()
        if status >= _BAD:
            return status, sent, body
        made = json.loads(body)
        self.code[f"{made['agentRuntimeId']}:{made['agentRuntimeVersion']}"] = code
        self.interfaces.place(made["agentRuntimeId"], network)
        return _CREATED, sent, body

    def _code(self, request: dict[str, Any]) -> bytes:
        """That the caller's right to the object is asked for is left out: CloudFormation's deployer has it."""
        artifact = request["agentRuntimeArtifact"]
        if "codeConfiguration" not in artifact:
            raise ValidationError(
                message="The emulator runs no containers: give a codeConfiguration."
            )
        place = artifact["codeConfiguration"]["code"].get("s3", {})
        bucket, key = place.get("bucket", ""), place.get("prefix", "")
        body = MiniStackObjects().part(bucket, key, 0, _LARGEST_CODE + 1)
        if body is None:
            raise ValidationError(
                message=f"There is no object s3://{bucket}/{key} for the agent's code."
            )
        if len(body) > _LARGEST_CODE:
            raise ValidationError(message="The agent's code is larger than 250 MB.")
        return body

    def _check_role(self, role: str) -> None:
        """https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-permissions.html"""
        source = f"arn:aws:bedrock-agentcore:{get_region()}:{get_account_id()}:*"
        roles = replace(self.roles, known=lambda _: True) if OF_A_STACK.get() else self.roles
        if not roles.may_be_assumed(role, source, _SERVICE):
            raise ValidationError(
                message=f"Role validation failed for '{role}'. Please verify that the role exists and its trust policy "
                "allows assumption by this service"
            )

    def invoked(self, runtime: dict[str, Any], headers: dict[str, str], body: bytes) -> Response:
        """In the name of its role; UNCONFIRMED that the service passes what a program answers with status 400 as 424."""
        session = (
            headers.get(SESSION_HEADER) or f"{runtime['agentRuntimeId']}-{'0' * _SHORTEST_SESSION}"
        )
        if len(session) < _SHORTEST_SESSION:
            why = f"runtimeSessionId: must have at least {_SHORTEST_SESSION} characters"
            refused: Response = error_response_json("ValidationException", why, _BAD)
            return refused
        of = f"{runtime['agentRuntimeId']}:{runtime['agentRuntimeVersion']}"
        sent = {
            "Content-Type": headers.get("content-type", "application/json"),
            SESSION_HEADER: session,
        }
        try:
            status, kind, answer = self.processes.ask(
                (of, session), self._program(runtime, of), body, sent
            )
        except AgentProgramError as error:
            return _failed(str(error))
        if status >= _BAD:
            return _failed(f"Received error ({status}) from runtime.")
        return 200, {"Content-Type": kind, SESSION_HEADER: session, "x-emulated": RUN_HERE}, answer

    def _program(self, runtime: dict[str, Any], of: str) -> AgentProgram:
        """UNCONFIRMED which variables of its own the service sets beside the Region and the role's credentials."""
        name = session_name(runtime["agentRuntimeArn"])
        network = runtime["networkConfiguration"].get("networkModeConfig") or {}
        remember_subnets(name, network.get("subnets", []))
        arn = f"arn:aws:lambda:{get_region()}:{get_account_id()}:function:{name}"
        role = {"FunctionArn": arn, "FunctionName": name, "Role": runtime["roleArn"]}
        return AgentProgram(
            code=self.code[of],
            entry_point=runtime["agentRuntimeArtifact"]["codeConfiguration"]["entryPoint"],
            environment={
                **self.settings.client_environment(),
                **lambda_runtime.execution_credentials(role),
                **runtime.get("environmentVariables", {}),
            },
        )


def _failed(why: str) -> Response:
    answer: Response = error_response_json("RuntimeClientError", why, _PROGRAM_FAILED)
    return answer


def _check_network(network: dict[str, Any]) -> None:
    if network.get("networkMode") != "VPC":
        return
    said = network.get("networkModeConfig")
    if not said:
        raise ValidationError(message="networkModeConfig is required with the network mode VPC.")
    for group in said["securityGroups"]:
        if group not in ec2._security_groups:
            raise ValidationError(message=f"The security group '{group}' does not exist.")
    for each in said["subnets"]:
        subnet = ec2._subnets.get(each)
        if subnet is None:
            raise ValidationError(message=f"The subnet '{each}' does not exist.")
        zone, known = subnet["AvailabilityZoneId"], ZONES_OF_AGENTS.get(get_region())
        if known and zone not in known:
            raise ValidationError(
                message=f"The subnet '{each}' is in {zone}, where AgentCore is not; it is in {', '.join(known)}."
            )
