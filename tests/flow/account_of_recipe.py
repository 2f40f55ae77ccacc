"""An emulated account of its own, in which an environment of one recipe is deployed, with every policy enforced."""

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from textwrap import dedent
from typing import Any

import stages
from accounts import World, subscribed

from emulator.deploy import Deployer
from tuning.cli.account import Account

_APP = Path(__file__).with_name("app_of_recipes.py")


@contextmanager
def account_of_recipe(
    recipe: str,
    text: str,
    folder: Path,
    *,
    environment: str,
    region: str,
    guardrail: str | None = None,
    **settings: Any,
) -> Iterator[World]:
    """`text`: of the recipe's file, which is put into `folder`. `guardrail`: the name of a file in `guardrails` beside it.
    `settings`: of the emulator.
    """
    (folder / f"{recipe}.toml").write_text(dedent(text), encoding="utf-8")
    named = (guardrail,) if guardrail else ()
    program = (sys.executable, str(_APP), environment, region, str(folder), *named)
    app = f"env PYTHONPATH=. {shlex.join(program)}"
    pace = {"phase_seconds": 0.1, "wait_scale": 0.002, "role_seconds": 3}
    with stages.running(**pace, **settings, enforce=True) as instance:
        deployer = Deployer(instance=instance, say=lambda _line: None, app=app)
        deployer.bootstrap([region])
        deployed = deployer.deploy([f"{environment}/*"])
        outputs = deployed[f"{environment}-Training"] | deployed.get(
            f"{environment}-Assistants", {}
        )
        client = partial(deployer.client, region=region)
        account = Account(client=client, outputs=outputs)
        yield World(account=account, instance=instance, inbox=subscribed(client, outputs))
