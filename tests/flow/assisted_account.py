"""Callers of assistants on an emulated account: roles with policies, in the VPC or out of it, who sign their requests."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

from account_of_recipe import account_of_recipe
from accounts import World, a_client, session

ASSISTANTS = {
    "help-desk": """
        recipe = "tone"
        system_prompt = "You help."
        daily_budget = 5.00
        caller_requests_per_minute = 100
    """,
    "plain": """
        model = "amazon.nova-micro-v1:0:128k"
        system_prompt = "You help."
        daily_budget = 1.00
        guardrail = "strict"
    """,
}
STRICT = (
    'description = "d"\nblocked_input = "no"\nblocked_output = "no"\n[words]\nblocked = ["zebra"]\n'
)


@contextmanager
def account_of_assistants(
    folder: Path, assistants: Mapping[str, str], recipe: str, text: str
) -> Iterator[World]:
    """An account of its own with these assistants, the recipe that an environment has always, and the guardrails of the
    repository beside a strict one.
    """
    shutil.copytree(Path(__file__).parents[2] / "guardrails", folder / "guardrails")
    (folder / "guardrails/strict.toml").write_text(STRICT)
    for room in ("recipes", "assistants"):
        (folder / room).mkdir()
    for name, said in assistants.items():
        (folder / f"assistants/{name}.toml").write_text(dedent(said))
    place = {"environment": "dev", "region": "us-east-1", "guardrail": "support"}
    with account_of_recipe(recipe, text, folder / "recipes", **place) as world:
        yield world


@dataclass(frozen=True)
class Asker:
    """A role with these policies."""

    world: World
    role: str
    inside: str
    """A function in the VPC: whoever is called as it is taken to be there."""

    def credentials(self, where: str) -> Any:
        return session(self.world, self.role, self.inside if where == "in the VPC" else "elsewhere")

    def client(self, where: str, service: str) -> Any:
        return a_client(self.world, self.credentials(where), service)

    def ask(self, name: str, question: str, *more: str, where: str = "in the VPC") -> Any:
        """`tuning ask --assistant`, as a program there would call it."""
        return asked(self.world, name, question, *more, **self.named(where))

    def named(self, where: str = "in the VPC") -> dict[str, str]:
        """The variables of a program there."""
        keys = self.credentials(where)
        return {
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
            "TUNING_ASSISTANTS_API": api_of(self.world),
        }

    @contextmanager
    def console(self, *names: str) -> Iterator[dict[str, Any]]:
        """`tuning console` there, and what it says of itself; ended as Ctrl-C ends it."""
        chosen = [word for name in names for word in ("--assistant", name)]
        command = [sys.executable, "-m", "tuning", "console", *chosen, "--format", "json"]
        environment = os.environ | self.world.instance.client_environment() | self.named()
        served = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)  # noqa: S603 — idem
        with served:
            try:
                assert served.stdout
                yield json.loads(served.stdout.readline())
            finally:
                served.send_signal(signal.SIGINT)
                assert served.wait(20) == 0


def asked(world: World, name: str, question: str, *more: str, **named: str) -> Any:
    """Without `named` keys it is the account's own person, at their desk."""
    command = [sys.executable, "-m", "tuning", "ask", "--assistant", name, question, *more]
    environment = os.environ | world.instance.client_environment() | named
    return subprocess.run(  # noqa: S603 — our own words
        command, env=environment, capture_output=True, text=True, check=False
    )


def outputs_of(world: World) -> dict[str, str]:
    stacks = world.client("cloudformation").describe_stacks(StackName="dev-Assistants")["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in stacks[0]["Outputs"]}


def page_asks(console: dict[str, Any], assistant: str, question: str) -> Any:
    """As the page of a console asks: its answer, decoded."""
    url = console["url"]
    request = Request(  # noqa: S310 — this machine
        f"{url}questions",
        data=json.dumps({"assistant": assistant, "question": question}).encode(),
        headers={"Content-Type": "application/json", "Origin": "/".join(url.split("/")[:3])},
    )
    with urlopen(request, timeout=60) as answer:  # noqa: S310 — idem
        return json.loads(answer.read())


def api_of(world: World) -> str:
    return outputs_of(world)["AssistantsApi"]


def asker(world: World, *policies: str) -> Asker:
    iam, name = world.client("iam"), f"asker-{uuid4().hex[:8]}"
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))
    for policy in policies:
        iam.attach_role_policy(RoleName=name, PolicyArn=policy)
    world.instance.advance_clock(world.instance.settings.role_seconds)
    return Asker(world, name, world.function_named("VerifyRelease"))
