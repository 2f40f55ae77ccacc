"""Bedrock: jobs that move, in place of MiniStack's, which accept anything and stay InProgress."""

import contextvars
import json
import threading
from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import bedrock, ec2, eventbridge

from emulator.bedrock import routes
from emulator.bedrock.engine import Engine
from emulator.bedrock.ports import Scope, Surroundings
from emulator.extensions.objects import Objects
from emulator.extensions.roles import Roles
from emulator.settings import Settings


def install(settings: Settings) -> Engine:
    engine = Engine(
        aws=Surroundings(roles=Roles(), objects=Objects(), network=Network(), events=Events()),
        spawn=spawn,
        quota=settings.quota,
        phase_seconds=settings.phase_seconds,
    )
    theirs = bedrock.handle_request

    async def handle(
        method: str, path: str, headers: Any, body: bytes, query: dict[str, list[str]]
    ) -> Any:
        scope = Scope(account=get_account_id(), region=get_region())
        call = routes.Call(method=method, path=path, query=query or {}, body=body)
        answer = routes.respond(engine, scope, call)
        if answer is None:
            return await theirs(method, path, headers, body, query)
        sent = {"Content-Type": "application/json"}
        if answer.error:
            sent["x-amzn-ErrorType"] = answer.error
        return answer.status, sent, json.dumps(answer.document).encode()

    bedrock.handle_request = handle
    return engine


def spawn(task: Callable[[], None]) -> None:
    """In a thread that keeps the request's account and Region."""
    threading.Thread(target=contextvars.copy_context().run, args=(task,), daemon=True).start()


class Network:
    def missing(self, subnets: list[str], groups: list[str]) -> list[str]:
        return [
            *(each for each in subnets if ec2._subnets.get(each) is None),
            *(each for each in groups if ec2._security_groups.get(each) is None),
        ]


class Events:
    def put(self, detail_type: str, resource: str, detail: dict[str, Any]) -> None:
        """Straight to the bus: a PutEvents call may not name a source aws.*, as on AWS."""
        entry = {
            "Source": "aws.bedrock",
            "DetailType": detail_type,
            "Resources": [resource],
            "Detail": json.dumps(detail),
        }
        eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
