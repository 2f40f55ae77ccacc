"""The real functions, each behind the clients and the clock of the world that is being explored."""

import importlib
import io
import json
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from clockwork import START
from domain_builders import DATASETS, any_run_settings
from msgspec import structs

import lambdas
from lambdas import deployed_recipes, observe
from tuning.aws import clients, dataset_files, ledger
from tuning.evaluation.release_options import ReleaseOptions
from tuning.models.prices import storage_per_month
from tuning.runs.preparation import Prepared
from tuning.runs.readings import Source
from tuning.runs.recipes import Recipe
from tuning.runs.run import Run

if TYPE_CHECKING:
    from tuning.datasets.report import Report

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:TrainingRun"
BUDGET_USD = 2 * (Decimal("0.01") + storage_per_month())
"""What a month may cost: enough for two runs, and not for three."""
GIVES_WAY = "gives-way"
"""A recipe that is as the first of the others, but for `supersede`."""
RECIPES = ("support-nova-micro", "support-nova-lite", GIVES_WAY)
GATE = ReleaseOptions(metric="exact_match")
"""Of the first of them."""
CONTEXT = SimpleNamespace(
    function_name="function",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:function",
    aws_request_id="11111111-2222-3333-4444-555555555555",
)
LONGEST_SECONDS = 900
"""What a function may take, at most: https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html"""
Handler = Callable[[Any, Any], Any]


@dataclass
class Behind:
    """Whose clients and clock the functions have at the moment."""

    client: Callable[[str], Any]
    now: Callable[[], datetime]


def context(seconds: Callable[[], float]) -> SimpleNamespace:
    """Of one invocation, that begins now: its time runs out as `seconds` go by."""
    until = seconds() + LONGEST_SECONDS

    def left() -> int:
        return max(0, round(1000 * (until - seconds())))

    return SimpleNamespace(**vars(CONTEXT), get_remaining_time_in_millis=left)


BEHIND = Behind(client=lambda _service: None, now=lambda: START)


def modules() -> Mapping[str, ModuleType]:
    found = pkgutil.iter_modules(lambdas.__path__)
    return {each.name: importlib.import_module(f"lambdas.{each.name}") for each in found}


def functions() -> dict[str, Handler]:
    """By module name: those that take events."""
    return {n: m.handler for n, m in modules().items() if callable(getattr(m, "handler", None))}


@contextmanager
def opened() -> Iterator[dict[str, Handler]]:
    """The functions, for as long as their environment, clients and clock are replaced."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _environment().items():
            patch.setenv(name, value)
        patch.setattr(clients, "create", lambda service, _region: _Client(service))
        clients.client.cache_clear()
        for module in (*modules().values(), ledger):
            if hasattr(module, "datetime"):
                patch.setattr(module, "datetime", _Clock)
        patch.setattr(observe.metrics, "add_metric", lambda **_: None)
        _remember_what_is_pure(patch)
        level = observe.logger.level
        observe.logger.setLevel("CRITICAL")
        _forget_settings()
        yield functions()
        observe.logger.setLevel(level)
    _forget_settings()
    clients.client.cache_clear()


def _environment() -> dict[str, str]:
    return {
        **any_run_settings().to_env(),
        "DATASETS_BUCKET": DATASETS,
        "STATE_MACHINE_ARN": MACHINE,
        "MONTHLY_BUDGET_USD": str(BUDGET_USD),
        "RECIPES": ",".join(RECIPES),
    }


def _forget_settings() -> None:
    for module in modules().values():
        for name in ("_settings", "_intake_settings"):
            if hasattr(module, name):
                getattr(module, name).cache_clear()


@dataclass(frozen=True)
class _Client:
    """A client as a function keeps it, of whichever world is explored at the moment."""

    service: str

    def __getattr__(self, name: str) -> Any:
        return getattr(BEHIND.client(self.service), name)


class _Clock(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        assert tz is not None
        return BEHIND.now()


def _remember_what_is_pure(patch: pytest.MonkeyPatch) -> None:
    """The same bytes and recipe give the same verdict, page and id: each is computed once."""
    patch.setattr(deployed_recipes, "load", cache(partial(_recipe, deployed_recipes.load)))
    patch.setattr(deployed_recipes, "is_deployed", RECIPES.__contains__)
    patch.setattr(Run, "from_dict", _once(Run.from_dict))
    patch.setattr(dataset_files, "TemporaryFile", io.BytesIO)
    patch.setattr(dataset_files, "prepare", _remembering(dataset_files.prepare))
    for name in ("page", "document"):
        patch.setattr(Prepared, name, _by_report(getattr(Prepared, name)))


def _by_report(written: Callable[[Prepared, Run], str]) -> Callable[[Prepared, Run], str]:
    known: dict[tuple[int, str | None, str], tuple[Report, str]] = {}

    def once(prepared: Prepared, run: Run) -> str:
        key = (id(prepared.report), prepared.validation_version, run.id)
        if key not in known:
            known[key] = (prepared.report, written(prepared, run))  # the report keeps its identity
        return known[key][1]

    return once


def _recipe(load: Callable[[Path], Recipe], path: Path) -> Recipe:
    if path.stem == RECIPES[0]:
        return structs.replace(load(path), release=GATE)
    if path.stem != GIVES_WAY:
        return load(path)
    return structs.replace(
        load(path.with_stem(RECIPES[0])), name=GIVES_WAY, retry=None, supersede=True
    )


def _once(from_dict: Callable[[Any], Run]) -> Callable[[Any], Run]:
    """By all that it is read from: of one id, one history has a run that is overtaken, and another has not."""
    known: dict[str, Run] = {}

    def once(raw: Any) -> Run:
        key = repr(raw)
        if key not in known:
            known[key] = from_dict(raw)
        return known[key]

    return once


def _remembering(prepare: Callable[..., Prepared]) -> Callable[..., Prepared]:
    known: dict[Any, tuple[Prepared, list[bytes]]] = {}

    def prepare_once(
        recipe: Any,
        training: Source,
        validation: Source | None,
        *,
        evaluation: Source | None,
        limit_mb: int,
    ) -> Prepared:
        sets = (training, validation, evaluation)
        given = [source and (source.name, source.stream.read()) for source in sets]
        key = json.dumps([recipe.digest, [each and (each[0], each[1].hex()) for each in given]])
        if key not in known:
            again = [
                each and Source(name=each[0], stream=io.BytesIO(each[1]), copy=io.BytesIO())
                for each in given
            ]
            verdict = prepare(recipe, again[0], again[1], evaluation=again[2], limit_mb=limit_mb)
            known[key] = (verdict, [source.copy.getvalue() if source else b"" for source in again])
        verdict, copies = known[key]
        for source, copy in zip(sets, copies, strict=True):
            if source:
                source.copy.write(copy)
        return verdict

    return prepare_once
