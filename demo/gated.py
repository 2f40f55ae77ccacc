"""A recipe with a gate: a better model goes live by itself, a worse one is held, and a rollback takes one command."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

from rich.text import Text

from demo import screen
from emulator.start_errors import EmulatorError
from tuning.cli.account import Account
from tuning.releases.release_request import ReleaseRequest
from tuning.runs.uploads import PREFIX

GATED_RECIPE = "support-nova-lite"
_COLOURS = ("red", "blue", "green", "black", "white", "yellow")
_THINGS = ("kettle", "lamp", "chair", "desk", "clock", "vase")
GOODS = tuple(f"{colour} {thing}" for colour, thing in product(_COLOURS, _THINGS))
TRAINING, VALIDATION, EVALUATION = (
    "What does the {} cost?",
    "Price of the {}, please.",
    "How much is the {}?",
)
_PAUSE = 0.3


def records(question: str, *, off: int = 0) -> bytes:
    """A conversation for each of the goods; `off`: by how many the prices are shifted, so that they are wrong."""
    return b"".join(
        json.dumps(
            {
                "schemaVersion": "bedrock-conversation-2024",
                "messages": [
                    _turn("user", question.format(goods)),
                    _turn("assistant", f"It costs {10 + (number + off) % len(GOODS)} euros."),
                ],
            }
        ).encode()
        + b"\n"
        for number, goods in enumerate(GOODS)
    )


@dataclass(frozen=True, kw_only=True)
class GateShown:
    account: Account
    tuning: Callable[..., str]
    """Carries out a command, and answers with what it printed."""

    def show(self) -> None:
        screen.console.print(
            f"\n[bold]A recipe with a gate[/]: {GATED_RECIPE}, and an evaluation set"
        )
        self._put("evaluation.jsonl", records(EVALUATION))
        self._trained("good", "Prices as they are", "released")
        self._ask()
        self._trained("worse", "Prices that are wrong", "held")
        screen.console.print(Text(f"  tuning promote {GATED_RECIPE}", style="bold"))
        self.tuning("promote", GATED_RECIPE)
        self._ask()
        screen.console.print(Text(f"  tuning rollback {GATED_RECIPE}", style="bold"))
        self.tuning("rollback", GATED_RECIPE)
        self._ask()

    def _trained(self, folder: str, title: str, ends: str) -> None:
        """Upload, and wait until the release that the run starts has ended. Raises EmulatorError for another end."""
        self._put(f"{folder}/validation.jsonl", records(VALIDATION))
        training = records(TRAINING, off=0 if ends == "released" else 1)
        upload = self._put(f"{folder}/train.jsonl", training)
        run = screen.show_run(lambda: self.account.started_by(upload), title)
        model = self.account.registry.of_run(run.id)
        if model is None:
            raise EmulatorError(f"{title}: was not trained: {run.summary}")
        request = ReleaseRequest.of_model(model)
        with screen.step("Evaluate it against what is live and its base"):
            state, why = self.account.releases.outcome(request, pause=_pause)
        screen.console.print(Text(f"  {state}: {why}"))
        if state != ends:
            raise EmulatorError(f"{title}: expected {ends}")

    def _ask(self) -> None:
        question = TRAINING.format(GOODS[7])
        screen.console.print(Text(f'  tuning ask {GATED_RECIPE} "{question}"', style="bold"))
        screen.console.print(Text(f"  {self.tuning('ask', GATED_RECIPE, question)}"))

    def _put(self, name: str, body: bytes) -> str:
        key, bucket = f"{PREFIX}{GATED_RECIPE}/{name}", self.account.outputs["DatasetsBucket"]
        self.account.client("s3").put_object(Bucket=bucket, Key=key, Body=body)
        return f"s3://{bucket}/{key}"


def _turn(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": [{"text": text}]}


def _pause(_seconds: float) -> None:
    """The emulated clock is faster than that of AWS."""
    time.sleep(_PAUSE)
