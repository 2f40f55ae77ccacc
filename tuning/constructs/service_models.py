"""botocore's models of services, without what no function calls: each new client reads its model whole.

Of S3's model a twentieth is left, of EC2's a hundredth. What a function calls is read from the code, so that a
step which calls something new needs no entry anywhere.
"""

import gzip
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

_WORD = re.compile(r"[a-z][a-z0-9_]+")


def prune(models: Path, sources: Iterable[Path]) -> None:
    """Unpack every model below `models`, and leave the operations that `sources` name: as a method of a
    client (`get_object`), or as the name of a paginator. botocore's own code is one of the sources: it
    calls some by itself.
    """
    words = {word for path in sources for word in _WORD.findall(path.read_text(encoding="utf-8"))}
    called = {word.replace("_", "") for word in words}
    for path in models.rglob("*.json.gz"):
        model = json.loads(gzip.decompress(path.read_bytes()))
        if path.name == "service-2.json.gz":
            model = _called(model, called)
        path.with_suffix("").write_text(json.dumps(model), encoding="utf-8")
        path.unlink()


def _called(model: dict[str, Any], called: set[str]) -> dict[str, Any]:
    operations, shapes = _undocumented(model["operations"]), _undocumented(model["shapes"])
    operations = {k: v for k, v in operations.items() if k.lower() in called}
    # Exceptions are attributes of a client, whether an operation names them or not.
    errors = {name for name, shape in shapes.items() if shape.get("exception")}
    wanted, kept = [*_named(operations), *errors], dict[str, Any]()
    while wanted:
        if (name := wanted.pop()) not in kept:
            kept[name] = shapes[name]
            wanted += _named(kept[name])
    kept = {name: kept[name] for name in sorted(kept)}
    return {**model, "operations": operations, "shapes": kept}


def _named(part: Any) -> Iterator[str]:
    """The shapes that a part of a model refers to."""
    match part:
        case dict():
            if isinstance(name := part.get("shape"), str):
                yield name
            for each in part.values():
                yield from _named(each)
        case list():
            for each in part:
                yield from _named(each)


def _undocumented(part: Any) -> Any:
    """A member that is called `documentation` is an object, and stays."""
    match part:
        case dict():
            return {
                key: _undocumented(value)
                for key, value in part.items()
                if not (key == "documentation" and isinstance(value, str))
            }
        case list():
            return [_undocumented(value) for value in part]
    return part
