"""AWS around the functions, in virtual time: queue, functions, executions, jobs; and what goes wrong.

Every call that a function or the state machine makes comes through `Amazon.call`, which counts it and
lets the schedule strike.
"""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from clockwork import Clockwork, Promise
from explored_calls import Call, CallKind
from explored_faults import Crash, applicable, struck
from explored_handlers import BEHIND, Handler, context
from fake_bedrock import ENDED
from former_functions import FORMER, former
from granted import acting, assert_granted
from greenlet import getcurrent
from machine import End, Execution, Failed
from rounds import among_us, until_quiet
from scenarios import Scenario
from schedule import Kind, Schedule
from services import Bedrock, Ledger, Notices, StepFunctions, Storage
from surroundings import Around

from lambdas.dispatch_queue import NotDispatched
from lambdas.reconcile_runs import NotReconciled
from tuning.aws.transient import Transient, name_in_use
from tuning.errors import TuningError
from tuning.pipeline.run_steps import HIDDEN_SECONDS, MOST_RECEIVES

HOUR = 3600
CLOCKS_OFF = timedelta(minutes=30)
_RAISED = (
    BotoCoreError,
    ClientError,
    NotDispatched,
    NotReconciled,
    Transient,
    TuningError,
    name_in_use,
)


@dataclass(eq=False)
class Message:
    id: str
    event: Any
    receives: int = 0


@dataclass(eq=False)
class Invocation:
    function: str
    calls: int = 0
    promise: Promise = field(default_factory=Promise)


