"""Bedrock: jobs that move, in place of MiniStack's, which accept anything and stay InProgress."""

import contextvars
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.core.router import extract_access_key_id
from ministack.services import bedrock, ec2

from emulator.bedrock import routes
from emulator.bedrock.engine import Engine
from emulator.bedrock.ports import Scope, Surroundings
from emulator.clock import Clock
from emulator.emulator_settings import EmulatorSettings
from emulator.extensions.enforcement import Gate, SignedCall, denial_message
from emulator.extensions.job_objects import MiniStackObjects
from emulator.extensions.log_places import MiniStackLogPlaces
from emulator.extensions.patching import Theirs, patch
from emulator.extensions.roles import SERVICE, MiniStackRoles
from emulator.extensions.service_access import key_lets
from emulator.extensions.service_events import publish_event

CALLER: contextvars.ContextVar[str] = contextvars.ContextVar("caller")
"""Access key of the request at hand."""


def install(
    settings: EmulatorSettings, roles: MiniStackRoles, gate: Gate | None, clock: Clock
) -> Engine:
    engine = _engine(settings, roles, gate, clock)
    patch(bedrock, "handle_request", answer_or_pass_on, engine, routes.BEDROCK_ROUTES, {})
    return engine


async def answer_or_pass_on(
    theirs: Theirs[Any],
    engine: routes.RoutedEngine,
    service: routes.RoutedService,
    said: dict[str, str],
    method: str,
    path: str,
    headers: Any,
    body: bytes,
    query: dict[str, list[str]],
) -> Any:
    """What the engine of a service answers, with the headers that it says of itself; else what MiniStack does."""
    CALLER.set(extract_access_key_id(headers, query))
    call = routes.BedrockCall(method=method, path=path, query=query or {}, body=body)
    answer = routes.respond(engine, scope_of_the_call(), call, service)
    if answer is None:
        return await theirs(method, path, headers, body, query)
    sent = {"Content-Type": "application/json", **said}
    if answer.error:
        sent["x-amzn-ErrorType"] = answer.error
    return answer.status, sent, json.dumps(answer.document).encode()


def _engine(
    settings: EmulatorSettings, roles: MiniStackRoles, gate: Gate | None, clock: Clock
) -> Engine:
    return Engine(
        aws=Surroundings(
            roles=roles,
            objects=MiniStackObjects(),
            network=_Network(members_must_talk=settings.members_must_talk),
            events=_Events(),
            callers=GatedCallers(gate=gate),
        ),
        spawn=spawn,
        quota=settings.quota,
        phase_seconds=settings.phase_seconds,
        clock=clock.now,
        seconds=settings.deployment_seconds,
        units=settings.model_units,
        key_opens=_opens,
        places=MiniStackLogPlaces(),
    )


def _opens(key: str | None) -> bool:
    """https://docs.aws.amazon.com/nova/latest/userguide/customize-fine-tune-encrypt.html"""
    context = {"kms:encryptioncontextkeys": ["aws:bedrock:custom-model"]}
    return bool(key_lets(key, SERVICE, context))


def scope_of_the_call() -> Scope:
    return Scope(account=get_account_id(), region=get_region())


def spawn(task: Callable[[], None]) -> None:
    """In a thread that keeps the request's account and Region."""
    threading.Thread(target=contextvars.copy_context().run, args=(task,), daemon=True).start()


@dataclass(frozen=True, kw_only=True)
class GatedCallers:
    gate: Gate | None
    """None where policies are not enforced."""
    endpoint: str = "bedrock"
    """The service whose VPC endpoint Bedrock's own calls go through."""
    owner: str = "bedrock"
    """The prefix of the actions that are a service's own."""

    def refusal(self, action: str, resource: str, context: dict[str, Any]) -> str | None:
        if self.gate is None:
            return None
        service = action.partition(":")[0]
        own = service == self.owner
        call = SignedCall(
            access_key=CALLER.get(),
            service=self.endpoint if own else service,
            action=action,
            resource=resource,
            context=context,
        )
        denied = (self.gate.check if own else self.gate.check_on_behalf)(call)
        return denial_message(call, denied) if denied else None


@dataclass(frozen=True, kw_only=True)
class _Network:
    members_must_talk: bool

    def missing(self, subnets: list[str], groups: list[str]) -> list[str]:
        return [
            *(each for each in subnets if ec2._subnets.get(each) is None),
            *(each for each in groups if ec2._security_groups.get(each) is None),
        ]

    def members_talk(self, groups: list[str]) -> bool:
        found = [ec2._security_groups[each] for each in groups]
        return not self.members_must_talk or all(
            any(_reaches(rule, groups) for group in found for rule in group[direction])
            for direction in ("IpPermissions", "IpPermissionsEgress")
        )


def _reaches(rule: dict[str, Any], groups: list[str]) -> bool:
    """All traffic, from or to a member of the groups or anybody."""
    pairs = [each.get("GroupId") for each in rule.get("UserIdGroupPairs", [])]
    ranges = [each.get("CidrIp") for each in rule.get("IpRanges", [])]
    anybody = "0.0.0.0/0" in ranges
    return str(rule["IpProtocol"]) == "-1" and (anybody or not {*pairs}.isdisjoint(groups))


class _Events:
    def put(self, detail_type: str, resource: str, detail: dict[str, Any]) -> None:
        publish_event("aws.bedrock", detail_type, resource, detail)
