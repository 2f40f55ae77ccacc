"""JSONata as Step Functions evaluates it: templates with `{% … %}`, variables, `$states`.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonata import Jsonata
from jsonata.jexception import JException
from jsonata.utils import Utils

_PATH = re.compile(r"\$([A-Za-z_]\w*)((?:\.[A-Za-z_]\w*)*)")
_UNDEFINED = object()
_RESULTS: dict[tuple[str, str], Any] = {}

Bindings = Mapping[str, Any]


class QueryError(Exception):
    """What Step Functions calls States.QueryEvaluationError; also of a result that is undefined."""


def evaluated(template: Any, bindings: Bindings) -> Any:
    match template:
        case str():
            whole = template.startswith("{%") and template.endswith("%}")
            return _value(template[2:-2].strip(), bindings) if whole else template
        case dict():
            return {name: evaluated(each, bindings) for name, each in template.items()}
        case list():
            return [evaluated(each, bindings) for each in template]
    return template


def _value(text: str, bindings: Bindings) -> Any:
    value = _followed(text, bindings)
    if value is _UNDEFINED:
        raise QueryError(f"the expression gave no value: {text}")
    return value


def _followed(text: str, bindings: Bindings) -> Any:
    """Most expressions are a path, which needs no parser; the rest go to the library."""
    if not (path := _PATH.fullmatch(text)):
        return _computed(text, bindings)
    value = bindings.get(path[1], _UNDEFINED)
    for name in path[2].split(".")[1:]:
        value = value.get(name, _UNDEFINED) if isinstance(value, dict) else _UNDEFINED
    return value


def _computed(text: str, bindings: Bindings) -> Any:
    """The same expression of the same values is computed once; there are thousands of histories."""
    names = _names(text)
    if "states" in names:
        return _result(text, bindings)
    key = (text, repr([bindings.get(name, _UNDEFINED) for name in names]))
    if key not in _RESULTS:
        _RESULTS[key] = _result(text, bindings)
    return _RESULTS[key]


def _result(text: str, bindings: Bindings) -> Any:
    given = {name: Utils.NULL_VALUE if v is None else v for name, v in bindings.items()}
    try:
        value = _parsed(text).evaluate(None, given)
        if value is None and not _parsed(f"$exists(({text}))").evaluate(None, given):
            return _UNDEFINED
    except (JException, TypeError, ValueError) as wrong:
        raise QueryError(f"{text}: {wrong}") from wrong
    return value


@cache
def _names(text: str) -> tuple[str, ...]:
    return tuple(sorted(set(re.findall(r"\$([A-Za-z_]\w*)", text))))


@cache
def _parsed(text: str) -> Jsonata:
    expression = Jsonata(text)
    expression.register_lambda("parse", json.loads)  # Step Functions' own, beside JSONata's
    return expression