class Amazon:
    def __init__(
        self,
        definition: Mapping[str, Any],
        functions: Mapping[str, Handler],
        scenario: Scenario,
        schedule: Schedule = (),
        *,
        seed: int = 0,
    ) -> None:
        self.definition, self.functions, self.scenario = definition, functions, scenario
        self.strikes = {fault.call: fault.kind for fault in schedule}
        self.random = random.Random(seed)  # noqa: S311 — reproducible on purpose
        self.clock = Clockwork()
        late = scenario.late_seconds
        self.ledger = Ledger(clock=self.clock, late_seconds=late)
        self.storage = Storage()
        self.notices = Notices()
        self.bedrock = Bedrock(
            now=self.clock.now, clock=self.clock, scenario=scenario, storage=self.storage
        )
        self.stepfunctions = StepFunctions(begin=self._begin, clock=self.clock, late_seconds=late)
        self.calls: list[Call] = []
        self.story: list[str] = []
        self.dead: list[Message] = []
        self.put_aside: list[Message] = []
        """All that ever were dead letters."""
        self.ends: dict[str, list[End]] = {}
        self.invoked: list[str] = []
        self.executions: list[Execution] = []
        self.rounds: list[Any] = []
        self.dispatching = False
        self.outages: dict[tuple[str, str], tuple[str, float]] = {}
        self.struck: set[tuple[CallKind, Kind]] = set()
        """Which kind of call was really struck by which kind of fault."""
        self.hindered: set[int] = set()
        """The calls that an outage refused, so that no other fault could strike them."""
        self.errors: set[str] = set()
        """What services that the state machine calls by itself were refused by."""
        BEHIND.client, BEHIND.now = self.client, self._function_clock

    # What the world does -----------------------------------------------------------------------

    def live(self) -> None:
        """The scenario, to its end and a hundred days beyond."""
        self.scenario.begin(self)
        among_us(self)
        self.clock.run()
        until_quiet(self)
        if self.dead:
            self._log("an operator redrives the dead letters")
            again, self.dead = self.dead, []
            for message in again:
                message.receives = 0
                self.clock.spawn(lambda m=message: self.receive([m]), after=HOUR)
            self.clock.run()
            until_quiet(self)
        self._log("ninety days later Step Functions has forgotten; every event comes once more")
        self.stepfunctions.forget()
        for number, event in enumerate(self.scenario.events):
            late = Message(id=f"late-{number}", event=event)
            self.clock.spawn(lambda m=late: self.receive([m]), after=90 * 24 * HOUR)
        self.clock.run()

    def receive(self, batch: list[Message]) -> None:
        """Lambda hands a batch to the first function; what failed is visible again after a while."""
        for message in batch:
            message.receives += 1
        records = [
            {"messageId": m.id, "body": json.dumps(m.event), "eventSource": "aws:sqs"}
            for m in batch
        ]
        answer = self.invoke("receive_upload", {"Records": records})
        if isinstance(answer, Failed):
            failed = {message.id for message in batch}
        else:
            failed = {item["itemIdentifier"] for item in answer["batchItemFailures"]}
        for message in (m for m in batch if m.id in failed):
            if message.receives >= MOST_RECEIVES:
                self._log(f"message {message.id} is put aside as a dead letter")
                self.dead.append(message)
                self.put_aside.append(message)
            else:
                self.clock.spawn(lambda m=message: self.receive([m]), after=HIDDEN_SECONDS)

    def invoke(self, function: str, event: Any) -> Any:
        """What the function answers, or how it failed."""
        invocation = Invocation(function=function)
        self.clock.spawn(lambda: self._work(invocation, json.dumps(event)))
        return self.clock.wait(invocation.promise)

    def _work(self, invocation: Invocation, event: str) -> None:
        getcurrent().invocation = invocation
        self._log(f"{invocation.function} is invoked")
        self.invoked.append(invocation.function)
        try:
            handler = self._handler(invocation.function)
            time = context(lambda: self.clock.seconds)
            answer = json.loads(json.dumps(handler(json.loads(event), time)))
        except Crash:
            # https://github.com/awslabs/amazon-s3-find-and-forget/pull/283 quotes it.
            answer = Failed(
                "Runtime.ExitError",
                '{"errorMessage": "Runtime exited", "errorType": "Runtime.ExitError"}',
            )
        except _RAISED as error:
            said = {"errorMessage": str(error), "errorType": type(error).__name__}
            answer = Failed(type(error).__name__, json.dumps(said))
        self.clock.keep(invocation.promise, answer)

    def _handler(self, name: str) -> Handler:
        handler = self.functions[name]
        return former(name, handler) if self._former_is_deployed else handler

    @property
    def met_former_version(self) -> bool:
        """Whether any execution was started under its state machine."""
        return any(each.definition is FORMER for each in self.executions)

    @property
    def _former_is_deployed(self) -> bool:
        scenario = self.scenario
        return not scenario.deployed_at <= self.clock.seconds < scenario.rolled_back_at

    def _begin(self, name: str, given: str) -> None:
        execution = Execution(
            definition=FORMER if self._former_is_deployed else self.definition,
            name=name,
            given=json.loads(given),
            world=Around(self),
        )

        def work() -> None:
            self.executions.append(execution)
            end = execution.run()
            self.ends.setdefault(name, []).append(end)
            said = {"error": end.error, "cause": end.cause, "stopDate": self.clock.now()}
            self.stepfunctions.end(name, end.status, **said)
            self._log(f"the execution ends: {end.status} in {end.state!r}")

        self.clock.spawn(work)

    # What is asked of it -----------------------------------------------------------------------

    def client(self, service: str) -> Any:
        return _Client(self, service, self.service(service))

    def service(self, name: str) -> Any:
        return {
            "dynamodb": self.ledger,
            "s3": self.storage,
            "bedrock": self.bedrock,
            "stepfunctions": self.stepfunctions,
            "sns": self.notices,
        }[name]

    def call(self, service: str, operation: str, effect: Callable[[], Any]) -> Any:
        invocation = getattr(getcurrent(), "invocation", None)
        if invocation:
            invocation.calls += 1
        who = acting()
        call = Call(
            number=len(self.calls),
            who=who,
            service=service,
            operation=operation,
            place=invocation.calls if invocation else 0,
            situation=() if self.strikes else self._situation(),
        )
        self.calls.append(call)
        kind = self.strikes.get(call.number)
        # Not of another call than the one it was made for.
        kind = kind if kind in applicable(call) else None
        self._log(
            f"[{call.number}] {who} calls {service}.{operation}"
            + (f"  ← {kind.upper()}" if kind else "")
        )
        return struck(self, call, kind, invocation, effect)

    def _situation(self) -> tuple[frozenset[Any], ...]:
        rows = frozenset(row.get("state") for row in self.ledger.items.values())
        return rows, frozenset(job["status"] for job in self.bedrock.all_jobs())

    def _function_clock(self) -> datetime:
        """What the function that is at work takes for the time."""
        now = self.clock.now()
        if not self.scenario.clocks_off:
            return now
        ahead = sorted(self.functions).index(getcurrent().invocation.function) % 2 or -1
        return now + ahead * self.scenario.clocks_off * CLOCKS_OFF

    def deliver_again(self) -> None:
        for number, event in enumerate(self.scenario.events):
            message = Message(id=f"again-{number}-{len(self.calls)}", event=event)
            self.clock.spawn(lambda m=message: self.receive([m]))
        self.clock.sleep(0)

    def _log(self, line: str) -> None:
        self.story.append(f"{self.clock.seconds:>10,.0f} s  {line}")

    @property
    def running(self) -> list[dict[str, Any]]:
        return [job for job in self.bedrock.all_jobs() if job["status"] not in ENDED]


@dataclass(frozen=True)
class _Client:
    """A client whose every operation is a call of the history."""

    world: Amazon
    name: str
    fake: Any

    @property
    def exceptions(self) -> Any:
        return self.fake.exceptions

    def get_paginator(self, operation: str) -> "_Client":
        return _Client(
            self.world, self.name, _Paginator(operation, self.fake.get_paginator(operation))
        )

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        really = getattr(self.fake, operation)
        operation_name = getattr(self.fake, "operation", operation)

        def ask(**arguments: Any) -> Any:
            assert_granted(acting(), self.name, operation_name, arguments)
            return self.world.call(self.name, operation_name, lambda: really(**arguments))

        return ask


@dataclass(frozen=True)
class _Paginator:
    operation: str
    fake: Any

    def paginate(self, **arguments: Any) -> list[Any]:
        return list(self.fake.paginate(**arguments))
